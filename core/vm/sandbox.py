"""The built-in machine's sandbox: packets out of memory, at a rate, for the programs that are attached to it."""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Self, TypeVar

from ..closing import Closing
from ..context.packet_sizes import SMALLEST_PACKET
from ..context.passage import Stage, next_stop, stage_of
from ..errors import AttachError, UsageError
from ..runtime import AttachTarget
from ..spec.targets import Place, place_of
from ..traffic import Pacer, Traffic
from ..visible import visible
from .world.packet import LARGEST_PACKET, ON_PACKETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from ..runtime import XdpMode
    from .program import Program

__all__ = ["Link", "Sandbox", "attach"]

_INTERFACE: Final = "veth0"
_T = TypeVar("_T")


class _Source(Pacer):
    """Gives frames to the programs of a sandbox.

    Args:
        sandbox: Whose.
        traffic: What is given.
        cpus: How many CPUs the frames are spread over.
    """

    BATCH = 64
    """Few: whoever wants to read a map waits for the end of a batch."""

    def __init__(self, sandbox: Sandbox, traffic: Traffic, cpus: int) -> None:
        super().__init__(traffic, LARGEST_PACKET)
        self._sandbox = sandbox
        self._cpus = cpus

    def deliver(self, frames: Sequence[bytes], start: int, count: int) -> int:
        """Run the attached programs on the next frames, each on those that come to it (see `context.passage`)."""
        given = frames[start : start + min(count, self.BATCH)]
        numbers = range(self.sent, self.sent + len(given))
        programs = self._sandbox.programs
        if len(programs) == 1:
            programs[0].receive(given, self._cpus, numbers)
            return len(given)
        path: list[tuple[Stage, Program]] = []
        for program in programs:
            if (stage := stage_of(program.spec)) is None:
                program.receive(given, self._cpus, numbers)
            else:
                path.append((stage, program))
        if path:
            self._pass(sorted(path, key=itemgetter(0)), given, numbers)
        return len(given)

    def _pass(self, path: Sequence[tuple[Stage, Program]], frames: Sequence[bytes], numbers: Sequence[int]) -> None:
        """Let packets come to the programs of a path as far as each lets them."""
        stages = [stage for stage, _ in path]
        coming: list[list[tuple[int, bytes]]] = [[] for _ in path]
        coming[0] = list(zip(numbers, frames, strict=True))

        def left(at: int, number: int, verdict: int, frame: bytes) -> None:
            following = next_stop(stages, at, verdict)
            if following is not None and len(frame) >= SMALLEST_PACKET:
                coming[following].append((number, frame))

        for at, (_, program) in enumerate(path):
            arrived = sorted(coming[at], key=itemgetter(0))
            program.receive(
                [frame for _, frame in arrived],
                self._cpus,
                [number for number, _ in arrived],
                left=partial(left, at) if at + 1 < len(path) else None,
            )


class Sandbox(Closing):
    """An interface that is none, and a source of traffic. The same seed gives the same packets in the same order.

    Args:
        traffic: What flows in it once it is started; without, generated packets, 1,000 a second.
        cpus: How many CPUs they are spread over, one after the other.

    Raises:
        CaptureError, NoPermissionError, FeatureError: The traffic's capture cannot be read.
    """

    def __init__(self, traffic: Traffic | None = None, *, cpus: int = 1) -> None:
        self.programs: tuple[Program, ...] = ()
        """What is attached."""
        self._source = _Source(self, traffic or Traffic(), cpus)

    def __repr__(self) -> str:
        return f"<Sandbox with {_INTERFACE}>"

    def run(self, call: Callable[[], _T]) -> _T:
        """Make a call: there is no other namespace to go to."""
        return call()

    def target(self, mode: XdpMode | None = None) -> AttachTarget:
        """Return what programs are attached to."""
        return AttachTarget(name=_INTERFACE, index=1, namespace=self, mode=mode)

    def send(self, count: int) -> int:
        """Give *count* frames to what is attached; return how many, fewer only at the end of a capture."""
        return self._source.send(count)

    def give(self, frames: Sequence[bytes]) -> None:
        """Give these frames to what is attached; UsageError for one that is too short or too long."""
        self._source.give(frames)

    def still(self) -> AbstractContextManager[None]:
        """Return what lets no packet flow while it is open."""
        return self._source.still()

    def start(self) -> None:
        """Let the traffic flow, as far as the machine keeps up."""
        self._source.start()

    @property
    def finished(self) -> bool:
        """Whether the traffic has ended: a capture is over, or a program was stopped, which `close` raises."""
        return self._source.finished

    @property
    def rate(self) -> float:
        """Packets per second; set it at any time."""
        return self._source.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._source.rate = rate

    def close(self) -> None:
        """Stop the traffic.

        Raises:
            RunError: A program was stopped, and the traffic with it.
        """
        self._source.close()


class Link:
    """A program's attachment to a sandbox; ends with `detach`, with its context or with its collection.

    Args:
        program: What is attached.
        target: The sandbox's target.
        sandbox: The sandbox.
    """

    def __init__(self, program: Program, target: AttachTarget, sandbox: Sandbox) -> None:
        self._program = program
        self.sandbox = sandbox
        self.program = program.name
        self.target = target
        self.id = 0
        sandbox.programs = (*sandbox.programs, program)
        program.links.add(self)

    program: str
    """The attached program's name."""
    id: int
    """0: no kernel knows it."""
    sandbox: Sandbox
    """What it is attached to."""

    def __repr__(self) -> str:
        return f"<Link {visible(self.program)} on {visible(self.target.name)}>"

    @property
    def gone(self) -> bool:
        """Whether its sandbox is gone: it goes with the link."""
        return False

    @property
    def fixed(self) -> str:
        """Nothing: another program can be put in its program's place."""
        return ""

    def update(self, program: Program) -> None:
        """Put another program where this one is; AttachError where it is of another type, or there already."""
        doing = f"put {program.name} in the place of {self.program} on {self.target.name}"
        if program.type is not self._program.type:
            raise AttachError(f"cannot {doing}: it is of type {program.type.label}")
        if program in self.sandbox.programs and program is not self._program:
            raise AttachError(f"cannot {doing}: it is attached there already")
        self._program.links.discard(self)
        self.sandbox.programs = tuple(program if each is self._program else each for each in self.sandbox.programs)
        self._program, self.program = program, program.name
        program.links.add(self)

    def detach(self) -> None:
        """Detach; a second call does nothing."""
        self._program.links.discard(self)
        self.sandbox.programs = tuple(each for each in self.sandbox.programs if each is not self._program)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()


def attach(program: Program, target: AttachTarget) -> Link:
    """Attach *program* to *target*; errors as for `Program.attach`."""
    if program.type not in ON_PACKETS and place_of(program.spec) is Place.NOWHERE:
        raise UsageError(
            f"the built-in machine has nothing that programs of type {program.type.label} are attached to",
            hint="run it instead",
        )
    if not isinstance(target.namespace, Sandbox):
        raise AttachError(
            f"cannot attach program {program.name} to {target.name}: the built-in machine has no interfaces",
            hint="attach it to sandbox, or use --runtime kernel",
        )
    if program in target.namespace.programs:
        raise AttachError(f"cannot attach program {program.name} to {target.name}: it is attached there already")
    return Link(program, target, target.namespace)
