"""Jump tables: the section `.jumptables` that LLVM 22 writes for `gotox` (-mcpu=v4).

A table is a symbol in that section (`BPF.JT.1.0`); its entries are 8 bytes each, the offset of an instruction from the
start of the section that the function is in. No relocation changes them: for each program and table, a loader makes a
map of type insn_array (Linux 6.19), whose values hold the entries as instructions of the linked program, and puts its
address into the 64-bit load that refers to the table (libbpf 1.7, `create_jt_map`).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ..uapi import MapType
from .map import MapSpec
from .program import Reference, ReferenceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..btf import ByteOrder
    from ..elf import Section, Symbol
    from .object import ObjectFile

__all__ = ["SECTION", "table_entries", "table_map", "table_reference", "table_value"]

SECTION: Final = ".jumptables"
_ENTRY: Final = 8
_VALUE: Final = struct.Struct("4I")


def table_reference(obj: ObjectFile, section: Section, symbol: Symbol, imm: int) -> Reference | str:
    """Return what an instruction refers to that loads the address of a table, or why that means nothing."""
    name = symbol.name or f"{section.name}+{symbol.value:#x}"
    following = (other.value for other in obj.symbols_in.get(section.number, ()) if other.value > symbol.value)
    size = symbol.size or min(following, default=section.size) - symbol.value
    if imm or symbol.value % _ENTRY or size % _ENTRY or size <= 0 or symbol.value + size > section.size:
        return f"it refers to {name}, which is no jump table: {size} bytes at offset {symbol.value + imm:#x}"
    return Reference(ReferenceKind.TABLE, name, offset=symbol.value, inside=size // _ENTRY)


def table_entries(obj: ObjectFile, reference: Reference) -> tuple[int, ...]:
    """Return the entries of a table: bytes from the start of the section that refers to it."""
    raw = obj.elf.contents(obj.elf.by_name[SECTION])[reference.offset : reference.offset + reference.inside * _ENTRY]
    return struct.unpack(f"{'<' if obj.elf.byte_order == 'little' else '>'}{len(raw) // _ENTRY}Q", raw)


def table_map(slots: Sequence[int]) -> MapSpec:
    """Return the map that a program's jump table becomes; its keys are the entries' numbers."""
    return MapSpec(SECTION, SECTION, MapType.INSN_ARRAY, 4, _VALUE.size, len(slots))


def table_value(slot: int, byte_order: ByteOrder) -> bytes:
    """Return an entry as a value of that map, a `struct bpf_insn_array_value`: the kernel fills in all but the slot."""
    return slot.to_bytes(4, byte_order) + bytes(_VALUE.size - 4)
