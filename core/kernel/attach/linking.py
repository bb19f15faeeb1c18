"""BPF_LINK_CREATE, and the sentence for what it is refused with."""

from __future__ import annotations

import errno
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ...errors import AttachError, NoPermissionError
from ..link import Attachment
from ..sys import rights
from ..sys.calls import FileDescriptor
from ..sys.explain import explain
from ..sys.layouts import LinkCreate
from ..sys.syscall import BpfError, Command, Descriptor
from ..sys.unprivileged import UnprivilegedNamespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...errors import BpftuiError
    from ...runtime import AttachTarget
    from ...spec import AttachType
    from ..program import Program
    from ..sys.syscall import Buffer

__all__ = ["create_link", "described", "inside", "link_inside", "make_link", "refused"]

_T = TypeVar("_T")


def make_link(
    program: int,
    target_fd: int,
    attach_type: AttachType,
    flags: int = 0,
    layout: type[LinkCreate] = LinkCreate,
    **fields: int | Buffer | None,
) -> FileDescriptor:
    """Make a bpf_link and return its descriptor.

    Args:
        program: The program's descriptor.
        target_fd: A descriptor, or an interface's index.
        attach_type: The hook.
        flags: The link's own.
        layout: The attribute of the kind of link.
        fields: What that has besides.

    Raises:
        BpfError: The kernel said no.
    """
    attr = layout(prog_fd=program, target_fd=target_fd, attach_type=attach_type, flags=flags, **fields)
    return FileDescriptor(attr.call(Command.LINK_CREATE))


def create_link(
    program: Program,
    target_fd: int,
    attach_type: AttachType,
    layout: type[LinkCreate] = LinkCreate,
    flags: int = 0,
    **fields: int | Buffer | None,
) -> Attachment:
    """Make a bpf_link in this process; see `make_link`."""
    with program.descriptor as fd:
        link = make_link(fd, target_fd, attach_type, flags, layout, **fields)
    return Attachment((Descriptor(link, f"link of {program.name}"),))


def link_inside(
    program: Program,
    target: AttachTarget,
    attach_type: AttachType,
    *,
    flags: int = 0,
    layout: type[LinkCreate] = LinkCreate,
    **fields: int,
) -> Attachment:
    """Make a bpf_link to the target's interface, in the network namespace that it is in; see `make_link`."""
    with program.descriptor as fd:
        call = partial(make_link, FileDescriptor(fd), target.index, attach_type, flags, layout, **fields)
        link = inside(target, call)
    return Attachment((Descriptor(link, f"link of {program.name}"),))


def inside(target: AttachTarget, call: Callable[[], _T]) -> _T:
    """Make a call in the target's network namespace, where it has one of its own: it may be another process's."""
    return call() if target.namespace is None else target.namespace.run(call)


def described(program: Program, target: AttachTarget) -> str:
    """Return what is being done, as it follows "cannot"."""
    return f"attach program {program.name} to {target.name or 'what its section says'}"


def refused(error: BpfError, program: Program, target: AttachTarget, *, feature: str) -> BpftuiError:
    """Return the error for a link that the kernel did not make; *feature* is what it lacks if it knows none such."""
    doing = described(program, target)
    if error.errno in (errno.EBUSY, errno.EEXIST):
        return AttachError(f"cannot {doing}: another program is attached there, and there is room for one")
    if error.errno == errno.EPERM and isinstance(target.namespace, UnprivilegedNamespace):
        reason = "this kernel makes links inside of a user namespace only since Linux 5.19 (EPERM)"
        return NoPermissionError(f"cannot {doing}: {reason}", hint="run it as root")
    return explain(error, doing, needs=rights.needed(program.type), raises=AttachError, feature=feature)
