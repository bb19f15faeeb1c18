"""A tape as a runtime: what was recorded, open as a collection that is loaded, at one moment of it after the other.

Whoever reads a collection (commands, samplers, screens) reads a tape in the same way. Nothing of it can be changed,
run or attached: it is what was.
"""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from ..analysis.records import record_type
from ..closing import Closing
from ..errors import UsageError
from ..live import Events
from ..maps import ElementError, Shape, TypedMap
from ..maps.shape import shape_of, why_unreadable
from ..runtime import CheckReport, Forecast, MapSnapshot, Printed, ProgramInfo
from ..runtime.stacks import Stack
from ..visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from threading import Event

    from ..analysis.records import RecordType
    from ..btf import Decoded, Value
    from ..context.packet_sizes import PacketSizes
    from ..context.values import ContextValues
    from ..errors import BpftuiError
    from ..live import Sample
    from ..runtime import (
        AttachTarget,
        Counts,
        Entry,
        ExternAnswer,
        Link,
        Progress,
        RunResult,
        Sandbox,
        TargetChoice,
    )
    from ..runtime.inspected import Inspector
    from ..runtime.stacks import Call
    from ..spec import CollectionSpec, MapSpec, ProgramSpec, ProgramType, VariableSpec
    from ..traffic import Traffic
    from ..verifier import Explanation, VerifierLog
    from .tape import Recorded, Tape

__all__ = ["Playback", "PlayedCollection", "PlayedEvents", "PlayedRuntime", "Player"]

_FIXED: Final = "this is a recording: it is what was"
_SECTION: Final = "of a data section a recording has the variables"
_SCANNED: Final = 4096
"""Entries that are handed out at once."""


def _refused(what: str) -> NoReturn:
    raise UsageError(f"{what}: this is a recording, which only tells what was")


class Player:
    """Where a tape stands."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._lock = threading.Lock()
        self._tick = min(1, tape.ticks)
        self._sample: Sample | None = None

    @property
    def tick(self) -> int:
        """The sample that it stands at, from 1 on; 0 where there is none."""
        return self._tick

    def move(self, tick: int) -> None:
        """Go to a sample: the nearest that there is."""
        with self._lock:
            self._tick, self._sample = max(min(tick, self.tape.ticks), min(1, self.tape.ticks)), None

    @property
    def sample(self) -> Sample | None:
        """What there was; None in a tape without samples."""
        with self._lock:
            if self._sample is None and self._tick:
                self._sample = self.tape.sample(self._tick)
            return self._sample


class Playback:
    """Plays a tape from its beginning to its end: what a `Sampler` is to a collection.

    Args:
        player: What stands at each sample while it is handed out.
        maps: The names of the maps that are wanted; without, all.
    """

    def __init__(self, player: Player, maps: Sequence[str] | None = None) -> None:
        self._player = player
        self._maps = maps
        self._stopping = threading.Event()

    def samples(self, duration: float | None = None, *, until: object = None) -> Iterator[Sample]:
        """Iterate over the samples of the first *duration* seconds, or all, as fast as they are taken."""
        for tick in range(1, self._player.tape.ticks + 1):
            if self._stopping.is_set() or (duration is not None and self._player.tape.time(tick) > duration):
                return
            self._player.move(tick)
            sample = self._player.sample
            assert sample is not None
            if self._maps is not None:
                sample = sample.of(self._maps)
            yield sample

    def stop(self) -> None:
        """End it, from any thread."""
        self._stopping.set()


class PlayedEvents:
    """What streams brought with the sample at which the tape stands; see `bpftui.core.live.EventSource`.

    Args:
        collection: What has them.
        names: Which of its streams; without, all.
    """

    def __init__(self, collection: PlayedCollection, names: Sequence[str] | None = None) -> None:
        self._player = collection.player
        self.types = {
            name: record_type(collection.spec, map_.spec)
            for name, map_ in collection.maps.items()
            if map_.type.is_stream and (names is None or name in names) and not self._player.tape.of_others
        }

    types: dict[str, RecordType]
    """Of each stream, the type of its records."""

    def batches(self) -> Iterator[Mapping[str, Events]]:
        """Yield it, all at once."""
        brought = self._player.tape.events(self._player.tick)
        # A stream has no row as long as nothing came of it.
        yield {name: brought.get(name, Events((), 0, 0, 0)) for name in self.types}


class _Symbols:
    """The names in stacks as they were when they were recorded; see `bpftui.core.runtime.stacks.Symbols`.

    What is at an address here and now says nothing of them.
    """

    def __init__(self, player: Player) -> None:
        self._player = player

    def stack(self, calls: Sequence[Call], process: int = 0) -> Stack:
        """Return a stack as it was named."""
        tape, tick = self._player.tape, self._player.tick
        return Stack(tuple(tape.frame(each, process, tick) for each in calls))


class _Elements:
    """The entries of a map at the moment at which the tape stands; see `bpftui.core.maps.Elements`."""

    def __init__(self, player: Player, name: str, shape: Shape) -> None:
        self._player = player
        self._name = name
        self.shape = shape
        self._of: Sample | None = None
        self._found: dict[bytes, Entry] = {}

    def _entries(self) -> dict[bytes, Entry]:
        sample = self._player.sample
        if sample is not self._of or sample is None:
            self._found = {entry.key: entry for entry in self.snapshot().entries}
            self._of = sample
        return self._found

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return a value, or what a queue would have given."""
        if key is None:
            return self.snapshot().upcoming
        entry = self._entries().get(key)
        return None if entry is None else self.shape.join(entry.values)

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Return what was read."""
        sample = self._player.sample
        found = None if sample is None else sample.maps.get(self._name)
        if found is None:
            return MapSnapshot((), note=why_unreadable(self.shape.type) or "it was not recorded")
        return found

    def count(self, within: float | None = None) -> tuple[int, bool]:
        """Return how many there were."""
        found = self.snapshot()
        return found.count, found.is_counted

    def scan(self) -> Iterator[Sequence[Entry]]:
        """Iterate over what was read."""
        entries = self.snapshot().entries
        for at in range(0, len(entries), _SCANNED):
            yield entries[at : at + _SCANNED]

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the first value."""
        first = next(iter(self._entries().values()), None)
        return b"" if first is None else first.values[0][offset : offset + size]

    def take(self, key: bytes | None) -> bytes | None:
        """Refuse."""
        _refused(f"nothing is taken out of map {self._name}")

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Refuse."""
        _refused(f"map {self._name} is not changed")

    def delete(self, key: bytes) -> None:
        """Refuse."""
        _refused(f"map {self._name} is not changed")

    def write_at(self, offset: int, raw: bytes) -> None:
        """Refuse."""
        _refused(f"map {self._name} is not changed")


class _Records:
    """The records of a stream, as the tape comes to them; see `bpftui.core.live.Records`."""

    def __init__(self, player: Player, name: str) -> None:
        self._player = player
        self._name = name
        self._seen = 0
        self._waiting: list[bytes] = []
        self.lost = 0

    lost: int
    """How many were lost by then."""

    @property
    def pending(self) -> int:
        """Bytes that are not read yet."""
        return sum(map(len, self._waiting))

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return what came with the sample at which the tape stands, if it was not there before."""
        tick = self._player.tick
        if tick != self._seen:
            self._seen = tick
            brought = self._player.tape.events(tick).get(self._name)
            if brought is not None:
                self._waiting += brought.records
                self.lost = brought.lost
        found, self._waiting = self._waiting[:limit], self._waiting[limit:]
        return found

    def close(self) -> None:
        """Do nothing: nothing was set up."""


class _Map(TypedMap):
    """A map that was recorded."""

    def __init__(self, spec: MapSpec, player: Player, elements: _Elements, number: int) -> None:
        super().__init__(spec, elements)
        self.id = number
        self.frozen = True
        self._player = player

    id: int
    """The kernel's number of it, then."""

    @property
    def fixed(self) -> str:
        """Why it cannot be changed."""
        return _FIXED

    def records(self) -> _Records | None:
        """Return what reads its records, where it is a stream."""
        return _Records(self._player, self.name) if self.type.is_stream else None

    def reference_to(self, value: object, size: int) -> bytes | None:
        """Return that nothing of it can be put into a map."""
        return None

    def refused(self, error: ElementError, doing: str, feature: str) -> BpftuiError:
        """Return why something cannot be done."""
        return UsageError(f"cannot {doing}: {_FIXED}")


class _Variable:
    """A variable that was recorded; see `bpftui.core.runtime.Variable`."""

    read_only = True
    """It is what was."""

    def __init__(self, spec: VariableSpec, player: Player) -> None:
        self.spec = spec
        self._player = player

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    def raw(self) -> bytes:
        """Return the bytes that it had; those of the object where it was not read."""
        sample = self._player.sample
        found = None if sample is None else sample.variables.get(self.name)
        return self.spec.raw if found is None or len(found) != self.spec.size else found

    def get(self) -> Decoded:
        """Return the value that it had."""
        return self.raw() if self.spec.type is None else self.spec.type.decode(self.raw())

    def set(self, value: Value) -> None:
        """Refuse."""
        _refused(f"variable {self.name} is not set")

    def set_text(self, text: str, path: str = "") -> None:
        """Refuse."""
        _refused(f"variable {self.name} is not set")


class _Program:
    """A program that was recorded; see `bpftui.core.runtime.Program`."""

    takes_packet = False
    packet_sizes: PacketSizes | None = None
    counts: Counts | None = None
    """What runs came to is not in a recording."""

    def __init__(self, spec: ProgramSpec, player: Player) -> None:
        self.spec = spec
        self._player = player

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    @property
    def type(self) -> ProgramType:
        """Its type."""
        return self.spec.type

    @property
    def id(self) -> int:
        """The kernel's number of it, then."""
        return self.info().id

    def info(self) -> ProgramInfo:
        """Return what was known of it."""
        sample = self._player.sample
        found = None if sample is None else sample.programs.get(self.name)
        return ProgramInfo(0, "", 0, 0, None, 0, 0) if found is None else found

    def count(self) -> bool:
        """Return that nothing is counted: it does not run."""
        return False

    def run(
        self,
        data: bytes | None = None,
        *,
        context: bytes | ContextValues | None = None,
        repeat: int = 1,
        stop: Event | None = None,
    ) -> RunResult:
        """Refuse."""
        _refused(f"{self.name} is not run")

    def attach(self, target: AttachTarget | None = None) -> Link:
        """Refuse."""
        _refused(f"{self.name} is not attached")


class _Prints(Closing):
    """What programs printed with the sample at which the tape stands; see `bpftui.core.runtime.PrintReader`."""

    problem = ""
    """Nothing keeps it from reading."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._seen = 0

    def read(self) -> Printed:
        """Return it, if the tape was not there before."""
        tick, seen = self._player.tick, self._seen
        self._seen = tick
        return Printed() if tick == seen else self._player.tape.printed(tick)

    def close(self) -> None:
        """Do nothing: nothing was set up."""


class PlayedCollection(Closing):
    """What was loaded, at the moment at which the tape stands; see `bpftui.core.runtime.Collection`."""

    def __init__(self, spec: CollectionSpec, runtime: PlayedRuntime) -> None:
        self.spec = spec
        self.runtime = runtime
        self.player = player = runtime.player
        self.maps = {
            name: _map(each, player, player.tape.maps[name])
            for name, each in spec.maps.items()
            if name in player.tape.maps
        }
        self.programs = {
            name: _Program(each, player) for name, each in spec.programs.items() if name in player.tape.programs
        }
        self.variables = {
            name: _Variable(each, player) for name, each in spec.variables.items() if each.map.name in self.maps
        }
        self.problems: Mapping[str, BpftuiError] = {}
        self.remarks: Sequence[str] = player.tape.remarks
        self.symbols = _Symbols(player)

    player: Player
    """Moves the tape."""
    symbols: _Symbols
    """What knows the names in stacks."""

    def __repr__(self) -> str:
        return f"<PlayedCollection {visible(self.spec.file)}: {self.player.tape.duration:,.0f} s>"

    def printed(self) -> _Prints:
        """Return what tells what programs printed."""
        return _Prints(self.player)

    def close(self) -> None:
        """Do nothing: the tape is its opener's."""


def _map(spec: MapSpec, player: Player, recorded: Recorded) -> _Map:
    shape = replace(shape_of(spec, lambda: recorded.cpus), max_entries=recorded.max_entries)
    return _Map(spec, player, _Elements(player, spec.name, shape), recorded.id)


class PlayedRuntime:
    """What was recorded, as a runtime that has it loaded; see `bpftui.core.runtime.Runtime`."""

    has_hooks = False
    verifies = False

    def __init__(self, tape: Tape) -> None:
        self.player = Player(tape)

    @property
    def name(self) -> Literal["kernel", "vm"]:
        """What it was recorded on."""
        return "vm" if self.player.tape.runtime == "vm" else "kernel"

    @property
    def remark(self) -> str:
        """What is to be known of it."""
        return "this is a recording: it is looked at, and nothing of it can be changed"

    def load(
        self,
        spec: CollectionSpec,
        *,
        programs: set[str] | None = None,
        strict: bool = False,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> PlayedCollection:
        """Return what was loaded."""
        return PlayedCollection(spec, self)

    def statistics(self) -> AbstractContextManager[str]:
        """Return that runs were counted, or why not."""
        sample = self.player.sample
        return nullcontext("" if sample is None else sample.uncounted)

    def sandbox(self, traffic: Traffic | None = None) -> Sandbox:
        """Refuse."""
        _refused("there is no sandbox")

    def target(self, program: ProgramSpec, text: str, sandbox: Sandbox | None = None) -> AttachTarget:
        """Refuse."""
        _refused(f"{program.name} is not attached")

    def wants_sandbox(self, program: ProgramSpec, text: str) -> bool:
        """Refuse."""
        _refused(f"{program.name} is not attached")

    def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
        """Return that there is nothing to attach it to."""
        return []

    def check(self, spec: CollectionSpec, *, log_level: int = 4) -> CheckReport:
        """Refuse."""
        _refused("nothing is loaded")

    def inspect(self) -> Inspector:
        """Refuse."""
        _refused("what became of its programs is not in it")

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        """Return that nothing keeps it from being loaded: it was."""
        return Forecast({}, {})

    def externs(self, spec: CollectionSpec) -> Mapping[str, ExternAnswer]:
        """Return that nothing is known of what its externs were."""
        return {}

    def explain(self, log: VerifierLog, program: ProgramSpec | None = None) -> Explanation | None:
        """Return that nobody refused anything."""
        return None
