"""Programs of a network namespace: socket lookup, flow dissection, netfilter."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ...errors import AttachError, FeatureError, UsageError, reason_of
from ...spec import AttachType
from ..link import Attachment
from ..probe.since import links_since
from ..sys.calls import FileDescriptor
from ..sys.layouts import NetfilterLink
from ..sys.syscall import BpfError, Descriptor
from .linking import described, inside, link_inside, make_link, refused

if TYPE_CHECKING:
    from ...runtime import AttachTarget
    from ..program import Program

__all__ = ["NETFILTER_FAMILIES", "NETFILTER_HOOKS", "attach_netfilter", "attach_netns"]

_OWN: Final = "/proc/thread-self/ns/net"
NETFILTER_HOOKS: Final = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}
"""`NF_INET_*` of <linux/netfilter.h>."""
NETFILTER_FAMILIES: Final = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_DEFAULT_PRIORITY: Final = -128
"""Before the filter table (0) and after connection tracking (-200); the kernel takes neither INT_MIN nor INT_MAX."""


def attach_netns(program: Program, target: AttachTarget) -> Attachment:
    """Make a link to a network namespace (sk_lookup: Linux 5.9, flow dissectors: 5.8).

    *target* names a file of the namespace, or nothing for the one that the target's calls are made in.
    """
    attach_type = program.spec.attach_type
    assert attach_type is not None, "their sections are exact"

    path = target.name if "/" in target.name else _OWN
    try:
        with program.descriptor as fd:
            link = inside(target, partial(_link, FileDescriptor(fd), path, attach_type))
        return Attachment((Descriptor(link, f"link of {program.name}"),))
    except OSError as error:
        raise UsageError(f"cannot {described(program, target)}: {reason_of(error)}") from error
    except BpfError as error:
        raise refused(error, program, target, feature=links_since("netns", "links of network namespaces")) from error


def _link(program: FileDescriptor, path: str, attach_type: AttachType) -> FileDescriptor:
    namespace = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return make_link(program, namespace, attach_type)
    finally:
        os.close(namespace)


def attach_netfilter(program: Program, target: AttachTarget) -> Attachment:
    """Make a netfilter link (Linux 6.4); without options for IPv4, at the input hook, with the priority -128.

    Raises:
        AttachError: Something at that hook has the same priority already.
    """
    family = next(
        (NETFILTER_FAMILIES[option] for option in target.options if option in NETFILTER_FAMILIES), socket.AF_INET
    )
    hook = next(
        (NETFILTER_HOOKS[option] for option in target.options if option in NETFILTER_HOOKS), NETFILTER_HOOKS["input"]
    )
    given = next((option for option in target.options if option.startswith("priority=")), None)
    priority = _DEFAULT_PRIORITY if given is None else int(given.partition("=")[2])
    try:
        return link_inside(
            program,
            replace(target, index=0),
            AttachType.NETFILTER,
            layout=NetfilterLink,
            pf=family,
            hooknum=hook,
            priority=priority & 0xFFFF_FFFF,
        )
    except BpfError as error:
        if error.errno == errno.EBUSY:
            reason = f"something has the priority {priority} at that hook already (EBUSY)"
            raise AttachError(
                f"cannot {described(program, target)}: {reason}", hint="choose another one: priority=N"
            ) from error
        if error.errno == errno.EAFNOSUPPORT:
            reason = "this kernel has no netfilter for that family (EAFNOSUPPORT)"
            raise FeatureError(f"cannot {described(program, target)}: {reason}") from error
        raise refused(error, program, target, feature=links_since("netfilter")) from error
