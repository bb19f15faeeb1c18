"""A snapshot as JSON has it: schema `bpftui/list/1`, which docs/system.md describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .model import (
        Attachment,
        BtfEntry,
        ControlGroup,
        Hook,
        LinkEntry,
        MapEntry,
        NetworkNamespace,
        Owner,
        Pin,
        ProcessEntry,
        ProgramEntry,
        Snapshot,
    )

__all__ = ["NOUNS", "SCHEMA", "document"]

SCHEMA: Final = "bpftui/list/1"
NOUNS: Final = {
    "prog": "programs",
    "map": "maps",
    "link": "links",
    "btf": "btf",
    "pin": "pins",
    "proc": "processes",
    "net": "net",
    "cgroup": "cgroups",
}
"""What can be listed, and the key that the document has it at."""


def document(snapshot: Snapshot, nouns: Iterable[str] = NOUNS) -> dict[str, Any]:
    """Return a snapshot as a JSON document, with the lists of these nouns alone."""
    lists: dict[str, Any] = {
        "prog": lambda: [_program(each, snapshot) for each in snapshot.programs.values()],
        "map": lambda: [_map(each) for each in snapshot.maps.values()],
        "link": lambda: [_link(each) for each in snapshot.links.values()],
        "btf": lambda: [_btf(each) for each in snapshot.btfs.values()],
        "pin": lambda: [_pin(each) for each in snapshot.pins],
        "proc": lambda: [_process(each) for each in snapshot.processes.values()],
        "net": lambda: [row for each in snapshot.namespaces for row in _network(each)],
        "cgroup": lambda: [_group(each) for each in snapshot.control_groups],
    }
    return {
        "schema": SCHEMA,
        **{NOUNS[noun]: lists[noun]() for noun in nouns},
        "partial": snapshot.partial,
        "gone": [*snapshot.gone],
        "missing": [*snapshot.missing],
    }


def _owners(owners: tuple[Owner, ...] | None) -> list[dict[str, Any]] | None:
    return None if owners is None else [{"pid": each.pid, "comm": each.comm} for each in owners]


def _attached(each: Attachment) -> dict[str, Any]:
    found = {
        "program": each.program,
        "hook": each.hook,
        "target": each.target,
        "order": each.order,
        "link": each.link,
        "detail": each.detail,
    }
    return found | ({"owner": {"pid": each.owner.pid, "comm": each.owner.comm}} if each.owner else {})


def _hook(hook: Hook) -> dict[str, Any]:
    found: dict[str, Any] = {
        "hook": hook.name,
        "programs": [each.program for each in hook.attached],
        "attached": [_attached(each) for each in hook.attached],
    }
    return found | ({"mode": hook.mode} if hook.mode else {})


def _program(each: ProgramEntry, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "type": each.type,
        "tag": each.tag,
        "maps": [*each.map_ids],
        "links": [*each.links],
        "pids": _owners(each.owners),
        "pinned": [*each.pinned],
        "held_by": [*each.held_by],
        "attached": [_attached(one) for one in each.attachments],
        "run_cnt": each.run_cnt,
        "run_time_ns": each.run_time_ns,
        "recursion_misses": each.recursion_misses,
        "memlock": each.memlock,
        "verified_insns": each.verified_insns,
        "xlated_size": each.xlated_size,
        "jited_size": each.jited_size,
        "gpl_compatible": each.gpl_compatible,
        "btf": each.btf_id or None,
        "uid": each.uid,
        "loaded_at": int(snapshot.loaded_at(each)),
    }


def _map(each: MapEntry) -> dict[str, Any]:
    found = {
        "id": each.id,
        "name": each.name,
        "type": each.type,
        "key_size": each.key_size,
        "value_size": each.value_size,
        "max_entries": each.max_entries,
        "flags": each.flags,
        "map_extra": each.map_extra,
        "memlock": each.memlock,
        "frozen": each.frozen,
        "btf": each.btf_id or None,
        "pids": _owners(each.owners),
        "pinned": [*each.pinned],
        "programs": [*each.programs],
        "holds": [*each.holds],
        "held_by": [*each.held_by],
    }
    return found | ({"state": each.state} if each.state else {})


def _link(each: LinkEntry) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": each.type,
        "program": each.program,
        "attach_type": each.attach_type,
        "target": each.target,
        "order": each.order,
        "pids": _owners(each.owners),
        "pinned": [*each.pinned],
        "detached": each.detached,
        "details": {name: [*value] if isinstance(value, tuple) else value for name, value in each.details.items()},
    }


def _btf(each: BtfEntry) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "size": each.size,
        "kernel": each.kernel,
        "pids": _owners(each.owners),
        "programs": [*each.programs],
        "maps": [*each.maps],
    }


def _pin(each: Pin) -> dict[str, Any]:
    return {"path": each.path, "kind": each.kind, "id": each.id, "mount_namespace": each.mounts or None}


def _process(each: ProcessEntry) -> dict[str, Any]:
    return {
        "pid": each.pid,
        "inner_pid": each.inner_pid,
        "comm": each.comm,
        "command": each.command,
        "uid": each.uid,
        "cgroup": each.unit,
        "container": each.container or None,
        "mount_namespace": each.mounts or None,
        "programs": [*each.programs],
        "maps": [*each.maps],
        "links": [*each.links],
        "btf": [*each.btfs],
    }


def _network(namespace: NetworkNamespace) -> list[dict[str, Any]]:
    """Return a row for each interface, and one without a name for what belongs to the namespace itself."""
    common = {"namespace": namespace.inode, "namespace_path": namespace.path or None}
    rows: list[dict[str, Any]] = [
        {
            **common,
            "ifindex": each.ifindex,
            "name": each.name,
            "kind": each.kind,
            "up": each.up,
            "mtu": each.mtu,
            "addresses": [*each.addresses],
            "default_route": each.default_route,
            "hooks": [_hook(hook) for hook in each.hooks],
        }
        for each in namespace.interfaces
    ]
    if namespace.hooks:
        rows.append({**common, "ifindex": None, "name": None, "hooks": [_hook(hook) for hook in namespace.hooks]})
    return rows


def _group(each: ControlGroup) -> dict[str, Any]:
    return {"path": each.path, "id": each.id, "hooks": [_hook(hook) for hook in each.hooks]}
