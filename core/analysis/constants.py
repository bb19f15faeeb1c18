"""What of a program its constants leave: which instructions a run can come to, and which ways a jump can go.

A constant is what is in a read-only section, as it is set. Nothing else is taken to be known, so that what is found to
be dead is so in every run; the verifier may find more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..asm.arithmetic import COMPARISONS, compare
from ..asm.opcodes import SIZES, Class, Mode, Source
from ..errors import LimitError, ObjectError
from ..spec.kconfig import KCONFIG
from .lattice import Place, constant
from .values import Tracker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..asm.flow import FlowGraph
    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec
    from .lattice import State

__all__ = ["Living", "living"]


@dataclass
class Living:
    """What a program's constants leave of it."""

    slots: set[int] = field(default_factory=set[int])
    """The instructions that a run may come to."""
    decided: dict[int, bool] = field(default_factory=dict[int, bool])
    """Of the conditional jumps among them, those that always go the same way: whether they jump."""


def living(program: ProgramSpec, spec: CollectionSpec) -> Living:
    """Return what the constants of *spec*, as they are set, leave of one of its programs.

    Of a function that is too large to be looked into, all is left.
    """
    sections = {
        name: bytes(each.data)
        for name, each in spec.maps.items()
        if each.data and each.is_data and each.read_only and name != KCONFIG  # which the kernel fills
    }
    flow = program.flow
    called = {call.slot: call.target for call in flow.calls}
    found = Living()
    waiting = [0] if flow.slots else []
    seen = {*waiting}
    while waiting:
        start = waiting.pop()
        graph = flow.graph_at(start)
        tracker = _Constants(program, graph, sections)
        try:
            blocks = set(tracker.flow({}))
            found.decided |= tracker.decided
        except (LimitError, ObjectError):
            blocks = set(range(len(graph)))
        for number in blocks:
            first, stop, _ = graph.block(number)
            found.slots.update(range(first, stop))
            for slot in range(first, stop):
                target = called.get(slot)
                if target is not None and target not in seen and 0 <= target < flow.slots:
                    seen.add(target)
                    waiting.append(target)
    return found


class _Constants(Tracker):
    """Follows what is loaded from read-only sections, and goes only where jumps on it lead.

    Args:
        program: The program.
        graph: The control flow of one of its functions.
        sections: What is in its read-only sections, by name.
    """

    def __init__(self, program: ProgramSpec, graph: FlowGraph, sections: Mapping[str, bytes]) -> None:
        super().__init__(program, graph)
        self._sections = sections
        self.decided: dict[int, bool] = {}
        """The conditional jumps that always go the same way: whether they jump."""

    def load(self, state: State, slot: int, opcode: int, dst: int, src: int, offset: int) -> None:
        """Read memory into a register: constants are known."""
        address = self.address(state, slot, src, offset)
        super().load(state, slot, opcode, dst, src, offset)
        if address is None or address.place is not Place.DATA or not address.exact or opcode & 0xE0 != Mode.MEM:
            return
        size = SIZES[opcode & 0x18]
        raw = self._sections.get(address.name, b"")[max(address.offset, 0) : address.offset + size]
        if len(raw) == size and address.offset >= 0:
            self.set(state, slot, dst, constant(int.from_bytes(raw, self.program.byte_order)))

    def following(self, number: int, after: State) -> tuple[int, ...]:
        """Return the blocks that can follow one, where *after* holds at its end."""
        successors = super().following(number, after)
        _, stop, _ = self.graph.block(number)
        slot = stop - 1
        self.decided.pop(slot, None)  # it was, with less known
        opcode, dst, src, _, imm = self.slots[slot - self.graph.start]
        if len(successors) != 2 or opcode & 7 not in (Class.JMP, Class.JMP32) or opcode & 0xF0 not in COMPARISONS:
            return successors
        left, right = after.get(dst), after.get(src) if opcode & Source.X else constant(imm)
        if left is None or right is None or left.place is not Place.CONSTANT or right.place is not Place.CONSTANT:
            return successors
        is_taken = compare(opcode & 0xF0, left.offset, right.offset, 64 if opcode & 7 == Class.JMP else 32)
        self.decided[slot] = is_taken
        return (successors[is_taken],)
