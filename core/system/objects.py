"""Programs, maps and types as the kernel tells of them one by one; their relations come later."""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.sys.elements import Elements
from ..kernel.sys.layouts import BpfBtfInfo, BpfMapInfo, BpfProgInfo
from ..kernel.sys.object import fill
from ..kernel.sys.survey import Runs, number_in, query, read_fdinfo, survey
from ..kernel.sys.syscall import BpfError, Descriptor, buffer
from ..maps import Shape
from ..uapi import AttachType, MapFlag, MapType, ProgramType
from .names import label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .names import Names
    from .owners import MapState

__all__ = [
    "RawBtf",
    "RawMap",
    "RawProgram",
    "read_btfs",
    "read_maps",
    "read_programs",
]

_NAME_ROOM: Final = 64
"""MODULE_NAME_LEN is 64 less the size of a pointer."""
_MOST_SLOTS: Final = 4096
"""Entries of a map of objects that are looked at."""
_STATES: Final = ("not registered", "in use", "being freed", "ready")
"""`enum bpf_struct_ops_state`."""
_STATE: Final = struct.Struct("=II")
"""The beginning of `struct bpf_struct_ops_common_value`: references, and the state."""
_OF_SOCKETS: Final = (
    AttachType.SK_MSG_VERDICT,
    AttachType.SK_SKB_STREAM_PARSER,
    AttachType.SK_SKB_STREAM_VERDICT,
    AttachType.SK_SKB_VERDICT,
)
_DISPATCHER: Final = "xdp_disp.rodata"


class RawProgram(NamedTuple):
    """What the kernel tells of a program."""

    id: int
    name: str
    type: str
    tag: str
    uid: int
    load_time_ns: int
    map_ids: tuple[int, ...]
    xlated_size: int
    jited_size: int
    gpl_compatible: bool
    btf_id: int
    ifindex: int
    runs: Runs
    verified_insns: int | None
    memlock: int | None


class RawMap(NamedTuple):
    """What the kernel tells of a map."""

    id: int
    name: str
    type: str
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    map_extra: int
    btf_id: int
    memlock: int | None
    frozen: bool | None
    holds: tuple[tuple[int, int], ...]
    """Slot (or place) and id of each program or map in it."""
    state: str
    attached: tuple[tuple[str, int], ...]
    """Of a map of sockets: hook and program of each that decides about them."""
    dispatcher: bytes
    """The configuration of libxdp's dispatcher, where it is one's; else empty."""


class RawBtf(NamedTuple):
    """What the kernel tells of types."""

    id: int
    name: str
    size: int
    kernel: bool


_PROGRAM: Final = (
    "type",
    "id",
    "tag",
    "jited_prog_len",
    "xlated_prog_len",
    "load_time",
    "created_by_uid",
    "nr_map_ids",
    "name",
    "ifindex",
    "gpl_compatible",
    "btf_id",
    "run_time_ns",
    "run_cnt",
    "recursion_misses",
    "verified_insns",
)


def read_programs(
    names: Names, gone: Callable[[int], object], counters: Mapping[int, Runs], known: Mapping[int, RawProgram]
) -> dict[int, RawProgram]:
    """Return all programs by their ids; errors as for `survey`.

    Args:
        names: Their names.
        gone: Is told the id of one that was there and is not any more.
        counters: What all that there are have done, by their ids.
        known: Programs that were read before: nothing of them changes but what they have done, and that further maps
            are bound to them (BPF_PROG_BIND_MAP, Linux 5.10).
    """
    found = {
        number: before._replace(runs=runs)
        for number, runs in counters.items()
        if (before := known.get(number)) is not None and len(before.map_ids) == runs.maps
    }
    info = BpfProgInfo()
    for number, fd in survey("program", info, gone, counters.keys() - found.keys()):
        told = info.read(*_PROGRAM)
        kind, _, tag, jited, xlated, loaded, uid, maps, name, ifindex, gpl, btf_id, spent, runs, missed, verified = told
        found[number] = RawProgram(
            number,
            names.program(number, fd, info, name, btf_id),
            label(ProgramType, kind),
            tag.hex(),
            uid,
            loaded,
            _map_ids(fd, maps),
            xlated,
            jited,
            bool(gpl & 1),
            btf_id,
            ifindex,
            Runs(runs, spent, missed, maps),
            verified or None,
            names.memory(number, fd),
        )
    return dict(sorted(found.items()))


def _map_ids(fd: int, count: int) -> tuple[int, ...]:
    if not count:
        return ()
    room = buffer(4 * count)
    info = BpfProgInfo(nr_map_ids=count, map_ids=room)
    try:
        fill(fd, info)
    except BpfError:
        return ()
    return struct.unpack_from(f"={min(count, info.nr_map_ids)}I", room)


_MAP: Final = (
    "type",
    "id",
    "key_size",
    "value_size",
    "max_entries",
    "map_flags",
    "name",
    "btf_vmlinux_value_type_id",
    "btf_id",
    "map_extra",
)


def read_maps(
    names: Names, gone: Callable[[int], object], states: Mapping[int, MapState], known: Mapping[int, RawMap]
) -> dict[int, RawMap]:
    """Return all maps by their ids; errors as for `survey`.

    Args:
        names: Their names.
        gone: Is told the id of one that was there and is not any more.
        states: What changes of all that there are, by their ids; empty where that is not known.
        known: Maps that were read before: of some nothing else changes.
    """
    found = {
        number: before._replace(frozen=state.frozen)
        for number, state in states.items()
        if (before := known.get(number)) is not None and _is_settled(before)
    }
    info = BpfMapInfo()
    for number, fd in survey("map", info, gone, states.keys() - found.keys() if states else None):
        kind, _, keys, values, entries, flags, name, vtype, btf_id, extra = info.read(*_MAP)
        told = read_fdinfo(f"/proc/self/fdinfo/{fd}")
        frozen = number_in(told, b"frozen")
        inside = _NOTHING
        if kind in _LOOKED_INTO or name == _DISPATCHER:
            inside = _look_into(fd, Shape(MapType(kind), keys, values, entries, flags), names, vtype)
        found[number] = RawMap(
            number,
            names.map(number, name, btf_id),
            label(MapType, kind),
            keys,
            values,
            entries,
            flags,
            extra,
            btf_id,
            number_in(told, b"memlock"),
            None if frozen is None else bool(frozen),
            *inside,
        )
    return dict(sorted(found.items()))


_ALLOCATED: Final = frozenset(
    each.label
    for each in MapType
    if each.is_array
    or each.is_hash
    or each.is_queue
    or each in (MapType.STACK_TRACE, MapType.RINGBUF, MapType.BLOOM_FILTER)
)
"""Types of maps that take all of their memory when they are made, unless they are told not to (BPF_F_NO_PREALLOC)."""


def _is_settled(map_: RawMap) -> bool:
    """Whether nothing that is told of a map changes, but for its being frozen."""
    return map_.type in _ALLOCATED and not map_.flags & MapFlag.NO_PREALLOC and not map_.dispatcher


_LOOKED_INTO: Final = frozenset(
    each for each in MapType if each.gives_ids or each.is_sockmap or each is MapType.STRUCT_OPS
)
"""Types of maps that keep others alive, or programs are attached to."""


class _Inside(NamedTuple):
    """The last fields of `RawMap`."""

    holds: tuple[tuple[int, int], ...] = ()
    state: str = ""
    attached: tuple[tuple[str, int], ...] = ()
    dispatcher: bytes = b""


_NOTHING: Final = _Inside()


def _look_into(fd: int, shape: Shape, names: Names, value_type: int) -> _Inside:
    kind = shape.type
    if kind is MapType.STRUCT_OPS:
        return _Inside(_slots(fd, shape, names, value_type), _state(fd, shape))
    if kind.gives_ids:
        return _Inside(_slots(fd, shape, names, value_type))
    return _Inside(attached=_verdicts(fd)) if kind.is_sockmap else _Inside(dispatcher=_value(fd, shape))


def _slots(fd: int, shape: Shape, names: Names, value_type: int) -> tuple[tuple[int, int], ...]:
    """Return place and id of each object in a map; of struct_ops, of each program that a member points to."""
    if shape.type is MapType.STRUCT_OPS:
        value = _value(fd, shape)
        words = [(at, value[at : at + 8]) for at in names.functions_of(value_type) if at + 8 <= len(value)]
        return tuple((at, int.from_bytes(raw, sys.byteorder)) for at, raw in words if any(raw))
    descriptor = Descriptor(os.dup(fd), "a map of objects")
    try:
        entries = Elements(descriptor, shape).snapshot(_MOST_SLOTS).entries
        rows = ((entry.key[:4], entry.values[0]) for entry in entries)
        return tuple((int.from_bytes(key, sys.byteorder), int.from_bytes(raw, sys.byteorder)) for key, raw in rows)
    except BpfError:
        return ()
    finally:
        descriptor.close()


def _verdicts(fd: int) -> tuple[tuple[str, int], ...]:
    """Return what decides about the sockets of a map."""
    found: list[tuple[str, int]] = []
    for hook in _OF_SOCKETS:
        try:
            told = query(fd, hook)
        except BpfError:
            continue
        found += [(hook.label, program) for program in told.program_ids] if told is not None else []
    return tuple(found)


def _value(fd: int, shape: Shape) -> bytes:
    """Return the first value of a map; empty where it cannot be read."""
    descriptor = Descriptor(os.dup(fd), "a map")
    try:
        return Elements(descriptor, shape).lookup(bytes(shape.key_size)) or b""
    except BpfError:
        return b""
    finally:
        descriptor.close()


def _state(fd: int, shape: Shape) -> str:
    value = _value(fd, shape)
    state = _STATE.unpack_from(value)[1] if len(value) >= _STATE.size else len(_STATES)
    return _STATES[state] if state < len(_STATES) else ""


def read_btfs(gone: Callable[[int], object]) -> dict[int, RawBtf]:
    """Return all types by their ids; errors as for `survey`."""
    found: dict[int, RawBtf] = {}
    info = BpfBtfInfo()
    for number, fd in survey("BTF", info, gone):
        size, kernel = info.btf_size, bool(info.kernel_btf)
        name = ""
        if kernel:
            text = buffer(_NAME_ROOM)
            try:
                fill(fd, BpfBtfInfo(name=text, name_len=_NAME_ROOM))
                name = text.value.decode("utf-8", "replace")
            except BpfError:
                gone(number)
        found[number] = RawBtf(number, name, size, kernel)
    return found
