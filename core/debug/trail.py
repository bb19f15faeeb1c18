"""Trail: what a whole run did: how often it was at each instruction, what of the packet it used, what it called."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import CallSource, Class, Mode
from ..asm.arithmetic import signed
from ..asm.opcodes import CALL
from ..helpers.effects import flag_names
from ..helpers.prototypes import find_helper
from ..numerical import find_numpy
from .accesses import accesses_at
from .followed import Followed
from .pointers import Pointers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..asm import Instruction
    from ..helpers.prototypes import Helper
    from ..vm.world.packet import Packet
    from .session import Session

__all__ = ["HelperCall", "Trail", "Use"]

_CHUNK: Final = 1 << 16
_MOST_STOPS: Final = 20_000
"""Loads, stores and calls of a run that are looked at."""


class Use(NamedTuple):
    """Bytes of the packet that a step read or wrote."""

    step: int
    first: Followed
    """The first of them."""
    size: int
    is_write: bool


class HelperCall(NamedTuple):
    """A call of a helper or a kernel function."""

    step: int
    slot: int
    name: str
    arguments: tuple[tuple[str, str], ...]
    """Name and value of each."""
    result: str
    """What it returned; empty for nothing, or where it did not return."""


class Trail:
    """What a run did from its beginning to its end.

    Args:
        session: Stands in that run. It stands where it stood afterwards.
    """

    def __init__(self, session: Session) -> None:
        self.timeline = timeline = session.timeline
        self.counts: dict[int, int] = {}
        """How often the run was at each place."""
        self.first: dict[int, int] = {}
        """The first step at each place."""
        self._count()
        self.length = timeline.length
        self.uses: list[Use] = []
        """What of the packet was used, in the order of steps."""
        self.calls: list[HelperCall] = []
        """What was called, in the order of steps."""
        self.is_whole = True
        """Whether uses and calls are all that there were: of a long run nobody looks at them."""
        self._look(session)

    def _count(self) -> None:
        counts, first = self.counts, self.first
        places = self.timeline.places
        # It takes longer to be there than a short run does.
        if len(places) < _CHUNK or (np := find_numpy()) is None:
            for step, place in enumerate(places):
                counts[place] = counts.get(place, 0) + 1
                first.setdefault(place, step)
            return
        whole = np.frombuffer(places, places.typecode)
        for at in range(0, len(whole), _CHUNK):
            chunk = whole[at : at + _CHUNK]
            least = int(chunk.min())
            offsets = chunk - least
            if int(offsets.max()) < _CHUNK:  # all of one program, as a rule: sorting them takes longer
                times = np.bincount(offsets)
                there = np.flatnonzero(times)
                found = zip((there + least).tolist(), times[there].tolist(), strict=True)
            else:
                found = zip(*(each.tolist() for each in np.unique(chunk, return_counts=True)), strict=True)
            for place, count in found:
                counts[place] = counts.get(place, 0) + count
                if place not in first:
                    first[place] = at + int(np.argmax(chunk == place))

    def packet_use(self, position: int, packet: Packet | None) -> tuple[set[int], set[int]]:
        """Return which bytes of the packet were read and which were written before a position, by any program.

        Args:
            position: Which one.
            packet: It as it is there, None for none: its first byte that the program sees is 0.
        """
        read: set[int] = set()
        written: set[int] = set()
        if packet is None:
            return read, written
        before = packet.begin - packet.region.base
        for each in self.uses[: bisect_right(self.uses, position - 1, key=lambda use: use.step)]:
            offset = each.first.within(packet)
            if offset is not None:
                start = offset + before
                (written if each.is_write else read).update(range(max(start, 0), start + each.size))
        return read, written

    def called(self, position: int) -> Sequence[HelperCall]:
        """Return what was called before a position."""
        return self.calls[: bisect_right(self.calls, position - 1, key=lambda call: call.step)]

    # Loads, stores and calls

    def _look(self, session: Session) -> None:
        """Go through the run once more, and stop where memory is used and something is called."""
        wanted = {place for place in self.counts if _is_of_interest(self._insn(session, place))}
        if not wanted or sum(self.counts[place] for place in wanted) > _MOST_STOPS:
            self.is_whole = not wanted
            return
        places = self.timeline.places
        calls = {place for place in wanted if self._insn(session, place).opcode == CALL}
        steps = [step for step, place in enumerate(places) if place in wanted or (step and places[step - 1] in calls)]
        position, stop = session.position, session.stop
        session.goto(0)
        try:
            for step in steps:
                session.goto(step)
                self._note(session, step)
        finally:
            session.goto(position)
            session.stop = stop

    @staticmethod
    def _insn(session: Session, place: int) -> Instruction:
        machine, slot = session.world.processor.at(place)
        return machine.code.at(slot)

    def _note(self, session: Session, step: int) -> None:
        """Note what the step before returned, and what this one does."""
        found = session.activations
        if not found:
            return
        here = found[-1]
        if self.calls and self.calls[-1].step == step - 1:
            last = self.calls[-1]
            helper = _helper_of(self._insn(session, self.timeline.places[step - 1]))
            nothing = helper is not None and helper.result == "void"
            self.calls[-1] = last._replace(result="" if nothing else _text(session, here.registers[0], True))
        if step >= self.length:
            return
        insn = here.machine.code.at(here.slot)
        if insn.opcode == CALL:
            self._note_call(session, step, here.slot, insn, here.registers)
        packet = session.world.host.packet
        if packet is None:
            return
        read, written = accesses_at(session)
        before = packet.begin - packet.region.base
        for parts, is_write in ((read, False), (written, True)):
            for part in parts:
                start, stop = part.start - packet.region.base, part.stop - packet.region.base
                if start < packet.length and stop > 0 and start < stop:
                    first = Followed(max(0, start) - before, packet.moved)
                    self.uses.append(Use(step, first, min(stop, packet.length) - max(0, start), is_write))

    def _note_call(self, session: Session, step: int, slot: int, insn: Instruction, registers: tuple[int, ...]) -> None:
        if insn.src == CallSource.SUBPROGRAM:
            return
        helper = _helper_of(insn)
        if helper is None:
            spec = session.symbols.spec_at(self.timeline.places[step])[0]
            reference = spec.linked.references.get(slot)
            name = "a kernel function" if reference is None else reference.name
            self.calls.append(HelperCall(step, slot, name, (), ""))
            return
        name = helper.name
        arguments: list[tuple[str, str]] = []
        for number, parameter in enumerate(helper.parameters, 1):
            flags = flag_names(insn.imm, number - 1)
            value = registers[number]
            text = flags.get(value) or _text(session, value, not parameter.type.startswith(("u", "__u")))
            arguments.append((parameter.name, text))
        self.calls.append(HelperCall(step, slot, name, tuple(arguments), ""))


def _text(session: Session, value: int, is_signed: bool) -> str:
    """Return a value of a register: where it points to, else as a number."""
    pointed = Pointers(session).at(value)
    if pointed is not None:
        return pointed.text
    return str(signed(value, 64) if is_signed else value)


def _helper_of(insn: Instruction) -> Helper | None:
    return find_helper(insn.imm) if insn.src == CallSource.HELPER else None


def _is_of_interest(insn: Instruction) -> bool:
    cls = insn.opcode & 7
    if cls in (Class.ST, Class.STX, Class.LDX):
        return insn.dst != 10 if cls != Class.LDX else insn.src != 10
    if cls == Class.LD:
        return insn.opcode & 0xE0 in (Mode.ABS, Mode.IND)
    return insn.opcode == CALL and insn.src != CallSource.SUBPROGRAM
