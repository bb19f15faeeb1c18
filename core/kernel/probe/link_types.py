"""Which types of links this kernel has, found out without attaching anything.

Each is asked for with a program of the right type and a target that cannot be: the kernel that knows the link looks for
the target (EBADF, ENODEV, …), the one that does not says EINVAL. Where both say the same, or the program would have to
be tied to a kernel function, the names in the kernel's own types tell.
"""

from __future__ import annotations

import errno
import functools
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from ...btf.kernel import VMLINUX
from ...since import link_type
from ...spec import AttachType, ProgramType
from ..sys import probes, rights
from ..sys.layouts import KprobeMultiLink, LinkCreate, NetfilterLink, RawTracepointOpen, UprobeMultiLink
from ..sys.syscall import UNSUPPORTED, BpfError, Command, buffer

if TYPE_CHECKING:
    from ...privileges import Capability

__all__ = ["LINK_TYPES", "LinkType", "has_links", "try_link"]

_NO_FD: Final = 0xFFFFFFFF
_NO_INTERFACE: Final = 0x7FFFFFFF
_NO_FAMILY: Final = 0xFF


class LinkType(NamedTuple):
    """One of `enum bpf_link_type`."""

    name: str
    needed_for: str
    program: ProgramType | None = None
    attach: AttachType = AttachType.CGROUP_INET_INGRESS
    target: int = _NO_FD
    known: int = errno.EBADF
    """The errno of a kernel that has it, for this target."""
    function: str = ""
    """The kernel's function that makes it, for those that cannot be tried."""
    asks: tuple[Capability, ...] = ()
    """The capabilities that making one takes, where it is not those that loading its program takes."""

    @property
    def version(self) -> str:
        """The Linux that has it first."""
        return str(link_type(self.name))

    @property
    def needed(self) -> tuple[Capability, ...]:
        """The capabilities that it takes to load a program and to make a link of it."""
        return self.asks or (rights.needed(self.program) if self.program is not None else rights.LOADING)


LINK_TYPES: Final = (
    LinkType("raw_tracepoint", "raw tracepoints", ProgramType.RAW_TRACEPOINT, known=errno.ENOENT),
    LinkType(
        "tracing",
        "fentry, fexit, fmod_ret, LSM, freplace",
        function="bpf_tracing_prog_attach",
        asks=rights.TRACING,
    ),
    LinkType("cgroup", "cgroup programs", ProgramType.CGROUP_SKB, asks=rights.NETWORKING),
    LinkType("iter", "iterators", function="bpf_iter_link_attach", asks=rights.TRACING),
    LinkType("netns", "sk_lookup, flow dissectors", ProgramType.SK_LOOKUP, AttachType.SK_LOOKUP),
    LinkType(
        "xdp",
        "attaching XDP so that it ends with the process",
        function="bpf_xdp_link_attach",
        asks=rights.NETWORKING,
    ),
    LinkType("perf_event", "kprobes, tracepoints as links", ProgramType.TRACEPOINT, AttachType.PERF_EVENT),
    LinkType(
        "kprobe_multi",
        "many kprobes at once",
        ProgramType.KPROBE,
        AttachType.TRACE_KPROBE_MULTI,
        known=errno.EFAULT,
    ),
    LinkType("struct_ops", "struct_ops maps as links", function="bpf_struct_ops_link_create", asks=rights.TRACING),
    LinkType("netfilter", "netfilter", ProgramType.NETFILTER, AttachType.NETFILTER, known=errno.EAFNOSUPPORT),
    LinkType("tcx", "tc", ProgramType.SCHED_CLS, AttachType.TCX_INGRESS, _NO_INTERFACE, errno.ENODEV),
    LinkType("uprobe_multi", "many uprobes at once", ProgramType.KPROBE, AttachType.TRACE_UPROBE_MULTI),
    LinkType("netkit", "netkit", ProgramType.SCHED_CLS, AttachType.NETKIT_PRIMARY, _NO_INTERFACE, errno.ENODEV),
    LinkType("sockmap", "sk_msg, sk_skb", ProgramType.SK_MSG, AttachType.SK_MSG_VERDICT),
)
"""In the order of `enum bpf_link_type`, as of Linux 6.18."""


@functools.cache
def has_links(name: str) -> bool:
    """Whether this kernel has links of a type, by its name in `LINK_TYPES`, and this process may make them."""
    return try_link(next(link for link in LINK_TYPES if link.name == name)) == 0


def try_link(link: LinkType) -> int | None:
    """Return 0 when there are links of this type, and we may make them, else the errno; None when it cannot be told."""
    if link.program is None:
        if not VMLINUX.exists():
            return None
        if f"\0{link.function}\0".encode() not in probes.kernel_names():
            return errno.EINVAL
        return errno.EPERM if rights.missing(link.needed) else 0
    fd, number, _ = probes.load_program(
        link.program, probes.instructions(*_code(link.program)), attach_type=link.attach
    )
    if fd < 0:
        return number
    try:
        number = _ask(link, fd)
    finally:
        os.close(fd)
    if number == link.known:
        return 0
    # Another answer than those two is neither: a policy's EPERM is told as such, the rest is not guessed at.
    return number if number in UNSUPPORTED or number == errno.EPERM else None


def _code(type_: ProgramType) -> tuple[tuple[int, int, int], ...]:
    """Return a program of which the type's rules for return values allow the result: 1 for netfilter and sk_lookup."""
    return (
        ((0xB7, 0, 1), (0x95, 0, 0)) if type_ in (ProgramType.NETFILTER, ProgramType.SK_LOOKUP) else probes.RETURN_ZERO
    )


def _ask(link: LinkType, program: int) -> int:
    """Ask for the link to the target that cannot be, and return the errno."""
    command = Command.RAW_TRACEPOINT_OPEN if link.name == "raw_tracepoint" else Command.LINK_CREATE
    match link.name:
        case "raw_tracepoint":
            attr = RawTracepointOpen(name=buffer(b"bpftui/none\0"), prog_fd=program)
        case "netfilter":
            attr = NetfilterLink(pf=_NO_FAMILY)
        case "kprobe_multi":
            attr = KprobeMultiLink(cnt=1, syms=buffer(8))  # one name, at an address where nothing is
        case "uprobe_multi":
            attr = UprobeMultiLink(path=buffer(b"/\0"), offsets=buffer(8), cnt=1)
        case _:
            attr = LinkCreate()
    if isinstance(attr, LinkCreate):
        attr.prog_fd, attr.target_fd, attr.attach_type = program, link.target, link.attach
    try:
        os.close(attr.call(command))
    except BpfError as error:
        return error.errno
    return 0
