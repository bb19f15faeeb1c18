"""Which registers are read though nothing was written to them, along paths that a program can really take.

A walk from the function's entry, with the interval of each register (see `ranges`) and of what was spilled to the own
stack frame. A branch that the intervals decide is followed one way only. A branch on a value that was tested before,
and is not decided, may hang together with the earlier test in ways that intervals do not tell: there the walk ends,
because what is found has to be true. So it does after many steps.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from ...asm import SIZES, AluOp, Class, Mode, Source
from ...asm.opcodes import EXIT, FRAME_POINTER, LD_IMM64, MAY_GOTO
from ...asm.registers import clobbered
from ..engine.code import written_registers
from ..engine.ranges import ANY, State, branch_refined, operand, transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...asm import Instruction
    from ..engine.code import Code, Function
    from ..engine.ranges import Value

__all__ = ["unwritten_reads"]

_MOST_STEPS: Final = 20_000
"""Instructions of one walk."""

_Ids = frozenset[int]
_NONE: Final[_Ids] = frozenset()


_UNSURE: Final[_Ids] = frozenset({0})
"""The origin of what has bits that intervals do not tell: it counts as tested."""
_OF_BITS: Final = (AluOp.LSH, AluOp.MUL, AluOp.OR, AluOp.AND, AluOp.XOR, AluOp.MOD, AluOp.NEG, AluOp.ARSH)


class _Spilled(NamedTuple):
    """What lies on the stack."""

    value: Value
    origins: _Ids
    copy: int
    size: int
    """Bytes."""


class _Path(NamedTuple):
    """Where a walk is: everything is copied where it forks."""

    slot: int
    written: int
    """The registers that hold something, as bits."""
    state: State
    origins: list[_Ids]
    """By register, the unknown values that it was made of."""
    copies: list[int]
    """By register, the unknown value that it is a plain copy of; 0 for none."""
    stack: dict[int, _Spilled]
    """By offset from r10, what was spilled there."""
    tested: set[int]
    """The unknown values that were tested so far."""


def unwritten_reads(
    code: Code,
    function: Function,
    given: int,
    reads: Callable[[Instruction], tuple[int, ...]],
    immediate: Callable[[int], int],
) -> set[tuple[int, int]]:
    """Return (slot, register) of what is found.

    Args:
        code: The code.
        function: The function to walk through.
        given: The registers that hold something at its entry, as bits.
        reads: What an instruction needs.
        immediate: What the 64-bit immediate load at a slot loads.
    """
    return _Walk(code, reads, immediate).run(function.start, given)


class _Walk:
    def __init__(
        self, code: Code, reads: Callable[[Instruction], tuple[int, ...]], immediate: Callable[[int], int]
    ) -> None:
        self._code = code
        self._reads = reads
        self._immediate = immediate
        self._numbers = count(1)
        self._found: set[tuple[int, int]] = set()
        self._steps = 0

    def run(self, start: int, given: int) -> set[tuple[int, int]]:
        state: State = [*[ANY] * 10, (0, 0, True)]
        copies = [next(self._numbers) for _ in range(11)]
        path = _Path(start, given, state, [frozenset({number}) for number in copies], copies, {}, {0})
        todo = [path]
        while todo and self._steps < _MOST_STEPS:
            todo += self._follow(todo.pop())
        return self._found

    def _follow(self, path: _Path) -> list[_Path]:
        """Go on to the next branch; return the ways from there."""
        slot, written = path.slot, path.written
        while self._steps < _MOST_STEPS:
            self._steps += 1
            insn = self._code.at(slot)
            missing = [register for register in self._reads(insn) if not written >> register & 1]
            if missing:
                self._found.update((slot, register) for register in missing)
                return []
            if insn.opcode == EXIT or insn.opcode == MAY_GOTO:
                return []
            if insn.is_conditional:
                return self._fork(path._replace(slot=slot, written=written), insn)
            self._step(path, slot, insn)
            if taken := clobbered(insn.opcode):
                written &= ~taken
                path.stack.clear()
            for register in written_registers(insn):
                written |= 1 << register
            following = self._code.successors(slot)
            if not following:
                return []
            slot = following[-1]
        return []

    def _step(self, path: _Path, slot: int, insn: Instruction) -> None:
        """Change what is known from before *insn* to after it."""
        cls = insn.opcode & 7
        if cls == Class.LDX and self._load(path, insn):
            return
        if cls in (Class.ST, Class.STX):
            self._store(path, insn)
        origins, copy = _NONE, 0
        if cls in (Class.ALU, Class.ALU64):
            op = insn.opcode & 0xF0
            by_register = insn.opcode & Source.X and op != AluOp.END
            origins = path.origins[insn.src] if by_register else _NONE
            if op != AluOp.MOV:
                origins |= path.origins[insn.dst]
                if op in _OF_BITS and origins and not _keeps_low_bits(insn):
                    origins |= _UNSURE
            elif by_register and cls == Class.ALU64 and not insn.offset:
                copy = path.copies[insn.src]
        transfer(slot, insn, path.state, self._immediate)
        for register in written_registers(insn):
            low, high, is_pointer = path.state[register]
            if cls not in (Class.ALU, Class.ALU64) and insn.opcode != LD_IMM64:
                copy = next(self._numbers)
                origins = frozenset({copy})
            path.origins[register] = _NONE if low == high and not is_pointer else origins
            path.copies[register] = copy

    def _load(self, path: _Path, insn: Instruction) -> bool:
        """Load from the own frame: the same place gives the same value, as long as nothing is stored there."""
        distance, _, is_pointer = path.state[insn.src]
        if not is_pointer:
            return False
        place, size = distance + insn.offset, SIZES[insn.opcode & 0x18]
        known = path.stack.get(place)
        if known is None or known.size < size:
            number = next(self._numbers)
            beside = [held.origins for at, held in path.stack.items() if at < place + size and place < at + held.size]
            known = _Spilled((0, (1 << 8 * size) - 1, False), frozenset({number}).union(*beside), number, size)
            if not beside:
                path.stack[place] = known
        is_signed = insn.opcode & 0xE0 == Mode.MEMSX
        path.state[insn.dst] = ANY if is_signed else _cut(known.value, size)
        path.origins[insn.dst] = known.origins
        path.copies[insn.dst] = known.copy if path.state[insn.dst] == known.value and not is_signed else 0
        return True

    def _store(self, path: _Path, insn: Instruction) -> None:
        distance, _, is_pointer = path.state[insn.dst]
        if not is_pointer:
            return
        place, size = distance + insn.offset, SIZES[insn.opcode & 0x18]
        for other in [at for at, held in path.stack.items() if at < place + size and place < at + held.size]:
            del path.stack[other]
        if insn.opcode & 7 == Class.ST:
            value = insn.imm & (1 << 8 * size) - 1
            path.stack[place] = _Spilled((value, value, False), _NONE, 0, size)
        elif insn.opcode & 0xE0 == Mode.MEM:
            value = _cut(path.state[insn.src], size)
            copy = path.copies[insn.src] if value == path.state[insn.src] else 0
            path.stack[place] = _Spilled(value, path.origins[insn.src], copy, size)

    def _fork(self, path: _Path, insn: Instruction) -> list[_Path]:
        """Return the ways on from a conditional jump."""
        following = self._code.successors(path.slot)
        sides = [branch_refined(insn, path.state, taken=bool(taken)) for taken in range(len(following))]
        possible = [number for number, side in enumerate(sides) if side is not None]
        origins = path.origins[insn.dst] | (path.origins[insn.src] if insn.opcode & Source.X else _NONE)
        if len(possible) > 1 and (origins & path.tested or self._has_pointer(path, insn)):
            return []
        ways: list[_Path] = []
        for number in possible:
            side = sides[number]
            assert side is not None
            tested = path.tested | origins
            way = _Path(
                following[number],
                path.written,
                side.copy(),
                path.origins.copy(),
                path.copies.copy(),
                path.stack.copy(),
                tested,
            )
            self._spread(path, way, insn)
            ways.append(way)
        return ways

    @staticmethod
    def _has_pointer(path: _Path, insn: Instruction) -> bool:
        return path.state[insn.dst][2] or operand(insn, path.state)[2]

    @staticmethod
    def _spread(before: _Path, way: _Path, insn: Instruction) -> None:
        """Tell the copies of what was tested what is known of it now."""
        for register in (insn.dst, insn.src) if insn.opcode & Source.X else (insn.dst,):
            number, value = before.copies[register], way.state[register]
            if not number or value == before.state[register]:
                continue
            for other in range(FRAME_POINTER):
                if before.copies[other] == number:
                    way.state[other] = value
            for place, held in way.stack.items():
                if held.copy == number:
                    way.stack[place] = held._replace(value=value)


def _cut(value: Value, size: int) -> Value:
    """Return the lowest *size* bytes of a value."""
    if size == 8 or (not value[2] and value[1] < 1 << 8 * size):
        return value
    return 0, (1 << 8 * size) - 1, False


def _keeps_low_bits(insn: Instruction) -> bool:
    """Whether *insn* leaves nothing but the lowest bits, which can then be anything."""
    is_and = insn.opcode & 0xF0 == AluOp.AND and not insn.opcode & Source.X
    return is_and and insn.imm >= 0 and insn.imm & (insn.imm + 1) == 0
