"""The built-in runtime's sandbox: packets out of memory, at a rate, for the programs that are attached to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self, TypeVar

from ..errors import AttachError, UsageError
from ..runtime import AttachTarget
from ..traffic import Pacer, make_frames
from .packet import ON_PACKETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
        frames: What is given, in turn.
        cpus: How many CPUs the frames are spread over.
    """

    BATCH = 64
    """Few: whoever wants to read a map waits for the end of a batch."""

    def __init__(self, sandbox: Sandbox, frames: Sequence[bytes], cpus: int) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._frames = frames
        self._cpus = cpus
        self._next = 0

    def deliver(self, count: int) -> int:
        """Run all attached programs on the next frames."""
        count = min(count, self.BATCH)
        size = len(self._frames)
        frames = [self._frames[number % size] for number in range(self._next, self._next + count)]
        for program in self._sandbox.programs:
            program.receive(frames, self._cpus, self._next)
        self._next += count
        return count


class Sandbox:
    """An interface that is none, and a source of traffic. The same seed gives the same packets in the same order.

    Args:
        seed: What the frames are made from.
        cpus: How many CPUs they are spread over, one after the other.
    """

    def __init__(self, *, seed: int = 1, cpus: int = 1) -> None:
        self.programs: tuple[Program, ...] = ()
        """What is attached."""
        self._source = _Source(self, make_frames(seed=seed), cpus)

    def run(self, call: Callable[[], _T]) -> _T:
        """Make a call: there is no other namespace to go to."""
        return call()

    def target(self, mode: XdpMode | None = None) -> AttachTarget:
        """Return what programs are attached to."""
        return AttachTarget(name=_INTERFACE, index=1, namespace=self, mode=mode)

    def send(self, count: int) -> int:
        """Give exactly *count* frames to what is attached, and return *count*."""
        return self._source.send(count)

    def traffic(self, rate: float) -> None:
        """Give *rate* packets per second from now on, as far as the machine keeps up."""
        self._source.rate = rate

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Link:
    """A program's attachment to a sandbox; ends with `detach`, with its context or with its collection.

    Args:
        program: What is attached.
        target: The sandbox's target.
        sandbox: The sandbox.
    """

    def __init__(self, program: Program, target: AttachTarget, sandbox: Sandbox) -> None:
        self._program = program
        self._sandbox = sandbox
        self.program = program.name
        self.target = target
        self.id = 0
        sandbox.programs = (*sandbox.programs, program)
        program.links.add(self)

    program: str
    """The attached program's name."""
    id: int
    """0: no kernel knows it."""

    def __repr__(self) -> str:
        return f"<Link {self.program} on {self.target.name}>"

    def detach(self) -> None:
        """Detach; a second call does nothing."""
        self._program.links.discard(self)
        self._sandbox.programs = tuple(each for each in self._sandbox.programs if each is not self._program)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()


def attach(program: Program, target: AttachTarget) -> Link:
    """Attach *program* to *target*; errors as for `Program.attach`."""
    if program.type not in ON_PACKETS:
        raise UsageError(
            f"the built-in runtime has nothing that programs of type {program.type.label} are attached to",
            hint="run it instead",
        )
    if not isinstance(target.namespace, Sandbox):
        raise AttachError(
            f"cannot attach {program.name} to {target.name}: the built-in runtime has no interfaces",
            hint="attach it to sandbox, or use --runtime kernel",
        )
    if program in target.namespace.programs:
        raise AttachError(f"cannot attach {program.name} to {target.name}: it is attached there already")
    return Link(program, target, target.namespace)
