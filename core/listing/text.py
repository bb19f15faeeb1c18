"""The text of a program's instructions and the comments beside it, a run of instructions at a time.

Most text depends on nothing but an instruction's bytes, and those repeat themselves: `asm.Texts` makes it once. What
refers to something by name is made once for each name, and what is known of a function is found once for all of it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm import INSN_SIZE, Texts, format_instruction
from ..asm.flow import EdgeKind
from ..asm.instruction import decode_at
from ..spec.program import ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..asm import Syntax
    from ..asm.flow import FlowGraph
    from ..btf import ByteOrder
    from ..spec.program import ProgramSpec, Reference
    from .notes import Notes

__all__ = ["InsnText", "InsnTexts", "Stretch", "reference_names"]

_MAX_NAMED: Final = 1 << 14
"""Texts with names that are kept."""


class Stretch(NamedTuple):
    """Instructions of one function, one behind the other, as they are shown."""

    start: int
    """The first slot."""
    texts: list[str]
    """By slot, from *start* on; '' for the second half of a 64-bit immediate."""
    comments: dict[int, str]
    """By slot: what is worth knowing beside, where there is anything."""
    unreachable: list[tuple[int, int]]
    """Slots that no way leads to from the function's first instruction, as runs."""
    labels: list[tuple[int, int]]
    """The slots of jumps, and those that they lead to, which are named in their texts (`L12`)."""
    moves: bool = False
    """Whether texts and comments are the same wherever the function stands, but for those names."""

    @property
    def stop(self) -> int:
        """One past the last slot."""
        return self.start + len(self.texts)

    def insns(self) -> Iterator[InsnText]:
        """Iterate over the instructions, one by one."""
        dead = {slot for run in self.unreachable for slot in range(*run)}
        for slot, text in enumerate(self.texts, self.start):
            if text:
                yield InsnText(slot, text, self.comments.get(slot, ""), slot not in dead)


class InsnText(NamedTuple):
    """An instruction as it is shown."""

    slot: int
    text: str
    comment: str
    """What is worth knowing beside it; empty for nothing."""
    reachable: bool
    """Whether some way leads there from its function's first instruction."""


class InsnTexts:
    """The texts of the instructions of one program.

    Args:
        program: The program.
        syntax: How they are written.
        notes: What names are found in.
    """

    def __init__(self, program: ProgramSpec, syntax: Syntax, notes: Notes) -> None:
        self.program = program
        self.syntax = syntax
        self.notes = notes
        self._code = memoryview(program.code)[: len(program.code) // INSN_SIZE * INSN_SIZE]
        self._texts = _texts(program.byte_order, syntax)

    def run(self, start: int, stop: int) -> Iterator[InsnText]:
        """Yield the instructions that begin at slots *start* to *stop*; *start* is no second half."""
        for stretch in self.stretches(start, stop):
            yield from stretch.insns()

    def stretches(self, start: int, stop: int) -> Iterator[Stretch]:
        """Yield the same, all that is of one function together."""
        flow = self.program.flow
        while start < stop:
            end = flow.stop(flow.function_at(start))
            found = self.stretch(start, min(stop, end))
            yield found
            start = max(end, found.stop)

    def stretch(self, start: int, stop: int) -> Stretch:
        """Return the instructions of one function that begin at slots *start* to *stop*; *start* is no second half.

        It ends one slot further where a function ends with the first half of what goes on behind it, which is damage.
        """
        graph = self.program.flow.graph_at(start)
        targets = graph.targets

        def label(slot: int) -> str | None:
            return f"L{slot}" if slot in targets else None

        texts = self._texts.texts(self._code, start, stop, label if targets else None)
        comments: dict[int, str] = {}
        references = self.program.linked.references
        for slot, text in enumerate(texts, start):
            if slot in references and text:
                texts[slot - start], comments[slot] = self._named(slot, references[slot], graph)
            elif not text and slot - 1 not in references:
                self._read_otherwise(slot - 1, comments)
        for slot, notes in self.notes.of(graph).items():
            if start <= slot < stop:
                comments[slot] = ", ".join([note for note in (comments.get(slot), *notes) if note])
        jumps = [edge for edge in graph.jumps if start <= edge.source < stop]
        labels = [(slot, target) for slot, target, _ in jumps if f"L{target}" in texts[slot - start]]
        moves = not graph.problems and all(edge.kind is not EdgeKind.GOTOX for edge in jumps)
        return Stretch(start, texts, comments, graph.unreachable, labels, moves)

    def text(self, slot: int) -> str:
        """Return the text of one instruction, without what it takes an analysis of the code to know."""
        graph = self.program.flow.graph_at(slot)
        reference = self.program.linked.references.get(slot)
        if reference is not None:
            return self._named(slot, reference, graph)[0]
        insn = decode_at(self._code, slot, self.program.byte_order)
        target = insn.jump_target(slot)
        return format_instruction(insn, slot, self.syntax, target=f"L{target}" if target in graph.targets else None)

    def _read_otherwise(self, slot: int, comments: dict[int, str]) -> None:
        """Add a 64-bit immediate in its other common reading, where that helps."""
        insn = decode_at(self._code, slot, self.program.byte_order)
        if not insn.src and insn.imm64 >= 10:
            comments[slot] = f"{insn.imm64:#x}"

    def _named(self, slot: int, reference: Reference, graph: FlowGraph) -> tuple[str, str]:
        """Return the text of an instruction that refers to something by name, and its comment."""
        operand, name, comment = reference_names(reference)
        code = bytes(self._code[slot * INSN_SIZE : (slot + 2) * INSN_SIZE])
        text = _named_text(code, self.program.byte_order, self.syntax, operand, name)
        if text is None:
            # A jump should refer to nothing. Where one does, its label goes before.
            insn = decode_at(code, 0, self.program.byte_order)
            target = insn.jump_target(slot)
            name = f"L{target}" if target in graph.targets else name
            text = format_instruction(insn, slot, self.syntax, operand, name)
        return text, comment


@functools.cache
def _texts(byte_order: ByteOrder, syntax: Syntax) -> Texts:
    """Return the one `Texts` for all programs: those of an object have much in common."""
    return Texts(byte_order, syntax)


@functools.lru_cache(_MAX_NAMED)
def _named_text(
    code: bytes, byte_order: ByteOrder, syntax: Syntax, operand: str | None, name: str | None
) -> str | None:
    """Return the text of an instruction that refers to something; None for a jump, whose text depends on its place."""
    insn = decode_at(code, 0, byte_order)
    return None if insn.is_jump else format_instruction(insn, 0, syntax, operand, name)


@functools.lru_cache(_MAX_NAMED)
def reference_names(reference: Reference) -> tuple[str | None, str | None, str]:
    """Return what stands for the operand of an instruction that refers to it, what for the target, and a comment."""
    missing = ", may be missing" if reference.weak else ""
    match reference.kind:
        case ReferenceKind.MAP:
            return f"map[{reference.name}]", None, ""
        case ReferenceKind.DATA:
            return _datum(reference), None, ""
        case ReferenceKind.TABLE:
            return f"table[{reference.name}]", None, f"{reference.inside} entries"
        case ReferenceKind.CALL:
            return None, reference.name, ""
        case ReferenceKind.FUNCTION:
            return f"func[{reference.name}]", None, ""
        case ReferenceKind.HELPER:
            return None, reference.name, "by its number on Windows"
        case ReferenceKind.KFUNC:
            return f"ksym[{reference.name}]", reference.name, f"kernel function{missing}"
        case ReferenceKind.KSYM:
            return f"ksym[{reference.name}]", None, f"kernel symbol{missing}"


def _datum(reference: Reference) -> str:
    """Return what an address in a data section means: the variable, or the section, and how far into it."""
    inside = f"+{reference.inside:#x}" if reference.inside else ""
    if reference.name == reference.map:
        return f"{reference.map}[{reference.inside:#x}]"
    return f"{reference.map}[{reference.name}{inside}]"
