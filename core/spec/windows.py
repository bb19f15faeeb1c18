"""ebpf-for-windows' dialect: the same format, other numbers for map types and helpers, hooks that Linux does not have.

The numbers are those of its `ebpf_structs.h` (version 0.21 and what came after). An object says nowhere which of the
two it is for; it is known by types that only Windows has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from ..uapi import MapType
from .program import Reference, ReferenceKind

if TYPE_CHECKING:
    from ..elf import Elf
    from .map import MapSpec

__all__ = ["helper_call", "helper_name", "is_for_windows", "rename_helpers", "translate"]

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
_HELPERS: Final = [
    "unspec",
    "map_lookup_elem",
    "map_update_elem",
    "map_delete_elem",
    "map_lookup_and_delete_elem",
    "tail_call",
    "get_prandom_u32",
    "ktime_get_boot_ns",
    "get_smp_processor_id",
    "ktime_get_ns",
    "csum_diff",
    "ringbuf_output",
    "trace_printk2",
    "trace_printk3",
    "trace_printk4",
    "trace_printk5",
    "map_push_elem",
    "map_pop_elem",
    "map_peek_elem",
    "get_current_pid_tgid",
    "get_current_logon_id",
    "is_current_admin",
    "memcpy_s",
    "memcmp_s",
    "memset",
    "memmove_s",
    "get_socket_cookie",
    "strncpy_s",
    "strncat_s",
    "strnlen_s",
    "ktime_get_boot_ms",
    "ktime_get_ms",
    "perf_event_output",
    "get_current_process_start_key",
    "get_current_thread_create_time",
    "redirect_map",
]
"""Names by number, without `bpf_` (`ebpf_helper_id_t`). From 65536 on, numbers belong to the hook."""
_PRINTS: Final = re.compile(r"trace_printk[2-5]")
"""One for each number of arguments, which are passed as those of Linux's `trace_printk`."""
_CALL: Final = re.compile(r"call [\w.]+#(-?\d+)")


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
        spec.unusable = f"map type {number} of ebpf-for-windows has no counterpart on Linux"
    elif spec.type != number:
        spec.remark = ", ".join(filter(None, (spec.remark, f"type {number} of ebpf-for-windows")))
    if spec.inner is not None:
        translate(spec.inner)


def helper_name(number: int) -> str | None:
    """Return what ebpf-for-windows calls a helper; None for those of a hook and for numbers that it does not have."""
    return f"bpf_{_HELPERS[number]}" if 0 < number < len(_HELPERS) else None


def helper_call(number: int) -> tuple[Reference, str | None]:
    """Return what the call of a helper refers to, and why it cannot be made on Linux.

    The reference's offset is the number that the linked code has: Linux's for the helper of that name. Where there is
    none, the number is negated, so that nothing takes it for another helper of Linux; those of a hook stay.
    """
    from ..helpers.names import HELPERS

    name = helper_name(number)
    known = f"bpf_{_PRINTS.sub('trace_printk', name.removeprefix('bpf_'))}" if name is not None else ""
    if known in HELPERS:
        return Reference(ReferenceKind.HELPER, f"{name}#{number}", offset=HELPERS.index(known)), None
    told = (
        f"{name}, helper {number} of ebpf-for-windows" if name is not None else f"helper {number} of its Windows hook"
    )
    unknown = Reference(
        ReferenceKind.HELPER, f"{name or 'unknown'}#{number}", offset=-number if 0 <= number < len(HELPERS) else number
    )
    return unknown, f"it calls {told}, which Linux does not have"


def rename_helpers(text: str) -> str:
    """Return an instruction as it stands in the file, with the names of Windows' helpers in place of Linux's."""
    return _CALL.sub(lambda match: f"call {helper_name(int(match[1])) or 'unknown'}#{match[1]}", text)
