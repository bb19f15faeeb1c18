"""ebpf-for-windows' dialect: the same format, with other numbers for map types, and hooks that Linux does not have.

The numbers are those of its `ebpf_structs.h` (version 0.21 and what came after). An object says nowhere which of the
two it is for; it is known by types that only Windows has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from .uapi import MapType

if TYPE_CHECKING:
    from ..elf import Elf
    from .map import MapSpec

__all__ = ["is_for_windows", "translate"]

_TYPES: Final = re.compile(rb"\0(?:_?ebpf_map_definition_in_file|_?bind_md|_?bind_metadata|_sock_addr_md)(?:_t)?\0")
_PARTS: Final = (b"ebpf_map_definition_in_file", b"bind_md", b"bind_metadata", b"_sock_addr_md")
"""Looked for first: a hundred times as quick as the expression."""
_LOOKED_AT: Final = 1 << 20
"""Bytes of strings: those of types come early."""
_MAP_TYPES: Final = {
    0: MapType.UNSPEC,
    1: MapType.HASH,
    2: MapType.ARRAY,
    3: MapType.PROG_ARRAY,
    4: MapType.PERCPU_HASH,
    5: MapType.PERCPU_ARRAY,
    6: MapType.HASH_OF_MAPS,
    7: MapType.ARRAY_OF_MAPS,
    8: MapType.LRU_HASH,
    9: MapType.LPM_TRIE,
    10: MapType.QUEUE,
    11: MapType.LRU_PERCPU_HASH,
    12: MapType.STACK,
    13: MapType.RINGBUF,
    14: MapType.PERF_EVENT_ARRAY,
    16: MapType.XSKMAP,
}


def is_for_windows(elf: Elf) -> bool:
    """Return whether an object has types that only ebpf-for-windows has."""
    section = elf.by_name.get(".BTF")
    try:
        raw = elf.view(section) if section is not None else memoryview(b"")
    except ObjectError:
        return False
    if len(raw) < 24:
        return False
    header, strings = (int.from_bytes(raw[at : at + 4], elf.byte_order) for at in (4, 16))
    names = bytes(raw[header + strings :][:_LOOKED_AT])
    return any(part in names for part in _PARTS) and _TYPES.search(names) is not None


def translate(spec: MapSpec) -> None:
    """Give a map, and the maps inside it, the type that its number means on Windows; the number is remarked on."""
    number = int(spec.type)
    spec.type = _MAP_TYPES.get(number, MapType.UNSPEC)
    if spec.type == MapType.UNSPEC and number:
        spec.problem = f"map type {number} of ebpf-for-windows has no counterpart on Linux"
    elif spec.type != number:
        spec.remark = ", ".join(filter(None, (spec.remark, f"type {number} of ebpf-for-windows")))
    if spec.inner is not None:
        translate(spec.inner)
