"""What the machines of one collection run on: one memory, one call stack, one count of steps."""

from __future__ import annotations

import inspect
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ...errors import GivenUpError
from .errors import RunError, StepLimitError
from .memory import MOST_FRAMES, STACK_FRAMES, AddressSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from threading import Event
    from types import FrameType

    from .machine import Machine
    from .memory import Region
    from .stepper import Stepper

__all__ = ["DEFAULT_LIMIT", "MAX_TAIL_CALLS", "PLACE_BITS", "Meter", "Processor", "Sample"]

DEFAULT_LIMIT: Final = 1 << 25
"""Steps of one run: a second or two of translated code."""
PLACE_BITS: Final = 20
"""Of a place, the bits for the slot: no code has more than `MAX_SLOTS`."""
MAX_TAIL_CALLS: Final = 33
"""Tail calls of one run (`MAX_TAIL_CALL_CNT`)."""

COUNTING: Final = "c"
"""With what the local variables begin that only count, in translated functions."""
_FIRST_GRANT: Final = 1 << 6
_LARGEST_GRANT: Final = 1 << 16
"""Steps that a loop is granted at a time: few at first, because many loops run only a few times."""


_LARGEST_STATE: Final = 1 << 16
"""Bytes of memory that are worth comparing."""


class Meter(dict[int, "Iterator[None]"]):
    """Counts the steps of a run.

    The stepper counts each one. In translated code a loop is `for _ in meter[number]`, which costs far less than
    counting down would: the iterator grants iterations in chunks, charged at the loop's greatest length, and raises
    StepLimitError when there are no steps left. A chunk is no larger than all before it together, so that a translated
    run is charged no less than it uses, and not much more than twice that.

    Args:
        memory: What a loop can change beside registers.
    """

    def __init__(self, memory: AddressSpace) -> None:
        super().__init__()
        self._memory = memory
        self.weights: list[int] = []
        self.stop: Event | None = None
        """Set by another thread to give up a run."""
        self.halt: Event | None = None
        """The same, set by another thread to have a debugger stand still."""
        self.limit = DEFAULT_LIMIT
        self.remaining = DEFAULT_LIMIT

    def start(self, limit: int) -> None:
        """Begin a run of at most *limit* steps."""
        if self:
            self.clear()
        self.limit = self.remaining = limit

    @property
    def charged(self) -> int:
        """How many steps of the run are charged for so far: no fewer than were taken, and not much more than twice."""
        return self.limit - self.remaining

    def number(self, weight: int) -> int:
        """Return a new loop's number; one iteration takes at most *weight* steps."""
        self.weights.append(max(1, weight))
        return len(self.weights) - 1

    def exceeded(self) -> StepLimitError:
        """Return the error for a run that is over its limit."""
        return StepLimitError(
            f"the run was stopped after {self.limit:,} steps",
            hint="give the loop an end, or fewer rounds for a run; more steps are allowed by --bpf-limit in tests, by "
            "--steps in the debugger, and by Settings.limit of the library",
        )

    def __missing__(self, number: int) -> Iterator[None]:
        """Begin the count of a loop or function."""
        iterations = self[number] = chain.from_iterable(self._grants(self.weights[number]))
        return iterations

    def _grants(self, weight: int) -> Iterator[Iterator[None]]:
        grant = _FIRST_GRANT
        before = None
        while True:
            if (self.stop is not None and self.stop.is_set()) or (self.halt is not None and self.halt.is_set()):
                raise GivenUpError("the run was given up")
            iterations = min(max(1, grant // weight), self.remaining // weight)
            if not iterations:
                raise self.exceeded()
            self.remaining -= iterations * weight
            here = inspect.currentframe()
            state = None if here is None or here.f_back is None else self._state(here.f_back)
            if state is not None and state == before:
                raise StepLimitError(
                    "the run was stopped in an endless loop: nothing changes in it any more",
                    hint="give the loop an end: what its condition reads has to change in it",
                )
            before = state
            yield repeat(None, iterations)
            grant = min(2 * grant, _LARGEST_GRANT)

    def _state(self, frame: FrameType) -> tuple[object, ...] | None:
        """Return all that the loop in a translated function depends on; None where that is not known, or too much.

        Twice the same is proof that it never ends, which random code mostly shows at once and not after millions of
        steps. A helper can depend on anything, and so can a loop that calls one.
        """
        if not frame.f_globals.get("PURE") or self._memory.used > 16 * _LARGEST_STATE:
            return None
        memory = [region.data for region in self._memory.regions if region.writable]
        if sum(map(len, memory)) > _LARGEST_STATE:
            return None
        numbers = {
            name: value for name, value in frame.f_locals.items() if isinstance(value, int) and name[0] not in COUNTING
        }
        return frame, frame.f_lineno, numbers, [bytes(data) for data in memory]


class Sample(NamedTuple):
    """Bytes of memory that are looked at wherever they may have changed."""

    view: memoryview
    """A region's bytes, as elements of the size of what is looked at."""
    element: int
    """Which of them."""


class Processor:
    """Runs one program at a time; machines that call each other share it.

    Args:
        memory: What its programs see; a new, empty one when not given.
    """

    def __init__(self, memory: AddressSpace | None = None) -> None:
        self.memory = AddressSpace() if memory is None else memory
        self.meter = Meter(self.memory)
        self.depth = [-1]
        """The running frame's number, in a list that translated code shares; -1 while nothing runs."""
        self.frame_ends: list[int] = []
        """By frame that may be used now, what r10 is there; translated code shares it."""
        self.frame_views: dict[int, list[memoryview]] = {1: [], 2: [], 4: [], 8: []}
        """By size of an access, for each frame a view of so large elements."""
        for frame in self.memory.frames:
            self._show(frame)
        self.tail_calls = 0
        """Tail calls of this run so far."""
        self.running = ""
        """Which program runs, or ran last; empty where that is not known."""
        self.machines: list[Machine] = []
        """All machines that run on it, by their numbers."""
        self._by_base: dict[int, Machine] = {}
        self.stops: Mapping[int, frozenset[int]] | None = None
        """Where what walks (`Machine.walkers`) stops: the slots by the machines' numbers; None for each instruction."""
        self.doubts = False
        """Whether registers may be changed where what walks stops, which it does before each instruction then."""
        self.sample: Sample | None = None
        """What walkers yield, at each slot of their machine's `behind_writes`, in place of where they are; None for
        that. Not with `doubts`."""
        self.returned = [0]
        """What the function returned that ended last, of those that may stop."""
        self.turned: Callable[[], None] | None = None
        """Called when a function that may stop has begun or has ended, with `depth` as it is then."""
        self.stepper: Stepper | None = None
        """The stepper that is in a helper, whose callbacks are to be stepped through too."""

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return self.depth[0] < 0

    def start(self, limit: int, name: str) -> None:
        """Begin a run of the program *name*, unless this is a run within a run, which counts on."""
        if self.depth[0] < 0:
            self.running = name
            self.meter.start(limit)
            self.tail_calls = 0
            if len(self.frame_ends) > STACK_FRAMES:
                del self.frame_ends[STACK_FRAMES:]

    def _show(self, frame: Region) -> None:
        self.frame_ends.append(frame.end)
        letters: tuple[Literal["B", "H", "I", "Q"], ...] = ("B", "H", "I", "Q")
        for (_, views), letter in zip(self.frame_views.items(), letters, strict=True):
            views.append(memoryview(frame.data).cast(letter))

    def deepen(self) -> None:
        """Let a program that is tail called have as many frames as any, from the running one on."""
        frames = self.memory.frames
        while len(self.frame_ends) < min(self.depth[0] + STACK_FRAMES, MOST_FRAMES):
            number = len(self.frame_ends)
            if number < len(frames):
                self.frame_ends.append(frames[number].end)
            else:
                self._show(self.memory.add_frame())

    def turn(self) -> None:
        """Tell whoever wants to know that `depth` has changed."""
        if self.turned is not None:
            self.turned()

    def machine_at(self, address: int) -> Machine | None:
        """Return the machine in whose code *address* lies; None where it lies in none."""
        region = self.memory.find(address)
        return None if region is None else self._by_base.get(region.base)

    def add(self, machine: Machine) -> int:
        """Take *machine* among those that run on it, and return its number."""
        self._by_base[machine.base] = machine
        self.machines.append(machine)
        return len(self.machines) - 1

    def walk(self, address: int, *arguments: int) -> Generator[int, None, int]:
        """Return a call of the function at *address* as a generator, of whichever machine it is; see `Machine.walkers`.

        Raises:
            RunError: There is no function.
        """
        machine = self.machine_at(address)
        entry = None if machine is None else machine.function_at(address)
        if machine is None or entry is None:
            raise RunError(f"{address:#x} is no function")
        return machine.walkers[entry](*(*arguments, 0, 0, 0, 0, 0)[:5])

    def at(self, place: int) -> tuple[Machine, int]:
        """Return the machine and the slot of a place that a generator has stopped at."""
        return self.machines[place >> PLACE_BITS], place & (1 << PLACE_BITS) - 1

    @staticmethod
    def too_deep() -> RunError:
        """Return the error for a call that finds no stack frame."""
        return RunError(f"the call stack is more than {STACK_FRAMES} frames deep")
