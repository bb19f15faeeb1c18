"""BTF on its way into the kernel: what clang leaves open is filled in, what the kernel does not take is replaced."""

from __future__ import annotations

import contextlib
import re
import struct
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ...btf import Btf, Kind
from ...btf import types as t
from ...btf.record import blob_of
from ...errors import LoadError
from ..sys import token
from ..sys.explain import explain
from ..sys.layouts import BtfLoad
from ..sys.syscall import BpfError, Descriptor, buffer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ...spec import SectionLayout
    from ..sys.syscall import Buffer

__all__ = ["degrade", "last_said", "load_btf", "out_of_order", "plain_btf", "prepare"]

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
    pointer to void. What gcc and rustc write and the kernel does not take is tidied: with members `out_of_order` put in
    order, CO-RE relocations, which count members, are not for this BTF.

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
    changed.update(_in_order(btf, out_of_order(btf)))
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


def out_of_order(btf: Btf) -> list[int]:
    """Return the structs and unions whose members the kernel does not take as they are listed.

    It wants them in the order of their offsets, and none of type void (`btf_struct_check_member`, `btf_struct_resolve`
    in kernel/bpf/btf.c). rustc lists them as the source does, lays them out by size, and has no type for its `char`.
    """
    found: list[int] = []
    for kind in (Kind.STRUCT, Kind.UNION):
        for type_id in btf.ids(kind):
            members = _members(_record(btf, type_id))
            offsets = [_bit_offset(*member) for member in members]
            if any(after < before for before, after in pairwise(offsets)) or any(not each[1] for _, each in members):
                found.append(type_id)
    return found


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


def rename(raw: bytes) -> bytes:
    """Return BTF whose names the kernel takes, with the same ids: `Opt<char>` and `{closure#0}` are `Opt_char_`, ….

    The kernel wants names as C has them, with dots (`btf_name_valid_identifier`); rustc has those of its own language.
    Parameters of a function have to have one (`btf_func_check`): those without are called `_`.
    """
    btf = Btf(raw, sys.byteorder)
    added = bytearray(b"_\0")
    unnamed = len(btf.strings)
    places: dict[int, int] = {0: 0}
    changed: dict[int, bytes] = {}
    for kind, (first, step) in _NAMES.items():
        for type_id in btf.ids(kind):
            record = bytearray(_record(btf, type_id))
            for at in (0, *(range(first, len(record), step) if step else ())):
                (offset,) = struct.unpack_from("=I", record, at)
                if offset not in places:
                    name = btf.strings[offset : btf.strings.find(b"\0", offset)]
                    places[offset] = offset
                    if not _VALID_NAME.fullmatch(name):
                        places[offset] = len(btf.strings) + len(added)
                        added += _as_c(name) + b"\0"
                needs_name = kind == Kind.FUNC_PROTO and not offset and at and any(record[at + 4 : at + 8])
                struct.pack_into("=I", record, at, unnamed if needs_name else places[offset])
            if (renamed := bytes(record)) != _record(btf, type_id):
                changed[type_id] = renamed
    return _assemble(btf, changed, bytes(added)) if changed else raw


_VALID_NAME: Final = re.compile(rb"[A-Za-z_.][A-Za-z0-9_.]{0,126}")
_NAMES: Final = {
    Kind.STRUCT: (12, 12),
    Kind.UNION: (12, 12),
    Kind.ENUM: (12, 8),
    Kind.ENUM64: (12, 12),
    Kind.FUNC_PROTO: (12, 8),
    Kind.FWD: (0, 0),
    Kind.TYPEDEF: (0, 0),
    Kind.FUNC: (0, 0),
    Kind.VAR: (0, 0),
}
"""Where the names in a record are behind its own: at which byte the first is, and how many bytes further each next."""


def _as_c(name: bytes) -> bytes:
    """Return a name as C could have it; of a long one what older kernels take (KSYM_NAME_LEN was 128)."""
    text = re.sub(rb"[^A-Za-z0-9_.]", b"_", name)
    return (text if _VALID_NAME.match(text) else b"_" + text)[:127]


def plain_btf(size: int) -> bytes:
    """Return BTF with an `int`, a `char`, and an array of *size* characters: types 1, 2 and 3."""
    integers = struct.pack("=8I", 1, Kind.INT << 24, 4, 1 << 24 | 32, 5, Kind.INT << 24, 1, 2 << 24 | 8)
    types = integers + struct.pack("=6I", 0, Kind.ARRAY << 24, 0, 2, 1, size)
    return blob_of(types, b"\0int\0char\0")


def load_btf(raw: bytes) -> Descriptor:
    """Load BTF into the kernel; where that refuses it, once more with other names, and then in degraded form.

    Raises:
        LoadError, NoPermissionError, FeatureError: It was refused again; the reason has the last line of the log.
    """
    try:
        return Descriptor(_load(raw), "BTF")
    except BpfError:
        renamed = rename(raw)
    if renamed != raw:
        with contextlib.suppress(BpfError):
            return Descriptor(_load(renamed), "BTF")
    log = buffer(_LOG_SIZE)
    try:
        return Descriptor(_load(degrade(renamed), log), "BTF")
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
    attr = BtfLoad(btf=buffer(raw), btf_size=len(raw))
    if log is not None:
        attr.btf_log_buf, attr.btf_log_size, attr.btf_log_level = log, len(log), 1
    return attr.create(token.current())


def _tidied(record: bytes) -> bytes:
    """Return a pointer without the name that rustc gives it, an integer with one encoding: gcc's `char` has two."""
    name, info, size = struct.unpack_from("=3I", record)
    if info >> _KIND_SHIFT & 0x1F == Kind.PTR:
        return struct.pack("=3I", 0, info, size)
    (details,) = struct.unpack_from("=I", record, 12)
    encoding = details >> 24 & 0xF
    # Of several bits the lowest: BTF_INT_SIGNED before BTF_INT_CHAR before BTF_INT_BOOL.
    return struct.pack("=4I", name, info, size, details & ~(0xF << 24) | (encoding & -encoding) << 24)


def _members(record: bytes) -> list[tuple[bool, tuple[int, int, int]]]:
    """Return a struct's members as (name, type, offset), each with whether its offset has the size of a bitfield."""
    (info,) = struct.unpack_from("=I", record, 4)
    return [(bool(info >> 31), member) for member in struct.iter_unpack("=3I", record[12:])]


def _bit_offset(has_size: bool, member: tuple[int, int, int]) -> int:
    return member[2] & 0xFFFFFF if has_size else member[2]


def _in_order(btf: Btf, structs: Collection[int]) -> dict[int, bytes]:
    """Return records in which members come in order, and those of the tags that count them."""
    changed: dict[int, bytes] = {}
    places: dict[int, list[int]] = {}
    for type_id in structs:
        record = _record(btf, type_id)
        members = _members(record)
        kept = [index for index, (_, member) in enumerate(members) if member[1]]
        order = sorted(kept, key=lambda index: _bit_offset(*members[index]))
        name, info, size = struct.unpack_from("=3I", record)
        changed[type_id] = struct.pack("=3I", name, info & ~_VLEN | len(order), size)
        changed[type_id] += b"".join(struct.pack("=3I", *members[index][1]) for index in order)
        places[type_id] = order
    for type_id in btf.ids(Kind.DECL_TAG) if places else ():
        found = btf.type(type_id)
        order = places.get(found.target, []) if isinstance(found, t.DeclTag) else []
        if isinstance(found, t.DeclTag) and order and found.component >= 0:
            is_there = found.component in order
            component = struct.pack("=i", order.index(found.component) if is_there else 0)
            changed[type_id] = _record(btf, type_id)[:12] + component if is_there else _POINTER
    return changed


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


def _assemble(btf: Btf, changed: Mapping[int, bytes], added: bytes = b"") -> bytes:
    """Return a blob in which some types are others, with the same strings and more behind them."""
    parts: list[bytes | memoryview] = []
    at = btf.types_start
    for type_id in sorted(changed):
        start, end = btf.record(type_id)
        parts += btf.raw[at:start], changed[type_id]
        at = end
    if len(btf) > 1:
        parts.append(btf.raw[at : btf.record(len(btf) - 1)[1]])
    return blob_of(b"".join(parts), btf.strings + added)
