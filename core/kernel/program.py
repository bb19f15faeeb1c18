"""Program: a program that the kernel has verified and loaded."""

from __future__ import annotations

import os
import struct
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, SupportsIndex

from ..closing import Closing
from ..runtime import ProgramInfo, RunResult
from ..visible import visible
from .attach import attach
from .host.existing import program_spec
from .loading.single import load_single
from .runs import ProgramRuns
from .sys.explain import explain
from .sys.layouts import BpfProgInfo, ProgBindMap
from .sys.object import KernelObject, fdinfo, object_info, open_id, open_pin, take_over, walk_ids
from .sys.syscall import BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from threading import Event

    from ..context.packet_sizes import PacketSizes
    from ..context.values import ContextValues
    from ..runtime import AttachTarget
    from ..spec import ProgramSpec, ProgramType
    from .link import Link
    from .map import Map

__all__ = ["Benchmark", "Program", "ProgramStats", "native_code"]

_MOST_RUNS: Final = 1 << 30


class ProgramStats(NamedTuple):
    """What a program did while `stats_enabled` was in force, by whomever; counts since it was loaded."""

    run_cnt: int
    run_time_ns: int
    recursion_misses: int
    """Runs that were left out because it was running on that CPU already (Linux 5.12)."""


class Benchmark(NamedTuple):
    """What `Program.benchmark` measured."""

    retval: int
    """r0 of the last run, as an unsigned 32-bit integer."""
    duration_ns: int
    """Mean time of a run, the kernel's own rounding to whole nanoseconds included."""
    runs: int
    """How many there were."""


class Program(KernelObject, Closing):
    """A loaded program; it owns a file descriptor, and closes it with its context.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which it owns from now on.
        log: The verifier's log, where one was asked for.
        links: Where its links are noted while they live, for their owner to end them.
        pins: The names in a bpffs that it was found by.
        maps: The maps of its collection, by name: some programs are attached to one.
    """

    def __init__(
        self,
        spec: ProgramSpec,
        descriptor: Descriptor,
        log: str = "",
        links: set[Link] | None = None,
        pins: Iterable[str] = (),
        maps: Mapping[str, Map] = MappingProxyType({}),
    ) -> None:
        super().__init__(descriptor, pins)
        self.maps = maps
        self.spec = spec
        self.log = log
        self._links: set[Link] = set() if links is None else links

    @classmethod
    def create(
        cls, spec: ProgramSpec, *, maps: Mapping[str, Map] = MappingProxyType({}), log_level: int = 0
    ) -> Program:
        """Load one program by itself, from a spec of an object or one written by hand.

        One that is written by hand has its instructions in `ProgramSpec.link`: `lambda: LinkedCode(code)`. What needs
        the whole object (struct_ops, jump tables, freplace) is an error that says so: `CollectionSpec.load` loads it.

        Args:
            spec: The program.
            maps: Those that its code refers to, by the names that they have in the object. They stay their owners'.
            log_level: What the verifier is to log of one that it takes, in `log`: 0 nothing, 1 its path, 2 all paths,
                4 its numbers.

        Raises:
            LoadError: The kernel said no, or the program needs what is not there; VerifierError if it was the verifier.
            FeatureError: The kernel lacks something.
            NoPermissionError: This process may not.
        """

        loaded = load_single(spec, maps, log_level)
        return cls(spec, loaded.descriptor, loaded.log, maps=maps)

    @staticmethod
    def ids() -> Iterator[int]:
        """Iterate over the ids of all programs that the kernel has now, whoever loaded them.

        One may be gone when its id is looked up: `from_id` raises UnknownNameError then.

        Raises:
            NoPermissionError: It takes CAP_SYS_ADMIN.
        """
        return walk_ids("program")

    @classmethod
    def from_id(cls, number: int) -> Program:
        """Open the program that the kernel knows by this id, as `bpftool prog list` shows it.

        It can be run, attached, asked and pinned; its instructions as they were loaded are nowhere.

        Raises:
            UnknownNameError: There is none.
            NoPermissionError: It takes CAP_SYS_ADMIN.
            LoadError: Its type is newer than bpftui.
        """
        return cls._existing(open_id("program", number))

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str]) -> Program:
        """Open the program that is pinned at a path of a bpffs; LoadError where it is none, else as for `from_id`."""
        name = os.fspath(path)
        return cls._existing(open_pin("program", name), [name])

    @classmethod
    def from_fd(cls, fd: SupportsIndex) -> Program:
        """Take over a program's file descriptor, which this object owns from now on."""
        return cls._existing(take_over("program", fd))

    @classmethod
    def _existing(cls, descriptor: Descriptor, pins: Iterable[str] = ()) -> Program:
        try:
            return Program(program_spec(descriptor), descriptor, pins=pins)
        except BaseException:
            descriptor.close()
            raise

    def __repr__(self) -> str:
        return f"<Program {visible(self.name)} {self.type.label}>"

    @property
    def name(self) -> str:
        """The entry function's name."""
        return self.spec.name

    @property
    def type(self) -> ProgramType:
        """The kernel's type."""
        return self.spec.type

    @property
    def id(self) -> int:
        """The kernel's id."""
        return self.info().id

    @property
    def _runs(self) -> ProgramRuns:
        return ProgramRuns(self.spec, self.descriptor)

    @property
    def takes_packet(self) -> bool:
        """Whether `run` takes a packet."""
        return self._runs.take_packets

    @property
    def packet_sizes(self) -> PacketSizes | None:
        """How large that may be; None for programs that take none."""
        return self._runs.packet_sizes

    def run(
        self,
        data: bytes | None = None,
        *,
        context: bytes | ContextValues | None = None,
        repeat: int = 1,
        cpu: int | None = None,
        flags: int = 0,
        stop: Event | None = None,
    ) -> RunResult:
        """Run it in the kernel on a packet or a context of one's own (BPF_PROG_TEST_RUN).

        Maps and variables change as in a real run; nothing is sent anywhere. With a large *repeat* (a million takes
        some tens of milliseconds) the duration is a benchmark.

        Args:
            data: The packet (see `bpftui.core.context.packet_sizes`); zeros without, as few as may be. To types that do
                not see the Ethernet header (socket filters, cgroup_skb), the kernel gives it back as zeros.
            context: The context, or values of its fields; the program's changes to it are given back only when there
                was one.
            repeat: How often; the packet is the same in all runs only as far as the program leaves it so.
            cpu: On which CPU; raw tracepoints only (BPF_F_TEST_RUN_ON_CPU, Linux 5.10).
            flags: Others of the kernel's `BPF_F_TEST_*`. With live frames (2, Linux 5.18) packets do go out.
            stop: Set by another thread to give up. Packets then go to the kernel in portions of some tens of
                milliseconds, each of which begins with the packet as it was given.

        Raises:
            GivenUpError: *stop* was set.
            FeatureError: The kernel has no test runs of this type.
            UsageError: It is not run on that.
        """
        return self._runs.run(data, context, repeat, cpu, flags, stop)

    def attach(self, target: AttachTarget | None = None) -> Link:
        """Attach it to *target*; without one, to what its section says (a tracepoint, a function, …).

        Whatever it is, it ends with the process.

        Raises:
            AttachError: The kernel refused; the target may have a program already.
            UsageError: There is no such target, or this type is not attached to such a thing.
            FeatureError: The kernel lacks such links.
        """
        return attach(self, target, self._links)

    def benchmark(self, data: bytes | None = None, *, context: bytes | None = None, seconds: float = 0.1) -> Benchmark:
        """Run it again and again for about *seconds*, and say what one run takes.

        The kernel times programs on packets by itself, without what a system call costs. Of types that take only a
        context it makes one call for each run, and the call is in the time (half a microsecond and more).

        Raises:
            UsageError: As for `run`.
        """
        repeat, runs, spent = 1, 0, 0
        while True:
            result = self.run(data, context=context, repeat=repeat)
            runs += repeat
            # A mean of less than a nanosecond is rounded to nothing.
            spent += max(result.duration_ns, 1) * repeat
            if spent >= seconds * 1e9 or runs >= _MOST_RUNS:
                return Benchmark(result.retval, round(spent / runs), runs)
            left = int((seconds * 1e9 - spent) * runs / spent) + 1
            repeat = min(left, repeat * 10, _MOST_RUNS)

    def bind_map(self, map_: KernelObject) -> None:
        """Keep a map alive as long as the program, though its code does not use it (Linux 5.10): for metadata.

        Raises:
            FeatureError, LoadError: The kernel said no. A map that is bound already is no error.
        """
        try:
            with self.descriptor as fd, map_.descriptor as map_fd:
                ProgBindMap(prog_fd=fd, map_fd=map_fd).call(Command.PROG_BIND_MAP)
        except BpfError as error:
            feature = "binding of maps to programs (Linux 5.10)"
            raise explain(error, f"bind {map_.descriptor.name} to program {self.name}", feature=feature) from error

    def clone(self) -> Program:
        """Return another handle on the same program, to be closed by itself; its links are the caller's to end."""
        with self.descriptor as fd:
            return Program(self.spec, Descriptor(os.dup(fd), self.descriptor.name), self.log)

    def stats(self) -> ProgramStats:
        """Return how often and how long it ran while statistics were on: see `stats_enabled`."""
        info = object_info(self.descriptor, BpfProgInfo())
        return ProgramStats(info.run_cnt, info.run_time_ns, info.recursion_misses)

    def count(self) -> bool:
        """Return that the kernel does not count what runs come to."""
        return False

    @property
    def counts(self) -> None:
        """None: nobody counts."""
        return None

    def info(self) -> ProgramInfo:
        """Ask the kernel about it (`struct bpf_prog_info`, and /proc); what an older kernel does not tell is 0."""
        info, map_ids = _read_info(self.descriptor)
        number, tag, jited, xlated, load_time, uid, name, gpl_compatible, btf_id = info.read(
            "id",
            "tag",
            "jited_prog_len",
            "xlated_prog_len",
            "load_time",
            "created_by_uid",
            "name",
            "gpl_compatible",
            "btf_id",
        )
        run_time, runs, misses, verified, target_object, target = info.read(
            "run_time_ns", "run_cnt", "recursion_misses", "verified_insns", "attach_btf_obj_id", "attach_btf_id"
        )
        return ProgramInfo(
            number,
            tag.hex(),
            runs,
            run_time,
            verified or None,  # since Linux 5.16; a verified program has at least one instruction
            xlated,
            jited,
            name=name,
            recursion_misses=misses,
            memlock=fdinfo(self.descriptor).get("memlock", 0),
            created_by_uid=uid,
            load_time_ns=load_time,
            map_ids=map_ids,
            btf_id=btf_id,
            gpl_compatible=bool(gpl_compatible & 1),
            attach_btf_obj_id=target_object,
            attach_btf_id=target,
        )

    def close(self) -> None:
        """Close it; a second call does nothing. The kernel keeps it while it is attached."""
        self.descriptor.close()


def native_code(program: Program) -> list[tuple[int, int]]:
    """Return where the machine code of a program and of its subprograms lies: first address, and the one behind it.

    Empty where the kernel does not tell (kernel.kptr_restrict), or has none.
    """
    return native_code_of(program.descriptor)


def native_code_of(descriptor: Descriptor) -> list[tuple[int, int]]:
    """Return the same of a program that a descriptor stands for."""
    known = object_info(descriptor, BpfProgInfo())
    count = min(known.nr_jited_ksyms, known.nr_jited_func_lens)
    starts, sizes = buffer(8 * count), buffer(4 * count)
    object_info(
        descriptor,
        BpfProgInfo(nr_jited_ksyms=count, nr_jited_func_lens=count, jited_ksyms=starts, jited_func_lens=sizes),
    )
    found = zip(struct.unpack_from(f"={count}Q", starts), struct.unpack_from(f"={count}I", sizes), strict=True)
    return [(start, start + size) for start, size in found if start]


def _read_info(descriptor: Descriptor) -> tuple[BpfProgInfo, tuple[int, ...]]:
    """Return what the kernel says of a program, and the ids of the program's maps."""
    info = object_info(descriptor, BpfProgInfo())
    count = info.nr_map_ids
    if not count:
        return info, ()
    ids = buffer(count * 4)
    again = object_info(descriptor, BpfProgInfo(nr_map_ids=count, map_ids=ids))
    return info, struct.unpack_from(f"={min(count, again.nr_map_ids)}I", ids)
