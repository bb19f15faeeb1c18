"""BTF on its way into the kernel: what clang leaves open is filled in, what the kernel does not take is replaced."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Final

from ..btf import Btf, Kind
from ..btf import types as t
from ..errors import LoadError
from .explain import explain
from .syscall import Attr, BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..spec import SectionLayout
    from .syscall import Buffer

__all__ = ["degrade", "last_said", "load_btf", "plain_btf", "prepare"]

_EXTERNAL: Final = (Kind.FUNC, Kind.VAR, Kind.DATASEC)
"""Kinds that may declare what others define."""
_EXTERN_SECTIONS: Final = frozenset({".ksyms", ".kconfig"})
_LOG_SIZE: Final = 1 << 16
_VLEN: Final = 0xFFFF
_KIND_SHIFT: Final = 24


def prepare(btf: Btf, layouts: Mapping[str, SectionLayout], static: Collection[int] = ()) -> bytes:
    """Return an object's BTF as a current kernel takes it. Every type keeps its id.

    The sizes of sections and the offsets of their variables are filled in. Declarations of what others define
    (`extern`, `.ksyms`, `.kconfig`), sections without a size, and tags on these would be refused: each becomes a
    pointer to void. What gcc and rustc write and the kernel does not take is tidied.

    Args:
        btf: The types.
        layouts: By section name: sizes, and offsets of variables.
        static: Ids of functions that are to be verified where they are called and not by themselves: what is hidden
            from other objects (`__hidden`), though its BTF says that it is global. libbpf has the same rule.
    """
    changed: dict[int, bytes] = {}
    for kind in _EXTERNAL:
        changed.update((type_id, _POINTER) for type_id in btf.ids(kind) if _is_foreign(btf, type_id, layouts))
    changed.update((type_id, _POINTER) for type_id in btf.ids(Kind.DECL_TAG) if _target(btf, type_id) in changed)
    for type_id in btf.ids(Kind.DATASEC):
        if type_id not in changed:
            changed[type_id] = _section(btf, type_id, layouts)
    for type_id in (*btf.ids(Kind.PTR), *btf.ids(Kind.INT)):
        record = _record(btf, type_id)
        if (tidied := _tidied(record)) != record:
            changed[type_id] = tidied
    for type_id in static:
        if type_id not in changed:
            name, info, proto = struct.unpack_from("=3I", _record(btf, type_id))
            changed[type_id] = struct.pack("=3I", name, info & ~_VLEN | t.Linkage.STATIC, proto)
    return _assemble(btf, changed)


def degrade(raw: bytes) -> bytes:
    """Return BTF that kernels from 4.18 on take, with the same ids and sizes but less detail.

    Sections, variables and tags become pointers to void; floating-point and 64-bit enumerations become structs without
    members; type tags become `const`; functions lose their linkage (which came with Linux 5.6).
    """
    btf = Btf(raw, sys.byteorder)
    changed = {type_id: _POINTER for kind in (Kind.DATASEC, Kind.VAR, Kind.DECL_TAG) for type_id in btf.ids(kind)}
    for kind in (Kind.FLOAT, Kind.ENUM64, Kind.TYPE_TAG, Kind.FUNC):
        for type_id in btf.ids(kind):
            name, info, size = struct.unpack_from("=3I", _record(btf, type_id))
            if kind == Kind.FUNC:
                changed[type_id] = struct.pack("=3I", name, info & ~_VLEN, size)
            else:
                instead = Kind.CONST if kind == Kind.TYPE_TAG else Kind.STRUCT
                changed[type_id] = struct.pack("=3I", 0, instead << _KIND_SHIFT, size)
    return _assemble(btf, changed)


def plain_btf(size: int) -> bytes:
    """Return BTF with an `int`, a `char`, and an array of *size* characters: types 1, 2 and 3."""
    integers = struct.pack("=8I", 1, Kind.INT << 24, 4, 1 << 24 | 32, 5, Kind.INT << 24, 1, 2 << 24 | 8)
    types = integers + struct.pack("=6I", 0, Kind.ARRAY << 24, 0, 2, 1, size)
    strings = b"\0int\0char\0"
    return struct.pack("=HBB5I", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings


def load_btf(raw: bytes) -> Descriptor:
    """Load BTF into the kernel; where that refuses it, once more in degraded form.

    Raises:
        LoadError, NoPermissionError, FeatureError: It was refused again; the reason has the last line of the log.
    """
    try:
        return Descriptor(_load(raw), "BTF")
    except BpfError:
        pass
    log = buffer(_LOG_SIZE)
    try:
        return Descriptor(_load(degrade(raw), log), "BTF")
    except BpfError as error:
        refusal = explain(error, "load the object's BTF", feature="BTF (Linux 4.18)")
        said = last_said(log.value.decode("utf-8", "replace"))
        refusal.hint = refusal.hint or (f"the kernel says: {said}" if said else None)
        raise refusal from error


def last_said(log: str) -> str:
    """Return what a log of BTF ends with: a type's line; of a member's, which is indented, also whose it is."""
    lines = log.strip().splitlines()
    if not lines or not lines[-1].startswith("\t"):
        return lines[-1] if lines else ""
    owner = next((line for line in reversed(lines) if not line.startswith("\t")), "")
    return f"{owner}: {lines[-1].strip()}"


_POINTER: Final = struct.pack("=3I", 0, Kind.PTR << _KIND_SHIFT, 0)
"""A pointer to void: the smallest record, and one that needs nothing else."""


def _load(raw: bytes, log: Buffer | None = None) -> int:
    attr = Attr(28).pointer(0, buffer(raw)).u32(16, len(raw))
    if log is not None:
        attr.pointer(8, log).u32(20, len(log), 1)
    return attr.call(Command.BTF_LOAD)


def _tidied(record: bytes) -> bytes:
    """Return a pointer without the name that rustc gives it, an integer with one encoding: gcc's `char` has two."""
    name, info, size = struct.unpack_from("=3I", record)
    if info >> _KIND_SHIFT & 0x1F == Kind.PTR:
        return struct.pack("=3I", 0, info, size)
    (details,) = struct.unpack_from("=I", record, 12)
    encoding = details >> 24 & 0xF
    # Of several bits the lowest: BTF_INT_SIGNED before BTF_INT_CHAR before BTF_INT_BOOL.
    return struct.pack("=4I", name, info, size, details & ~(0xF << 24) | (encoding & -encoding) << 24)


def _is_foreign(btf: Btf, type_id: int, layouts: Mapping[str, SectionLayout]) -> bool:
    found = btf.type(type_id)
    if isinstance(found, t.DataSec):
        size = layouts[found.name].size if found.name in layouts else found.size
        return found.name in _EXTERN_SECTIONS or size == 0
    return isinstance(found, t.Function | t.Var) and found.linkage == t.Linkage.EXTERN


def _target(btf: Btf, type_id: int) -> int:
    found = btf.type(type_id)
    return found.target if isinstance(found, t.DeclTag) else 0


def _section(btf: Btf, type_id: int, layouts: Mapping[str, SectionLayout]) -> bytes:
    """Return a DATASEC with its size, its variables at their places and in order."""
    found, record = btf.type(type_id), _record(btf, type_id)
    if not isinstance(found, t.DataSec) or found.name not in layouts:
        return record
    layout = layouts[found.name]
    variables = sorted(
        (layout.offsets.get(btf.type_name(variable.type_id), variable.offset), variable.type_id, variable.size)
        for variable in found.variables
    )
    if layout.size >= 1 << 32 or any(offset >= 1 << 32 for offset, _, _ in variables):
        raise LoadError(f"cannot load the object's BTF: section {found.name} does not fit into 32 bits")
    name, info = struct.unpack_from("=2I", record)
    entries = (struct.pack("=3I", target, offset, length) for offset, target, length in variables)
    return struct.pack("=3I", name, info, layout.size) + b"".join(entries)


def _record(btf: Btf, type_id: int) -> bytes:
    start, end = btf.record(type_id)
    return bytes(btf.raw[start:end])


def _assemble(btf: Btf, changed: Mapping[int, bytes]) -> bytes:
    """Return a blob in which some types are others, with the same strings."""
    parts: list[bytes | memoryview] = []
    at = btf.types_start
    for type_id in sorted(changed):
        start, end = btf.record(type_id)
        parts += btf.raw[at:start], changed[type_id]
        at = end
    if len(btf) > 1:
        parts.append(btf.raw[at : btf.record(len(btf) - 1)[1]])
    types = b"".join(parts)
    header = struct.pack("=HBB5I", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(btf.strings))
    return header + types + btf.strings
