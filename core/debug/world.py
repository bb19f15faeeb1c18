"""World: a recording brought to life: a collection on the built-in machine, which can be set back to before any run."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from ..context.packet_sizes import SMALLEST_PACKET
from ..context.passage import next_stop, stage_of
from ..errors import GivenUpError, UsageError
from ..maps import ElementError
from ..vm.engine.errors import RunError
from ..vm.runtime import MachineRuntime
from ..vm.world.checkpoint import Checkpoint
from .recording import Call, Times
from .walk import Walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..context.passage import Stage
    from ..dwarf import Dwarf
    from ..errors import BpftuiError
    from ..runtime import PrintedLine
    from ..spec import ProgramSpec
    from ..vm.engine.machine import Machine
    from ..vm.engine.memory import Region
    from ..vm.program import Program
    from .recording import Entries, Recording

__all__ = ["Outcome", "World"]

_MOST_KEPT: Final = 64
"""Checkpoints that are kept at once."""
_MOST_BYTES: Final = 256 << 20
"""What they hold together, as long as there are several: fewer of large maps are kept, and more is run again."""


class Outcome(NamedTuple):
    """What came of a run."""

    retval: int | None
    """r0 as an unsigned 32-bit integer; None where the run was stopped."""
    error: BpftuiError | None = None
    """Why it was stopped."""
    data: bytes = b""
    """The packet as the program left it."""
    context: bytes = b""
    """The context as the program left it, where it may change it."""
    printed: tuple[PrintedLine, ...] = ()
    """What programs printed in it, where somebody went through it."""


class _Kept(NamedTuple):
    """The state before a run."""

    checkpoint: Checkpoint
    told: int
    """How many times had been told."""
    size: int
    """In bytes."""


class World:
    """The machine with what a recording holds.

    Args:
        recording: What comes from outside; its `times` grow with what is not known yet.

    Raises:
        LoadError, FeatureError: The object cannot be loaded into the machine.
        UsageError: What the maps are to hold does not fit them.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.times = Times(recording.times, recording.settings.clock)
        settings = recording.settings._replace(clock=self.times.now, wall=self.times.date)
        whole = recording.spec()
        names = set(recording.programs)
        spec = whole.subset(maps=set(), programs=names, variables=set())
        runtime = MachineRuntime(settings, target=recording.target)
        self.collection = runtime.load(spec, programs=names)
        self.unused = {name: each.map.name for name, each in whole.variables.items() if each.map.name not in spec.maps}
        """Sections of variables that none of the programs looks at: they are not loaded."""
        self.debug: Dwarf | None = whole.read_debug()
        """What the object says of its functions' variables; None where it says nothing."""
        self.path = [self.collection.programs[name] for name in recording.programs]
        """The programs that a packet comes to, as far as it is let pass."""
        self._stages = _stages(self.path)
        self.turn = 0
        """Which of them has its turn, in the run that is gone through."""
        self.returned: list[int] = []
        """What those have returned that had theirs, unsigned."""
        self.parts = self.program.parts
        self.host = self.parts.host
        self.processor = self.host.processor
        self.throws = any(each.spec.linked.never_returning for each in self.collection.programs.values())
        """Whether a program may throw an exception."""
        self._programs = {each.machine.number: each for each in self.collection.programs.values()}
        for name, entries in recording.contents.items():
            self._fill(name, entries)
        # What is made when it is first used would have another address each time.
        for machine in self.processor.machines:
            machine.bind()
        for program in self.collection.programs.values():
            if program.packet_sizes is not None:
                _ = program.packet
        self._checkpoints: dict[int, _Kept] = {}
        """By the run that comes next."""
        self._stride = 1
        self.next = 0
        """The run that comes next."""
        self.is_torn = False
        """Whether a run was begun and not brought to its end."""
        self._keep()

    def _fill(self, name: str, entries: Entries) -> None:
        store = self.collection.maps[name].store if name in self.collection.maps else None
        if store is None:
            raise UsageError(f"the recording has contents for map {name}, which the program does not use")
        shape = store.shape
        for key, value in entries:
            if len(key) != shape.key_size or len(value) != shape.moved_size:
                wanted = f"{shape.key_size} and {shape.moved_size} bytes"
                raise UsageError(f"the contents of map {name} do not fit it: key and value have {wanted}")
            try:
                store.update(key if shape.key_size else None, value)
            except ElementError as error:
                raise UsageError(f"the contents of map {name} do not fit it: {error}") from error

    @property
    def program(self) -> Program:
        """The program whose turn it is."""
        return self.path[self.turn]

    def begin(self) -> None:
        """Give the turn to the first program."""
        self.turn = 0
        self.returned.clear()

    def hand_on(self, returned: int) -> bytes | None:
        """Give the turn to whom the packet comes to next, once a program has *returned*; return the packet as it is.

        None: it comes to nobody else, and the run is over but for what has become due meanwhile.
        """
        self.returned.append(returned)
        following = next_stop(self._stages, self.turn, returned) if len(self.path) > 1 else None
        packet = self.host.packet
        if following is None or packet is None or len(frame := packet.frame) < SMALLEST_PACKET:
            return None
        self.turn = following
        return frame

    def program_of(self, machine: Machine) -> ProgramSpec:
        """Return the program whose code a machine runs."""
        return self._programs[machine.number].spec

    def _keep(self) -> None:
        """Keep the state that there is now."""
        if self.next % self._stride != 0 or self.next in self._checkpoints:
            return
        self._checkpoints[self.next] = self._checkpoint()
        while len(kept := self._checkpoints) > 1 and (
            len(kept) > _MOST_KEPT or sum(each.size for each in kept.values()) > _MOST_BYTES
        ):
            # The first one stays, whatever the stride.
            self._stride *= 2
            self._checkpoints = {run: each for run, each in kept.items() if run % self._stride == 0}

    def _checkpoint(self) -> _Kept:
        programs = [each for each in self.collection.programs.values() if each.packet_sizes is not None]
        checkpoint = Checkpoint(self.host, [each.packet for each in programs])
        return _Kept(checkpoint, self.times.at, checkpoint.size)

    def before(self, run: int) -> None:
        """Bring everything to the state in which *run* begins, by running again what comes before it if need be.

        Nothing may run. A run that was stopped leaves what it had done until then.
        """
        start = max(kept for kept in self._checkpoints if kept <= run)
        if self.is_torn or not start <= self.next <= run:
            self._restore(start)
        while self.next < run:
            self.pass_over()
        if run not in self._checkpoints:
            # Whoever is here goes back here: this one is kept whatever the stride, in place of the last one of these.
            for other in [each for each in self._checkpoints if each % self._stride]:
                del self._checkpoints[other]
            self._checkpoints[run] = self._checkpoint()

    def complete(self) -> None:
        """Run all that has not been run yet: the recording has what clocks tell in each of its runs then.

        Nothing may run.
        """
        self.before(len(self.recording.calls))

    def _restore(self, run: int) -> None:
        kept = self._checkpoints[run]
        kept.checkpoint.restore()
        self.times.at = kept.told
        self.processor.depth[0] = -1
        self.next, self.is_torn = run, False

    def pass_over(self) -> Outcome:
        """Run what comes next at full speed, without stopping in it.

        Raises:
            GivenUpError: It was given up on the way.
        """
        call = self.recording.calls[self.next]
        if self.recording.changes_in(self.next):
            return self._walk(call)
        self.is_torn = True
        self.begin()
        outcome = self._run(call)
        self.is_torn = False
        self.next += 1
        self._keep()
        return outcome

    def _walk(self, call: Call) -> Outcome:
        """Run what comes next step by step, as what was changed in it takes."""
        walk = Walk(self, call)
        try:
            walk.run(lambda places: deque(places, maxlen=0))
            left = walk.given.left()
        finally:
            walk.close()
        if isinstance(walk.error, GivenUpError):
            raise walk.error
        return Outcome(None if walk.error is not None else (walk.r0 or 0) & 0xFFFF_FFFF, walk.error, *left)

    def changeable(self, address: int, size: int) -> Region | None:
        """Return the memory in which bytes lie that may be changed; None where there is none, or code."""
        region = self.host.memory.find(address)
        if region is None or address + size > region.end:
            return None
        is_code = isinstance(region.data, memoryview) and region.data.readonly
        return None if is_code else region

    def forget(self, run: int) -> None:
        """Forget what comes behind the beginning of a run: something is changed in it."""
        self._checkpoints = {number: kept for number, kept in self._checkpoints.items() if number <= run}
        del self.recording.times[self.times.at :]
        self.is_torn = True

    def _run(self, call: Call) -> Outcome:
        while True:
            try:
                with self.program.given(call.data, call.context, call.cpu, arrived=self.turn > 0) as given:
                    try:
                        result = self.program.execute(given.r1) & 0xFFFF_FFFF
                        packet = self.hand_on(result)
                        if packet is None:
                            self.parts.catch_up()
                    except RunError as error:
                        return Outcome(None, error, *given.left())
                    if packet is None:
                        return Outcome(result, None, *given.left())
            except UsageError as error:
                return Outcome(None, error)
            call = Call(packet, cpu=call.cpu)

    def passed(self) -> None:
        """Note that what came next has been run to its end by somebody else."""
        self.next, self.is_torn = self.next + 1, False
        self._keep()


def _stages(path: Sequence[Program]) -> list[Stage]:
    """Return where the programs of a path see a packet.

    Raises:
        UsageError: One of several sees none that comes in, or sees it before one that is in front of it.
    """
    if len(path) == 1:
        return []
    found: list[Stage] = []
    for number, program in enumerate(path):
        if program in path[:number]:
            raise UsageError(f"{program.name} is named twice: a packet comes to it once")
        stage = stage_of(program.spec)
        if stage is None:
            raise UsageError(
                f"{program.name} sees no packet that comes in: it has type {program.type.label}",
                hint="one behind the other come XDP, packet sockets, traffic control (ingress) and control groups",
            )
        if found and stage < found[-1]:
            raise UsageError(
                f"no packet comes to {program.name} behind {path[len(found) - 1].name}",
                hint="XDP sees it first, then packet sockets, traffic control and control groups",
            )
        found.append(stage)
    return found
