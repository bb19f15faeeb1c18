"""What of a map's value is the kernel's own: locks, timers, lists, pointers to objects.

Who reads a value from outside sees zeros there. Who writes one frees what was there (`bpf_obj_free_fields`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...btf import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import Btf, CType

__all__ = ["SPIN_LOCKS", "Span", "special_fields"]

Span = tuple[int, int]
"""Where a field begins in the value, and where it ends."""

SPIN_LOCKS: Final = frozenset({"bpf_spin_lock"})
_STRUCTS: Final = SPIN_LOCKS | {
    "bpf_list_head",
    "bpf_list_node",
    "bpf_rb_node",
    "bpf_rb_root",
    "bpf_refcount",
    "bpf_res_spin_lock",
    "bpf_task_work",
    "bpf_timer",
    "bpf_wq",
}
_TAGS: Final = frozenset({"kptr", "kptr_untrusted", "percpu_kptr", "uptr"})
_DEEPEST: Final = 8
_MOST_ELEMENTS: Final = 64


def special_fields(type_: CType | None, names: frozenset[str] = _STRUCTS) -> tuple[Span, ...]:
    """Return the kernel's fields in values of a type: structs of these names, and for all, tagged pointers."""
    return () if type_ is None else tuple(_found(type_.btf, type_.id, 0, names, 0))


def _found(btf: Btf, type_id: int, offset: int, names: frozenset[str], depth: int) -> Iterator[Span]:
    found = btf.strip(type_id)
    if depth > _DEEPEST:
        return
    if isinstance(found, t.Composite) and found.name in names:
        yield offset, offset + found.size
    elif isinstance(found, t.Composite) and not found.is_union:
        for member in found.members:
            yield from _found(btf, member.type_id, offset + member.bit_offset // 8, names, depth + 1)
    elif isinstance(found, t.Array) and found.count <= _MOST_ELEMENTS:
        size = btf.size(found.element)
        for index in range(found.count):
            yield from _found(btf, found.element, offset + index * size, names, depth + 1)
    elif isinstance(found, t.Pointer) and names is _STRUCTS and _is_tagged(btf, found.target):
        yield offset, offset + 8


def _is_tagged(btf: Btf, type_id: int) -> bool:
    found = btf.type(type_id)
    while isinstance(found, t.Modifier):
        if found.kind == t.Kind.TYPE_TAG and found.name in _TAGS:
            return True
        found = btf.type(found.target)
    return False
