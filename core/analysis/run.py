"""One run of a program's function, with values of our choice for what it is given: what it comes to is certain.

What a value can be is what the verifier takes for possible; where we are not sure of that, the run ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..asm.arithmetic import COMPARISONS, signed
from ..asm.instruction import slots
from ..asm.opcodes import (
    CALL,
    EXIT,
    GOTOL,
    JA,
    LD_IMM64,
    MAY_GOTO,
    SIZES,
    AtomicOp,
    CallSource,
    Class,
    Mode,
    Source,
)
from ..btf import types as t
from ..errors import BpftuiError
from ..helpers.effects import effect_of
from ..helpers.names import HELPERS
from ..spec.program import ReferenceKind
from .run_numbers import EndError, Numbers
from .run_values import Address, Held, Memory, Term, Unknown, apply, known

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Mapping

    from ..spec.program import ProgramSpec
    from .ways import Ways

__all__ = ["Code", "Run"]

_U64: Final = (1 << 64) - 1
_STEPS: Final = 10_000
"""Of one run."""
_DEPTH: Final = 8
"""Functions on the stack at once (MAX_CALL_FRAMES)."""
_LARGEST_POOL: Final = 256
_NUMBERS: Final = {name.removeprefix("bpf_"): number for number, name in enumerate(HELPERS)}
_BOUNDED: Final = {
    _NUMBERS[name]: values
    for values, names in (
        ((0,), "get_smp_processor_id"),
        ((0, -14), "get_stack get_task_stack probe_read_str probe_read_kernel_str probe_read_user_str"),
    )
    for name in names.split()
}
"""What helpers return of which the verifier knows the range (`do_refine_retval_range`), some values of each."""
_NEVER_NULL: Final = frozenset(
    _NUMBERS[name] for name in ("get_local_storage", "get_current_task_btf", "this_cpu_ptr", "task_pt_regs")
)
_LOOP: Final = _NUMBERS["loop"]


class Code:
    """What is run.

    Args:
        program: The program.
        code: Its linked code, with CO-RE relocations applied.
        constants: The contents of its read-only data sections and of `.kconfig`, by the names of their maps.
        missing: Weak symbols and functions that the kernel does not have; all others are there.
    """

    def __init__(
        self, program: ProgramSpec, code: bytes, constants: Mapping[str, bytes], missing: Collection[str]
    ) -> None:
        self.program = program
        self.order = program.byte_order
        self.slots = slots(code, self.order)
        self.constants = constants
        self.missing = missing
        functions = program.functions
        typed = all(function.type_id for function in functions)
        self.globals = {each.start for each in functions[1:] if each.is_global and typed}
        """Functions that are verified by themselves."""
        self.pool = self._pool()
        """Numbers that the code compares with, also in the network's order: they decide."""

    def _pool(self) -> list[int]:
        found: dict[int, None] = dict.fromkeys((0, 1, 2, 4, 5, 255, _U64))
        for opcode, _, _, _, imm in self.slots:
            if opcode & 7 in (Class.JMP, Class.JMP32) and not opcode & Source.X and opcode not in (CALL, EXIT):
                found[imm] = None
                for size in (2, 4):
                    part = imm & (1 << 8 * size) - 1
                    found[int.from_bytes(part.to_bytes(size, "little"), "big")] = None
            if len(found) > _LARGEST_POOL:
                break
        return list(found)


@dataclass
class _Frame:
    """A function that is being run."""

    serial: int
    returns_to: int = -1
    saved: list[Held] = field(default_factory=list["Held"])
    """r6 to r9 of the caller."""


class Run:
    """One run of a function that is verified by itself.

    Args:
        code: What is run.
        ways: What runs come to; this one notes there what it comes to.
        entry: Where the function begins.
        rng: What numbers are drawn with where none is better than another.
    """

    def __init__(self, code: Code, ways: Ways, entry: int, rng: random.Random) -> None:
        self._code = code
        self._ways = ways
        self._numbers = Numbers(code.pool, code.order, rng)
        self._registers: list[Held] = [None] * 11
        self._memory: dict[int, Memory] = {}
        self._frames: list[_Frame] = []
        self._at = entry
        self._enter(-1)
        if entry == 0:
            self._registers[1] = Address("other")
        elif entry not in ways.callbacks:
            self._registers[1:6] = _given(code.program, entry)

    def go(self) -> int:
        """Run to the end, or to where something is not certain; return how many instructions that were."""
        slots = self._code.slots
        for step in range(_STEPS):
            if not self._frames or not 0 <= self._at < len(slots):
                return step
            self._ways.found.add(self._at)
            try:
                self._step(*slots[self._at])
            except EndError:
                return step + 1
        return _STEPS

    def _enter(self, returns_to: int) -> None:
        serial = len(self._memory)
        self._memory[serial] = Memory()
        self._frames.append(_Frame(serial, returns_to, self._registers[6:10]))
        self._registers[6:10] = [None] * 4
        self._registers[10] = Address("stack", serial)

    # Instructions

    def _step(self, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Do what one instruction does."""
        if dst > 10 or (src > 10 and opcode != CALL):
            raise EndError
        kind = opcode & 7
        self._at += 1
        if kind in (Class.ALU, Class.ALU64):
            left, right = known(self._registers[dst]), self._right(opcode, src, imm)
            self._registers[dst] = self._numbers.computed(opcode, left, right, offset, imm)
        elif kind == Class.LDX:
            self._registers[dst] = self._load(self._registers[src], offset, opcode)
        elif kind == Class.ST:
            self._store(self._registers[dst], offset, SIZES[opcode & 0x18], imm)
        elif kind == Class.STX:
            self._store_register(opcode, dst, src, offset, imm)
        elif opcode == LD_IMM64:
            self._wide(dst, src, imm)
        elif kind == Class.LD:
            self._registers[:6] = [Term(Unknown(4)), None, None, None, None, None]  # legacy packet access
        else:
            self._jump(opcode, dst, src, offset, imm)

    def _right(self, opcode: int, src: int, imm: int) -> Held:
        """Return what an instruction computes or compares with."""
        return known(self._registers[src]) if opcode & Source.X else imm & _U64

    def _wide(self, dst: int, src: int, imm: int) -> None:
        """A 64-bit immediate: a number, or an address."""
        code, slot = self._code, self._at - 1
        self._ways.found.add(self._at)
        self._at += 1
        reference = code.program.linked.references.get(slot)
        value: Held = Address("other")
        if reference is None:
            value = None
            if not src and slot + 1 < len(code.slots):
                value = (code.slots[slot + 1][4] & 0xFFFF_FFFF) << 32 | imm & 0xFFFF_FFFF
        elif reference.kind in (ReferenceKind.KSYM, ReferenceKind.KFUNC) and reference.name in code.missing:
            value = 0
        elif reference.kind == ReferenceKind.DATA and reference.map in code.constants:
            value = Address("data", reference.map or "", reference.offset)
        elif reference.kind == ReferenceKind.FUNCTION:
            value = Address("function", reference.offset)
        self._registers[dst] = value

    def _load(self, base: Held, offset: int, opcode: int) -> Held:
        """Return what memory holds."""
        size, mode = SIZES[opcode & 0x18], opcode & 0xE0
        if mode not in (Mode.MEM, Mode.MEMSX):
            raise EndError
        value = self._read(base, offset, size)
        return value if mode == Mode.MEM else apply(value, lambda number: signed(number, size * 8) & _U64)

    def _read(self, base: Held, offset: int, size: int) -> Held:
        base = known(base)
        if base is None:
            return None
        if not isinstance(base, Address):
            # What a look-up returned; or a struct of the kernel's, whose pointers the verifier may trust.
            return Term(Unknown(size, may_be_zero=size < 8))
        at = base.offset + offset
        if base.space == "stack":
            return self._memory[int(base.key)].load(at, size, self._code.order)
        if base.space == "data":
            raw = self._code.constants[str(base.key)][at : at + size] if at >= 0 else b""
            if len(raw) != size:
                raise EndError
            return int.from_bytes(raw, "little" if self._code.order == "little" else "big")
        return Term(Unknown(size, may_be_zero=size < 8))

    def _store(self, base: Held, offset: int, size: int, value: Held) -> None:
        """Write to memory: what is not on the stack is not followed."""
        base = known(base)
        if base is None:
            for memory in self._memory.values():
                memory.is_lost = True
        elif isinstance(base, Address) and base.space == "stack":
            self._memory[int(base.key)].store(base.offset + offset, size, value, self._code.order)

    def _store_register(self, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Write a register, or change memory at once with reading it."""
        size = SIZES[opcode & 0x18]
        if opcode & 0xE0 != Mode.ATOMIC:
            self._store(self._registers[dst], offset, size, known(self._registers[src]))
            return
        if imm == AtomicOp.LOAD_ACQ:
            self._registers[dst] = self._read(self._registers[src], offset, size)
            return
        base = known(self._registers[dst])
        on_stack = base is None or (isinstance(base, Address) and base.space == "stack")
        self._store(base, offset, size, None)
        if imm != AtomicOp.STORE_REL and (imm == AtomicOp.CMPXCHG or imm & 1):
            self._registers[0 if imm == AtomicOp.CMPXCHG else src] = None if on_stack else Term(Unknown(size))

    # Ways

    def _jump(self, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Go on where a jump, a call or an exit leads."""
        following = self._at
        if opcode == EXIT:
            self._leave()
        elif opcode == CALL:
            self._call(following - 1, src, imm)
        elif opcode == JA:
            self._at = following + offset
        elif opcode == GOTOL:
            self._at = following + imm
        elif opcode == MAY_GOTO:
            prefers = self._ways.prefers(following - 1, following + offset, following)
            self._go(following - 1, offset, taken=prefers)
        elif opcode & 0xF0 in COMPARISONS:
            left, right = known(self._registers[dst]), self._right(opcode, src, imm)
            bits = 64 if opcode & 7 == Class.JMP else 32
            prefers = self._ways.prefers(following - 1, following + offset, following)
            taken = self._numbers.decided(opcode & 0xF0, bits, left, right, prefers=prefers)
            self._go(following - 1, offset, taken=taken)
        else:
            raise EndError  # a jump or a call to an address

    def _go(self, slot: int, offset: int, *, taken: bool) -> None:
        self._ways.went(slot, taken=taken)
        self._at = slot + 1 + (offset if taken else 0)

    # Functions

    def _leave(self) -> None:
        frame = self._frames.pop()
        if not self._frames:
            return
        self._registers[1:6] = [None] * 5
        self._registers[6:10] = frame.saved
        self._registers[10] = Address("stack", self._frames[-1].serial)
        self._at = frame.returns_to

    def _call(self, slot: int, source: int, imm: int) -> None:
        """Call a subprogram, a helper or a function of the kernel."""
        if source == CallSource.SUBPROGRAM:
            target = slot + 1 + imm
            if target in self._code.globals:
                # It is verified by itself, once; what it returns can be anything.
                self._ways.begins(target)
                self._lose_arguments()
                self._returned(Term(Unknown(8)))
                return
            if len(self._frames) >= _DEPTH:
                raise EndError
            self._enter(slot + 1)
            self._at = target
            return
        reference = self._code.program.linked.references.get(slot)
        if source == CallSource.KFUNC or (reference is not None and reference.kind == ReferenceKind.KFUNC):
            name = "" if reference is None else reference.name
            if slot in self._code.program.linked.never_returning:
                raise EndError
            self._lose_arguments()
            self._returned(Term(Unknown(8, may_be_zero=name.endswith("_next"))))
            return
        self._helper(imm)

    def _helper(self, number: int) -> None:
        effect = effect_of(number)
        first = known(self._registers[1])
        for held in self._registers[1:6]:
            # The verifier walks through a callback as it is called; of bpf_loop() only where there are rounds.
            if isinstance(held, Address) and held.space == "function" and (number != _LOOP or first not in (0, None)):
                self._ways.begins(int(held.key), callback=True)
        if effect is None:
            self._lose_arguments()
        else:
            for register, letter in enumerate(effect.arguments, 1):
                base = known(self._registers[register])
                if letter in "wxk" and isinstance(base, Address) and base.space == "stack":
                    size = known(self._registers[register + 1]) if register < 5 else None
                    memory = self._memory[int(base.key)]
                    if letter == "w" and isinstance(size, int) and size <= 512:
                        memory.forget(base.offset, size)
                    else:
                        memory.lose(base.offset)
                elif letter in "wx" and base is None:
                    self._lose_arguments()
            if "k" in effect.arguments:
                self._lose_arguments()
        allowed = _BOUNDED.get(number, ())
        self._returned(Term(Unknown(8, allowed, may_be_zero=number not in _NEVER_NULL)))

    def _lose_arguments(self) -> None:
        """Note that what arguments point to on the stack may be changed."""
        for register in range(1, 6):
            base = known(self._registers[register])
            if isinstance(base, Address) and base.space == "stack":
                self._memory[int(base.key)].lose(base.offset)

    def _returned(self, value: Held) -> None:
        self._registers[:6] = [value, None, None, None, None, None]


def _given(program: ProgramSpec, entry: int) -> list[Held]:
    """Return what a global function is given: anything, but pointers that are not NULL."""
    given: list[Held] = [Term(Unknown(8, may_be_zero=False)) for _ in range(5)]
    function = next((each for each in program.functions if each.start == entry), None)
    if function is None or program.btf is None:
        return given
    try:
        declared = program.btf.type(function.type_id)
        proto = program.btf.type(declared.proto) if isinstance(declared, t.Function) else None
        if isinstance(proto, t.FunctionProto):
            for number, parameter in enumerate(proto.parameters[:5]):
                if isinstance(program.btf.strip(parameter.type_id), t.Int | t.Enum):
                    given[number] = Term(Unknown(8))
    except BpftuiError:
        pass
    return given
