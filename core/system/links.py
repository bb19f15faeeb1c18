"""Links as the kernel tells of them one by one, each kind in its own way; their places come later."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.attach.namespace import NETFILTER_FAMILIES, NETFILTER_HOOKS
from ..kernel.sys.layouts import BpfLinkInfo
from ..kernel.sys.object import fill
from ..kernel.sys.survey import survey
from ..kernel.sys.syscall import BpfError, buffer
from ..uapi import AttachType, LinkType
from .names import event_name, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel.sys.syscall import Buffer
    from .model import Detail

__all__ = ["RawLink", "described_link", "detail_text", "read_links"]

_TEXT_ROOM: Final = 256
_PERF_KINDS: Final = {1: "uprobe", 2: "uretprobe", 3: "kprobe", 4: "kretprobe", 5: "tracepoint", 6: "perf_event"}
"""`enum bpf_perf_event_type`."""
_FAMILY_NAMES: Final = {int(number): name for name, number in NETFILTER_FAMILIES.items()}
_HOOK_NAMES: Final = {number: name for name, number in NETFILTER_HOOKS.items()}


_EVENT_TYPES: Final = ("hardware", "software", "tracepoint", "hw_cache", "raw", "breakpoint")
"""`enum perf_type_id`."""
_ADDRESSES: Final = frozenset({"addr", "addrs", "cookie", "offset", "offsets"})


def detail_text(name: str, value: Detail) -> str:
    """Return what `LinkEntry.details` has under a name, as people write it: `input (1)`, `0x9f450`."""
    if name in _ADDRESSES:
        return ", ".join(
            f"{each:#x}" if isinstance(each, int) else each
            for each in (value if isinstance(value, tuple) else (value,))
        )
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    words = {"pf": _FAMILY_NAMES, "hook": _HOOK_NAMES, "event_type": dict(enumerate(_EVENT_TYPES))}.get(name, {})
    return f"{words[value]} ({value})" if isinstance(value, int) and value in words else str(value)


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
