"""Which instructions the verifier certainly walks over, once constants and a kernel's types are known.

Objects that run on many kernels ask before they use what is not everywhere: `bpf_core_field_exists()`, a `__kconfig`
variable, a constant, the address of a weak symbol. What is behind the wrong answer is dead: the verifier never walks
there, so it may call helpers that the kernel does not have.

How much a verifier knows is not to be copied: it follows ranges and single bits, more in each version. But it is sound,
and so it walks wherever a run can come to. So the program is run, with values of our choice for what it is given: what
a run comes to is certain, and of the rest nothing is said. What a value can be is what the verifier takes for possible;
where we are not sure of that, a run ends.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..asm.arithmetic import COMPARISONS, alu, compare, signed, swap
from ..asm.flow.worklist import closure
from ..asm.opcodes import (
    ADDR_SPACE_CAST,
    CALL,
    EXIT,
    GOTOL,
    INSN_SIZE,
    JA,
    LD_IMM64,
    MAY_GOTO,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    JmpOp,
    Mode,
    Size,
    Source,
)
from ..btf import types as t
from ..errors import BpftuiError
from ..helpers.effects import effect_of
from ..helpers.names import HELPERS
from ..spec.program import ReferenceKind
from .run_values import Address, Held, Memory, Term, Unknown, apply

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec

__all__ = ["constants_of", "reached"]

_U64: Final = (1 << 64) - 1
_SIZES: Final = {Size.B: 1, Size.H: 2, Size.W: 4, Size.DW: 8}
_ALL_STEPS: Final = 150_000
"""Instructions of all runs together: about half a second."""
_STEPS: Final = 10_000
"""Of one run."""
_RUNS: Final = 400
_IDLE: Final = 24
"""Runs that come to nothing new, after which there are no more."""
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


@dataclass
class _Frame:
    """A function that is being run."""

    serial: int
    returns_to: int = -1
    saved: list[Held] = field(default_factory=list["Held"])
    """r6 to r9 of the caller."""


class _EndError(Exception):
    """A run ends here: what follows is not certain."""


def constants_of(spec: CollectionSpec) -> dict[str, bytes]:
    """Return what an object's read-only data sections hold, by the names of their maps."""
    return {name: bytes(each.data) for name, each in spec.maps.items() if each.data and each.read_only}


def reached(
    program: ProgramSpec,
    code: bytes,
    constants: Mapping[str, bytes],
    missing: Collection[str] = (),
    wanted: Collection[int] | None = None,
) -> set[int]:
    """Return slots of instructions that the verifier walks over, functions that are called among them.

    Args:
        program: The program.
        code: Its linked code, with CO-RE relocations applied.
        constants: The contents of its read-only data sections and of `.kconfig`, by the names of their maps.
        missing: Weak symbols and functions that the kernel does not have; all others are there.
        wanted: The slots that are asked for: when all are reached, no others are looked for. None asks for all.
    """
    return _Runs(program, code, constants, missing, wanted).all()


class _Runs:
    """The runs of one program."""

    def __init__(
        self,
        program: ProgramSpec,
        code: bytes,
        constants: Mapping[str, bytes],
        missing: Collection[str],
        wanted: Collection[int] | None,
    ) -> None:
        self.program = program
        self.order = program.byte_order
        form = struct.Struct("<BBhi" if self.order == "little" else ">BBhi")
        self.words = list(form.iter_unpack(code[: len(code) // INSN_SIZE * INSN_SIZE]))
        self.constants = constants
        self.missing = missing
        self.found: set[int] = set()
        self.wanted = None if wanted is None else set(wanted)
        self.entries = [0] if self.words else []
        """Functions that are verified by themselves: the program, global functions that are called, callbacks."""
        self.callbacks: set[int] = set()
        functions = program.functions
        typed = all(function.type_id for function in functions)
        self.globals = {each.start for each in functions[1:] if each.is_global and typed}
        self.taken: dict[tuple[int, bool], int] = {}
        """How often a jump was taken, and was not."""
        self.steps = 0
        self.near = _Leads(program, self.wanted or ()) if wanted is not None else None
        self.pool = self._pool()

    def _pool(self) -> list[int]:
        """Return the numbers that the code compares with, also in the network's order: they decide."""
        found: dict[int, None] = dict.fromkeys((0, 1, 2, 4, 5, 255, _U64))
        for opcode, _, _, imm in self.words:
            if opcode & 7 in (Class.JMP, Class.JMP32) and not opcode & Source.X and opcode not in (CALL, EXIT):
                found[imm] = None
                for size in (2, 4):
                    part = imm & (1 << 8 * size) - 1
                    found[int.from_bytes(part.to_bytes(size, "little"), "big")] = None
            if len(found) > _LARGEST_POOL:
                break
        return list(found)

    def all(self) -> set[int]:
        """Run again and again, until all is found or nothing new."""
        for entry in self.entries:  # which grows
            idle = 0
            for number in range(_RUNS):
                if self.is_done or self.steps > _ALL_STEPS or idle > _IDLE:
                    break
                before = len(self.found), len(self.entries)
                _Run(self, entry, random.Random(number)).go()
                if self.near is not None:
                    self.near.update(self.found)
                idle = 0 if (len(self.found), len(self.entries)) != before else idle + 1
        return self.found

    @property
    def is_done(self) -> bool:
        """Whether all that was asked for is found."""
        return self.wanted is not None and self.wanted <= self.found

    def prefers(self, slot: int, yes: int, no: int) -> bool:
        """Return whether a jump should rather be taken: to what is asked for, or to what was seen less often."""
        took, left = self.taken.get((slot, True), 0), self.taken.get((slot, False), 0)
        if self.near is not None and max(took, left) < _IDLE:
            leads = self.near.leads(yes), self.near.leads(no)
            if leads[0] != leads[1]:
                return leads[0]
        return took < left if took != left else yes not in self.found


class _Leads:
    """Which blocks lead to instructions that are asked for, and not found yet."""

    def __init__(self, program: ProgramSpec, wanted: Iterable[int]) -> None:
        self.flow = program.flow
        self.wanted = set(wanted)
        self._blocks: dict[int, set[int]] = {}
        self._count = -1

    def update(self, found: Collection[int]) -> None:
        """Leave out what is found by now."""
        self.wanted = {slot for slot in self.wanted if slot not in found}

    def leads(self, slot: int) -> bool:
        """Whether from a slot its function leads to something asked for, by itself or by what it calls."""
        if len(self.wanted) != self._count:
            self._count = len(self.wanted)
            self._blocks = self._find()
        if not 0 <= slot < self.flow.slots:
            return False
        graph = self.flow.graph_at(slot)
        return graph.block_at(slot) in self._blocks.get(graph.start, ())

    def _find(self) -> dict[int, set[int]]:
        flow = self.flow
        blocks: dict[int, set[int]] = {}
        waiting = [slot for slot in self.wanted if slot < flow.slots]
        seen: set[int] = set()
        while waiting:
            slot = waiting.pop()
            graph = flow.graph_at(slot)
            good = blocks.setdefault(graph.start, set())
            good |= closure([graph.block_at(slot)], graph.predecessors, good)
            if graph.start not in seen:
                seen.add(graph.start)
                waiting += [call.slot for call in flow.callers(graph.start)]
        return blocks


class _Run:
    """One run of a function that is verified by itself."""

    def __init__(self, runs: _Runs, entry: int, rng: random.Random) -> None:
        self.runs = runs
        self.rng = rng
        self.registers: list[Held] = [None] * 11
        self.memory: dict[int, Memory] = {}
        self.frames: list[_Frame] = []
        self.at = entry
        self._enter(-1)
        if entry == 0:
            self.registers[1] = Address("other")
        elif entry not in runs.callbacks:
            self.registers[1:6] = _given(runs.program, entry)

    def go(self) -> None:
        """Run to the end, or to where something is not certain."""
        runs, words = self.runs, self.runs.words
        try:
            for _ in range(_STEPS):
                if not 0 <= self.at < len(words):
                    return
                runs.found.add(self.at)
                runs.steps += 1
                self.step(*words[self.at])
                if not self.frames:
                    return
        except _EndError:
            return

    def _enter(self, returns_to: int) -> None:
        serial = len(self.memory)
        self.memory[serial] = Memory()
        self.frames.append(_Frame(serial, returns_to, self.registers[6:10]))
        self.registers[6:10] = [None] * 4
        self.registers[10] = Address("stack", serial)

    # Instructions

    def step(self, opcode: int, registers: int, offset: int, imm: int) -> None:
        """Do what one instruction does."""
        dst, src = (registers & 0xF, registers >> 4)
        if self.runs.order == "big":
            dst, src = src, dst
        if dst > 10 or (src > 10 and opcode != CALL):
            raise _EndError
        kind = opcode & 7
        self.at += 1
        if kind in (Class.ALU, Class.ALU64):
            self.registers[dst] = self.arithmetic(opcode, dst, src, offset, imm)
        elif kind == Class.LDX:
            self.registers[dst] = self.load(self.registers[src], offset, opcode)
        elif kind == Class.ST:
            self.store(self.registers[dst], offset, _SIZES[Size(opcode & 0x18)], imm)
        elif kind == Class.STX:
            self.store_register(opcode, dst, src, offset, imm)
        elif opcode == LD_IMM64:
            self.wide(dst, src, imm)
        elif kind == Class.LD:
            self.registers[:6] = [Term(Unknown(4)), None, None, None, None, None]  # legacy packet access
        else:
            self.jump(opcode, dst, src, offset, imm)

    def arithmetic(self, opcode: int, dst: int, src: int, offset: int, imm: int) -> Held:
        """Return the result of an ALU instruction."""
        bits = 64 if opcode & 7 == Class.ALU64 else 32
        operation = opcode & 0xF0
        left = self.known(self.registers[dst])
        right: Held = self.known(self.registers[src]) if opcode & Source.X else imm & _U64
        if operation == AluOp.END:
            swaps = bits == 64 or bool(opcode & Source.X) == (self.runs.order == "little")
            return apply(left, lambda number: swap(number, imm) if swaps else number & (1 << imm) - 1)
        if operation > AluOp.END:
            raise _EndError
        if operation == AluOp.NEG:
            return apply(left, lambda number: alu(operation, number, 0, bits, offset))
        if operation == AluOp.MOV:
            if isinstance(right, Address):
                return right if bits == 64 and offset in (0, ADDR_SPACE_CAST) else None
            return apply(right, lambda number: alu(operation, 0, number, bits, offset))
        if isinstance(left, Address) or isinstance(right, Address):
            return self._pointer(operation, bits, left, right)
        if left is None or right is None:
            return None
        if isinstance(right, Term):
            right = self.chosen(right)
            left = self.known(left)
        number = right
        if isinstance(left, Term):
            added = number if operation == AluOp.ADD else -number if operation == AluOp.SUB else 0
            return left.then(lambda value: alu(operation, value, number, bits, offset), added)
        assert isinstance(left, int)
        return alu(operation, left, number, bits, offset)

    def _pointer(self, operation: int, bits: int, left: Held, right: Held) -> Held:
        if bits != 64 or operation not in (AluOp.ADD, AluOp.SUB):
            return None
        if isinstance(left, Address) and isinstance(right, Address):
            same = left[:2] == right[:2] and left.space in ("stack", "data") and operation == AluOp.SUB
            return left.offset - right.offset & _U64 if same else None
        if isinstance(right, Address):
            if operation == AluOp.SUB:
                return None
            left, right = right, left
        assert isinstance(left, Address)
        if isinstance(right, Term):
            right = self.chosen(right)
        if not isinstance(right, int):
            return None
        distance = (right ^ 1 << 63) - (1 << 63)
        return left._replace(offset=left.offset + (distance if operation == AluOp.ADD else -distance))

    def wide(self, dst: int, src: int, imm: int) -> None:
        """A 64-bit immediate: a number, or an address."""
        runs, slot = self.runs, self.at - 1
        runs.found.add(self.at)
        self.at += 1
        reference = runs.program.linked.references.get(slot)
        value: Held = Address("other")
        if reference is None:
            value = None
            if not src and slot + 1 < len(runs.words):
                value = (runs.words[slot + 1][3] & 0xFFFF_FFFF) << 32 | imm & 0xFFFF_FFFF
        elif reference.kind in (ReferenceKind.KSYM, ReferenceKind.KFUNC) and reference.name in runs.missing:
            value = 0
        elif reference.kind == ReferenceKind.DATA and reference.map in runs.constants:
            value = Address("data", reference.map or "", reference.offset)
        elif reference.kind == ReferenceKind.FUNCTION:
            value = Address("function", reference.offset)
        self.registers[dst] = value

    def load(self, base: Held, offset: int, opcode: int) -> Held:
        """Return what memory holds."""
        size, mode = _SIZES[Size(opcode & 0x18)], opcode & 0xE0
        if mode not in (Mode.MEM, Mode.MEMSX):
            raise _EndError
        value = self._read(base, offset, size)
        return value if mode == Mode.MEM else apply(value, lambda number: signed(number, size * 8) & _U64)

    def _read(self, base: Held, offset: int, size: int) -> Held:
        base = self.known(base)
        if base is None:
            return None
        if not isinstance(base, Address):
            # What a look-up returned; or a struct of the kernel's, whose pointers the verifier may trust.
            return Term(Unknown(size, may_be_zero=size < 8))
        at = base.offset + offset
        if base.space == "stack":
            return self.memory[int(base.key)].load(at, size, self.runs.order)
        if base.space == "data":
            raw = self.runs.constants[str(base.key)][at : at + size] if at >= 0 else b""
            if len(raw) != size:
                raise _EndError
            return int.from_bytes(raw, "little" if self.runs.order == "little" else "big")
        return Term(Unknown(size, may_be_zero=size < 8))

    def store(self, base: Held, offset: int, size: int, value: Held) -> None:
        """Write to memory: what is not on the stack is not followed."""
        base = self.known(base)
        if base is None:
            for memory in self.memory.values():
                memory.is_lost = True
        elif isinstance(base, Address) and base.space == "stack":
            self.memory[int(base.key)].store(base.offset + offset, size, value, self.runs.order)

    def store_register(self, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Write a register, or change memory at once with reading it."""
        size = _SIZES[Size(opcode & 0x18)]
        if opcode & 0xE0 != Mode.ATOMIC:
            self.store(self.registers[dst], offset, size, self.known(self.registers[src]))
            return
        if imm == AtomicOp.LOAD_ACQ:
            self.registers[dst] = self._read(self.registers[src], offset, size)
            return
        base = self.known(self.registers[dst])
        on_stack = base is None or (isinstance(base, Address) and base.space == "stack")
        self.store(base, offset, size, None)
        if imm != AtomicOp.STORE_REL and (imm == AtomicOp.CMPXCHG or imm & 1):
            self.registers[0 if imm == AtomicOp.CMPXCHG else src] = None if on_stack else Term(Unknown(size))

    # Ways

    def jump(self, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Go on where a jump, a call or an exit leads."""
        following = self.at
        if opcode == EXIT:
            self._leave()
        elif opcode == CALL:
            self.call(following - 1, src, imm)
        elif opcode == JA:
            self.at = following + offset
        elif opcode == GOTOL:
            self.at = following + imm
        elif opcode == MAY_GOTO:
            self._go(following - 1, self.runs.prefers(following - 1, following + offset, following), offset)
        elif opcode & 0xF0 in COMPARISONS:
            left = self.known(self.registers[dst])
            right: Held = self.known(self.registers[src]) if opcode & Source.X else imm & _U64
            bits = 64 if opcode & 7 == Class.JMP else 32
            prefers = self.runs.prefers(following - 1, following + offset, following)
            self._go(following - 1, self.decided(opcode & 0xF0, bits, left, right, prefers=prefers), offset)
        else:
            raise _EndError  # a jump or a call to an address

    def _go(self, slot: int, taken: bool, offset: int) -> None:
        self.runs.taken[slot, taken] = self.runs.taken.get((slot, taken), 0) + 1
        self.at = slot + 1 + (offset if taken else 0)

    def decided(self, operation: int, bits: int, left: Held, right: Held, *, prefers: bool) -> bool:
        """Return whether a conditional jump is taken; what is unknown is chosen so that it *prefers*, if it can be."""
        if left is None or right is None:
            raise _EndError
        if isinstance(left, Address) or isinstance(right, Address):
            return _same_place(operation, bits, left, right)
        if isinstance(right, Term):
            right = self.chosen(right)
            left = self.known(left)
        number = right

        def taken(value: int) -> bool:
            return compare(operation, value, number, bits)

        if not isinstance(left, Term):
            assert isinstance(left, int)
            return taken(left)
        near = number - left.added
        chosen = None
        for candidate in self._candidates(left.of, (near, near + 1, near - 1)):
            chosen = candidate
            if taken(left.at(candidate)) == prefers:
                break
        if chosen is None:
            raise _EndError
        left.of.value = chosen
        return taken(left.at(chosen))

    def _candidates(self, unknown: Unknown, near: Iterable[int]) -> Iterable[int]:
        guesses: list[int] = list(unknown.allowed)
        if not guesses:
            pool = self.runs.pool
            guesses = [*near, *self.rng.sample(pool, min(len(pool), 64))]
            guesses += [self.rng.getrandbits(64), self.rng.getrandbits(64)]
        return [number for each in guesses if (number := unknown.possible(each)) is not None]

    def chosen(self, term: Term) -> int:
        """Return a number for a term, the same from then on."""
        if term.of.value is None:
            found = list(self._candidates(term.of, ()))
            if not found:
                raise _EndError
            term.of.value = self.rng.choice(found)
        return term.at(term.of.value)

    def known(self, value: Held) -> Held:
        """Return the number of a term that was chosen by now."""
        return term.at(term.of.value) if isinstance(term := value, Term) and term.of.value is not None else value

    # Functions

    def _leave(self) -> None:
        frame = self.frames.pop()
        if not self.frames:
            return
        self.registers[1:6] = [None] * 5
        self.registers[6:10] = frame.saved
        self.registers[10] = Address("stack", self.frames[-1].serial)
        self.at = frame.returns_to

    def call(self, slot: int, source: int, imm: int) -> None:
        """Call a subprogram, a helper or a function of the kernel."""
        if source == CallSource.SUBPROGRAM:
            target = slot + 1 + imm
            if target in self.runs.globals:
                # It is verified by itself, once; what it returns can be anything.
                self._begins(target)
                self._lose_arguments()
                self._returned(Term(Unknown(8)))
                return
            if len(self.frames) >= _DEPTH:
                raise _EndError
            self._enter(slot + 1)
            self.at = target
            return
        reference = self.runs.program.linked.references.get(slot)
        if source == CallSource.KFUNC or (reference is not None and reference.kind == ReferenceKind.KFUNC):
            name = "" if reference is None else reference.name
            if slot in self.runs.program.linked.never_returning:
                raise _EndError
            self._lose_arguments()
            self._returned(Term(Unknown(8, may_be_zero=name.endswith("_next"))))
            return
        self._helper(imm)

    def _begins(self, target: int, *, callback: bool = False) -> None:
        if target not in self.runs.entries:
            self.runs.entries.append(target)
            if callback:
                self.runs.callbacks.add(target)

    def _helper(self, number: int) -> None:
        effect = effect_of(number)
        first = self.known(self.registers[1])
        for held in self.registers[1:6]:
            # The verifier walks through a callback as it is called; of bpf_loop() only where there are rounds.
            if isinstance(held, Address) and held.space == "function" and (number != _LOOP or first not in (0, None)):
                self._begins(int(held.key), callback=True)
        if effect is None:
            self._lose_arguments()
        else:
            for register, letter in enumerate(effect.arguments, 1):
                base = self.known(self.registers[register])
                if letter in "wxk" and isinstance(base, Address) and base.space == "stack":
                    size = self.known(self.registers[register + 1]) if register < 5 else None
                    memory = self.memory[int(base.key)]
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
            base = self.known(self.registers[register])
            if isinstance(base, Address) and base.space == "stack":
                self.memory[int(base.key)].lose(base.offset)

    def _returned(self, value: Held) -> None:
        self.registers[:6] = [value, None, None, None, None, None]


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


def _same_place(operation: int, bits: int, left: Held, right: Held) -> bool:
    """Return whether a jump is taken that compares pointers."""
    if bits == 64 and operation in (JmpOp.JEQ, JmpOp.JNE):
        if isinstance(left, Address) and isinstance(right, Address):
            if left.space in ("stack", "data") and left[:2] == right[:2]:
                return (left == right) == (operation == JmpOp.JEQ)
        elif 0 in (left, right):
            return operation == JmpOp.JNE
    raise _EndError
