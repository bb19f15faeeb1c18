"""Programs on a network interface: XDP, tc (tcx and netkit), and socket filters that see what passes."""

from __future__ import annotations

import errno
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

from ...errors import AttachError, BpftuiError, FeatureError, NoPermissionError, UsageError, reason_of
from ...spec import AttachType
from ..link import Attachment
from ..net.interfaces import interfaces
from ..probe.since import links_since
from ..sys import rights
from ..sys.calls import FileDescriptor
from ..sys.layouts import OrderedLink
from ..sys.survey import query
from ..sys.syscall import BpfError, Descriptor, errno_name
from .anchors import Order, explain_order, order_of
from .linking import described, inside, link_inside, refused

if TYPE_CHECKING:
    from ...runtime import AttachTarget
    from ..program import Program

__all__ = ["TCX", "attach_filter", "attach_tc", "attach_xdp"]

_XDP_FLAGS: Final = {None: 0, "generic": 2, "native": 4}
"""XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE of `linux/if_link.h`; without one, the driver's own is preferred."""


_SO_ATTACH_BPF: Final = 50
"""<asm-generic/socket.h>"""
_ETH_P_ALL: Final = 3
TCX: Final = {"ingress": AttachType.TCX_INGRESS, "egress": AttachType.TCX_EGRESS}


def attach_xdp(program: Program, target: AttachTarget) -> Attachment:
    """Make an XDP link (Linux 5.9). The kernel looks the index up in the calling thread's network namespace."""
    _require_interface(program, target)
    flags = _XDP_FLAGS[target.mode]
    try:
        return link_inside(program, target, AttachType.XDP, flags=flags)
    except BpfError as error:
        raise _explain_xdp(error, program, target) from error


def attach_tc(program: Program, target: AttachTarget) -> Attachment:
    """Make a tcx link (Linux 6.6), or one of netkit (6.7) for those programs; ingress where nobody says which.

    Several programs can be attached; a new one is the last that is asked, unless the target says where it comes.
    """
    _require_interface(program, target)
    asked = next((TCX[option] for option in target.options if option in TCX), None)
    attach_type = asked or program.spec.attach_type or AttachType.TCX_INGRESS
    order = Order()
    try:
        order = order_of(program, target, lambda: inside(target, partial(query, target.index, attach_type)))
        return link_inside(program, target, attach_type, flags=order.flags, layout=OrderedLink, **order.fields())
    except BpfError as error:
        if error.errno in (errno.ENODEV, errno.EINVAL) and not _exists(target):
            raise _no_interface(program, target) from error
        explained = explain_order(error, program, target, order)
        if explained is not None:
            raise explained from error
        if attach_type in _NETKIT and error.errno in _NETKIT_REASONS:
            reason = f"{_NETKIT_REASONS[error.errno]} ({errno_name(error.errno)})"
            raise AttachError(f"cannot {described(program, target)}: {reason}") from error
        if error.errno == errno.EINVAL:
            needed = links_since("netkit" if attach_type in _NETKIT else "tcx")
            raise FeatureError(
                f"cannot {described(program, target)}: this kernel lacks {needed} (EINVAL)",
                hint=f"attach it with tc: tc filter add dev {target.name} ingress bpf da obj FILE",
            ) from error
        raise refused(error, program, target, feature=links_since("tcx")) from error


_NETKIT: Final = (AttachType.NETKIT_PRIMARY, AttachType.NETKIT_PEER)
_NETKIT_REASONS: Final = {
    errno.EACCES: "it is the peer of a netkit pair, whose ends both get their programs at the primary one",
    errno.ENXIO: "it is no netkit interface",
}
"""Why netkit_dev_fetch of drivers/net/netkit.c refuses an interface."""


def attach_filter(program: Program, target: AttachTarget) -> Attachment:
    """Let a socket filter see all packets of an interface, through a packet socket that nobody reads.

    What it keeps is dropped as soon as the socket's buffer is full; the packets themselves go their way in any case.
    """
    _require_interface(program, target)

    try:
        with program.descriptor as fd:
            listener = inside(target, partial(_listen, FileDescriptor(fd), target.index))
        return Attachment(held=(Descriptor(listener.detach(), f"socket of {program.name}"),))
    except PermissionError as error:
        reason, hint = rights.refusal((rights.Capability.CAP_NET_RAW,))
        raise NoPermissionError(f"cannot {described(program, target)}: {reason} (EPERM)", hint=hint) from error
    except OSError as error:
        if not _exists(target):
            raise _no_interface(program, target) from error
        raise AttachError(f"cannot {described(program, target)}: {reason_of(error)}") from error


def _listen(program: FileDescriptor, index: int) -> socket.socket:
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_BPF, program)
        listener.bind((socket.if_indextoname(index), _ETH_P_ALL))
    except BaseException:
        listener.close()
        raise
    return listener


def _require_interface(program: Program, target: AttachTarget) -> None:
    if target.index <= 0:
        raise UsageError(f"cannot attach program {program.name}: there is no interface {target.name!r}")


def _no_interface(program: Program, target: AttachTarget) -> UsageError:
    return UsageError(f"cannot {described(program, target)}: there is no interface with the index {target.index}")


def _explain_xdp(error: BpfError, program: Program, target: AttachTarget) -> BpftuiError:
    doing = described(program, target)
    match error.errno:
        case errno.EBUSY | errno.EEXIST:
            return AttachError(
                f"cannot {doing}: interface {target.name} already has an XDP program{_present(target)}",
                hint=f"detach it first: ip link set dev {target.name} xdp off, or end the program that holds it",
            )
        case errno.ENODEV | errno.EINVAL if not _exists(target):
            return _no_interface(program, target)
        case errno.EOPNOTSUPP if target.mode == "native":
            reason = f"the driver of {target.name} has no native XDP"
            return FeatureError(f"cannot {doing}: {reason}", hint="attach it in generic mode")
        case errno.ERANGE | errno.EMSGSIZE:
            reason = f"the MTU of {target.name} (or of its peer) is too large for native XDP"
            return AttachError(f"cannot {doing}: {reason}", hint="lower the MTU, or attach it in generic mode")
        case _:
            return refused(error, program, target, feature=links_since("xdp", "XDP links"))


def _exists(target: AttachTarget) -> bool:
    try:
        return bool(inside(target, partial(socket.if_indextoname, target.index)))
    except OSError:
        return False


def _present(target: AttachTarget) -> str:
    """Return the id of the program that an interface has, in brackets, where it can be told."""
    try:
        found = [one for one in interfaces(target.namespace) if one.index == target.index]
    except (BpftuiError, OSError):
        return ""
    xdp = found[0].xdp if found else None
    return f" (id {xdp.program_id}, {xdp.mode})" if xdp is not None and xdp.program_id else ""
