"""Instructions as statements of Python, each correct for the values that its registers can have there.

Registers are local variables `r0` to `r9`, unsigned and below 2**64; `fp` is r10. The names that statements use beside
them are those that `Translation` gives them.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from ...asm import SIZES, AluOp, CallSource, Class, Instruction, JmpOp, Mode, Source
from ...asm.opcodes import ADDR_SPACE_CAST, CALLX, EXIT, LD_IMM64, MAY_GOTO, MOV64_X, NOSPEC
from ...helpers.names import TAIL_CALL
from .accesses import Accesses, register, register_or_number
from .code import MASK64
from .ranges import MASK32, UNKNOWN, bounds, operand, pointer_arithmetic, transfer, width

if TYPE_CHECKING:
    from collections.abc import Container

    from .counting import Observer
    from .machine import Machine
    from .ranges import State, Value

__all__ = ["Expressions"]

_LOW_BITS: Final = (AluOp.ADD, AluOp.SUB, AluOp.MUL, AluOp.OR, AluOp.AND, AluOp.XOR, AluOp.LSH, AluOp.NEG, AluOp.MOV)
"""Operations whose lowest 32 bits depend on the lowest 32 bits of their operands only."""
_SIGNS: Final = {
    AluOp.ADD: "+",
    AluOp.SUB: "-",
    AluOp.MUL: "*",
    AluOp.OR: "|",
    AluOp.AND: "&",
    AluOp.XOR: "^",
    AluOp.LSH: "<<",
    AluOp.RSH: ">>",
    AluOp.ARSH: ">>",
}
_COMPARISONS: Final = {
    JmpOp.JEQ: ("==", "!="),
    JmpOp.JNE: ("!=", "=="),
    JmpOp.JGT: (">", "<="),
    JmpOp.JGE: (">=", "<"),
    JmpOp.JLT: ("<", ">="),
    JmpOp.JLE: ("<=", ">"),
    JmpOp.JSGT: (">", "<="),
    JmpOp.JSGE: (">=", "<"),
    JmpOp.JSLT: ("<", ">="),
    JmpOp.JSLE: ("<=", ">"),
}
_SIGNED: Final = (JmpOp.JSGT, JmpOp.JSGE, JmpOp.JSLT, JmpOp.JSLE)


_CHAIN: Final = 3
"""Arithmetic instructions in a row that become one expression, less one."""
_NOTHING: Final = (0, Instruction(0))


class Expressions:
    """Writes the statements of one function.

    Args:
        machine: Whose code it is.
        leave: Statements that give the stack frame back, before a return.
        observer: What is written before returns and comparisons.
        stops: Where to stop, for a function that is a generator; None for one that is none.
        doubts: Whether registers may have been changed where it stops: nothing is known of them then.
        told: What is yielded where it stops; None for the place.
    """

    def __init__(
        self,
        machine: Machine,
        leave: list[str],
        observer: Observer,
        stops: Container[int] | None = None,
        *,
        doubts: bool = False,
        told: str | None = None,
    ) -> None:
        self.code = machine.code
        self._observer = observer
        self._stops: Container[int] = () if stops is None else stops
        self._doubts = doubts
        self._told = told
        self._from = "" if stops is None else "yield from "
        """Before what runs other code of the program."""
        self.names: set[str] = set()
        """What the statements need at the function's start: `s1`, `s2`, `s4`, `s8` (the stack), `q` (may_goto)."""
        self._machine = machine
        self._leave = leave
        self._accesses = Accesses(self.code.byte_order, machine.probes, self.names)
        self._pending: tuple[int, str] | None = None
        """A register whose value has not been written yet, because the next instruction replaces it; and the value."""

    def block(self, slots: tuple[int, ...], state: State) -> list[tuple[int, list[str]]]:
        """Return the statements of a basic block by slot, but for the jump at its end; *state* moves to the end."""
        insns = [(slot, self.code.at(slot)) for slot in slots]
        self._accesses.begin(insns)
        result: list[tuple[int, list[str]]] = []
        chained = 0
        for (slot, insn), (next_slot, following) in zip_longest(insns, insns[1:], fillvalue=_NOTHING):
            if self._doubts:
                state[:] = UNKNOWN
                self._accesses.begin([(slot, insn)])
            stop = [f"yield {self._told or self._machine.place(slot)}"] if slot in self._stops else []
            if insn.is_jump:
                result.append((slot, stop + self._count_may_goto(insn) + self._compared(slot, insn, state)))
                break
            if insn.opcode & 7 in (Class.ALU, Class.ALU64):
                value, correction = self._alu(insn, state)
                self._pending = None
                is_seen = next_slot in self._stops
                if not is_seen and not correction and chained < _CHAIN and self._goes_into(insn, following, value):
                    chained += 1
                    if stop:
                        result.append((slot, stop))
                    self._pending = (insn.dst, value if value.isalnum() else f"({value})")
                else:
                    chained = 0
                    result.append((slot, [*stop, f"{register(insn.dst)} = {value}", *correction]))
            else:
                result.append((slot, stop + self._statements(slot, insn, state)))
            transfer(slot, insn, state, self._machine.immediate)
            self._accesses.forget(insn)
        if self._doubts:
            state[:] = UNKNOWN
        return result

    def _text(self, number: int, state: State) -> str:
        """Return a register as an operand: a number where it can be only one, what it is about to be where it waits."""
        text = register_or_number(number, state)
        waiting, value = self._pending or (None, "")
        return value if waiting == number and not text.isdigit() else text

    @staticmethod
    def _goes_into(insn: Instruction, following: Instruction, value: str) -> bool:
        """Whether the result of *insn* is only an operand of the next instruction, which replaces it."""
        op = following.opcode & 0xF0
        if following.opcode & 7 not in (Class.ALU, Class.ALU64) or following.dst != insn.dst:
            return False
        if op in (AluOp.MOV, AluOp.END):
            return False
        is_name = value.isalnum()
        is_used_twice = op in (AluOp.DIV, AluOp.MOD) or (following.opcode & Source.X and following.src == insn.dst)
        return is_name or not is_used_twice

    def condition(self, slot: int, state: State) -> tuple[str, str]:
        """Return when the conditional jump at *slot* is taken, and when it is not."""
        insn = self.code.at(slot)
        if insn.opcode == MAY_GOTO:
            return "q < 0", "q >= 0"
        op = JmpOp(insn.opcode & 0xF0)
        bits = 64 if insn.opcode & 7 == Class.JMP else 32
        values = (state[insn.dst], operand(insn, state))
        texts = [self._cut(self._text(insn.dst, state), values[0], bits), self._operand(insn, state, bits)]
        if op == JmpOp.JSET:
            return f"{texts[0]} & {texts[1]}", f"not {texts[0]} & {texts[1]}"
        sign = 1 << (bits - 1)
        if op in _SIGNED and any(width(value, bits)[1] >= sign for value in values):
            texts = [str(int(text) ^ sign) if text.isdigit() else f"({text} ^ {sign})" for text in texts]
        yes, no = _COMPARISONS[op]
        return f"{texts[0]} {yes} {texts[1]}", f"{texts[0]} {no} {texts[1]}"

    def _statements(self, slot: int, insn: Instruction, state: State) -> list[str]:
        cls = insn.opcode & 7
        if cls in (Class.LDX, Class.ST, Class.STX):
            return self._accesses.write(slot, insn, state)
        if cls == Class.LD:
            return self._special_load(slot, insn, state)
        if insn.opcode == EXIT:
            result = self._text(0, state)
            told = [f"X[0] = {result}"] if self._from else []
            return [*told, *self._left(slot), f"return {result}"]
        return self._call(slot, insn, state)

    def _count_may_goto(self, insn: Instruction) -> list[str]:
        if insn.opcode != MAY_GOTO:
            return []
        self.names.add("q")
        return ["q -= 1"]

    def _compared(self, slot: int, insn: Instruction, state: State) -> list[str]:
        """Return what the observer has to say of a comparison's operands."""
        if not insn.is_conditional or insn.opcode == MAY_GOTO:
            return []
        right = self._text(insn.src, state) if insn.opcode & Source.X else str(insn.imm & MASK64)
        text = self._observer.operands(slot, self._text(insn.dst, state), right)
        return [text] if text else []

    def _left(self, slot: int) -> list[str]:
        """Return what comes before a return."""
        text = self._observer.leave(slot)
        return [text, *self._leave] if text else self._leave

    def _cut(self, text: str, value: Value, bits: int) -> str:
        """Return *text* as an operand of *bits*: masked where it may be wider."""
        if not value[2] and value[1] < 1 << bits:
            return text
        if text.isdigit():
            return str(int(text) & ((1 << bits) - 1))
        return text if bits == 64 else f"({text} & {MASK32})"

    def _operand(self, insn: Instruction, state: State, bits: int) -> str:
        value = operand(insn, state)
        if not insn.opcode & Source.X:
            return str(value[0] & ((1 << bits) - 1))
        return self._cut(self._text(insn.src, state), value, bits)

    def _alu(self, insn: Instruction, state: State) -> tuple[str, list[str]]:
        """Return an arithmetic instruction's result as an expression, and what corrects it after the assignment."""
        op = insn.opcode & 0xF0
        bits = 64 if insn.opcode & 7 == Class.ALU64 else 32
        if op == AluOp.END:
            return self._convert(insn, state), []
        if insn.opcode == MOV64_X and insn.offset == ADDR_SPACE_CAST:
            return f"CAST({self._text(insn.src, state)})", []
        if (pointer := pointer_arithmetic(insn, state)) is not None:
            return (f"fp {'-' if pointer[0] < 0 else '+'} {abs(pointer[0])}" if pointer[0] else "fp"), []
        low, high = bounds(insn, state)
        mask = (1 << bits) - 1
        if low == high:
            return str(low & mask), []
        a_value, b_value = state[insn.dst], operand(insn, state)
        wide = [value[2] or value[1] > mask for value in (a_value, b_value)]
        if op == AluOp.NEG:
            wide[1] = False
        elif op == AluOp.MOV:
            wide[0] = False
        exceeds = low < 0 or high > mask
        a, b = self._cut(self._text(insn.dst, state), a_value, bits), self._operand(insn, state, bits)
        is_raw = bits == 32 and op in _LOW_BITS and not insn.offset and any(wide)
        if is_raw:
            # One mask at the end does for all.
            a = self._text(insn.dst, state)
            b = b if op == AluOp.LSH or not insn.opcode & Source.X else self._text(insn.src, state)
            exceeds = op != AluOp.AND or all(wide)
        expression = self._operation(insn, a, b, (width(a_value, bits), width(b_value, bits)), bits)
        if not exceeds:
            return expression, []
        if op in (AluOp.ADD, AluOp.SUB) and not is_raw and (low >= 0 or high <= mask):
            # It is rare that the result exceeds, and asking is cheaper than a mask.
            name = register(insn.dst)
            return expression, [
                f"if {name} > {mask}: {name} &= {mask}" if low >= 0 else f"if {name} < 0: {name} &= {mask}"
            ]
        return f"({expression}) & {mask}", []

    def _operation(
        self, insn: Instruction, a: str, b: str, values: tuple[tuple[int, int], tuple[int, int]], bits: int
    ) -> str:
        op = AluOp(insn.opcode & 0xF0)
        mask, sign = (1 << bits) - 1, 1 << (bits - 1)
        (_, a_high), (b_low, b_high) = values
        if op == AluOp.MOV:
            if not insn.offset or b_high < 1 << (insn.offset - 1):
                return b
            half = 1 << (insn.offset - 1)
            return f"(({b} & {2 * half - 1} ^ {half}) - {half}) & {mask}"
        if op == AluOp.NEG:
            return f"-{a}"
        if op in (AluOp.DIV, AluOp.MOD):
            if insn.offset and (a_high >= sign or b_high >= sign):
                return f"{'SDIV' if op == AluOp.DIV else 'SMOD'}({a}, {b}, {bits})"
            zero = "0" if op == AluOp.DIV else a
            division = f"{a} {'//' if op == AluOp.DIV else '%'} {b}"
            if b == "0":
                return zero
            return division if b_low else f"{division} if {b} else {zero}"
        if op in (AluOp.LSH, AluOp.RSH, AluOp.ARSH):
            b = str(int(b) & (bits - 1)) if b.isdigit() else b if b_high < bits else f"({b} & {bits - 1})"
            if op == AluOp.ARSH and a_high >= sign:
                return f"(({a} ^ {sign}) - {sign} >> {b}) & {mask}"
        if insn.imm < 0 and op in (AluOp.ADD, AluOp.SUB):
            return f"{a} {'-' if op == AluOp.ADD else '+'} {-insn.imm}"
        return f"{a} {_SIGNS[op]} {b}"

    def _convert(self, insn: Instruction, state: State) -> str:
        bits = insn.imm
        text = self._cut(self._text(insn.dst, state), state[insn.dst], 64)
        fits = not state[insn.dst][2] and state[insn.dst][1] < 1 << bits
        wanted = "big" if insn.opcode & Source.X else "little"
        if insn.opcode & 7 != Class.ALU64 and wanted == self.code.byte_order:
            return text if fits or bits == 64 else f"{text} & {(1 << bits) - 1}"
        if bits == 16:
            return f"({text} & 255) << 8 | {text} >> 8{'' if fits else ' & 255'}"
        return f"SWAP({text}, {bits})"

    def _special_load(self, slot: int, insn: Instruction, state: State) -> list[str]:
        if insn.opcode == NOSPEC:
            return []
        if insn.opcode == LD_IMM64:
            return [f"{register(insn.dst)} = {self._machine.immediate(slot)}"]
        size = SIZES[insn.opcode & 0x18]
        offset = f"{self._text(insn.src, state)} + {insn.imm}" if insn.opcode & 0xE0 == Mode.IND else str(insn.imm)
        leave = "; ".join([*(["X[0] = 0"] if self._from else []), *self._left(slot), "return 0"])
        return [f"r0 = PACKET({offset}, {size})", f"if r0 is None: {leave}"]

    def _call(self, slot: int, insn: Instruction, state: State) -> list[str]:
        arguments = ", ".join(self._text(number, state) for number in range(1, 6))
        if insn.opcode == CALLX:
            number = insn.call_register
            assert number is not None
            return [f"r0 = {self._from}CALLX({self._text(number, state)}, {arguments})"]
        if insn.src == CallSource.SUBPROGRAM:
            return [f"r0 = {self._from}F{slot + 1 + insn.imm}({arguments})"]
        if insn.src == CallSource.HELPER and insn.imm == TAIL_CALL and self._machine.tail_call is not None:
            leave = "; ".join([*self._left(slot), f"return ({self._from}u({self._text(1, state)}, 0, 0, 0, 0))"])
            return [f"u = TAIL({self._text(2, state)}, {self._text(3, state)})", f"if u is not None: {leave}"]
        name = f"K{slot}" if insn.src == CallSource.KFUNC else f"H{insn.imm & MASK32}"
        calls_back = bool(self._from) and self._machine.calls_back(slot)
        return [f"r0 = {self._from if calls_back else ''}{name}({arguments})", f"r0 &= {MASK64}"]
