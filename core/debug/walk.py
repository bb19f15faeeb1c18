"""Walk: one pass through one run, forwards only: it can stand before any instruction of it."""

from __future__ import annotations

from collections import deque
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import BpftuiError, GivenUpError
from ..vm.engine.calls import walked
from ..vm.engine.errors import Thrown
from ..vm.engine.translation import set_register

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from types import FrameType

    from ..vm.engine.machine import Machine
    from ..vm.program import Given
    from .recording import Call, Change
    from .world import World

__all__ = ["Activation", "Walk", "activations"]

_STEPPING = "Machine._stepping.<locals>.walk"
"""The generator of code that only the stepper can run."""


class Activation(NamedTuple):
    """One function that has begun and not ended, as it stands."""

    machine: Machine
    slot: int
    """The instruction that it stands before; in a function that has called another, the call."""
    registers: tuple[int, ...]
    """r0 to r10, unsigned."""
    depth: int
    """Which stack frame is its: 0 for the program's first function."""


class Walk:
    """One pass through the run that comes next in a world; closed before its end, it leaves the world torn.

    Args:
        world: Stands before the run.
        call: What the run is given.
        stops: The slots to stop before, by the number of the machine; None for each instruction.
        turned: Called when a function begins or has ended, with nothing; `world.processor.depth[0]` tells how deep.
        direct: So many steps are known to be the program's own, of which none stops it: they are taken quicker.
    """

    def __init__(
        self,
        world: World,
        call: Call,
        *,
        stops: Mapping[int, frozenset[int]] | None = None,
        turned: Callable[[], None] | None = None,
        direct: int = 0,
    ) -> None:
        self._world = world
        self._call = call
        self._processor = processor = world.processor
        world.begin()
        self._context = world.program.given(call.data, call.context, call.cpu)
        world.is_torn = True
        self.given: Given = self._context.__enter__()
        """What the program has whose turn it is."""
        processor.stops, processor.turned = stops, turned
        changes = world.recording.changes_in(world.next)
        processor.doubts = any(each.register is not None for each in changes)
        processor.start(world.program.machine.limit, world.program.name)
        self._inner: Generator[int, None, object] | None = None
        phases = self._phases()
        self._first = next(phases)
        self._direct = direct
        self.places: Iterator[int] = chain.from_iterable(chain((self._first,), phases))
        if changes:
            self._direct, self.places = 0, self._changed(self.places, changes)
        """The places where it stops, one after the other; see `advance` for what to do about exceptions."""
        self.r0: int | None = None
        """What the program returned, unsigned, once it has."""
        self.finished = False
        self.error: BpftuiError | None = None
        """Why the run was stopped before its end; a GivenUpError where it was not brought there."""

    def _phases(self) -> Iterator[Generator[int, None, object]]:
        """Return what runs one after the other: the programs that the packet comes to, and what has become due then."""
        world, processor = self._world, self._processor
        while True:
            self._inner = begun = world.program.machine.walkers[0](self.given.r1, 0, 0, 0, 0)
            yield self._caught(begun) if world.throws else begun
            returned = processor.returned[0]
            processor.depth[0] = -1
            world.parts.settle()
            packet = world.hand_on(returned)
            if packet is None:
                break
            self._take_turn(packet)
        self.r0 = returned
        packet, world.host.packet = world.host.packet, None
        for due in list(world.host.background):
            processor.start(world.program.machine.limit, world.program.name)
            self._inner = begun = walked(due(), self._begin)
            yield self._caught(begun)
            processor.depth[0] = -1
        world.host.packet = packet
        world.parts.settle()
        self._inner = None
        self.finished = True

    def _take_turn(self, packet: bytes) -> None:
        """Let the program whose turn it is now have a packet.

        Raises:
            UsageError: It takes none of that size.
        """
        world = self._world
        self._context.__exit__(None, None, None)
        self._context = context = world.program.given(packet, None, self._call.cpu, arrived=True)
        self.given = context.__enter__()
        self._processor.start(world.program.machine.limit, world.program.name)

    def _caught(self, begun: Generator[int, None, object]) -> Generator[int, None, object]:
        """Run what may throw an exception that ends it."""
        try:
            return (yield from begun)
        except Thrown as thrown:
            self._processor.returned[0] = thrown.cookie
            return None

    def _changed(self, places: Iterator[int], changes: Iterable[Change]) -> Iterator[int]:
        """Iterate over places, and make the changes that were made where the run stood."""
        taken = 0
        for position, together in groupby(changes, key=lambda each: each.position):
            yield from islice(places, position - taken)
            place = next(places, None)
            if place is None:
                return
            taken = position + 1
            for change in together:
                if change.register is not None:
                    _set_register(self._inner, change.register, int.from_bytes(change.raw, "little"))
                    continue
                region = self._world.changeable(change.address, len(change.raw))
                if region is not None:
                    offset = change.address - region.base
                    region.data[offset : offset + len(change.raw)] = change.raw
            yield place
        yield from places

    def _begin(self, address: int, *arguments: int) -> Generator[int, None, int]:
        """Begin a call that no program makes: a timer's."""
        self._processor.depth[0] = -1
        self._processor.start(self._world.program.machine.limit, self._world.program.name)
        return self._processor.walk(address, *arguments)

    def run(self, take: Callable[[Iterator[int]], Any]) -> Any:
        """Let *take* take places, as many as it likes, and return what it returns.

        Where the run was stopped meanwhile, `error` says why, and None is returned. `finished` is set then, and when no
        place comes any more because the run has come to its end.
        """
        try:
            return take(self.places)
        except BpftuiError as error:
            self._fail(error)
        except Exception as error:
            explained = self._world.program.machine.explained(error)
            if not isinstance(explained, BpftuiError):
                raise
            self._fail(explained)
        return None

    def _fail(self, error: BpftuiError) -> None:
        self.error, self.finished = error, True
        self._processor.depth[0] = -1
        self._world.parts.settle()

    @property
    def context_address(self) -> int:
        """Where the context lies."""
        return self.given.r1

    def advance(self, count: int) -> int | None:
        """Go *count* stops further; return the place of the last one, None where there are not so many."""

        if self._direct:
            direct = min(count, self._direct)
            place = deque(islice(self._first, direct), maxlen=1)[0]
            self._direct -= direct
            count -= direct
            if not count:
                return place

        def take(places: Iterator[int]) -> int | None:
            last = deque(islice(places, count), maxlen=1)
            return last[0] if last else None

        place: int | None = self.run(take)
        return None if self.finished else place

    @property
    def activations(self) -> list[Activation]:
        """The functions that have begun and not ended, the outermost first."""
        return activations(self._inner)

    def close(self) -> None:
        """Let go of the run; the world is to be set back after this."""
        if self._inner is not None:
            self._inner.close()
            self._inner = None
        self._processor.depth[0] = -1
        self._processor.turned = None
        self._processor.doubts = False
        self._context.__exit__(None, None, None)
        if self.finished and not isinstance(self.error, GivenUpError):
            self._world.passed()


def activations(generator: Any) -> list[Activation]:
    """Return the functions that a generator of `Machine.walkers` is in, the outermost first."""
    found: list[Activation] = []
    while generator is not None and (frame := generator.gi_frame) is not None:
        found += _of_frame(frame)
        generator = generator.gi_yieldfrom
    return found


def _set_register(generator: Any, number: int, value: int) -> None:
    """Change a register of the innermost function that a generator is in."""
    innermost: FrameType | None = None
    while generator is not None and (frame := generator.gi_frame) is not None:
        if frame.f_globals.get("__translation__") is not None or frame.f_code.co_qualname == _STEPPING:
            innermost = frame
        generator = generator.gi_yieldfrom
    if innermost is None:
        return
    if innermost.f_code.co_qualname == _STEPPING:
        innermost.f_locals["stepper"].registers[number] = value
    else:
        set_register(innermost, number, value)


def _of_frame(frame: FrameType) -> list[Activation]:
    translation = frame.f_globals.get("__translation__")
    if translation is not None:
        values = frame.f_locals
        registers = (*(values.get(f"r{number}", 0) for number in range(10)), values["fp"])
        slot = translation.slot_at(frame.f_code, frame.f_lineno)
        return [Activation(translation.machine, slot, registers, values["d"])]
    if frame.f_code.co_qualname != _STEPPING:
        return []
    stepper = frame.f_locals["stepper"]
    found: list[Activation] = []
    registers = stepper.registers
    machine, slot = stepper.machine, stepper.slot
    for inner in reversed(stepper.frames):
        found.append(Activation(machine, slot, tuple(registers), inner.number))
        if inner.call is not None:
            registers = [0, *inner.saved]
            slot = inner.call
    return found[::-1]
