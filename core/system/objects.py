"""Programs, maps, links and types as the kernel tells of them one by one; their relations come later."""

from __future__ import annotations

import contextlib
import functools
import os
import struct
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.attach.namespace import NETFILTER_FAMILIES, NETFILTER_HOOKS
from ..kernel.sys.elements import Elements
from ..kernel.sys.layouts import BpfBtfInfo, BpfLinkInfo, BpfMapInfo, BpfProgInfo
from ..kernel.sys.object import fill
from ..kernel.sys.survey import Runs, number_in, query, read_fdinfo, survey
from ..kernel.sys.syscall import BpfError, Descriptor, buffer
from ..maps import Shape
from ..uapi import AttachType, LinkType, MapType, ProgramType
from .names import event_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kernel.sys.syscall import Buffer
    from .model import Detail
    from .names import Names

__all__ = [
    "RawBtf",
    "RawLink",
    "RawMap",
    "RawProgram",
    "described_link",
    "label",
    "read_btfs",
    "read_links",
    "read_maps",
    "read_programs",
]

_NAME_ROOM: Final = 64
"""MODULE_NAME_LEN is 64 less the size of a pointer."""
_TEXT_ROOM: Final = 256
_MOST_SLOTS: Final = 4096
"""Entries of a map of objects that are looked at."""
_STATES: Final = ("not registered", "in use", "being freed", "ready")
"""`enum bpf_struct_ops_state`."""
_STATE: Final = struct.Struct("=II")
"""The beginning of `struct bpf_struct_ops_common_value`: references, and the state."""
_PERF_KINDS: Final = {1: "uprobe", 2: "uretprobe", 3: "kprobe", 4: "kretprobe", 5: "tracepoint", 6: "perf_event"}
"""`enum bpf_perf_event_type`."""
_OF_SOCKETS: Final = (
    AttachType.SK_MSG_VERDICT,
    AttachType.SK_SKB_STREAM_PARSER,
    AttachType.SK_SKB_STREAM_VERDICT,
    AttachType.SK_SKB_VERDICT,
)
_DISPATCHER: Final = "xdp_disp.rodata"
_FAMILY_NAMES: Final = {int(number): name for name, number in NETFILTER_FAMILIES.items()}
_HOOK_NAMES: Final = {number: name for name, number in NETFILTER_HOOKS.items()}


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


class RawLink(NamedTuple):
    """What the kernel tells of a link."""

    id: int
    type: int
    program: int | None
    hook: str
    """As in `Attachment.hook`."""
    attach_type: str | None
    target: str
    """As far as it is known by now."""
    detached: bool
    details: dict[str, Detail]

    def inside(self, namespace: int) -> RawLink:
        """Return it with the network namespace that it is in: an inode, 0 where it was detached."""
        return self._replace(detached=not namespace, details=self.details | {"netns_ino": namespace})


class RawBtf(NamedTuple):
    """What the kernel tells of types."""

    id: int
    name: str
    size: int
    kernel: bool


@functools.cache
def label(kind: type[ProgramType | MapType | LinkType | AttachType], number: int) -> str:
    """Return what a number is called, `type 99` where it is newer than bpftui."""
    try:
        return kind(number).label
    except ValueError:
        return f"type {number}"


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


_SETTLED: Final = 10_000_000_000
"""Nanoseconds after its loading from which on a program uses no other maps: they may be bound to it later, which
loaders do at once (BPF_PROG_BIND_MAP, Linux 5.10)."""


def read_programs(
    names: Names, gone: Callable[[int], object], counters: Mapping[int, Runs], known: Mapping[int, RawProgram]
) -> dict[int, RawProgram]:
    """Return all programs by their ids; errors as for `survey`.

    Args:
        names: Their names.
        gone: Is told the id of one that was there and is not any more.
        counters: What all that there are have done, by their ids.
        known: Programs that were read before: but for what they have done, nothing of them changes.
    """
    settled = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - _SETTLED
    found = {
        number: before._replace(runs=runs)
        for number, runs in counters.items()
        if (before := known.get(number)) is not None and before.load_time_ns < settled
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
            Runs(runs, spent, missed),
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


def read_maps(names: Names, gone: Callable[[int], object]) -> dict[int, RawMap]:
    """Return all maps by their ids; errors as for `survey`."""
    found: dict[int, RawMap] = {}
    info = BpfMapInfo()
    for number, fd in survey("map", info, gone):
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
    return found


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


def read_links(gone: Callable[[int], object]) -> dict[int, RawLink]:
    """Return all links by their ids; errors as for `survey`."""
    found: dict[int, RawLink] = {}
    info = BpfLinkInfo()
    for number, fd in survey("link", info, gone):
        found[number] = described_link(info, fd)
    return found


def described_link(info: BpfLinkInfo, fd: int) -> RawLink:
    """Return what the kernel tells of a link: *info*, and what it is asked for through the descriptor besides."""
    kind, number, program = info.read("type", "id", "prog_id")
    describe = _OF_KIND.get(kind)
    hook, attach, target, detached, details = describe(info, fd) if describe else _unknown(kind)
    attach_type = None if attach is None else label(AttachType, attach)
    return RawLink(number, kind, program or None, hook, attach_type, target, detached, details)


class _Description(NamedTuple):
    hook: str
    attach_type: int | None
    target: str
    detached: bool
    details: dict[str, Detail]


def _unknown(kind: int) -> _Description:
    return _Description(f"link type {kind}", None, "", False, {})


def _room(known: int) -> Buffer:
    """Return room for a text of which the kernel said how long it is; an older one says nothing."""
    return buffer(max(known, _TEXT_ROOM))


def _again(fd: int, info: BpfLinkInfo) -> BpfLinkInfo:
    """Ask once more, with room for what is pointed to; what the kernel does not tell of it stays 0."""
    with contextlib.suppress(BpfError):
        fill(fd, info)
    return info


def _text(room: Buffer) -> str:
    return room.value.decode("utf-8", "replace")


def _raw_tracepoint(info: BpfLinkInfo, fd: int) -> _Description:
    room = _room(info.tp_name_len)
    _again(fd, BpfLinkInfo(tp_name=room, tp_name_len=len(room)))
    name = _text(room)
    return _Description("raw_tracepoint", None, name, False, {"tp_name": name})


def _tracing(info: BpfLinkInfo, _fd: int) -> _Description:
    attach, target, btf_id = info.read("tracing_attach_type", "target_obj_id", "target_btf_id")
    details: dict[str, Detail] = {"target_obj_id": target, "target_btf_id": btf_id}
    if info.tracing_cookie:
        details["cookie"] = info.tracing_cookie
    known = label(AttachType, attach)
    return _Description("freplace" if attach == 0 else known.removeprefix("trace_"), attach or None, "", False, details)


def _cgroup(info: BpfLinkInfo, _fd: int) -> _Description:
    number, attach = info.read("cgroup_id", "cgroup_attach_type")
    return _Description(label(AttachType, attach), attach, "", not number, {"cgroup_id": number})


def _iter(info: BpfLinkInfo, fd: int) -> _Description:
    room = _room(info.iter_name_len)
    _again(fd, BpfLinkInfo(iter_name=room, iter_name_len=len(room)))
    name = _text(room)
    details: dict[str, Detail] = {"target_name": name}
    if name.startswith(("bpf_map_elem", "bpf_sk_storage_map")):
        details["map_id"] = info.iter_map_id
    return _Description("iter", int(AttachType.TRACE_ITER), name, False, details)


def _netns(info: BpfLinkInfo, _fd: int) -> _Description:
    inode, attach = info.read("netns_ino", "netns_attach_type")
    target = f"net:[{inode}]" if inode else ""
    return _Description(label(AttachType, attach), attach, target, not inode, {"netns_ino": inode})


def _xdp(info: BpfLinkInfo, _fd: int) -> _Description:
    return _Description("xdp", int(AttachType.XDP), "", not info.xdp_ifindex, {"ifindex": info.xdp_ifindex})


def _tcx(info: BpfLinkInfo, _fd: int) -> _Description:
    index, attach = info.read("tcx_ifindex", "tcx_attach_type")
    return _Description(label(AttachType, attach), attach, "", not index, {"ifindex": index})


def _struct_ops(info: BpfLinkInfo, _fd: int) -> _Description:
    number = info.struct_ops_map_id
    return _Description(
        "struct_ops", int(AttachType.STRUCT_OPS), f"map {number}" if number else "", not number, {"map_id": number}
    )


def _sockmap(info: BpfLinkInfo, _fd: int) -> _Description:
    number, attach = info.read("sockmap_map_id", "sockmap_attach_type")
    return _Description(
        label(AttachType, attach), attach, f"map {number}" if number else "", not number, {"map_id": number}
    )


def _netfilter(info: BpfLinkInfo, _fd: int) -> _Description:
    told: tuple[int, ...] = info.read("pf", "hooknum", "priority", "netfilter_flags")
    family, hook, priority, flags = told
    priority = priority - (1 << 32) if priority >> 31 else priority
    name = _HOOK_NAMES.get(hook, hook)
    details: dict[str, Detail] = {"pf": family, "hook": hook, "prio": priority, "flags": flags}
    target = f"{_FAMILY_NAMES.get(family, family)} {name} priority {priority}"
    return _Description("netfilter", int(AttachType.NETFILTER), target, False, details)


def _perf(info: BpfLinkInfo, fd: int) -> _Description:
    if not info.perf_kind:  # BPF_PERF_EVENT_UNSPEC: before Linux 6.6 the kernel does not tell
        return _Description("perf_event", int(AttachType.PERF_EVENT), "", False, {})
    kind: str = _PERF_KINDS.get(info.perf_kind, "perf_event")
    if kind == "perf_event":
        told: dict[str, Detail] = {"event_type": info.event_type, "event_config": info.event_config}
        target = event_name(info.event_type, info.event_config)
        return _Description(kind, int(AttachType.PERF_EVENT), target, False, told)
    room = _room(info.perf_name_len)
    again = _again(fd, BpfLinkInfo(perf_name=room, perf_name_len=len(room)))
    name = _text(room)
    if kind == "tracepoint":
        return _Description(kind, int(AttachType.PERF_EVENT), name, False, {"tracepoint": name})
    offset = again.perf_offset
    details: dict[str, Detail] = {"offset": offset}
    target = f"{name}+0x{offset:x}" if offset or kind.startswith("u") else name
    if kind.startswith("k"):
        details |= {"func": name, "addr": again.perf_address, "missed": again.perf_missed}
        target = target or f"0x{again.perf_address:x}"
    else:
        details["file"] = name
    return _Description(kind, int(AttachType.PERF_EVENT), target, False, details)


def _kprobe_multi(info: BpfLinkInfo, fd: int) -> _Description:
    count, flags, missed = info.read("kprobe_count", "kprobe_flags", "kprobe_missed")
    if not count:  # before Linux 6.6 the kernel does not tell
        return _Description("kprobe_multi", int(AttachType.TRACE_KPROBE_MULTI), "", False, {})
    room = buffer(8 * count)
    _again(fd, BpfLinkInfo(addrs=room, kprobe_count=count))
    addresses = struct.unpack_from(f"={count}Q", room)
    hook = "kretprobe_multi" if flags & 1 else "kprobe_multi"
    details: dict[str, Detail] = {"func_cnt": count, "missed": missed, "addrs": addresses, "flags": flags}
    return _Description(hook, int(AttachType.TRACE_KPROBE_MULTI), f"{count} functions", False, details)


def _uprobe_multi(info: BpfLinkInfo, fd: int) -> _Description:
    count, flags, pid = info.read("uprobe_count", "uprobe_flags", "uprobe_pid")
    if not count:  # before Linux 6.8 the kernel does not tell
        return _Description("uprobe_multi", int(AttachType.TRACE_UPROBE_MULTI), "", False, {})
    room, places = _room(info.path_size), buffer(8 * count)
    _again(fd, BpfLinkInfo(path=room, path_size=len(room), offsets=places, uprobe_count=count))
    path, offsets = _text(room), struct.unpack_from(f"={count}Q", places)
    hook = "uretprobe_multi" if flags & 1 else "uprobe_multi"
    where = f"{path}+0x{offsets[0]:x}" if len(offsets) == 1 else f"{path} ({count} places)"
    details: dict[str, Detail] = {"path": path, "func_cnt": count, "offsets": offsets, "flags": flags}
    if pid:
        details["pid"] = pid
    return _Description(hook, int(AttachType.TRACE_UPROBE_MULTI), where, False, details)


_OF_KIND: Final[dict[int, Callable[[BpfLinkInfo, int], _Description]]] = {
    LinkType.RAW_TRACEPOINT: _raw_tracepoint,
    LinkType.TRACING: _tracing,
    LinkType.CGROUP: _cgroup,
    LinkType.ITER: _iter,
    LinkType.NETNS: _netns,
    LinkType.XDP: _xdp,
    LinkType.PERF_EVENT: _perf,
    LinkType.KPROBE_MULTI: _kprobe_multi,
    LinkType.STRUCT_OPS: _struct_ops,
    LinkType.NETFILTER: _netfilter,
    LinkType.TCX: _tcx,
    LinkType.UPROBE_MULTI: _uprobe_multi,
    LinkType.NETKIT: _tcx,
    LinkType.SOCKMAP: _sockmap,
}
