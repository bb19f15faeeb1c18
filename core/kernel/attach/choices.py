"""What a program can be attached to on this machine, to choose from."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Final

from ...errors import BpftuiError
from ...runtime import Neighbour, TargetChoice
from ...spec import ProgramType
from ...spec.targets import SANDBOX, Place, place_of
from ..net import rtnetlink
from ..net.interfaces import interfaces
from ..sys.survey import query
from ..sys.syscall import BpfError
from .anchors import program_name
from .binary import find_binary
from .cgroup import hook_of
from .interface import TCX
from .targets import cgroup_mount
from .tracing import CLOCKS
from .usdt_notes import read_probes

if TYPE_CHECKING:
    from ...spec import AttachType, CollectionSpec, ProgramSpec
    from ..net.interfaces import Interface

__all__ = ["choices"]

_MOST_NAMED: Final = 6
"""Programs of a hook whose ids are told."""
_MOST_GROUPS: Final = 500
"""Control groups that are listed; a machine full of containers has thousands."""
_SANDBOX: Final = TargetChoice(
    SANDBOX,
    "a network of its own",
    "Harmless: a network namespace with a veth pair and packets in it, gone after the detach. "
    "sandbox,rate=5000,tcp=3,udp=1 or FILE.pcap say which packets.",
)


def choices(spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
    """Return the targets of *program*; see `bpftui.core.runtime.Runtime.targets`."""
    match place_of(program):
        case Place.INTERFACE:
            # A program that only looks on can cut nothing off.
            looks_on = program.type == ProgramType.SOCKET_FILTER
            names: dict[int, str] = {}
            with_clsact = _with_clsact()
            return [
                _SANDBOX,
                *(
                    _interface(
                        found,
                        _taken(found, has_clsact=found.index in with_clsact),
                        _at_interface(program, found.index, names),
                        harmless=looks_on,
                    )
                    for found in interfaces()
                ),
            ]
        case Place.NAMESPACE:
            danger = "It decides about the packets of this whole machine: what it drops is lost."
            return [_SANDBOX, TargetChoice("", "the network of this machine", danger=danger)]
        case Place.CGROUP:
            return _groups(program)
        case Place.SECTION if program.pattern.startswith("usdt"):
            return _probes(program)
        case Place.SECTION if program.attach_to:
            return [TargetChoice("", program.attach_to, f'What its section says: SEC("{program.section}").')]
        case Place.EVENT:
            return [TargetChoice(name, "on each CPU, 99 times a second") for name in CLOCKS]
        case Place.MAP:
            return [TargetChoice(each.name, each.type.label) for each in spec.maps.values() if each.type.is_sockmap]
        case _:
            return []


def _with_clsact() -> set[int]:
    """Return the interfaces that have clsact; none where this kernel has no traffic control (CONFIG_NET_SCHED)."""
    try:
        return rtnetlink.with_clsact(rtnetlink.disciplines())
    except BpftuiError:
        return set()


def _interface(
    found: Interface, taken: dict[str, list[int]], neighbours: tuple[Neighbour, ...], *, harmless: bool
) -> TargetChoice:
    state = "up" if found.up and found.carrier else "no link" if found.up else "down"
    address = f"  {found.addresses[0]}" if found.addresses else ""
    brief = ", ".join(hook if hook == "XDP" else f"{hook} {len(ids)}" for hook, ids in taken.items())
    whole = ", ".join(f"{hook} program{'s' * (len(ids) > 1)} {_listed(ids)}" for hook, ids in taken.items())
    return TargetChoice(
        found.name,
        f"{found.kind}  {state}{address}" + (f"  has {brief}" if brief else ""),
        f"{found.name}: MTU {found.mtu}, {found.rx_packets:,} packets received"
        + (f"; has {whole} already" if whole else ""),
        "" if harmless else _danger(found),
        neighbours,
    )


def _listed(ids: list[int]) -> str:
    return " ".join([*map(str, ids[:_MOST_NAMED]), *(["…"] if len(ids) > _MOST_NAMED else [])])


def _taken(found: Interface, *, has_clsact: bool) -> dict[str, list[int]]:
    """Return the programs that an interface has, by hook, in the order in which a packet meets them."""
    taken: dict[str, list[int]] = {}
    if found.xdp is not None:
        taken["XDP"] = [found.xdp.program_id]
    for way, hook in TCX.items():
        short = {"ingress": "in", "egress": "out"}[way]
        try:
            told = query(found.index, hook)
        except BpfError:  # the interface is gone
            told = None
        if told is not None and told.program_ids:
            taken[f"tcx {short}"] = [*told.program_ids]
        filters = rtnetlink.filters(found.index, rtnetlink.CLSACT[way]) if has_clsact else []
        if filters:
            taken[f"clsact {short}"] = [each.program_id for each in filters]
    return taken


def _at_interface(program: ProgramSpec, index: int, names: dict[int, str]) -> tuple[Neighbour, ...]:
    """Return the tc programs of an interface, which run in an order; *names* are those of programs that are known."""
    if program.type != ProgramType.SCHED_CLS:
        return ()
    if program.attach_type is not None and program.attach_type not in TCX.values():
        return _at(index, program.attach_type, ("", *TCX), names)
    usual = program.attach_type or TCX["ingress"]
    found: list[Neighbour] = []
    for option, hook in TCX.items():
        found += _at(index, hook, (option, "") if hook == usual else (option,), names)
    return tuple(found)


def _at(target: int, hook: AttachType, hooks: tuple[str, ...], names: dict[int, str]) -> tuple[Neighbour, ...]:
    """Return the programs at a hook; none where that is not told, or the kernel knows no order there."""
    try:
        found = query(target, hook)
    except BpfError:
        return ()
    if found is None or not found.revision:
        return ()
    neighbours: list[Neighbour] = []
    for program, link in zip(found.program_ids, found.link_ids, strict=True):
        if program not in names:
            names[program] = program_name(program)
        title = f"{names[program] or 'program'}, id {program}" + (f", link {link}" if link else "")
        neighbours.append(Neighbour(f"id:{program}", title, hooks))
    return tuple(neighbours)


def _danger(found: Interface) -> str:
    """Return why attaching here can cut the machine off; empty when it cannot."""
    if found.ssh_peer:
        return f"Your SSH session runs through {found.name}: a program that drops packets cuts it off."
    if found.default_route:
        return f"The default route leads through {found.name}: a program that drops packets cuts this machine off."
    return ""


def _groups(program: ProgramSpec) -> list[TargetChoice]:
    """Return the control groups, those deepest in the hierarchy last; the root is every process of the machine."""
    mount = cgroup_mount()
    if mount is None:
        return []
    danger = "Every process of this machine is in it: what the program forbids, it forbids to all of them."
    names: dict[int, str] = {}
    present = _in_group(program, mount, names)
    found = [TargetChoice(mount, "the root: every process", danger=danger, neighbours=present)]
    for directory, below, _ in os.walk(mount):
        below.sort()
        for name in below:
            path = os.path.join(directory, name)
            found.append(TargetChoice(path, "control group", neighbours=_in_group(program, path, names)))
        if len(found) > _MOST_GROUPS:
            break
    return sorted(found, key=lambda choice: choice.text.count("/"))[:_MOST_GROUPS]


def _in_group(program: ProgramSpec, path: str, names: dict[int, str]) -> tuple[Neighbour, ...]:
    """Return the programs of a control group itself: those of the groups above run whatever is said here."""
    hook = hook_of(program)
    try:
        group = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return ()
    try:
        return () if hook is None else _at(group, hook, ("",), names)
    finally:
        os.close(group)


def _probes(program: ProgramSpec) -> list[TargetChoice]:
    """Return the USDT probes of the file that a program's section names, its own first."""
    own = program.attach_to
    if not own:
        return []
    found = [TargetChoice("", own, f'What its section says: SEC("{program.section}").')]
    path = own.rsplit(":", 2)[0]
    try:
        probes = read_probes(find_binary(path))
    except BpftuiError:
        return found
    places = Counter(f"{path}:{probe}" for probe in probes)
    return found + [
        TargetChoice(text, "1 place" if count == 1 else f"{count} places")
        for text, count in sorted(places.items())
        if text != own
    ]
