"""What a program can be attached to on this machine, to choose from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ...runtime import TargetChoice
from ...spec import ProgramType
from ...spec.targets import SANDBOX, Place, place_of
from ..net.interfaces import interfaces
from .targets import cgroup_mount
from .tracing import CLOCKS

if TYPE_CHECKING:
    from ...spec import CollectionSpec, ProgramSpec
    from ..net.interfaces import Interface

__all__ = ["choices"]

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
            return [_SANDBOX, *(_interface(found, harmless=looks_on) for found in interfaces())]
        case Place.NAMESPACE:
            danger = "It decides about the packets of this whole machine: what it drops is lost."
            return [_SANDBOX, TargetChoice("", "the network of this machine", danger=danger)]
        case Place.CGROUP:
            return _groups()
        case Place.SECTION if program.attach_to:
            return [TargetChoice("", program.attach_to, f'What its section says: SEC("{program.section}").')]
        case Place.EVENT:
            return [TargetChoice(name, "on each CPU, 99 times a second") for name in CLOCKS]
        case Place.MAP:
            return [TargetChoice(each.name, each.type.label) for each in spec.maps.values() if each.type.is_sockmap]
        case _:
            return []


def _interface(found: Interface, *, harmless: bool) -> TargetChoice:
    state = "up" if found.up and found.carrier else "no link" if found.up else "down"
    address = f"  {found.addresses[0]}" if found.addresses else ""
    taken = f"; has XDP program {found.xdp.program_id} already" if found.xdp is not None else ""
    return TargetChoice(
        found.name,
        f"{found.kind}  {state}{address}" + ("  has XDP" if found.xdp is not None else ""),
        f"{found.name}: MTU {found.mtu}, {found.rx_packets:,} packets received{taken}",
        "" if harmless else _danger(found),
    )


def _danger(found: Interface) -> str:
    """Return why attaching here can cut the machine off; empty when it cannot."""
    if found.ssh_peer:
        return f"Your SSH session runs through {found.name}: a program that drops packets cuts it off."
    if found.default_route:
        return f"The default route leads through {found.name}: a program that drops packets cuts this machine off."
    return ""


def _groups() -> list[TargetChoice]:
    """Return the control groups, those deepest in the hierarchy last; the root is every process of the machine."""
    mount = cgroup_mount()
    if mount is None:
        return []
    danger = "Every process of this machine is in it: what the program forbids, it forbids to all of them."
    found = [TargetChoice(mount, "the root: every process", danger=danger)]
    for directory, below, _ in os.walk(mount):
        below.sort()
        found += [TargetChoice(os.path.join(directory, name), "control group") for name in below]
        if len(found) > _MOST_GROUPS:
            break
    return sorted(found, key=lambda choice: choice.text.count("/"))[:_MOST_GROUPS]
