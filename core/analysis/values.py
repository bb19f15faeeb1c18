"""What registers hold: where a pointer points, which constant it is, as far as that is certain.

A forward data flow over the basic blocks of a function. What two ways to an instruction do not agree on is not known
there, nor is what a call leaves in registers or may have written to the stack. Pointers to the stack are followed
even where their offset is lost, because a write through such a pointer could change any slot. What pointers lead to
that were loaded from memory, or returned by a call, only types can tell: see `Types`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ..asm.arithmetic import alu
from ..asm.flow.worklist import settle
from ..asm.instruction import slots
from ..asm.opcodes import (
    CALL,
    CALLX,
    EXIT,
    INSN_SIZE,
    LD_IMM64,
    SIZES,
    AluOp,
    AtomicOp,
    CallSource,
    Class,
    JmpOp,
    Mode,
    Size,
    Source,
)
from ..helpers.effects import effect_of
from ..helpers.names import HELPERS
from ..limits import Budget
from ..spec.program import ReferenceKind
from .lattice import ANY_STACK, Place, Value, constant, join, masked, moved, shifted, swapped
from .liveness import Backwards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..asm.flow import FlowGraph
    from ..btf import Btf
    from ..errors import LimitError
    from ..spec.program import ProgramSpec, Reference
    from .lattice import State

__all__ = ["Access", "Facts", "Tracker", "Types", "track"]

_U32: Final = (1 << 32) - 1
_LEAST: Final = 1 << 18
_VISITS: Final = 64
"""How often an instruction may be looked at, on average; four times is much for what compilers make."""
_FRAME: Final = 10
_ESCAPED: Final = 11
"""In a state: the stack may hold pointers to itself at places that are not known."""

# Plain numbers, because looking a member up takes longer than all the rest of a comparison.
_LD, _LDX, _ST, _STX, _ALU, _ALU64 = (
    int(kind) for kind in (Class.LD, Class.LDX, Class.ST, Class.STX, Class.ALU, Class.ALU64)
)
_MOV, _ADD, _SUB, _AND, _END = (int(op) for op in (AluOp.MOV, AluOp.ADD, AluOp.SUB, AluOp.AND, AluOp.END))
_X = int(Source.X)
_JEQ, _JNE = int(JmpOp.JEQ), int(JmpOp.JNE)
_MEM, _ATOMIC, _STXDW = int(Mode.MEM), int(Mode.ATOMIC), int(Class.STX | Mode.MEM | Size.DW)
_ARGUMENTS: Final = range(1, 6)
_CLOBBERED: Final = range(6)
"""What a call leaves nothing in."""


class Access(NamedTuple):
    """A load, a store or an atomic operation whose address is known."""

    address: Value
    """Offset included."""
    size: int
    """In bytes."""
    reads: bool
    writes: bool


class Types(Protocol):
    """What types tell of values."""

    @property
    def target(self) -> Btf | None:
        """The types of the kernel that it is looked at for, where somebody asked for them."""
        ...

    def given(self, function: int, entry: State) -> State:
        """Return what registers hold where the function at a slot begins, from what is known of them already."""
        ...

    def at(self, slot: int, address: Value | None, distance: int) -> Value | None:
        """Return the address that an instruction uses that is one of `fields`, *distance* included."""
        ...

    def loaded(self, address: Value, size: int) -> Value | None:
        """Return what a load of *size* bytes gives."""
        ...

    def returned(self, slot: int, helper: int | None) -> Value | None:
        """Return what a call gives: of a helper, else of what the instruction refers to."""
        ...

    def cast(self, pointer: Value, type_id: int) -> Value:
        """Return a pointer as one to another type, as a source says that uses it so."""
        ...

    @property
    def fields(self) -> Mapping[int, tuple[int, str]]:
        """The types that instructions use fields of, and the paths to these, by slot: what CO-RE relocations say."""
        ...


class Facts:
    """What is certain about the instructions of one function, by slot."""

    def __init__(self) -> None:
        self.accesses: dict[int, Access] = {}
        self.calls: dict[int, tuple[Value | None, ...]] = {}
        """What registers r1 to r5 hold at each call."""
        self.addresses: dict[int, Value] = {}
        """What a register points to after arithmetic or a 64-bit load."""
        self.compared: dict[int, tuple[Value, int]] = {}
        """Numbers that were read, and the constants that they are compared with, for equality."""
        self.stored: dict[int, int] = {}
        """The constants that are stored."""
        self.lost: set[Value] = set()
        """Maps, variables and values of maps that go where they are not followed."""
        self.lost_in: dict[int, set[Value]] = {}
        """The same by the slot of the block that they are lost in."""
        self.limit: LimitError | None = None
        """Why nothing is known of the function: it would take too long."""

    def shifted(self, distance: int) -> Facts:
        """Return what holds of the same function so many slots further on."""
        twin = Facts()
        twin.accesses = {slot + distance: found for slot, found in self.accesses.items()}
        twin.calls = {slot + distance: found for slot, found in self.calls.items()}
        twin.addresses = {slot + distance: found for slot, found in self.addresses.items()}
        twin.compared = {slot + distance: found for slot, found in self.compared.items()}
        twin.stored = {slot + distance: found for slot, found in self.stored.items()}
        twin.lost = self.lost
        twin.limit = self.limit
        return twin

    def begin(self, start: int, stop: int) -> None:
        """Forget what was found in a block, which is looked at anew."""
        if start in self.lost_in:
            for found in (self.accesses, self.calls, self.addresses, self.compared, self.stored):
                for slot in range(start, stop):
                    found.pop(slot, None)
        self.lost = self.lost_in[start] = set()


def track(
    program: ProgramSpec,
    graph: FlowGraph,
    entry: State,
    returns_element: Callable[[str], bool] = lambda _: True,
    types: Types | None = None,
    *,
    losses: bool = True,
    code: bytes | None = None,
) -> Facts:
    """Return what is certain in one function.

    Args:
        program: The program that the function is part of.
        graph: The function's control flow.
        entry: What is known where it begins; r10 need not be in it.
        returns_element: Whether what a look-up in a map returns is one of its values, and no object.
        types: What types tell; None leaves what is TYPED or a NUMBER unknown.
        losses: Whether all of what is lost is asked for, for which values are followed backwards too.
        code: The program's code, where it is not as it stands in the object: with CO-RE relocations applied.
    """
    return Tracker(program, graph, returns_element, code, types).run(entry, losses=losses)


class Tracker:
    """The data flow of one function; a subclass may know more constants, and that a jump always goes the same way.

    Args:
        program: The program that the function is part of.
        graph: The function's control flow.
        returns_element: Whether what a look-up in a map returns is one of its values, and no object.
        code: The program's code, where it is not as it stands in the object: with CO-RE relocations applied.
        types: What types tell; None leaves what is TYPED or a NUMBER unknown.
    """

    def __init__(
        self,
        program: ProgramSpec,
        graph: FlowGraph,
        returns_element: Callable[[str], bool] = lambda _: True,
        code: bytes | None = None,
        types: Types | None = None,
    ) -> None:
        self.program = program
        self.types = types
        self.fields: Mapping[int, tuple[int, str]] = {} if types is None else types.fields
        self.graph = graph
        self.references = program.linked.references
        self.returns_element = returns_element
        self.facts: Facts | None = None
        self.after: dict[int, State] = {}
        """What holds at the end of each block that was looked at."""
        own = memoryview(program.code if code is None else code)[graph.start * INSN_SIZE : graph.stop * INSN_SIZE]
        self.slots = slots(own, program.byte_order)
        """The function's instructions."""
        self.big = program.byte_order == "big"

    def flow(self, entry: State) -> dict[int, State]:
        """Return what is known where each block begins that is reached, by the blocks' numbers.

        Raises:
            LimitError: What ways to the same instructions do not agree on was found out too slowly: each round of a
                loop can take away one more thing that was known, of thousands in the stack.
        """
        graph, starts, stops = self.graph, self.graph.starts, self.graph.stops
        states: dict[int, State] = {0: entry | {_FRAME: Value(Place.STACK)}} if len(graph) else {}
        budget = Budget(graph.stop - graph.start, "its data flow", least=_LEAST, each=_VISITS)

        def visit(number: int) -> Iterator[int]:
            start, stop = starts[number], stops[number]
            budget.spend(stop - start + len(states[number]) // 8)
            if self.facts is not None:
                self.facts.begin(start, stop)
            after = self.after[number] = self.block(number, states[number])
            for successor in self.following(number, after):
                old = states.get(successor)
                if old is None:
                    states[successor] = after
                    yield successor
                elif old != after and (new := join(old, after)) != old:
                    states[successor] = new
                    yield successor

        settle(list(states), visit)
        return states

    def following(self, number: int, after: State) -> tuple[int, ...]:
        """Return the blocks that can follow one, where *after* holds at its end."""
        return self.graph.successors[number]

    def run(self, entry: State, *, losses: bool = True) -> Facts:
        """Return what is certain; what is lost where nobody asks for it, too, unless *losses* do not matter."""
        self.facts = facts = Facts()
        states = self.flow(entry)
        facts.lost = set[Value]().union(*facts.lost_in.values())
        if losses:
            self._lose_between(facts, states)
        return facts

    def _lose_between(self, facts: Facts, states: dict[int, State]) -> None:
        """Note what is known at the end of a block and not at the beginning of one that follows."""
        graph = self.graph
        live: list[tuple[int, int]] | None = None
        for number in states:
            after = self.after[number]
            for successor in graph.successors[number]:
                gone = [key for key, value in after.items() if value.place in _NAMED and key not in states[successor]]
                if gone and live is None:
                    live = Backwards(self.program, graph).before
                facts.lost |= {after[key] for key in gone if live and (key < 0 or live[successor][1] >> key & 1)}

    def block(self, number: int, state: State) -> State:
        """Return what holds after a block, from what holds before it."""
        slots, first = self.slots, self.graph.start
        state = state.copy()
        slot, stop = self.graph.starts[number], self.graph.stops[number]
        while slot < stop:
            opcode, dst, src, offset, imm = slots[slot - first]
            kind = opcode & 7
            if kind in (_ALU64, _ALU):
                if opcode & 0xF0 == _MOV:
                    self.move(state, slot, opcode, dst, src, offset, imm)
                # What is not known stays so, but for an addition of what may be the offset of a field.
                elif dst in state or (src in state if opcode & _X else opcode & 0xF0 == _ADD):
                    self.arithmetic(state, slot, opcode, dst, src, offset, imm)
            elif kind == _LDX:
                self.load(state, slot, opcode, dst, src, offset)
            elif kind in (_STX, _ST):
                self.store(state, slot, opcode, dst, src, offset, imm)
            elif opcode == LD_IMM64:
                self.wide(state, slot, dst, src, imm)
                slot += 1
            elif kind == _LD:
                _clobber(state)  # legacy packet access works like a call
            elif opcode in (CALL, CALLX):
                self.call(state, slot, opcode, src, imm)
            elif opcode & 0xF0 in (_JEQ, _JNE) and self.facts is not None:
                self.comparison(self.facts, state, slot, opcode, dst, src, imm)
            elif opcode == EXIT and self.facts is not None and first and _of(state.get(0)) in _NAMED:
                self.facts.lost.add(state[0])  # the caller of this subprogram gets it
            slot += 1
        return state

    def set(self, state: State, slot: int, register: int, value: Value | None) -> None:
        """Let a register hold *value*; None where it is not known."""
        if value is None:
            state.pop(register, None)
            return
        state[register] = value
        if self.facts is not None and value.place not in _NO_ADDRESS:
            self.facts.addresses[slot] = value

    def move(self, state: State, slot: int, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Move a register or a constant to a register."""
        wide = opcode & 7 == _ALU64
        value = state.get(src) if opcode & _X else constant(imm)
        result: Value | None = None
        if value is None:
            pass
        elif offset:
            result = value if offset == 1 and wide and value.place is Place.TYPED else None  # addr_space_cast
        elif value.place is Place.CONSTANT:
            result = value if wide else constant(value.offset & _U32)
            if not opcode & _X and (field := self.fields.get(slot)) is not None:
                result = result._replace(type_id=field[0], variable=field[1])
        elif wide or value.place is Place.NUMBER:
            result = value
        self.set(state, slot, dst, result)

    def arithmetic(self, state: State, slot: int, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Do what an ALU instruction does that is no move, as far as its operands are known."""
        wide, operation = opcode & 7 == _ALU64, opcode & 0xF0
        left = state.get(dst)
        right = state.get(src) if opcode & _X else constant(imm)
        result: Value | None = None
        if wide and (operation in (_ADD, _SUB)):
            if operation == _ADD and self.types is not None and left and right:
                left, right = (right, left) if right.place is Place.TYPED else (left, right)
                if left.place is Place.TYPED and not left.offset and right.type_id:
                    left = self.types.cast(left, right.type_id)
            result = moved(left, right, -1 if operation == _SUB else 1)
            if operation == _ADD and not opcode & _X and self.types is not None and slot in self.fields:
                result = self.types.at(slot, left, imm)
        elif operation == _AND and not opcode & _X and left is not None and left.place is Place.NUMBER:
            result = masked(left, imm)
        elif operation == _END and left is not None and left.place is Place.NUMBER:
            result = swapped(left, opcode, imm, big=self.big)
        elif left and right and left.place is right.place is Place.CONSTANT and operation < _END:
            result = constant(alu(operation, left.offset, right.offset, 64 if wide else 32, offset))
        if result is None and wide and Place.STACK in (_of(left), _of(right)):
            result = ANY_STACK
        self.set(state, slot, dst, result)

    def wide(self, state: State, slot: int, dst: int, src: int, imm: int) -> None:
        """A 64-bit immediate: a number, or an address."""
        reference = self.references.get(slot)
        if reference is not None:
            self.set(state, slot, dst, _address(reference))
        elif not src and slot + 1 < self.graph.stop:
            high = self.slots[slot + 1 - self.graph.start][4]
            self.set(state, slot, dst, constant((high & _U32) << 32 | imm & _U32))
        else:
            state.pop(dst, None)

    def load(self, state: State, slot: int, opcode: int, dst: int, src: int, offset: int) -> None:
        """Read memory into a register."""
        size = SIZES[opcode & 0x18]
        address = self.address(state, slot, src, offset)
        result: Value | None = None
        if address is not None:
            self.note(slot, Access(address, size, True, False))
            if opcode & 0xE0 == _MEM:
                if address.place is not Place.STACK:
                    result = None if self.types is None else self.types.loaded(address, size)
                elif size == 8:
                    result = _loaded(state, address)
        self.set(state, slot, dst, result)

    def address(self, state: State, slot: int, register: int, offset: int) -> Value | None:
        """Return the address that a load or store uses; None where it is not known."""
        base = state.get(register)
        if self.types is not None and slot in self.fields:
            return self.types.at(slot, base, offset)
        return None if base is None or base.place in _NO_ADDRESS else shifted(base, offset)

    def store(self, state: State, slot: int, opcode: int, dst: int, src: int, offset: int, imm: int) -> None:
        """Write memory, atomically or not."""
        size = SIZES[opcode & 0x18]
        atomic = opcode & 7 == _STX and opcode & 0xE0 == _ATOMIC
        base_register, loads = (src, True) if atomic and imm == AtomicOp.LOAD_ACQ else (dst, atomic)
        address = self.address(state, slot, base_register, offset)
        writes = not (atomic and imm == AtomicOp.LOAD_ACQ)
        if address is not None:
            self.note(slot, Access(address, size, loads and imm != AtomicOp.STORE_REL, writes))
            if address.place is Place.STACK and writes:
                plain = opcode == _STXDW
                _store(state, address, size, state.get(src) if plain else None)
            if self.facts is not None and not atomic:
                value = constant(imm) if opcode & 7 == _ST else state.get(src)
                if value is not None and value.place is Place.CONSTANT:
                    self.facts.stored[slot] = value.offset & (1 << 8 * size) - 1
        if self.facts is not None and opcode & 7 == _STX and writes and src in state:
            value = state[src]
            if value.place in _NAMED and value not in [state.get(key) for key in state if key < 0]:
                self.facts.lost.add(value)
        if not atomic:
            return
        if imm == AtomicOp.LOAD_ACQ:
            state.pop(dst, None)
        elif imm == AtomicOp.CMPXCHG:
            state.pop(0, None)
        elif imm & AtomicOp.ADD_FETCH:
            state.pop(src, None)

    def call(self, state: State, slot: int, opcode: int, src: int, imm: int) -> None:
        """Call a helper, a kernel function or a subprogram: note its arguments, and what may be lost through them."""
        arguments = tuple(map(state.get, _ARGUMENTS))
        if self.facts is not None:
            self.facts.calls[slot] = arguments
        result: Value | None = None
        effect = effect_of(imm) if opcode == CALL and src == CallSource.HELPER else None
        for value, letter in zip(arguments, "?????" if effect is None else effect.arguments, strict=False):
            if self.facts is not None and value is not None and letter in "?x":
                # Whoever is called may use it, and what is in the stack if it is given that. A subprogram's use of what
                # it is given is seen there.
                passed = [value] if letter == "?" and src != CallSource.SUBPROGRAM else []
                passed += [found for key, found in state.items() if key < 0] if value.place is Place.STACK else []
                self.facts.lost |= {found for found in passed if found.place in _NAMED}
            if value is None or value.place is not Place.STACK or letter in "rmcvf":
                continue
            if letter == "w" and value.exact:
                # It writes from there on; how far is in another register, and may be unknown.
                for key in [key for key in state if value.offset - 8 < key < 0]:
                    del state[key]
                continue
            _store(state, ANY_STACK, 0, ANY_STACK if letter == "?" else None)
            result = ANY_STACK if letter == "?" else result
        if self.facts is not None and effect is not None and "k" in effect.arguments:
            # The callback is given values of the map.
            self.facts.lost |= {value for value in arguments if value is not None and value.place is Place.MAP}
        if effect is not None and effect.returns_element:
            used = arguments[effect.arguments.index("m")]
            if used is not None and used.place is Place.MAP:
                result = _looked_up(used.name, is_element=self.returns_element(used.name))
        if self.types is not None:
            helper = imm if opcode == CALL and src == CallSource.HELPER else None
            if helper in _READS:
                self.read(state, arguments)
            reference = self.references.get(slot)
            is_own = reference is not None and reference.kind is ReferenceKind.CALL
            if opcode == CALL and (result is None or not is_own):
                # Only a function of the program's own returns the pointer to the stack that it was given.
                result = self.types.returned(slot, helper) or result
        _clobber(state)
        if result is not None:
            state[0] = result

    def read(self, state: State, arguments: tuple[Value | None, ...]) -> None:
        """Let a helper copy a pointer to the stack, as BPF_CORE_READ() does for each step of a path."""
        to, size, source = arguments[:3]
        if to and size and source and to.place is Place.STACK and size.place is Place.CONSTANT and size.offset == 8:
            value = self.types.loaded(source, 8) if self.types is not None and source.place is Place.TYPED else None
            if value is not None and to.exact and to.offset < 0 and to.offset % 8 == 0:
                state[to.offset] = value

    def comparison(self, facts: Facts, state: State, slot: int, opcode: int, dst: int, src: int, imm: int) -> None:
        """A jump if two values are equal, or not."""
        left = state.get(dst)
        if left is not None and left.place is Place.NUMBER:
            right = state.get(src) if opcode & Source.X else constant(imm)
            if right is not None and right.place is Place.CONSTANT:
                facts.compared[slot] = left, right.offset

    def note(self, slot: int, access: Access) -> None:
        """Keep what an instruction accesses, once facts are gathered."""
        if self.facts is not None:
            self.facts.accesses[slot] = access


def _of(value: Value | None) -> Place | None:
    return None if value is None else value.place


def _address(reference: Reference) -> Value | None:
    match reference.kind:
        case ReferenceKind.MAP:
            return Value(Place.MAP, reference.name)
        case ReferenceKind.DATA:
            assert reference.map is not None
            return Value(Place.DATA, reference.map, reference.offset, variable=reference.name)
        case ReferenceKind.FUNCTION:
            return Value(Place.FUNCTION, reference.name)
        case _:
            return None


def _looked_up(name: str, *, is_element: bool) -> Value | None:
    """Return what a look-up gives: a value, or where a map holds maps, one of those."""
    if is_element:
        return Value(Place.ELEMENT, name)
    return None if name.endswith("[…]") else Value(Place.MAP, f"{name}[…]")


def _clobber(state: State) -> None:
    """Forget what calls do not preserve: r0 to r5."""
    for register in _CLOBBERED:
        if register in state:
            del state[register]


def _loaded(state: State, address: Value) -> Value | None:
    """Return what a load of 8 bytes of the stack gives."""
    if address.exact and address.offset in state and address.offset < 0:
        return state[address.offset]
    if _ESCAPED in state:
        return ANY_STACK
    if address.exact:
        return None
    return ANY_STACK if any(key < 0 and value.place is Place.STACK for key, value in state.items()) else None


def _store(state: State, address: Value, size: int, value: Value | None) -> None:
    """Let a store change the stack; *value* is given where all of 8 bytes is stored."""
    for key in [key for key in state if key < 0]:
        if not address.exact:
            # Perhaps it is this one. A pointer to the stack may be there still.
            if state[key].place is Place.STACK:
                state[key] = ANY_STACK
            else:
                del state[key]
        elif address.offset - 8 < key < address.offset + size:
            del state[key]
    if value is None:
        return
    if address.exact and address.offset < 0 and address.offset % 8 == 0:
        state[address.offset] = value
    elif value.place is Place.STACK:
        state[_ESCAPED] = value


_NAMED: Final = (Place.MAP, Place.DATA, Place.ELEMENT)
_NO_ADDRESS: Final = (Place.CONSTANT, Place.NUMBER)
_READS: Final = tuple(HELPERS.index(f"bpf_{name}") for name in ("probe_read", "probe_read_user", "probe_read_kernel"))
