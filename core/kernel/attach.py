"""How each type of program is attached. A type that is not in the table cannot be attached by bpftui."""

from __future__ import annotations

import errno
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

from ..errors import AttachError, BpftuiError, FeatureError, NoPermissionError, UsageError
from ..spec import AttachType, ProgramType
from . import rights
from .calls import FileDescriptor
from .explain import explain
from .interfaces import interfaces
from .link import Link
from .syscall import Attr, BpfError, Command, Descriptor
from .unprivileged import UnprivilegedNamespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..runtime import AttachTarget
    from .program import Program

__all__ = ["attach", "attachable"]

_XDP_FLAGS: Final = {None: 0, "generic": 2, "native": 4}
"""XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE of `linux/if_link.h`; without one, the driver's own is preferred."""


def attachable(type_: ProgramType) -> bool:
    """Whether programs of this type can be attached."""
    return type_ in _ATTACHERS


def attach(program: Program, target: AttachTarget, links: set[Link]) -> Link:
    """Attach *program* to *target* and note the link in *links*; see `Program.attach`."""
    attacher = _ATTACHERS.get(program.type)
    if attacher is None:
        known = rights.enumerate_words([type_.label for type_ in _ATTACHERS])
        raise UsageError(
            f"cannot attach program {program.name}: programs of type {program.type.label} cannot be attached here",
            hint=f"those of type {known} can",
        )
    descriptor = Descriptor(attacher(program, target), f"link of {program.name}")
    return Link(program.name, target, descriptor, links)


def _attach_xdp(program: Program, target: AttachTarget) -> int:
    """Make an XDP link (Linux 5.9). The kernel looks the index up in the calling thread's network namespace."""
    if target.index <= 0:
        raise UsageError(f"cannot attach program {program.name}: there is no interface {target.name!r}")
    flags = _XDP_FLAGS[target.mode]

    try:
        with program.descriptor as fd:
            create = partial(_link_xdp, FileDescriptor(fd), target.index, flags)
            return create() if target.namespace is None else target.namespace.run(create)
    except BpfError as error:
        raise _explain_xdp(error, program, target) from error


def _link_xdp(program: FileDescriptor, index: int, flags: int) -> FileDescriptor:
    return FileDescriptor(Attr(64).u32(0, program, index, AttachType.XDP, flags).call(Command.LINK_CREATE))


def _explain_xdp(error: BpfError, program: Program, target: AttachTarget) -> BpftuiError:
    doing = f"attach program {program.name} to {target.name}"
    match error.errno:
        case errno.EBUSY | errno.EEXIST:
            return AttachError(
                f"cannot {doing}: interface {target.name} already has an XDP program{_present(target)}",
                hint=f"detach it first: ip link set dev {target.name} xdp off, or end the program that holds it",
            )
        case errno.EPERM if isinstance(target.namespace, UnprivilegedNamespace):
            reason = "this kernel makes links inside of a user namespace only since Linux 5.19 (EPERM)"
            return NoPermissionError(f"cannot {doing}: {reason}", hint="run it as root")
        case errno.ENODEV | errno.EINVAL if not _exists(target):
            return UsageError(f"cannot {doing}: there is no interface with the index {target.index}")
        case errno.EOPNOTSUPP if target.mode == "native":
            reason = f"the driver of {target.name} has no native XDP"
            return FeatureError(f"cannot {doing}: {reason}", hint="attach it in generic mode")
        case errno.ERANGE | errno.EMSGSIZE:
            reason = f"the MTU of {target.name} (or of its peer) is too large for native XDP"
            return AttachError(f"cannot {doing}: {reason}", hint="lower the MTU, or attach it in generic mode")
        case _:
            return explain(error, doing, needs=rights.NETWORKING, raises=AttachError, feature="XDP links (Linux 5.9)")


def _exists(target: AttachTarget) -> bool:
    name = partial(socket.if_indextoname, target.index)
    try:
        return bool(name() if target.namespace is None else target.namespace.run(name))
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


_ATTACHERS: Final[dict[ProgramType, Callable[[Program, AttachTarget], int]]] = {
    ProgramType.XDP: _attach_xdp,
}
