"""Which link holds which program where: what links, interfaces, control groups and namespaces tell, put together."""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from ..context.fields import XDP_ACTIONS
from ..uapi import LinkType
from .model import Attachment, Hook
from .names import MOST_FUNCTIONS, functions_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .links import RawLink
    from .model import ControlGroup, Detail, NetworkNamespace
    from .names import Names
    from .objects import RawMap, RawProgram

__all__ = ["OF_ROUTES", "Place", "Places", "put_together"]

_TRACING: Final = frozenset(kind for kind in LinkType if kind.is_tracing)

_CONFIGURATION: Final = struct.Struct("=4B10I10I")
"""`struct xdp_dispatcher_config` of libxdp, as far as all versions have it: magic, version, members, whether they take
fragments; of each member the actions on which the next one runs, and its priority."""
_MAGIC: Final = 236
_MEMBER: Final = "prog"
"""What the functions of a dispatcher are called that its members replace, with their number behind."""


OF_ROUTES: Final = frozenset({"lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"})
"""Hooks of routes, which are called as the types of their programs."""


class Place(NamedTuple):
    """Where a link holds its program."""

    target: str
    order: int | None


class Places(NamedTuple):
    """What was put together."""

    namespaces: tuple[NetworkNamespace, ...]
    control_groups: tuple[ControlGroup, ...]
    of_links: dict[int, Place]
    attachments: list[Attachment]
    """All of them, those of tracing besides."""
    tracing: tuple[Attachment, ...]


class _Linked:
    """The links of those kinds that are attached to something that tells its programs too."""

    def __init__(self, links: Iterable[RawLink]) -> None:
        self._waiting: dict[tuple[object, ...], list[int]] = {}
        for link in links:
            key = _key(link)
            if key is not None:
                self._waiting.setdefault(key, []).append(link.id)

    def take(self, *key: object) -> int | None:
        """Return a link of that target, hook and program, each once; None where there is none."""
        found = self._waiting.get(key)
        return found.pop(0) if found else None


def _key(link: RawLink) -> tuple[object, ...] | None:
    match link.type:
        case LinkType.CGROUP:
            return "cgroup", link.details["cgroup_id"], link.hook, link.program
        case LinkType.NETNS:
            return "netns", link.details["netns_ino"], link.hook, link.program
        case LinkType.XDP:
            return "xdp", link.details["ifindex"], link.hook, link.program
        case _:
            return None


def put_together(
    links: Mapping[int, RawLink],
    maps: Mapping[int, RawMap],
    programs: Mapping[int, RawProgram],
    namespaces: Iterable[NetworkNamespace],
    groups: Iterable[ControlGroup],
    probes: Iterable[Attachment],
    names: Names,
    kernel: Mapping[int, str],
    paths: Mapping[int, str],
) -> Places:
    """Say of each link where it holds its program, and of each program there which link it is.

    Args:
        links, maps, programs: What the kernel tells of them.
        namespaces: Network namespaces, of which only tcx and netkit name links.
        groups: Control groups, which name none.
        probes: Perf events. They tell what a link to one is attached to where the kernel does not (before Linux 6.6);
            where its program runs at several, it may be any of them.
        names: What finds the names of functions.
        kernel: The names of the kernel's own types, by their ids.
        paths: Those of all control groups, by their ids.
    """
    linked = _Linked(links.values())
    of_links: dict[int, Place] = {}
    everything: list[Attachment] = []

    def settle(hook: Hook, where: str, key: Callable[[Attachment], int | None]) -> Hook:
        """Return a hook with its links; *where* is its target as others are told."""
        rows: list[Attachment] = []
        for each in hook.attached:
            inherited = each.detail.startswith("from ")
            link = each.link or (None if inherited else key(each))
            row = each._replace(link=link)
            rows.append(row)
            if link is not None:
                of_links[link] = Place(where, each.order)
            if not inherited:
                everything.append(row._replace(target=where))
        return hook._replace(attached=tuple(rows))

    namespaces = tuple(namespaces)
    netfilter = _netfilter(links.values(), namespaces)
    for hook in (hook for hooks in netfilter.values() for hook in hooks):
        everything += hook.attached
        of_links |= {each.link: Place(each.target, each.order) for each in hook.attached if each.link is not None}
    settled_namespaces: list[NetworkNamespace] = []
    types: dict[str, list[int]] = {}
    for program in programs.values():
        types.setdefault(program.type, []).append(program.id)
    for namespace in namespaces:
        suffix = "" if namespace.own else f" in {namespace.label}"
        interfaces = tuple(
            interface._replace(
                hooks=tuple(
                    settle(
                        _through_dispatcher(hook, links, maps, programs, names),
                        interface.name + suffix,
                        lambda each, index=interface.ifindex: linked.take("xdp", index, each.hook, each.program),
                    )
                    for hook in interface.hooks
                )
            )
            for interface in namespace.interfaces
        )
        own = tuple(
            settle(
                hook,
                f"net:[{namespace.inode}]{'' if namespace.own or not namespace.path else suffix}",
                lambda each, inode=namespace.inode: linked.take("netns", inode, each.hook, each.program),
            )
            for hook in namespace.hooks
            if hook.name not in OF_ROUTES
        )
        routed = tuple(_routed(hook, types) for hook in namespace.hooks if hook.name in OF_ROUTES)
        everything += [each._replace(target=each.target + suffix) for hook in routed for each in hook.attached]
        filters = tuple(netfilter.get(namespace.inode, ()))
        settled_namespaces.append(namespace._replace(interfaces=interfaces, hooks=own + filters + routed))
    settled_groups: list[ControlGroup] = []
    for group in groups:
        hooks = tuple(
            settle(
                hook,
                group.path,
                lambda each, number=group.id: linked.take("cgroup", number, each.hook, each.program),
            )
            for hook in group.hooks
        )
        settled_groups.append(group._replace(hooks=hooks))
    tracing: list[Attachment] = []
    probes = tuple(probes)
    for link in links.values():
        if link.id in of_links:
            continue
        events = _events_of(link, probes)
        hook, target = link.hook, _target(link, maps, programs, names, kernel, paths)
        if len(events) == 1:
            ((hook, target),) = events
        of_links[link.id] = Place(target, None)
        if link.program is not None and not link.detached and len(events) < 2:
            row = Attachment(link.program, hook, target, None, link.id, _detail(link))
            everything.append(row)
            if link.type in _TRACING:
                tracing.append(row)
    # The event that a link holds its program at is open as well, as a rule in the same process.
    linked_events = Counter((each.program, each.hook, each.target) for each in tracing)
    alone = [each for each in probes if not _taken(linked_events, each)]
    everything += alone
    tracing = alone + tracing
    everything += [
        Attachment(program, hook, f"map {each.id} {each.name}")
        for each in maps.values()
        for hook, program in each.attached
        if not any(link.program == program and link.details.get("map_id") == each.id for link in links.values())
    ]
    return Places(tuple(settled_namespaces), tuple(settled_groups), of_links, everything, tuple(tracing))


def _routed(hook: Hook, types: Mapping[str, Sequence[int]]) -> Hook:
    """Return a hook of routes with the program where the kernel does not tell it: the only one of its type."""
    alone = types.get(hook.name, ())
    number = alone[0] if len(alone) == 1 else 0
    return hook._replace(attached=tuple(each._replace(program=each.program or number) for each in hook.attached))


def _netfilter(links: Iterable[RawLink], namespaces: Iterable[NetworkNamespace]) -> dict[int, list[Hook]]:
    """Return the hooks of netfilter that have programs, by the inode of their network namespace."""
    suffixes = {each.inode: f" in {each.label}" if each.label else "" for each in namespaces}
    points: dict[tuple[Detail, ...], list[RawLink]] = {}
    for link in links:
        told = link.details
        if link.type == LinkType.NETFILTER and told.get("netns_ino"):
            points.setdefault((told["netns_ino"], told["pf"], told["hook"]), []).append(link)
    found: dict[int, list[Hook]] = {}
    for (inode, *_), there in sorted(points.items()):
        assert isinstance(inode, int)
        suffix = suffixes.get(inode, f" in net:[{inode}]")
        there.sort(key=lambda link: (link.details["prio"], link.id))
        attached = (
            Attachment(link.program or 0, link.hook, link.target + suffix, order, link.id)
            for order, link in enumerate(there, 1)
        )
        found.setdefault(inode, []).append(Hook("netfilter", tuple(attached)))
    return found


def _target(
    link: RawLink,
    maps: Mapping[int, RawMap],
    programs: Mapping[int, RawProgram],
    names: Names,
    kernel: Mapping[int, str],
    paths: Mapping[int, str],
) -> str:
    """Return what a link is attached to, where nothing but the link tells."""
    match link.type:
        case LinkType.TRACING:
            return _traced(link, programs, names, kernel)
        case LinkType.KPROBE_MULTI:
            addresses = link.details.get("addrs", ())
            assert isinstance(addresses, tuple)
            shown = tuple(each for each in addresses[:MOST_FUNCTIONS] if isinstance(each, int))
            return functions_text([*names.at(shown).values()], len(addresses)) or link.target
        case LinkType.STRUCT_OPS | LinkType.SOCKMAP:
            held = maps.get(link.details["map_id"]) if isinstance(link.details["map_id"], int) else None
            return f"{link.target} {held.name}" if held is not None else link.target
        case LinkType.CGROUP:
            number = link.details["cgroup_id"]
            return paths.get(number, f"cgroup {number}" if number else "") if isinstance(number, int) else ""
        case LinkType.XDP | LinkType.TCX | LinkType.NETKIT:
            index = link.details["ifindex"]
            return f"interface {index}" if index else ""
        case _:
            return link.target


def _events_of(link: RawLink, probes: Iterable[Attachment]) -> set[tuple[str, str]]:
    """Return what a link can be attached to that does not tell it: hooks and targets of its program's perf events."""
    if link.type != LinkType.PERF_EVENT or link.details:
        return set()
    return {(each.hook, each.target) for each in probes if each.program == link.program}


def _taken(counted: Counter[tuple[int, str, str]], each: Attachment) -> bool:
    """Whether there is one of these left that is the same, which is taken away."""
    key = each.program, each.hook, each.target
    counted[key] -= 1
    return counted[key] >= 0


def _traced(link: RawLink, programs: Mapping[int, RawProgram], names: Names, kernel: Mapping[int, str]) -> str:
    """Return the function that a tracing link is attached to: of the kernel, or of another program."""
    owner, type_id = link.details["target_obj_id"], link.details["target_btf_id"]
    assert isinstance(owner, int)
    assert isinstance(type_id, int)
    if owner in kernel and link.hook != "freplace":
        found = names.function(owner, type_id, kernel)
        return found.removeprefix("bpf_lsm_") if link.hook.startswith("lsm") else found
    target = programs.get(owner)
    if target is None:
        return f"program {owner}" if owner else ""
    function = names.function(target.btf_id, type_id, kernel)
    return f"program {owner} {target.name}" + (f", {function}" if function and function != target.name else "")


def _detail(link: RawLink) -> str:
    missed = link.details.get("missed")
    return f"missed {missed}" if missed else ""


def _through_dispatcher(
    hook: Hook,
    links: Mapping[int, RawLink],
    maps: Mapping[int, RawMap],
    programs: Mapping[int, RawProgram],
    names: Names,
) -> Hook:
    """Return an XDP hook with the members of libxdp's dispatcher, which calls them one after the other, behind it.

    A member replaces the dispatcher's function `progN`: its link (freplace) names the dispatcher, and that function.
    """
    rows: list[Attachment] = []
    for each in hook.attached:
        rows.append(each)
        program = programs.get(each.program) if hook.name == "xdp" else None
        configurations = [maps[number].dispatcher for number in program.map_ids if number in maps] if program else []
        raw = next((raw for raw in configurations if len(raw) >= _CONFIGURATION.size and raw[0] == _MAGIC), b"")
        if program is None or not raw:
            continue
        members: list[tuple[int, RawLink]] = []
        for link in links.values():
            type_id = link.details.get("target_btf_id")
            if link.type == LinkType.TRACING and link.details.get("target_obj_id") == program.id:
                function = names.function(program.btf_id, type_id, {}) if isinstance(type_id, int) else ""
                number = function.removeprefix(_MEMBER)
                if number.isdecimal():
                    members.append((int(number), link))
        told = _CONFIGURATION.unpack_from(raw)
        rows[-1] = each._replace(detail=f"{each.detail}, libxdp's dispatcher of {len(members)}")
        for order, (number, link) in enumerate(sorted(members, key=lambda member: member[0]), 1):
            actions, priority = told[4 + number], told[14 + number]
            detail = f"priority {priority}, goes on after {_passed_on(actions)}"
            rows.append(Attachment(link.program or 0, "xdp", each.target, order, link.id, detail))
    return hook._replace(attached=tuple(rows))


def _passed_on(actions: int) -> str:
    """Return the actions in a mask, on which the next member runs."""
    return ", ".join(name for bit, name in XDP_ACTIONS.items() if actions >> bit & 1) or "no action"
