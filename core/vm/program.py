"""Program: a program on the built-in machine."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ..context.packet_sizes import check_packet, packet_sizes
from ..context.values import context_bytes
from ..errors import UsageError
from ..runtime import AttachTarget, ProgramInfo, RunResult, given_up
from ..spec import ProgramType
from ..visible import visible
from .engine.errors import RunError
from .world.contexts import ON_DATA, Context
from .world.events import Events
from .world.packet import ON_PACKETS, FlowPacket, Packet, SkbPacket, XdpPacket

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from threading import Event

    from ..context.packet_sizes import PacketSizes
    from ..context.values import ContextValues
    from ..runtime import Counts
    from ..spec import ProgramSpec
    from .engine.machine import Machine
    from .parts import Parts
    from .sandbox import Link

__all__ = ["Given", "Program"]


class Given(NamedTuple):
    """What a run is given, while it lies in memory."""

    r1: int
    """The address of the context."""
    left: Callable[[], tuple[bytes, bytes]]
    """Returns packet and context as the program left them, as a `RunResult` has them."""


class Program:
    """A program that is ready to run.

    Args:
        spec: What it was made from.
        machine: Its code.
        parts: What it shares with the other programs of its collection.
        number: Its number within the runtime.
        tag: The SHA-256 prefix of its instructions.
    """

    def __init__(self, spec: ProgramSpec, machine: Machine, parts: Parts, number: int, tag: str) -> None:
        self.spec = spec
        self.machine = machine
        self.parts = parts
        self.id = number
        self.tag = tag
        self.run_cnt = 0
        self.run_time_ns = 0
        self.links: set[Link] = set()
        """Where its links are noted while they live."""
        self._packet: Packet | None = None
        self._events: Events | None = None

    id: int
    """Its number; no kernel's."""

    def __repr__(self) -> str:
        return f"<Program {visible(self.name)} {self.type.label}>"

    @property
    def name(self) -> str:
        """The entry function's name."""
        return self.spec.name

    @property
    def type(self) -> ProgramType:
        """Its type."""
        return self.spec.type

    @property
    def takes_packet(self) -> bool:
        """Whether `run` takes a packet, or data that a context leads to."""
        return self.type in ON_PACKETS or self.type in ON_DATA

    @property
    def packet_sizes(self) -> PacketSizes | None:
        """How large a packet may be; None for programs that take none, or data of any size."""
        return packet_sizes(self.type) if self.type in ON_PACKETS else None

    def run(
        self,
        data: bytes | None = None,
        *,
        context: bytes | ContextValues | None = None,
        repeat: int = 1,
        cpu: int = 0,
        stop: Event | None = None,
    ) -> RunResult:
        """Run it on a packet or a context of one's own, as BPF_PROG_TEST_RUN does it in the kernel.

        Args:
            data: The packet (see `bpftui.core.context.packet_sizes`); zeros without, as few as may be. Types that do
                not see the Ethernet header give it back as zeros.
            context: The context, in the program's byte order, or values of its fields; zeros without. See
                `bpftui.core.vm.world.contexts` for what its pointers lead to.
            repeat: How often, on the same packet and context.
            cpu: On which of the machine's CPUs.
            stop: Set by another thread to give up, also within a run.

        Raises:
            GivenUpError: *stop* was set.
            UsageError: This type cannot be run on that.
            RunError: The run was stopped; the message says at which instruction and why.
        """
        if repeat < 1:
            raise UsageError(f"a program is run at least once, not {repeat} times")
        with self.parts.lock, self._until(stop), self.given(data, context, cpu) as given:
            retval, duration = self._repeat(given.r1, repeat)
            return RunResult(retval, *given.left(), duration)

    @contextmanager
    def _until(self, stop: Event | None) -> Generator[None]:
        """Give up what is run in here once *stop* is set."""
        meter = self.machine.processor.meter
        meter.stop = stop
        try:
            yield
        finally:
            meter.stop = None

    def receive(
        self,
        frames: Iterable[bytes],
        cpus: int,
        numbers: Sequence[int],
        *,
        left: Callable[[int, int, bytes], None] | None = None,
    ) -> None:
        """Run it on packets that come in.

        This is what traffic costs: the lock and the clock are taken once for all of them.

        Args:
            frames: The packets.
            cpus: How many CPUs they are spread over, by their numbers.
            numbers: The number of each.
            left: Called behind each with its number, what the program returned, and the frame as it left it.

        Raises:
            RunError: A run was stopped; the packets behind it are dropped.
        """
        if self.type not in ON_PACKETS:
            self._receive_events(frames, cpus, numbers)
            return
        parts, packet, execute, runs = self.parts, self.packet, self.machine.execute, 0
        host, begin = parts.host, packet.start
        settle = parts.settle if parts.unsettled or host.locks else None
        with parts.lock:
            host.packet = packet
            self.machine.prepare()
            start = time.perf_counter_ns()
            try:
                for frame, number in zip(frames, numbers, strict=True):
                    host.cpu = number % cpus
                    runs += 1
                    verdict = execute(begin(frame, None))
                    if settle is not None:
                        settle()
                    if left is not None:
                        left(number, verdict, packet.frame)
            except RunError as error:
                self._name(error)
                raise
            finally:
                parts.settle()
                parts.catch_up()
                if parts.timed():
                    self.run_time_ns += time.perf_counter_ns() - start
                    self.run_cnt += runs

    def _receive_events(self, frames: Iterable[bytes], cpus: int, numbers: Sequence[int]) -> None:
        """Run it on a context for each frame: see `bpftui.core.vm.world.events`."""
        host = self.parts.host
        if self._events is None:
            self._events = Events(self.spec, None if host.kernel_btf is host.btf else host.kernel_btf)
        on_data = self.type in ON_DATA
        for frame, number in zip(frames, numbers, strict=True):
            data = self._events.data(frame) if on_data else b""
            values = self._events.context(frame, number)
            with self.parts.lock, self.given(data, values, number % cpus) as given:
                self._repeat(given.r1, 1)
        self.parts.catch_up()

    @property
    def packet(self) -> Packet:
        """Where its packets come to lie."""
        if self._packet is None:
            memory, order = self.parts.host.memory, self.spec.byte_order
            match self.type:
                case ProgramType.XDP:
                    self._packet = XdpPacket(memory, order)
                case ProgramType.FLOW_DISSECTOR:
                    self._packet = FlowPacket(memory, order)
                case _:
                    self._packet = SkbPacket(memory, order, self.type)
        return self._packet

    def execute(self, r1: int) -> int:
        """Run it once; RunError names the program."""
        try:
            return self.machine.execute(r1)
        except RunError as error:
            self._name(error)
            raise
        finally:
            self.parts.settle()

    def _name(self, error: RunError) -> None:
        """Put the program's name into *error*."""
        if error.slot is not None:
            error.message = f"program {self.name} was stopped at {error.message}"
            error.args = (error.message,)

    def _repeat(self, r1: int, repeat: int) -> tuple[int, int]:
        """Run it *repeat* times; return what the last one returned, and the mean time."""
        host = self.parts.host
        result = 0
        self.machine.prepare()
        stop = self.machine.processor.meter.stop
        start = time.perf_counter_ns()
        for done in range(repeat):
            if stop is not None and stop.is_set():
                raise given_up(self.name, done, repeat)
            host.retval = 0
            result = self.execute(r1)
            if host.background:
                self.parts.catch_up()
        taken = time.perf_counter_ns() - start
        if self.parts.timed():
            self.run_cnt += repeat
            self.run_time_ns += taken
        return result & 0xFFFF_FFFF, taken // repeat

    @contextmanager
    def given(
        self, data: bytes | None, context: bytes | ContextValues | None, cpu: int, *, arrived: bool = False
    ) -> Generator[Given]:
        """Lay out what one run is given, for as long as it is open.

        Args:
            data: As for `run`.
            context: As for `run`.
            cpu: As for `run`.
            arrived: It is a packet that has come in, and is as it is: what a test run asks of one is not asked.

        Raises:
            UsageError: This type cannot be run on that.
        """
        host = self.parts.host
        if not 0 <= cpu < host.settings.cpus:
            raise UsageError(f"there is no CPU {cpu}: the built-in machine has {host.settings.cpus}")
        host.cpu, host.retval = cpu, 0
        sizes = self.packet_sizes
        if sizes is not None:
            frame = bytes(sizes.smallest) if data is None else data
            if not arrived:
                check_packet(self.spec, frame, sizes)
            raw = context_bytes(self.spec, context, len(frame))
            moved = host.packet.moved if arrived and host.packet is not None else ()
            host.packet = packet = self.packet
            r1 = packet.start(frame, raw)
            packet.moved = moved
            yield Given(r1, lambda: (packet.result, b"" if raw is None else packet.changed_context[: len(raw)]))
            return
        if data and self.type not in ON_DATA:
            raise UsageError(f"a program of type {self.type.label} runs on a context, not on a packet")
        host.packet = None
        host.context = found = Context(host, self.spec, context, data or b"")
        try:
            yield Given(found.region.base, lambda: (bytes(found.output), found.changed))
        finally:
            host.context = None
            found.close()

    def attach(self, target: AttachTarget | None = None) -> Link:
        """Attach it to *target*, a sandbox of the built-in machine.

        Raises:
            AttachError: It is something else.
            UsageError: This type is not attached to interfaces.
        """
        from .sandbox import attach

        return attach(self, target or AttachTarget(self.spec.attach_to))

    def count(self) -> bool:
        """Count from now on what its runs come to, at some tenths of their time; return that this is possible."""
        with self.parts.lock:
            self.machine.count()
        return True

    @property
    def counts(self) -> Counts | None:
        """What its runs came to since `count` was called; None before that."""
        with self.parts.lock:
            return None if self.machine.counter is None else self.machine.counter.counts

    def info(self) -> ProgramInfo:
        """Return its tag, its size, and how often it ran while statistics were on."""
        size = len(self.machine.code.insns) * 8
        return ProgramInfo(self.id, self.tag, self.run_cnt, self.run_time_ns, None, size, 0)
