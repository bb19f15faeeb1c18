"""Trial: runs of a loaded collection's programs, each with all that came of it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..asm.arithmetic import signed
from ..closing import Closing
from ..context.fields import return_codes
from ..context.packet_sizes import packet_begin, packet_remark
from ..context.values import layout_of
from ..packet import differences
from .effects import EffectsReader
from .events import record_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from threading import Event

    from ..context.values import ContextValues
    from ..packet import Difference
    from ..runtime import Collection, Printed, Program, RunResult
    from ..spec import ProgramSpec
    from .effects import EffectLine
    from .events import EventReader

__all__ = ["Outcome", "Ran", "Trial"]

_LONGEST_RECORD = 1000
"""Characters of an event."""


class Ran(NamedTuple):
    """A run, as a recording keeps it."""

    program: str
    packet: bytes
    """What it was given; empty where it takes none."""
    data: bytes
    """The packet as the program left it."""
    retval: int
    """r0 as an unsigned 32-bit integer."""
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    program: ProgramSpec
    packet: bytes
    """What it was given; empty where it takes none."""
    result: RunResult
    effects: tuple[EffectLine, ...]
    """What has changed in maps and variables; what others did meanwhile is among it."""
    events: Mapping[str, Sequence[str]]
    """The records of each stream, as text."""
    printed: Printed
    packet_differences: tuple[Difference, ...]
    """How the packet differs, field by field."""
    remark: str
    """What is odd about the packet; empty for nothing."""

    @property
    def ran(self) -> Ran:
        """What of it a recording keeps: that of the last round, where it ran several times."""
        data = self.result.data if self.packet else b""
        return Ran(self.program.name, self.packet, data, self.result.retval, self.result.duration_ns)

    @property
    def verdict(self) -> str:
        """The name that its return value has: `XDP_PASS`; empty where it has none."""
        return return_codes(self.program).get(signed(self.result.retval, 32), "")

    @property
    def context(self) -> Mapping[str, int | list[int]]:
        """The fields of the context as the program left it, those that are not 0."""
        layout = layout_of(self.program)
        return layout.decode(self.result.context) if layout is not None and self.result.context else {}


class Trial(Closing):
    """Runs programs and tells what came of each run; closed with its context.

    Args:
        collection: What is loaded.
        events: Returns what reads its streams, if anything does: a stream has one reader.
    """

    def __init__(self, collection: Collection, events: Callable[[], EventReader | None] = lambda: None) -> None:
        self._collection = collection
        self._events = events
        self._effects = EffectsReader(collection)
        with ExitStack() as stack:
            self._printed = stack.enter_context(collection.printed())
            self._stack = stack.pop_all()

    def run(
        self,
        program: Program,
        packet: bytes = b"",
        *,
        context: ContextValues | None = None,
        repeat: int = 1,
        stop: Event | None = None,
    ) -> Outcome:
        """Run a program; arguments and errors as for `Program.run`."""
        self._effects.read()
        self._printed.read()
        with ExitStack() as stack:
            reader = self._events()
            heard = None if reader is None else stack.enter_context(reader.listening())
            result = program.run(packet or None, context=context, repeat=repeat, stop=stop)
            records: Mapping[str, Sequence[bytes]] = {} if heard is None else heard()
        events = {
            name: [record_text(raw, reader.types[name], limit=_LONGEST_RECORD) for raw in found]
            for name, found in records.items()
            if found and reader is not None
        }
        sizes = program.packet_sizes
        changed: tuple[Difference, ...] = ()
        remark = ""
        if packet and sizes is not None:
            changed = tuple(differences(packet, result.data, packet_begin(packet, sizes))) if result.data else ()
            remark = packet_remark(packet, sizes)
        return Outcome(
            program.spec,
            packet,
            result,
            tuple(self._effects.read().lines(self._collection)),
            events,
            self._printed.read(),
            changed,
            remark,
        )

    def close(self) -> None:
        """Let go of what is printed."""
        self._stack.close()
