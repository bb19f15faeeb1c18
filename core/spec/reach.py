"""Which instructions can be reached, once constants and a kernel's types are known.

Objects that run on many kernels ask before they use what is not everywhere: `bpf_core_field_exists()`, a `__kconfig`
variable, a constant, the address of a weak symbol. What is behind the wrong answer is dead: the verifier never walks
there, so it may call helpers that the kernel does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..asm.opcodes import CALL, CALLX, JmpOp, Mode, Size, Source
from .program import ReferenceKind
from .track import Tracker
from .value import Place, State, Value, join

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ..asm.flow import FlowGraph
    from .program import ProgramSpec

__all__ = ["reachable"]

_SIZES: Final = {Size.B: 1, Size.H: 2, Size.W: 4, Size.DW: 8}
_U64: Final = (1 << 64) - 1
_ADDRESSES: Final = (Place.CONTEXT, Place.STACK, Place.MAP, Place.DATA, Place.FUNCTION)
"""What is never NULL."""


def reachable(
    program: ProgramSpec,
    code: bytes,
    constants: Mapping[str, bytes],
    missing: Collection[str] = (),
) -> set[int]:
    """Return the slots of the instructions that a walk through the program can come to, functions that it calls among
    them. What is not certain is taken to be possible, so that some of them may be dead all the same.

    Args:
        program: The program.
        code: Its linked code, with CO-RE relocations applied.
        constants: The contents of its read-only data sections and of `.kconfig`, by the names of their maps.
        missing: Weak symbols and functions that the kernel does not have; all others are there.
    """
    flow = program.flow
    found: set[int] = set()
    entries: dict[int, State] = {flow.functions[0]: {1: Value(Place.CONTEXT)}} if flow.functions else {}
    waiting = list(entries)
    while waiting:
        start = waiting.pop()
        graph = flow.graph_at(start)
        walk = _Walk(program, graph, code, constants, missing)
        found.difference_update(range(graph.start, graph.stop))
        found |= walk.slots(entries[start])
        for call in flow.calls:
            if call.slot not in found or not graph.start <= call.slot < graph.stop or not 0 <= call.target < flow.slots:
                continue
            given = {} if call.is_address else walk.arguments.get(call.slot, {})
            callee = flow.function_at(call.target)
            old = entries.get(callee)
            new = given if old is None else join(old, given)
            if new != old:
                entries[callee] = new
                waiting.append(callee)
    return found


class _Walk(Tracker):
    """The data flow of one function, past jumps that constants decide."""

    def __init__(
        self,
        program: ProgramSpec,
        graph: FlowGraph,
        code: bytes,
        constants: Mapping[str, bytes],
        missing: Collection[str],
    ) -> None:
        super().__init__(program, graph, code=code)
        self.constants = constants
        self.missing = missing
        self.arguments: dict[int, State] = {}
        """What calls of subprograms are given, by slot: registers r1 to r5, as far as they are known."""

    def slots(self, entry: State) -> set[int]:
        """Return the slots of the blocks that are reached."""
        return {slot for number in self.flow(entry) for slot in range(*self.graph.block(number)[:2])}

    def following(self, number: int, after: State) -> tuple[int, ...]:
        """Leave out where a decided jump does not lead."""
        successors = self.graph.successors[number]
        if len(successors) != 2:
            return successors
        stop = self.graph.block(number).stop
        opcode, registers, _, imm = self.words[stop - 1 - self.graph.start]
        dst, src = (registers >> 4, registers & 0xF) if self.big else (registers & 0xF, registers >> 4)
        right = after.get(src) if opcode & Source.X else Value(Place.CONSTANT, offset=imm & _U64)
        decided = _decided(opcode, after.get(dst), right)
        return successors if decided is None else (successors[decided],)

    def wide(self, state: State, slot: int, dst: int, src: int, imm: int) -> None:
        """Know the addresses of what the kernel has, and that the others are 0."""
        reference = self.references.get(slot)
        if reference is not None and reference.kind in (ReferenceKind.KSYM, ReferenceKind.KFUNC):
            is_there = reference.name not in self.missing
            self.set(state, slot, dst, Value(Place.FUNCTION, reference.name) if is_there else Value(Place.CONSTANT))
        else:
            super().wide(state, slot, dst, src, imm)

    def load(self, state: State, slot: int, opcode: int, dst: int, src: int, offset: int) -> None:
        """Know what constants hold."""
        base = state.get(src)
        super().load(state, slot, opcode, dst, src, offset)
        if base is None or base.place is not Place.DATA or not base.exact or base.name not in self.constants:
            return
        at, size = base.offset + offset, _SIZES[Size(opcode & 0x18)]
        raw = self.constants[base.name][at : at + size] if at >= 0 else b""
        if len(raw) == size:
            signed = opcode & 0xE0 == Mode.MEMSX
            number = int.from_bytes(raw, self.program.byte_order, signed=signed)
            self.set(state, slot, dst, Value(Place.CONSTANT, offset=number & _U64))

    def call(self, state: State, slot: int, opcode: int, src: int, imm: int) -> None:
        """Note what a subprogram is given, and that nothing is known after an instruction that the kernel lacks."""
        if opcode in (CALL, CALLX):
            # the caller's stack is not the callee's
            given = {n: value for n in range(1, 6) if (value := state.get(n)) and value.place is not Place.STACK}
            self.arguments[slot] = given
        super().call(state, slot, opcode, src, imm)


def _decided(opcode: int, left: Value | None, right: Value | None) -> int | None:
    """Return 1 where a conditional jump is always taken, 0 where it never is; None where that is not known."""
    if left is None or right is None:
        return None
    compare = _COMPARED.get(opcode & 0xF0)
    if compare is None:
        return None
    if left.place is right.place is Place.CONSTANT:
        bits = 64 if opcode & 7 == 5 else 32
        mask = (1 << bits) - 1
        return int(compare(left.offset & mask, right.offset & mask, 1 << bits - 1))
    is_address = left.place in _ADDRESSES and right == Value(Place.CONSTANT) and opcode & 7 == 5
    if is_address and opcode & 0xF0 in (JmpOp.JEQ, JmpOp.JNE):
        return int(opcode & 0xF0 == JmpOp.JNE)
    return None


_COMPARED: Final[dict[int, Callable[[int, int, int], bool]]] = {
    JmpOp.JEQ: lambda a, b, _: a == b,
    JmpOp.JNE: lambda a, b, _: a != b,
    JmpOp.JGT: lambda a, b, _: a > b,
    JmpOp.JGE: lambda a, b, _: a >= b,
    JmpOp.JLT: lambda a, b, _: a < b,
    JmpOp.JLE: lambda a, b, _: a <= b,
    JmpOp.JSET: lambda a, b, _: bool(a & b),
    JmpOp.JSGT: lambda a, b, sign: a ^ sign > b ^ sign,
    JmpOp.JSGE: lambda a, b, sign: a ^ sign >= b ^ sign,
    JmpOp.JSLT: lambda a, b, sign: a ^ sign < b ^ sign,
    JmpOp.JSLE: lambda a, b, sign: a ^ sign <= b ^ sign,
}
"""By operation: whether it is taken, for two operands as unsigned numbers and the bit that is their sign."""
