"""Program: a program that the kernel has verified and loaded."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import struct
import time
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..runtime import ProgramInfo, RunResult
from ..spec import ProgramType
from . import rights
from .attach import attach
from .explain import explain
from .objects import object_info, pin
from .syscall import Attr, BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from ..runtime import AttachTarget
    from ..spec import ProgramSpec
    from .link import Link

__all__ = ["SMALLEST_PACKET", "Program", "stats_enabled"]

SMALLEST_PACKET: Final = 14
"""An Ethernet header: the kernel takes no test packet that is shorter."""
_LARGEST_PACKET: Final = 1 << 20
_GROWTH: Final = 1 << 16
"""By how many bytes a program may lengthen its packet."""

_ON_PACKETS: Final = frozenset(
    {
        ProgramType.SOCKET_FILTER,
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.XDP,
        ProgramType.CGROUP_SKB,
        ProgramType.LWT_IN,
        ProgramType.LWT_OUT,
        ProgramType.LWT_XMIT,
        ProgramType.LWT_SEG6LOCAL,
        ProgramType.FLOW_DISSECTOR,
        ProgramType.NETFILTER,
        ProgramType.SK_SKB,
    }
)
"""Program types whose BPF_PROG_TEST_RUN takes a packet, and a number of repetitions."""
_ON_CONTEXT: Final = frozenset(
    {
        ProgramType.RAW_TRACEPOINT,
        ProgramType.SYSCALL,
        ProgramType.SK_LOOKUP,
        ProgramType.STRUCT_OPS,
        ProgramType.TRACING,
    }
)
"""Those that take only a context, or nothing."""

_ON_CPU: Final = 1
"""BPF_F_TEST_RUN_ON_CPU."""


class Program:
    """A loaded program; it owns a file descriptor.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which it owns from now on.
        log: The verifier's log, where one was asked for.
        links: Where its links are noted while they live, for their owner to end them.
    """

    def __init__(self, spec: ProgramSpec, descriptor: Descriptor, log: str, links: set[Link]) -> None:
        self.spec = spec
        self.descriptor = descriptor
        self.log = log
        self._links = links

    def __repr__(self) -> str:
        return f"<Program {self.name} {self.type.label}>"

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

    def run(
        self,
        data: bytes | None = None,
        *,
        context: bytes | None = None,
        repeat: int = 1,
        cpu: int | None = None,
        flags: int = 0,
    ) -> RunResult:
        """Run it in the kernel on a packet or a context of one's own (BPF_PROG_TEST_RUN).

        Maps and variables change as in a real run; nothing is sent anywhere. With a large *repeat* (a million takes
        some tens of milliseconds) the duration is a benchmark.

        Args:
            data: The packet; 14 zero bytes without. To types that do not see the Ethernet header (socket filters,
                cgroup_skb), the kernel gives it back as zeros.
            context: The context; the program's changes to it are given back only when there was one.
            repeat: How often; the packet is the same in all runs only as far as the program leaves it so.
            cpu: On which CPU; raw tracepoints only (BPF_F_TEST_RUN_ON_CPU, Linux 5.10).
            flags: Others of the kernel's `BPF_F_TEST_*`. With live frames (2, Linux 5.18) packets do go out.

        Raises:
            UsageError: This type cannot be run by itself, or not on that.
        """
        if repeat < 1:
            raise UsageError(f"a program is run at least once, not {repeat} times")
        if cpu is not None and self.type != ProgramType.RAW_TRACEPOINT:
            raise UsageError(f"the kernel chooses the CPU for programs of type {self.type.label}: leave cpu out")
        if self.type in _ON_PACKETS:
            packet = bytes(SMALLEST_PACKET) if data is None else data
            return self._run_on_packet(packet, context, repeat, flags)
        if self.type not in _ON_CONTEXT:
            raise UsageError(f"the kernel has no test run for programs of type {self.type.label}: attach it instead")
        if data:
            raise UsageError(f"a program of type {self.type.label} runs on a context, not on a packet")
        if cpu is not None:
            flags |= _ON_CPU
        return self._run_on_context(context or b"", repeat, cpu or 0, flags)

    def _run_on_packet(self, data: bytes, context: bytes | None, repeat: int, flags: int) -> RunResult:
        if not SMALLEST_PACKET <= len(data) <= _LARGEST_PACKET:
            raise UsageError(f"a packet has {SMALLEST_PACKET} to {_LARGEST_PACKET} bytes, not {len(data)}")
        data_out = buffer(min(len(data) + _GROWTH, _LARGEST_PACKET))
        context_out = buffer(len(context or b""))
        attr = Attr(80).u32(8, len(data), len(data_out)).pointer(16, buffer(data)).pointer(24, data_out)
        attr.u32(32, repeat).u32(64, flags)
        if context is not None:
            attr.u32(40, len(context), len(context)).pointer(48, buffer(context)).pointer(56, context_out)
        self._test_run(attr)
        changed = context_out.raw[: attr.get(44)] if context is not None else b""
        return RunResult(attr.get(4), data_out.raw[: attr.get(12)], changed, attr.get(36))

    def _run_on_context(self, context: bytes, repeat: int, cpu: int, flags: int) -> RunResult:
        # The kernel neither repeats nor times these; system calls write their results into the context itself.
        memory = buffer(context)
        attr = Attr(80).u32(64, flags, cpu)
        if context:
            attr.u32(40, len(context)).pointer(48, memory)
        start = time.perf_counter_ns()
        for _ in range(repeat):
            self._test_run(attr)
        duration = (time.perf_counter_ns() - start) // repeat
        changed = ctypes.string_at(memory, len(context)) if self.type == ProgramType.SYSCALL else b""
        return RunResult(attr.get(4), b"", changed, duration)

    def _test_run(self, attr: Attr) -> None:
        while True:
            try:
                with self.descriptor as fd:
                    attr.u32(0, fd).call(Command.PROG_TEST_RUN)
                return
            except BpfError as error:
                if error.errno == errno.EINTR:
                    continue
                feature = f"test runs of programs of type {self.type.label}"
                raise explain(error, f"run program {self.name}", raises=UsageError, feature=feature) from error

    def attach(self, target: AttachTarget) -> Link:
        """Attach it to *target*.

        Raises:
            AttachError: The kernel refused; the target may have a program already.
            UsageError: There is no such target, or this type is not attached to such a thing.
        """
        return attach(self, target, self._links)

    def info(self) -> ProgramInfo:
        """Ask the kernel about it (`struct bpf_prog_info`)."""
        raw = object_info(self.descriptor, 232)
        number, tag, jited, xlated = struct.unpack_from("=I8s2I", raw, 4)
        run_time, runs = struct.unpack_from("=2Q", raw, 192)
        # Since Linux 5.16; a verified program has at least one instruction.
        (verified,) = struct.unpack_from("=I", raw, 216)
        return ProgramInfo(number, tag.hex(), runs, run_time, verified or None, xlated, jited)

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Give it a name in a bpffs, by which others find it and which keeps it alive."""
        pin(self.descriptor, path)

    def close(self) -> None:
        """Close it; a second call does nothing. The kernel keeps it while it is attached."""
        self.descriptor.close()


@contextlib.contextmanager
def stats_enabled() -> Generator[None]:
    """Have the kernel count and time every program's runs meanwhile (Linux 5.8; costs some 20 ns a run).

    Raises:
        NoPermissionError: It asks for CAP_SYS_ADMIN.
    """
    try:
        fd = Attr(4).call(Command.ENABLE_STATS)
    except BpfError as error:
        feature = "run statistics by file descriptor (Linux 5.8)"
        needs = (rights.Capability.CAP_SYS_ADMIN,)
        raise explain(error, "switch on the programs' statistics", needs=needs, feature=feature) from error
    descriptor = Descriptor(fd, "statistics")
    try:
        yield
    finally:
        descriptor.close()
