"""Passage: which of several programs a packet comes to, one behind the other, as on its way in through the kernel.

XDP sees it first, then packet sockets (AF_PACKET) with their filters, then the programs of tcx at ingress
(net/core/dev.c, `__netif_receive_skb_core` and `tcx_run`; include/net/tcx.h, Linux 6.6, e420bed02507), then those of
control groups. Sockets and control groups leave a packet to whoever comes behind, what ever they say of it. What a
program changes in it is changed for those.
"""

from __future__ import annotations

import enum
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ..spec import ProgramType
from ..uapi import AttachType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec import ProgramSpec

__all__ = ["Stage", "behind", "next_stop", "stage_of"]

_XDP_PASS: Final = 2
_TCX_NEXT: Final = 0xFFFF_FFFF
"""The one code with which the walk through the programs of tcx goes on."""
_TCX_DROP, _TCX_REDIRECT = 2, 7
"""The codes with which a packet that has come through tcx goes no further: what is unknown counts as TCX_NEXT then."""
_OUTGOING: Final = frozenset(
    {
        AttachType.TCX_EGRESS,
        AttachType.CGROUP_INET_EGRESS,
        AttachType.NETKIT_PRIMARY,
        AttachType.NETKIT_PEER,
    }
)


class Stage(enum.IntEnum):
    """Where programs see a packet that comes in; the order is the packet's."""

    XDP = 0
    TAP = 1
    """Packet sockets."""
    INGRESS = 2
    """Traffic control."""
    CGROUP = 3


def stage_of(program: ProgramSpec) -> Stage | None:
    """Return where a program sees packets that come in; None for one that sees others, or none."""
    if program.attach_type in _OUTGOING:
        return None
    match program.type:
        case ProgramType.XDP:
            return Stage.XDP
        case ProgramType.SCHED_CLS | ProgramType.SCHED_ACT:
            return Stage.INGRESS
        case ProgramType.SOCKET_FILTER:
            return Stage.TAP
        case ProgramType.CGROUP_SKB:
            return Stage.CGROUP
        case _:
            return None


def behind(first: ProgramSpec, attached: Sequence[ProgramSpec]) -> list[ProgramSpec]:
    """Return the programs that a packet may come to behind one of those that are attached to an interface.

    Args:
        first: The one; where it is not attached, nothing is behind it.
        attached: All of them, in the order in which they were attached.
    """
    stages = [(stage, program) for program in attached if (stage := stage_of(program)) is not None]
    path = [program for _, program in sorted(stages, key=itemgetter(0))]
    names = [program.name for program in path]
    return path[names.index(first.name) + 1 :] if first.name in names else []


def next_stop(path: Sequence[Stage], at: int, verdict: int) -> int | None:
    """Return which program of a path a packet comes to behind one of them; None where it comes to no other.

    Args:
        path: Where the programs see it, in the order in which they do.
        at: Which one has.
        verdict: What that returned; of it 32 bits count.
    """
    code = verdict & 0xFFFF_FFFF
    for behind in range(at + 1, len(path)):
        if _goes_on(path[at], code, path[behind]):
            return behind
    return None


def _goes_on(stage: Stage, code: int, to: Stage) -> bool:
    match stage:
        case Stage.XDP:
            return code == _XDP_PASS
        case Stage.INGRESS if to is Stage.INGRESS:
            return code == _TCX_NEXT
        case Stage.INGRESS:
            return code not in (_TCX_DROP, _TCX_REDIRECT)
        case Stage.TAP | Stage.CGROUP:
            return True
