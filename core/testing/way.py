"""Way: by which C lines a run went through its program, and where what it returned comes from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..asm import decode
from ..asm.opcodes import EXIT, AluOp, Class, Source
from ..asm.registers import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..asm import Instruction
    from ..spec import ProgramSpec

__all__ = ["Way"]

_MOVES: Final = tuple(kind | AluOp.MOV | Source.X for kind in (Class.ALU, Class.ALU64))
"""Opcodes that copy a register into another."""


class Way:
    """The way of a run.

    Args:
        program: The program.
        runs: How often each instruction of it ran, by slot.
    """

    def __init__(self, program: ProgramSpec, runs: Sequence[int]) -> None:
        self._program = program
        self._runs = runs

    @cached_property
    def lines(self) -> str:
        """The C lines that ran, by file: `traffic.c:88-104, 118`; a range leaves out what has no code.

        Empty where the object does not tell its lines, or nothing ran.
        """
        ran: dict[str, dict[int, bool]] = {}
        for slot, count in enumerate(self._runs):
            line = self._program.linked.line_at(slot)
            if line is not None and line.line:
                here = ran.setdefault(line.file.rpartition("/")[2], {})
                here[line.line] = here.get(line.line, False) or bool(count)
        found = ((file, ", ".join(_ranges(here))) for file, here in ran.items())
        return "; ".join(f"{file}:{ranges}" for file, ranges in found if ranges)

    @cached_property
    def returned(self) -> str:
        """The C line of the instruction that computed what it returned: `traffic.c:124: return XDP_PASS;`.

        Empty where several of those that ran may have, where compilers name but the end of the function, or that line
        is not known.
        """
        program = self._program
        graph = program.flow.graph_at(0)
        found: set[int] = set()
        waiting = [
            (number, start, stop, 0)
            for number, (start, stop, _) in ((each, graph.block(each)) for each in range(len(graph)))
            if self._runs[start] and decode(program.code, stop - 1, program.byte_order).opcode == EXIT
        ]
        seen = {(number, register) for number, _, _, register in waiting}
        while waiting:
            number, start, stop, register = waiting.pop()
            origin, register = self._origin(start, stop, register)
            if origin is not None:
                found.add(origin)
                continue
            for before in graph.predecessors[number]:
                first, last, _ = graph.block(before)
                if self._runs[first] and (before, register) not in seen:
                    seen.add((before, register))
                    waiting.append((before, first, last, register))
        lines = {program.linked.line_at(slot) for slot in found}
        texts = {line.text for line in lines if line is not None and line.source.strip() != "}"}
        return texts.pop() if len(texts) == len({None if each is None else each.text for each in lines}) == 1 else ""

    def _origin(self, start: int, stop: int, register: int) -> tuple[int | None, int]:
        """Return the last slot of a block that computes what a register holds at its end, and which one that is.

        Copies are followed; None where it held that before, in the register that is returned then.
        """
        for slot, insn in reversed([*self._insns(start, stop)]):
            if written(insn.opcode, insn.dst, insn.src, insn.imm) >> register & 1:
                if insn.opcode not in _MOVES or insn.offset:
                    return slot, register
                register = insn.src
        return None, register

    def _insns(self, start: int, stop: int) -> Iterator[tuple[int, Instruction]]:
        while start < stop:
            insn = decode(self._program.code, start, self._program.byte_order)
            yield start, insn
            start += insn.slots


def _ranges(ran: dict[int, bool]) -> Iterator[str]:
    """Yield the lines that ran, those that follow each other as one."""
    run: list[int] = []
    for line in (*sorted(ran), None):
        if line is not None and ran[line]:
            run.append(line)
        elif run:
            yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
            run = []
