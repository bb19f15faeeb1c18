"""Locals: the C variables of a function that has stopped, as far as DWARF tells where their values are there.

A compiler keeps a value where it needs it, and only as long: what is told at one instruction may not be at the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm import INSN_SIZE, AluOp, Class
from ..asm.opcodes import FRAME_POINTER, MOV64_X
from ..dwarf.expression import Frame, places_of
from ..errors import BpftuiError
from .values import kind_of, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..asm import Instruction
    from ..dwarf.expression import Place
    from ..dwarf.variables import LocalVariable, Span
    from .standing import Standing
    from .values import Value
    from .walk import Activation

__all__ = ["OPTIMIZED_OUT", "Locals"]

_ADD64_K: Final = Class.ALU64 | AluOp.ADD
OPTIMIZED_OUT: Final = "<optimized out>"
"""As gdb has it: no place holds the value there."""
_MOST: Final = 1 << 16
"""Bytes of a variable."""


class Locals:
    """Finds the C variables of functions.

    Args:
        session: Where.
    """

    def __init__(self, session: Standing) -> None:
        self._session = session
        self._read: list[LocalVariable] | None = None
        self._sizes: dict[tuple[int, int], int] = {}

    def _all(self) -> list[LocalVariable]:
        if self._read is None:
            debug = self._session.world.debug
            self._read = [] if debug is None else [each for each in debug.locals if each.type is not None]
        return self._read

    def at(self, activation: Activation) -> list[LocalVariable]:
        """Return the variables that are known where a function stands, in the order of the source.

        Of those with the same name the innermost.
        """
        place = self._place(activation)
        if place is None:
            return []
        section, offset = place
        found: dict[str, LocalVariable] = {}
        for each in self._all():
            if any(_holds(span, section, offset) for span in each.scope):
                other = found.get(each.name)
                if other is None or other.depth <= each.depth:
                    found[each.name] = each
        return list(found.values())

    def find(self, activation: Activation, name: str) -> LocalVariable | None:
        """Return the variable that a name means where a function stands; None where there is none."""
        if not any(each.name == name for each in self._all()):
            return None
        return next((each for each in self.at(activation) if each.name == name), None)

    def value(self, activation: Activation, variable: LocalVariable) -> Value | None:
        """Return what a variable is; None where nothing tells all of it there."""
        ctype = variable.type
        if ctype is None or not 0 < (size := _size(variable)) <= _MOST:
            return None
        order = self._session.symbols.byte_order
        kind = kind_of(ctype)
        if variable.constant is not None:
            constant = variable.constant
            if isinstance(constant, int):
                constant = (constant & (1 << 8 * size) - 1).to_bytes(size, order)
            return value_of(kind, constant[:size].ljust(size, b"\0"), None, order)
        here = self._place(activation)
        if here is None:
            return None
        expression = next((raw for span, raw in variable.places if _holds(span, *here)), None)
        if expression is None:
            return None
        frame = Frame(activation.registers, self._frame_base(activation), order, self._session.memory.own)
        try:
            places = places_of(expression, frame)
        except BpftuiError:
            return None
        raw, address = self._assembled(places, size, activation, order)
        return None if raw is None else value_of(kind, raw, address, order)

    def _assembled(
        self, places: Sequence[Place], size: int, activation: Activation, order: str
    ) -> tuple[bytes | None, int | None]:
        """Return the bytes of a value, and where they lie; None for bytes that are not told."""
        raw = b""
        start = places[0].address
        at = start
        for place in places:
            count = place.size or size - len(raw)
            if not 0 < count <= size:
                return None, None
            if place.address is not None:
                part = self._session.memory.own(place.address, count)
            elif place.register is not None:
                part = _cut(activation.registers[place.register], count, order)
            elif isinstance(place.value, int):
                part = _cut(place.value, count, order)
            else:
                part = place.value
            if part is None or len(part) != count:
                return None, None
            at = at + count if at is not None and place.address == at else None
            raw += part
        return (raw[:size], start if at is not None else None) if len(raw) >= size else (None, None)

    def _place(self, activation: Activation) -> tuple[int, int] | None:
        """Return the section, and the offset in it, of the instruction that a function stands before."""
        world = self._session.world
        spec = world.program_of(activation.machine)
        function = self._session.symbols.function_at(spec, activation.slot)
        if function is None or world.debug is None:
            return None
        section = world.debug.elf.by_name.get(function.section)
        if section is None:
            return None
        return section.number, function.section_offset + (activation.slot - function.start) * INSN_SIZE

    def _frame_base(self, activation: Activation) -> int:
        """Return the lower end of the stack that a function uses, which clang's offsets count from."""
        machine = activation.machine
        spec = self._session.world.program_of(machine)
        function = self._session.symbols.function_at(spec, activation.slot)
        start, stop = (0, machine.code.count) if function is None else (function.start, function.stop)
        key = machine.number, start
        if key not in self._sizes:
            self._sizes[key] = _stack_size(machine.code.insns[start:stop])
        return activation.registers[FRAME_POINTER] - self._sizes[key]


def _size(variable: LocalVariable) -> int:
    try:
        return 0 if variable.type is None else variable.type.size
    except BpftuiError:
        return 0


def _holds(span: Span, section: int, offset: int) -> bool:
    return span.section == section and span.start <= offset < span.stop


def _cut(number: int, size: int, order: str) -> bytes:
    """Return the lower bytes of a register."""
    big = (number & (1 << 64) - 1).to_bytes(max(size, 8), "big")[-size:]
    return big if order == "big" else big[::-1]


def _stack_size(insns: Sequence[Instruction | None]) -> int:
    """Return how many bytes of its stack frame a function uses, in whole words: what the compiler has put there."""
    lowest = 0
    copies: set[int] = set()
    for insn in insns:
        if insn is None:
            continue
        cls = insn.opcode & 7
        if insn.opcode == MOV64_X and insn.src == FRAME_POINTER and not insn.offset:
            copies.add(insn.dst)
            continue
        if insn.opcode == _ADD64_K and insn.dst in copies:
            lowest = min(lowest, insn.imm)
        elif (cls == Class.LDX and insn.src == FRAME_POINTER) or (
            cls in (Class.ST, Class.STX) and insn.dst == FRAME_POINTER
        ):
            lowest = min(lowest, insn.offset)
        if cls in (Class.ALU, Class.ALU64, Class.LDX):
            copies.discard(insn.dst)
    return (-lowest + 7) // 8 * 8
