"""What of its input a program looks at: the fields of its context, and the bytes of its packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.opcodes import INSN_SIZE, SIZES, Class, Mode
from ..context.fields import context_fields
from ..helpers.names import HELPERS
from ..helpers.prototypes import find_helper
from .facts import ProgramFacts
from .lattice import Place, Value
from .memory_names import MemoryNames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..btf import Btf
    from ..spec.program import ProgramSpec
    from .lattice import State
    from .xrefs import ProgramUses

__all__ = ["ContextUse", "Inputs", "PacketUse", "inputs_of"]

_PACKET: Final = Value(Place.ELEMENT, "the packet")
_ELSEWHERE: Final = Value(Place.ELEMENT, "what is no packet")
"""Two objects, which no map is called as: an identifier of C has no spaces."""
_COPIES: Final = {
    HELPERS.index("bpf_skb_load_bytes"): (True, 3),
    HELPERS.index("bpf_xdp_load_bytes"): (True, 3),
    HELPERS.index("bpf_skb_store_bytes"): (False, 3),
    HELPERS.index("bpf_xdp_store_bytes"): (False, 3),
}
"""Helpers that copy bytes of the packet, from the offset in r2 on: whether they read it, and which register from r1 on
holds how many."""


class ContextUse(NamedTuple):
    """A field of the context that a program uses."""

    name: str
    """As C writes it: `ctx->data_end`; `ctx+12` where it has no name."""
    offset: int
    """In bytes, from the start of the context."""
    reads: tuple[int, ...]
    """The slots that read it, ascending."""
    writes: tuple[int, ...]


class PacketUse(NamedTuple):
    """Which bytes of its packet a program reads, or writes."""

    first: int
    """The lowest offset, in bytes from the start of the packet."""
    stop: int
    """One past the highest offset that is certain."""
    slots: tuple[int, ...]
    is_open: bool
    """Whether there are bytes at offsets that are worked out when it runs."""


class Inputs(NamedTuple):
    """What of its input a program looks at."""

    context: tuple[ContextUse, ...]
    """By offset."""
    read: PacketUse | None
    """None where it reads nothing of a packet that is known, or has none."""
    written: PacketUse | None
    is_partial: bool
    """Whether it accesses memory of which it is not known where it is: that may be the packet, too."""


def inputs_of(uses: ProgramUses, start: int, stop: int) -> Inputs:
    """Return what the instructions from one slot on up to another look at, of the input of their program.

    A program's whole code is `inputs_of(uses, 0, program.insns)`.
    """
    program = uses.program
    pointers = _Pointers(program)
    facts = pointers.facts = ProgramFacts(program, uses.spec.maps, pointers, losses=False)
    names = MemoryNames(program, uses.spec)
    fields: dict[tuple[int, str], tuple[list[int], list[int]]] = {}
    read: list[tuple[int, int, int | None]] = []
    written: list[tuple[int, int, int | None]] = []
    known: set[int] = set()
    is_partial = False
    for function in program.flow.functions:
        if not start <= function < min(stop, program.flow.slots):
            continue
        found = facts.at(function)
        is_partial |= found.limit is not None
        known |= found.accesses.keys()
        for slot, access in sorted(found.accesses.items()):
            address = access.address
            if address.place is Place.CONTEXT:
                name = names.place(address, access.size) or f"ctx+{address.offset}"
                reads, writes = fields.setdefault((address.offset, name), ([], []))
                reads += [slot] * access.reads
                writes += [slot] * access.writes
            elif address.name == _PACKET.name:
                part = slot, address.offset, access.size if address.exact else None
                read += [part] * access.reads
                written += [part] * access.writes
        for slot, arguments in sorted(found.calls.items()):
            copied = _COPIES.get(uses.helper_at(slot) or 0)
            if copied is not None:
                reads, size = copied
                (read if reads else written).append((slot, *_copied(arguments[1], arguments[size])))
    for slot, part in _memory(program, start, stop):
        if part is not None:
            read.append((slot, *part))
        elif slot not in known:
            is_partial = True
    context = tuple(
        ContextUse(name, offset, tuple(reads), tuple(writes))
        for (offset, name), (reads, writes) in sorted(fields.items())
    )
    return Inputs(context, _extent(read), _extent(written), is_partial)


def _copied(offset: Value | None, size: Value | None) -> tuple[int, int | None]:
    """Return which bytes a helper copies: None for how many is not known, or not from where."""
    if offset is None or offset.place is not Place.CONSTANT:
        return 0, None
    return offset.offset, size.offset if size is not None and size.place is Place.CONSTANT else None


def _memory(program: ProgramSpec, start: int, stop: int) -> Iterator[tuple[int, tuple[int, int | None] | None]]:
    """Yield the instructions that access memory; those of the packet by its offset with which bytes, None: unknown."""
    code = program.code
    for function in program.flow.functions:
        if not start <= function < min(stop, program.flow.slots):
            continue
        graph = program.flow.graph_at(function)
        for number, reached in enumerate(graph.reachable):
            block = graph.block(number)
            for slot in range(block.start, block.stop) if reached else ():
                opcode = code[slot * INSN_SIZE]
                if opcode & 7 in (Class.LDX, Class.ST, Class.STX):
                    yield slot, None
                elif opcode & 7 == Class.LD and opcode & 0xE0 == Mode.ABS:
                    raw = code[slot * INSN_SIZE + 4 : slot * INSN_SIZE + 8]
                    offset = int.from_bytes(raw, program.byte_order, signed=True)
                    if offset >= 0:  # others are the kernel's: SKF_AD_OFF, SKF_LL_OFF
                        yield slot, (offset, SIZES[opcode & 0x18])
                elif opcode & 7 == Class.LD and opcode & 0xE0 == Mode.IND:
                    yield slot, (0, None)


def _extent(parts: list[tuple[int, int, int | None]]) -> PacketUse | None:
    """Return all of some parts: slot, offset, and size, None where the offset or the size is not certain."""
    if not parts:
        return None
    certain = [(offset, offset + size) for _, offset, size in parts if size is not None]
    return PacketUse(
        min((first for first, _ in certain), default=0),
        max((stop for _, stop in certain), default=0),
        tuple(sorted({slot for slot, _, _ in parts})),
        len(certain) < len(parts),
    )


class _Pointers:
    """Knows one type only: what the context has a pointer to the start of a packet in, and what is none.

    Such a pointer is followed as one into the value of a map is, of which it matters no more than where in it.
    """

    facts: ProgramFacts
    """What is found with it."""

    def __init__(self, program: ProgramSpec) -> None:
        fields = {field.name: field for field in context_fields(program.type)}
        self._loads: dict[tuple[int, int], Value] = {}
        for name, field in fields.items():
            if name in ("data_end", "data_meta") or (field.width == 8 and name in ("sk", "migrating_sk", "flow_keys")):
                self._loads[field.offset, field.width] = _ELSEWHERE
            elif name == "data" and "data_end" in fields:
                self._loads[field.offset, field.width] = _PACKET

    @property
    def target(self) -> Btf | None:
        """No kernel's types."""
        return None

    def given(self, function: int, entry: State) -> State:
        """Return what the registers hold where a function begins: a stack of others holds no packet."""
        passed = self.facts.passed(function) or ()
        columns = zip(*passed, strict=True)
        others = {
            register: _ELSEWHERE
            for register, values in enumerate(columns, 1)
            if all(value is not None and value.place is Place.STACK for value in values)
        }
        return others | entry

    def at(self, slot: int, address: Value | None, distance: int) -> Value | None:
        """Return no address: it knows no fields."""
        return None

    def loaded(self, address: Value, size: int) -> Value | None:
        """Return what a load gives: the start of the packet, or something else, where the context has it."""
        if address.place is not Place.CONTEXT or not address.exact:
            return None
        return self._loads.get((address.offset, size))

    def returned(self, slot: int, helper: int | None) -> Value | None:
        """Return what a call gives: no helper returns a pointer to a packet."""
        found = None if helper is None else find_helper(helper)
        return _ELSEWHERE if found is not None and "*" in found.prototype.partition("(")[0] else None

    def cast(self, pointer: Value, type_id: int) -> Value:
        """Return a pointer as it is."""
        return pointer

    @property
    def fields(self) -> Mapping[int, tuple[int, str]]:
        """No fields."""
        return {}
