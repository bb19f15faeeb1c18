"""One line of assembly in the kernel's syntax, read from left to right; see `assembler`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import AssemblyError, nearest
from ..helpers.names import helper_name
from .instruction import Instruction
from .kernel import ALU_SYMBOLS, ATOMIC_NAMES, ATOMIC_SYMBOLS, BITS, JMP_SYMBOLS
from .opcodes import (
    ADDR_PERCPU,
    ADDR_SPACE_CAST,
    CALL,
    CALLX,
    EXIT,
    GOTOL,
    GOTOX,
    JA,
    LD_IMM64,
    MAX_REGISTER,
    MAY_GOTO,
    MOV64_X,
    NOSPEC,
    STACK_ARGUMENTS,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    ImmSource,
    Mode,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Statement", "parse_statement"]

_BLANKS: Final = re.compile(r"[ \t\r\f\v]*")
_WORD: Final = re.compile(r"[\w.$]+")
_SIZE: Final = {str(bits): code << 3 for code, bits in enumerate(BITS)}
"""The size bits of an opcode, by the width of the access."""
_ALU: Final[dict[str, tuple[int, int]]] = {symbol: (operation, 0) for operation, symbol in ALU_SYMBOLS.items()} | {
    f"s{ALU_SYMBOLS[operation]}": (operation, 1) for operation in (AluOp.DIV, AluOp.MOD)
}
"""Operation and offset."""
_JUMP: Final = {symbol: operation for operation, symbol in JMP_SYMBOLS.items()}
_LOCK: Final = {symbol: operation for operation, symbol in ATOMIC_SYMBOLS.items()}
_ATOMIC: Final = {name: operation for operation, name in ATOMIC_NAMES.items()} | {"cmpxchg": int(AtomicOp.CMPXCHG)}
_INT32: Final = range(-0x8000_0000, 0x8000_0000)
_ANY32: Final = range(-0x8000_0000, 0x1_0000_0000)
_ANY64: Final = range(-0x8000_0000_0000_0000, 0x1_0000_0000_0000_0000)
_INT16: Final = range(-0x8000, 0x8000)
_UINT16: Final = range(0x1_0000)
_NO_INSN: Final = Instruction(0)


class Statement(NamedTuple):
    """What a line says."""

    insn: Instruction
    label: str | None = None
    """What its distance is measured to: the offset of jumps, the immediate of `gotol`, calls and function addresses."""
    label_column: int = 0
    """Where the label stands in its line, from 1."""
    raw: int | None = None
    """A whole slot as a number; *insn* means nothing then."""


def parse_statement(line: str, at: int, number: int) -> Statement:
    """Read the instruction that stands in *line* from *at* on; *number* is the line's, for errors."""
    return _Reader(line, at, number).statement()


def _signed(value: int) -> int:
    """Return the 32 bits of a value as the immediate that has them."""
    return ((value & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000


class _Cursor:
    """A place in a line, and what can be expected there."""

    def __init__(self, line: str, at: int, number: int) -> None:
        self.line = line
        self.at = at
        self.number = number

    def blanks(self) -> None:
        """Go to the next character that is none."""
        match = _BLANKS.match(self.line, self.at)
        self.at = match.end() if match else self.at

    def take(self, pattern: str) -> re.Match[str] | None:
        """Return what matches *pattern* after blanks, and go behind it; None where nothing does."""
        self.blanks()
        match = re.compile(pattern).match(self.line, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def need(self, pattern: str, what: str) -> re.Match[str]:
        """Return what matches *pattern*; where nothing does, that is an error, with *what* as what is missing."""
        match = self.take(pattern)
        if match is None:
            raise self.error(f"{what} is expected here, not {self.rest()}")
        return match

    def rest(self) -> str:
        """Return what stands here, for a message."""
        if self.at_end():
            return "the line's end"
        match = _WORD.match(self.line, self.at)
        return repr(match[0][:20] if match else self.line[self.at])

    def error(self, reason: str, at: int | None = None, hint: str | None = None) -> AssemblyError:
        """Return an error for here, or for *at*."""
        return AssemblyError(reason, line=self.number, column=(self.at if at is None else at) + 1, hint=hint)

    def symbol(self, text: str) -> None:
        """Go behind *text*; blanks in it stand for any number of them."""
        self.need(r"\s*".join(map(re.escape, text.split())), repr(text))

    def register(self, letter: str = "r", last: int = MAX_REGISTER) -> int:
        """Return the number of the register here, `r` or, for the lower half, `w`."""
        match = self.need(rf"{letter}(\d+)\b", f"a register {letter}0 to {letter}{last}")
        if len(match[1]) > 2 or int(match[1]) > last:
            raise self.error(f"there is no register {match[0][:20]}", match.start())
        return int(match[1])

    def number_in(self, allowed: range, *, sign: str = "[-+]?") -> int:
        """Return the number here, decimal or hexadecimal."""
        match = self.need(rf"{sign}(?:0[xX][0-9a-fA-F]+|[0-9]+)\b", "a number")
        text = match[0]
        # No number with more digits fits anything; and Python refuses very long ones.
        value = int(text, 0 if "x" in text.lower() else 10) if len(text) < 64 else allowed.stop
        if value not in allowed:
            reason = f"{text[:24]} is not in the range of {allowed.start} to {allowed.stop - 1}"
            raise self.error(reason, match.start())
        return value

    def at_end(self) -> bool:
        """Whether nothing else stands in the line."""
        return not self.line[self.at :].strip()


class _Reader(_Cursor):
    """Reads one statement."""

    def statement(self) -> Statement:
        """Return what the line says; whatever stands behind it is an error."""
        found = self._statement()
        self.blanks()
        if not self.at_end():
            raise self.error(f"{self.rest()} is too much")
        return found

    def _statement(self) -> Statement:
        if self.take(r"\*"):
            return Statement(self._store())
        if self.take(r"(?=r\d+\s*=\s*func\[)"):
            return self._function()
        if match := self.take(r"([rw])(?=\d+\b)"):
            self.at = match.start()
            return Statement(self._assignment(match[1]))
        word = self.need(r"[\w.]+|\S", "an instruction")
        known: dict[str, Callable[[], Statement]] = {
            "if": self._branch,
            "goto": lambda: self._jump(JA),
            "gotol": lambda: self._jump(GOTOL),
            "may_goto": lambda: self._jump(MAY_GOTO),
            "gotox": lambda: Statement(Instruction(GOTOX, self.register())),
            "call": self._call,
            "callx": self._callx,
            "exit": lambda: Statement(Instruction(EXIT)),
            "nospec": lambda: Statement(Instruction(NOSPEC)),
            "lock": lambda: Statement(self._lock()),
            "store_release": lambda: Statement(self._store_release()),
            ".8byte": lambda: Statement(_NO_INSN, raw=self.number_in(_ANY64) & 0xFFFF_FFFF_FFFF_FFFF),
        }
        if word[0] not in known:
            close = nearest(word[0], known)
            hint = f"did you mean {close!r}?" if close else None
            raise self.error(f"there is no instruction that begins with {word[0][:20]!r}", word.start(), hint)
        return known[word[0]]()

    # Where control goes

    def _target(self, insn: Instruction) -> Statement:
        """Return *insn* with the distance or label that stands here."""
        if self.take(r"pc(?=[-+])"):
            far = insn.opcode in (GOTOL, LD_IMM64)
            distance = self.number_in(_INT32 if far else _INT16)
            return Statement(insn._replace(imm=distance) if far else insn._replace(offset=distance))
        match = self.need(r"[A-Za-z_.][\w.$]*", "a label or a distance such as pc+3")
        return Statement(insn, match[0], match.start() + 1)

    def _jump(self, opcode: int) -> Statement:
        return self._target(Instruction(opcode))

    def _branch(self) -> Statement:
        letter = self.need(r"[rw](?=\d)", "a register")[0]
        self.at -= 1
        dst = self.register(letter)
        symbol = self.need(r"s?[<>]=?|[=!]=|&", "a comparison")
        if symbol[0] not in _JUMP:
            raise self.error(f"{symbol[0]!r} is no comparison", symbol.start())
        opcode = (Class.JMP if letter == "r" else Class.JMP32) | _JUMP[symbol[0]]
        if self.take(r"(?=[rw]\d)"):
            insn = Instruction(opcode | Source.X, dst, self.register(letter))
        else:
            insn = Instruction(opcode, dst, imm=_signed(self.number_in(_ANY32)))
        self.need(r"goto\b", "'goto'")
        return self._target(insn)

    def _call(self) -> Statement:
        if self.take(r"pc(?=[-+])"):
            return Statement(Instruction(CALL, 0, CallSource.SUBPROGRAM, imm=self.number_in(_INT32)))
        if self.take(r"kernel-function#"):
            number = self.number_in(_INT32)
            index = self.number_in(_INT16) if self.take(r",\s*fd:") else 0
            return Statement(Instruction(CALL, 0, CallSource.KFUNC, index, number))
        name = self.need(r"[A-Za-z_.][\w.$]*", "a helper, a label or a distance such as pc+3")
        if not self.take(r"#"):
            return Statement(Instruction(CALL, 0, CallSource.SUBPROGRAM), name[0], name.start() + 1)
        number = self.number_in(_INT32)
        expected = helper_name(number) or "unknown"
        if name[0] not in (expected, "unknown"):
            raise self.error(f"helper {number} is {expected}, not {name[0]}", name.start())
        return Statement(Instruction(CALL, imm=number))

    def _callx(self) -> Statement:
        register = self.register()
        old = self.take(r"imm\b") is not None
        return Statement(Instruction(CALLX, imm=register) if old else Instruction(CALLX, register))

    def _function(self) -> Statement:
        dst = self.register()
        self.symbol("= func[")
        found = self._target(Instruction(LD_IMM64, dst, ImmSource.FUNC, next_imm=0))
        self.symbol("]")
        return found

    # Memory

    def _kind(self, signs: str = "u") -> tuple[str, int]:
        """Return the sign and the size bits of a type such as `(u64 *)`."""
        match = self.need(rf"\(\s*([{signs}])(8|16|32|64)\s*\*\s*\)", "a type such as (u64 *)")
        return match[1], _SIZE[match[2]]

    def _place(self) -> tuple[int, int]:
        """Return register and offset of a place such as `(r10 -8)`."""
        self.symbol("(")
        register = self.register(last=STACK_ARGUMENTS)
        sign = self.need(r"[-+]", "an offset such as +0")[0]
        at = self.at
        offset = self.number_in(range(0x8001), sign="")
        offset = -offset if sign == "-" else offset
        if offset not in _INT16:
            raise self.error(f"{offset} is not in the range of -32768 to 32767", at)
        self.symbol(")")
        return register, offset

    def _store(self) -> Instruction:
        size = self._kind()[1]
        dst, offset = self._place()
        self.symbol("=")
        if self.take(r"(?=[rw]\d)"):
            return Instruction(Class.STX | Mode.MEM | size, dst, self.register(), offset)
        allowed = _INT32 if size == _SIZE["64"] else _ANY32
        return Instruction(Class.ST | Mode.MEM | size, dst, offset=offset, imm=_signed(self.number_in(allowed)))

    def _lock(self) -> Instruction:
        self.symbol("*")
        size = self._kind()[1]
        dst, offset = self._place()
        symbol = self.need(r"[+|&^]=", "+=, |=, &= or ^=")[0]
        return Instruction(Class.STX | Mode.ATOMIC | size, dst, self.register(), offset, _LOCK[symbol])

    def _store_release(self) -> Instruction:
        self.symbol("(")
        size = self._kind()[1]
        dst, offset = self._place()
        self.symbol(",")
        src = self.register()
        self.symbol(")")
        return Instruction(Class.STX | Mode.ATOMIC | size, dst, src, offset, AtomicOp.STORE_REL)

    def _load_acquire(self, dst: int) -> Instruction:
        self.symbol("(")
        size = self._kind()[1]
        src, offset = self._place()
        self.symbol(")")
        return Instruction(Class.STX | Mode.ATOMIC | size, dst, src, offset, AtomicOp.LOAD_ACQ)

    def _atomic(self, result: int, match: re.Match[str]) -> Instruction:
        """Read an atomic operation that gives the old value back in *result*."""
        name = match[2]
        self.symbol("(")
        size = self._kind()[1]
        if (size == _SIZE["64"]) != bool(match[1]):
            raise self.error("atomic64_ is for u64, and atomic_ for u32", match.start())
        dst, offset = self._place()
        self.symbol(",")
        if name == "cmpxchg":
            self.need(r"r0\b", "r0")
            self.symbol(",")
        src = self.register()
        self.symbol(")")
        expected = 0 if name == "cmpxchg" else src
        if result != expected:
            raise self.error(f"the old value goes to r{expected}, not r{result}", match.start())
        return Instruction(Class.STX | Mode.ATOMIC | size, dst, src, offset, _ATOMIC[name])

    def _load(self, dst: int) -> Instruction:
        sign, size = self._kind("us")
        if not self.take(r"skb\b"):
            src, offset = self._place()
            return Instruction(Class.LDX | (Mode.MEM if sign == "u" else Mode.MEMSX) | size, dst, src, offset)
        if dst != 0:
            raise self.error(f"packet data goes to r0, not r{dst}")
        self.symbol("[")
        if self.take(r"(?=r\d)"):
            src = self.register()
            self.symbol("+")
            insn = Instruction(Class.LD | Mode.IND | size, src=src, imm=self.number_in(_INT32))
        else:
            insn = Instruction(Class.LD | Mode.ABS | size, imm=self.number_in(_INT32))
        self.symbol("]")
        return insn

    # Arithmetic, and everything else that is assigned to a register

    def _assignment(self, letter: str) -> Instruction:
        dst = self.register(letter)
        symbol = self.need(r"s?(?:>>|[/%])=|<<=|[-+*&|^]?=", "an assignment")
        if symbol[0] == "=":
            return self._value(dst, letter)
        operation, offset = _ALU[symbol[0]]
        opcode = (Class.ALU64 if letter == "r" else Class.ALU) | operation
        if self.take(r"(?=[rw]\d)"):
            return Instruction(opcode | Source.X, dst, self.register(letter), offset)
        allowed = _INT32 if letter == "r" else _ANY32
        return Instruction(opcode, dst, offset=offset, imm=_signed(self.number_in(allowed)))

    def _value(self, dst: int, letter: str) -> Instruction:
        """Read what stands behind `=`."""
        cls = Class.ALU64 if letter == "r" else Class.ALU
        if self.take(r"-(?=[rw]\d)"):
            at = self.at
            if self.register(letter) != dst:
                raise self.error(f"only {letter}{dst} itself can be negated", at)
            return Instruction(cls | AluOp.NEG, dst)
        if match := self.take(r"\(s(8|16|32)\)"):
            return Instruction(cls | AluOp.MOV | Source.X, dst, self.register(letter), int(match[1]))
        if self.take(r"(?=[rw]\d+\b)"):
            return Instruction(cls | AluOp.MOV | Source.X, dst, self.register(letter))
        if letter == "r" and (insn := self._special(dst)) is not None:
            return insn
        number = self.need(r"(?=[-+]?\d)", "a register, a number or an operation").end()
        hexadecimal = self.line[number : number + 3].lstrip("+-")[:2] in ("0x", "0X")
        if letter == "w" or not (hexadecimal or re.compile(r"[-+]?\d+\s+ll\b").match(self.line, number)):
            allowed = _INT32 if letter == "r" else _ANY32
            return Instruction(cls | AluOp.MOV, dst, imm=_signed(self.number_in(allowed)))
        value = self.number_in(_ANY64)
        self.take(r"ll\b")
        return Instruction(LD_IMM64, dst, imm=_signed(value), next_imm=_signed(value >> 32))

    def _special(self, dst: int) -> Instruction | None:
        """Read what only 64-bit registers can be given; None where it is something else."""
        if match := self.take(r"(be|le|bswap)(16|32|64)\b"):
            at = self.at
            if self.register() != dst:
                raise self.error(f"only r{dst} itself can be swapped", at)
            swap = {"le": Class.ALU, "be": Class.ALU | Source.X, "bswap": Class.ALU64}[match[1]]
            return Instruction(swap | AluOp.END, dst, imm=int(match[2]))
        if self.take(r"\*(?=\s*\()"):
            return self._load(dst)
        if self.take(r"load_acquire\b"):
            return self._load_acquire(dst)
        if match := self.take(r"atomic(64)?_(fetch_(?:add|or|and|xor)|xchg|cmpxchg)\b"):
            return self._atomic(dst, match)
        if self.take(r"addr_space_cast\b"):
            self.symbol("(")
            src = self.register()
            self.symbol(",")
            to = self.number_in(_UINT16)
            self.symbol(",")
            imm = _signed(to << 16 | self.number_in(_UINT16))
            self.symbol(")")
            return Instruction(MOV64_X, dst, src, ADDR_SPACE_CAST, imm)
        if self.take(r"&\s*\(\s*void\s+__percpu\s*\*\s*\)\s*\("):
            src = self.register()
            self.symbol(")")
            return Instruction(MOV64_X, dst, src, ADDR_PERCPU)
        return self._pseudo(dst)

    def _pseudo(self, dst: int) -> Instruction | None:
        """Read what a 64-bit load can stand for, but for functions."""
        if match := self.take(r"map\[(fd|id|idx):"):
            indexed = match[1] == "idx"
            number = _signed(self.number_in(_ANY32))
            self.symbol("]")
            if not self.take(r"\[0\]"):
                source = ImmSource.MAP_IDX if indexed else ImmSource.MAP_FD
                return Instruction(LD_IMM64, dst, source, 0, number, 0)
            inside = self.number_in(_ANY32) if self.take(r"\+") else 0
            source = ImmSource.MAP_IDX_VALUE if indexed else ImmSource.MAP_VALUE
            return Instruction(LD_IMM64, dst, source, 0, number, _signed(inside))
        if self.take(r"btf\[id:"):
            number = _signed(self.number_in(_ANY32))
            module = _signed(self.number_in(_ANY32)) if self.take(r",\s*fd:") else 0
            self.symbol("]")
            return Instruction(LD_IMM64, dst, ImmSource.BTF_ID, 0, number, module)
        return None
