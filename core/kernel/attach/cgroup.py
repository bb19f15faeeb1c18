"""Programs of control groups: what the processes in one, and in those below it, may send, open, bind and set."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from ...errors import AttachError, FeatureError, UsageError, reason_of
from ...spec import AttachType, ProgramType
from ..probe.since import links_since
from ..sys.layouts import OrderedLink
from ..sys.survey import query
from ..sys.syscall import BpfError
from .anchors import Order, explain_order, link_at, order_of
from .linking import create_link, described, refused

if TYPE_CHECKING:
    from ...runtime import AttachTarget
    from ...spec import ProgramSpec
    from ..link import Attachment
    from ..program import Program

__all__ = ["attach_cgroup", "hook_of"]

_ONLY_HOOK: Final = {
    ProgramType.SOCK_OPS: AttachType.CGROUP_SOCK_OPS,
    ProgramType.CGROUP_DEVICE: AttachType.CGROUP_DEVICE,
    ProgramType.CGROUP_SYSCTL: AttachType.CGROUP_SYSCTL,
    ProgramType.CGROUP_SOCK: AttachType.CGROUP_INET_SOCK_CREATE,
    ProgramType.CGROUP_SKB: AttachType.CGROUP_INET_INGRESS,
}
"""Where an object leaves the hook open: the only one of its type, or the one that libbpf takes."""


def hook_of(program: ProgramSpec) -> AttachType | None:
    """Return the hook that a program of control groups is for; None where its object does not say it."""
    return program.attach_type if program.attach_type is not None else _ONLY_HOOK.get(program.type)


def attach_cgroup(program: Program, target: AttachTarget) -> Attachment:
    """Make a cgroup link (Linux 5.7); *target* names the directory.

    Several programs can be attached to a hook: a new one is the last, unless the target says where it comes (6.16).

    Raises:
        UsageError: There is no such directory, or it is none of a cgroup2; or what it is to come before is not there.
        AttachError, FeatureError, NoPermissionError: The kernel said no.
    """
    attach_type = hook_of(program.spec)
    if attach_type is None:
        raise UsageError(
            f"cannot attach program {program.name}: its section {program.spec.section} does not say to which hook",
            hint=f"say it with --type {program.name}=cgroup/connect4, for example",
        )
    try:
        group = os.open(target.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError(f"cannot {described(program, target)}: {reason}") from error
    order = Order()
    try:
        inode = os.fstat(group).st_ino
        order = order_of(
            program,
            target,
            lambda: query(group, attach_type),
            lambda number: link_at(inode, attach_type, number),
        )
        return create_link(program, group, attach_type, OrderedLink, order.flags, **order.fields())
    except BpfError as error:
        explained = explain_order(error, program, target, order)
        if explained is not None:
            raise explained from error
        if error.errno == errno.EINVAL and order.flags:
            reason = "this kernel knows no order of programs at control groups (Linux 6.16) (EINVAL)"
            raise FeatureError(
                f"cannot {described(program, target)}: {reason}", hint="leave first, last, before and after out"
            ) from error
        if error.errno == errno.EBADF:
            raise UsageError(f"cannot {described(program, target)}: that is no control group (cgroup2)") from error
        if error.errno == errno.EINVAL:
            reason = f"this kernel lacks {links_since('cgroup')}, or that hook (EINVAL)"
            raise FeatureError(f"cannot {described(program, target)}: {reason}") from error
        if error.errno == errno.EPERM and os.geteuid() == 0:
            reason = "a program further up forbids others below it, or one here is attached exclusively (EPERM)"
            raise AttachError(f"cannot {described(program, target)}: {reason}") from error
        raise refused(error, program, target, feature=links_since("cgroup")) from error
    finally:
        os.close(group)
