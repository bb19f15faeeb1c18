"""The SEC() table: what a section's name says about the programs in it.

The names are libbpf's (`section_defs` in libbpf.c, up to version 1.8), matched as libbpf 1.x does: a
pattern that takes something to attach to matches itself or itself followed by `/what`; any other matches exactly.
Objects from before libbpf 1.0 are fuller of fancy (`xdp_prog`, `socket1`): those match by prefix when nothing matches
properly.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..errors import nearest
from ..uapi import AttachType, ProgramFlag, ProgramType

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SECTIONS", "SectionFlag", "SectionKind", "find_section", "nearest_section", "split_section"]

_IPROUTE2_XDP: Final = "prog"
"""Where `ip link set xdp object` looks when no section is named."""


class SectionFlag(enum.IntFlag):
    """libbpf's `enum sec_def_flags`: what it does with a program before it loads it."""

    NONE = 0
    EXPECTED_ATTACH_OPTIONAL = 1
    """The attach type is left out for kernels that do not take one yet (before Linux 4.17)."""
    ATTACHABLE = 2
    """The attach type has to be told at load."""
    ATTACHABLE_OPTIONAL = 3
    ATTACH_BTF = 4
    """What it attaches to is looked up in the kernel's BTF, and told at load."""
    SLEEPABLE = 8
    XDP_FRAGS = 16
    USDT = 32
    """It is loaded for uprobe_multi where the kernel has that."""


_PROGRAM_FLAGS: Final = {
    SectionFlag.SLEEPABLE: ProgramFlag.SLEEPABLE,
    SectionFlag.XDP_FRAGS: ProgramFlag.XDP_HAS_FRAGS,
}


@dataclass(frozen=True, slots=True)
class SectionKind:
    """What one pattern of the table stands for."""

    pattern: str
    type: ProgramType
    attach_type: AttachType | None = None
    rules: SectionFlag = SectionFlag.NONE
    """What libbpf does with such programs."""
    has_target: bool = False
    """Whether `/what` follows: a function, a tracepoint, a path."""

    @property
    def flags(self) -> int:
        """`ProgramFlag` bits that they are loaded with."""
        return sum(flag for rule, flag in _PROGRAM_FLAGS.items() if rule in self.rules)


_TABLE: Final = """
socket_filter: socket
sk_reuseport attachable: sk_reuseport/migrate=sk_reuseport_select_or_migrate sk_reuseport=sk_reuseport_select
kprobe: kprobe+ uprobe+ kretprobe+ uretprobe+ ksyscall+ kretsyscall+
kprobe sleepable: uprobe.s+ uretprobe.s+
kprobe usdt: usdt+
kprobe usdt sleepable: usdt.s+
kprobe: kprobe.multi+=trace_kprobe_multi kretprobe.multi+=trace_kprobe_multi kprobe.session+=trace_kprobe_session
kprobe: uprobe.multi+=trace_uprobe_multi uretprobe.multi+=trace_uprobe_multi uprobe.session+=trace_uprobe_session
kprobe sleepable: uprobe.multi.s+=trace_uprobe_multi uretprobe.multi.s+=trace_uprobe_multi
kprobe sleepable: uprobe.session.s+=trace_uprobe_session
sched_cls: tc/ingress=tcx_ingress tc/egress=tcx_egress tcx/ingress=tcx_ingress tcx/egress=tcx_egress tc classifier
sched_cls: netkit/primary=netkit_primary netkit/peer=netkit_peer
sched_act: action
tracepoint: tracepoint+ tp+
tracepoint sleepable: tracepoint.s+ tp.s+
raw_tracepoint: raw_tracepoint+ raw_tp+
raw_tracepoint sleepable: raw_tracepoint.s+ raw_tp.s+
raw_tracepoint_writable: raw_tracepoint.w+ raw_tp.w+
tracing attach_btf: tp_btf+=trace_raw_tp fentry+=trace_fentry fmod_ret+=modify_return fexit+=trace_fexit
tracing attach_btf: fsession+=trace_fsession
tracing: fentry.multi+=trace_fentry_multi fexit.multi+=trace_fexit_multi fsession.multi+=trace_fsession_multi
lsm attach_btf: lsm+=lsm_mac
tracing attach_btf: iter+=trace_iter
struct_ops: struct_ops+
tracing attach_btf sleepable: tp_btf.s+=trace_raw_tp fentry.s+=trace_fentry fmod_ret.s+=modify_return
tracing attach_btf sleepable: fexit.s+=trace_fexit fsession.s+=trace_fsession
tracing sleepable: fentry.multi.s+=trace_fentry_multi fexit.multi.s+=trace_fexit_multi
tracing sleepable: fsession.multi.s+=trace_fsession_multi
lsm attach_btf sleepable: lsm.s+=lsm_mac
tracing attach_btf sleepable: iter.s+=trace_iter
struct_ops sleepable: struct_ops.s+
ext attach_btf: freplace+
lsm attach_btf: lsm_cgroup+=lsm_cgroup
syscall sleepable: syscall
xdp xdp_frags: xdp.frags/devmap=xdp_devmap xdp.frags/cpumap=xdp_cpumap xdp.frags=xdp
xdp attachable: xdp/devmap=xdp_devmap xdp/cpumap=xdp_cpumap
xdp attachable_optional: xdp=xdp
perf_event: perf_event
lwt_in: lwt_in
lwt_out: lwt_out
lwt_xmit: lwt_xmit
lwt_seg6local: lwt_seg6local
sock_ops attachable_optional: sockops=cgroup_sock_ops
sk_skb attachable_optional: sk_skb/stream_parser=sk_skb_stream_parser sk_skb/stream_verdict=sk_skb_stream_verdict
sk_skb attachable_optional: sk_skb/verdict=sk_skb_verdict
sk_skb: sk_skb
sk_msg attachable_optional: sk_msg=sk_msg_verdict
lirc_mode2 attachable_optional: lirc_mode2=lirc_mode2
flow_dissector attachable_optional: flow_dissector=flow_dissector
cgroup_skb attachable_optional: cgroup_skb/ingress=cgroup_inet_ingress cgroup_skb/egress=cgroup_inet_egress
cgroup_skb: cgroup/skb
cgroup_sock attachable: cgroup/sock_create=cgroup_inet_sock_create cgroup/sock_release=cgroup_inet_sock_release
cgroup_sock attachable: cgroup/post_bind4=cgroup_inet4_post_bind cgroup/post_bind6=cgroup_inet6_post_bind
cgroup_sock attachable_optional: cgroup/sock=cgroup_inet_sock_create
cgroup_sock_addr attachable: cgroup/bind4=cgroup_inet4_bind cgroup/bind6=cgroup_inet6_bind
cgroup_sock_addr attachable: cgroup/connect4=cgroup_inet4_connect cgroup/connect6=cgroup_inet6_connect
cgroup_sock_addr attachable: cgroup/connect_unix=cgroup_unix_connect cgroup/sendmsg4=cgroup_udp4_sendmsg
cgroup_sock_addr attachable: cgroup/sendmsg6=cgroup_udp6_sendmsg cgroup/sendmsg_unix=cgroup_unix_sendmsg
cgroup_sock_addr attachable: cgroup/recvmsg4=cgroup_udp4_recvmsg cgroup/recvmsg6=cgroup_udp6_recvmsg
cgroup_sock_addr attachable: cgroup/recvmsg_unix=cgroup_unix_recvmsg cgroup/getpeername4=cgroup_inet4_getpeername
cgroup_sock_addr attachable: cgroup/getpeername6=cgroup_inet6_getpeername
cgroup_sock_addr attachable: cgroup/getpeername_unix=cgroup_unix_getpeername
cgroup_sock_addr attachable: cgroup/getsockname4=cgroup_inet4_getsockname cgroup/getsockname6=cgroup_inet6_getsockname
cgroup_sock_addr attachable: cgroup/getsockname_unix=cgroup_unix_getsockname
cgroup_sysctl attachable: cgroup/sysctl=cgroup_sysctl
cgroup_sockopt attachable: cgroup/getsockopt=cgroup_getsockopt cgroup/setsockopt=cgroup_setsockopt
cgroup_device attachable_optional: cgroup/dev=cgroup_device
sk_lookup attachable: sk_lookup=sk_lookup
netfilter: netfilter=netfilter
"""
"""Program type and rules, then patterns: `+` where `/what` follows, `=` the attach type."""


def _kinds() -> Iterator[SectionKind]:
    for line in _TABLE.strip().split("\n"):
        head, _, patterns = line.partition(":")
        name, *named = head.upper().split()
        type_, rules = ProgramType[name], SectionFlag(sum(int(SectionFlag[each]) for each in named))
        for word in patterns.split():
            pattern, _, hook = word.partition("=")
            attach_type = AttachType[hook.upper()] if hook else None
            yield SectionKind(pattern.rstrip("+"), type_, attach_type, rules, has_target=pattern.endswith("+"))


SECTIONS: Final[dict[str, SectionKind]] = {kind.pattern: kind for kind in _kinds()}
"""The table, by pattern."""


def split_section(name: str) -> tuple[SectionKind, str] | None:
    """Return what a name stands for and what it attaches to, as libbpf 1.x has it; None for an unknown one."""
    kind = SECTIONS.get(name)
    if kind is not None:
        return kind, ""
    for end in (i for i in range(len(name)) if name[i] == "/"):
        kind = SECTIONS.get(name[:end])
        if kind is not None and kind.has_target:
            return kind, name[end + 1 :]
    return None


@lru_cache(maxsize=1024)
def find_section(name: str) -> tuple[SectionKind, str] | None:
    """Return what a section's name stands for and what it attaches to; None for an unknown one.

    A leading `?` (not loaded by default) is ignored.
    """
    name = name.removeprefix("?")
    found = split_section(name)
    if found is not None:
        return found
    # Before libbpf 1.0 any name that begins like one counted.
    older = max((p for p in SECTIONS if name.startswith(p)), key=len, default=None)
    if older is None:
        return (SECTIONS["xdp"], "") if name == _IPROUTE2_XDP else None
    kind = SECTIONS[older]
    return kind, name[len(older) :].lstrip("/") if kind.has_target else ""


def nearest_section(name: str) -> str | None:
    """Return the pattern that an unknown section name is most likely a slip of."""
    return nearest(name.removeprefix("?").partition("/")[0], SECTIONS)
