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
from typing import Final

from ..errors import nearest
from ..uapi import AttachType, ProgramFlag, ProgramType

__all__ = ["SECTIONS", "SectionFlag", "SectionKind", "find_section", "nearest_section", "split_section"]

_IPROUTE2_XDP: Final = "prog"
"""Where `ip link set xdp object` looks when no section is named."""

_T = ProgramType
_A = AttachType


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


def _kinds() -> list[SectionKind]:
    sleepable, frags, in_btf = SectionFlag.SLEEPABLE, SectionFlag.XDP_FRAGS, SectionFlag.ATTACH_BTF
    plain, attachable, optional = SectionFlag.NONE, SectionFlag.ATTACHABLE, SectionFlag.ATTACHABLE_OPTIONAL
    kinds: list[SectionKind] = []

    def exact(type_: ProgramType, rules: SectionFlag, **patterns: AttachType | None) -> None:
        for pattern, attach in patterns.items():
            kinds.append(SectionKind(pattern.replace("__", "/"), type_, attach, rules))

    def target(type_: ProgramType, attach: AttachType | None, *patterns: str, rules: SectionFlag = plain) -> None:
        kinds.extend(SectionKind(pattern, type_, attach, rules, has_target=True) for pattern in patterns)

    exact(_T.SOCKET_FILTER, plain, socket=None)
    exact(
        _T.SK_REUSEPORT,
        attachable,
        sk_reuseport__migrate=_A.SK_REUSEPORT_SELECT_OR_MIGRATE,
        sk_reuseport=_A.SK_REUSEPORT_SELECT,
    )
    target(_T.KPROBE, None, "kprobe", "uprobe", "kretprobe", "uretprobe", "ksyscall", "kretsyscall")
    target(_T.KPROBE, None, "uprobe.s", "uretprobe.s", rules=sleepable)
    target(_T.KPROBE, None, "usdt", rules=SectionFlag.USDT)
    target(_T.KPROBE, None, "usdt.s", rules=SectionFlag.USDT | sleepable)
    target(_T.KPROBE, _A.TRACE_KPROBE_MULTI, "kprobe.multi", "kretprobe.multi")
    target(_T.KPROBE, _A.TRACE_KPROBE_SESSION, "kprobe.session")
    target(_T.KPROBE, _A.TRACE_UPROBE_MULTI, "uprobe.multi", "uretprobe.multi")
    target(_T.KPROBE, _A.TRACE_UPROBE_SESSION, "uprobe.session")
    target(_T.KPROBE, _A.TRACE_UPROBE_MULTI, "uprobe.multi.s", "uretprobe.multi.s", rules=sleepable)
    target(_T.KPROBE, _A.TRACE_UPROBE_SESSION, "uprobe.session.s", rules=sleepable)
    exact(
        _T.SCHED_CLS,
        plain,
        tc__ingress=_A.TCX_INGRESS,
        tc__egress=_A.TCX_EGRESS,
        tcx__ingress=_A.TCX_INGRESS,
        tcx__egress=_A.TCX_EGRESS,
        tc=None,
        classifier=None,
        netkit__primary=_A.NETKIT_PRIMARY,
        netkit__peer=_A.NETKIT_PEER,
    )
    exact(_T.SCHED_ACT, plain, action=None)
    target(_T.TRACEPOINT, None, "tracepoint", "tp")
    target(_T.TRACEPOINT, None, "tracepoint.s", "tp.s", rules=sleepable)
    target(_T.RAW_TRACEPOINT, None, "raw_tracepoint", "raw_tp")
    target(_T.RAW_TRACEPOINT, None, "raw_tracepoint.s", "raw_tp.s", rules=sleepable)
    target(_T.RAW_TRACEPOINT_WRITABLE, None, "raw_tracepoint.w", "raw_tp.w")
    for suffix, rules in (("", plain), (".s", sleepable)):
        target(_T.TRACING, _A.TRACE_RAW_TP, "tp_btf" + suffix, rules=rules | in_btf)
        target(_T.TRACING, _A.TRACE_FENTRY, "fentry" + suffix, rules=rules | in_btf)
        target(_T.TRACING, _A.MODIFY_RETURN, "fmod_ret" + suffix, rules=rules | in_btf)
        target(_T.TRACING, _A.TRACE_FEXIT, "fexit" + suffix, rules=rules | in_btf)
        target(_T.TRACING, _A.TRACE_FSESSION, "fsession" + suffix, rules=rules | in_btf)
        target(_T.TRACING, _A.TRACE_FENTRY_MULTI, "fentry.multi" + suffix, rules=rules)
        target(_T.TRACING, _A.TRACE_FEXIT_MULTI, "fexit.multi" + suffix, rules=rules)
        target(_T.TRACING, _A.TRACE_FSESSION_MULTI, "fsession.multi" + suffix, rules=rules)
        target(_T.LSM, _A.LSM_MAC, "lsm" + suffix, rules=rules | in_btf)
        target(_T.TRACING, _A.TRACE_ITER, "iter" + suffix, rules=rules | in_btf)
        target(_T.STRUCT_OPS, None, "struct_ops" + suffix, rules=rules)
    target(_T.EXT, None, "freplace", rules=in_btf)
    target(_T.LSM, _A.LSM_CGROUP, "lsm_cgroup", rules=in_btf)
    exact(_T.SYSCALL, sleepable, syscall=None)
    kinds += [
        SectionKind("xdp.frags/devmap", _T.XDP, _A.XDP_DEVMAP, frags),
        SectionKind("xdp.frags/cpumap", _T.XDP, _A.XDP_CPUMAP, frags),
        SectionKind("xdp.frags", _T.XDP, _A.XDP, frags),
    ]
    exact(_T.XDP, attachable, xdp__devmap=_A.XDP_DEVMAP, xdp__cpumap=_A.XDP_CPUMAP)
    exact(_T.XDP, optional, xdp=_A.XDP)
    exact(_T.PERF_EVENT, plain, perf_event=None)
    exact(_T.LWT_IN, plain, lwt_in=None)
    exact(_T.LWT_OUT, plain, lwt_out=None)
    exact(_T.LWT_XMIT, plain, lwt_xmit=None)
    exact(_T.LWT_SEG6LOCAL, plain, lwt_seg6local=None)
    exact(_T.SOCK_OPS, optional, sockops=_A.CGROUP_SOCK_OPS)
    exact(
        _T.SK_SKB,
        optional,
        sk_skb__stream_parser=_A.SK_SKB_STREAM_PARSER,
        sk_skb__stream_verdict=_A.SK_SKB_STREAM_VERDICT,
        sk_skb__verdict=_A.SK_SKB_VERDICT,
    )
    exact(_T.SK_SKB, plain, sk_skb=None)
    exact(_T.SK_MSG, optional, sk_msg=_A.SK_MSG_VERDICT)
    exact(_T.LIRC_MODE2, optional, lirc_mode2=_A.LIRC_MODE2)
    exact(_T.FLOW_DISSECTOR, optional, flow_dissector=_A.FLOW_DISSECTOR)
    exact(
        _T.CGROUP_SKB,
        optional,
        cgroup_skb__ingress=_A.CGROUP_INET_INGRESS,
        cgroup_skb__egress=_A.CGROUP_INET_EGRESS,
    )
    exact(_T.CGROUP_SKB, plain, cgroup__skb=None)
    exact(
        _T.CGROUP_SOCK,
        attachable,
        cgroup__sock_create=_A.CGROUP_INET_SOCK_CREATE,
        cgroup__sock_release=_A.CGROUP_INET_SOCK_RELEASE,
        cgroup__post_bind4=_A.CGROUP_INET4_POST_BIND,
        cgroup__post_bind6=_A.CGROUP_INET6_POST_BIND,
    )
    exact(_T.CGROUP_SOCK, optional, cgroup__sock=_A.CGROUP_INET_SOCK_CREATE)
    for hook in ("bind", "connect", "sendmsg", "recvmsg", "getpeername", "getsockname"):
        for family, infix in (("4", "INET4"), ("6", "INET6"), ("_unix", "UNIX")):
            if hook == "bind" and family == "_unix":
                continue
            infix = infix if hook in ("bind", "connect", "getpeername", "getsockname") else infix.replace("INET", "UDP")
            attach = _A[f"CGROUP_{infix}_{hook.upper()}"]
            kinds.append(SectionKind(f"cgroup/{hook}{family}", _T.CGROUP_SOCK_ADDR, attach, attachable))
    exact(_T.CGROUP_SYSCTL, attachable, cgroup__sysctl=_A.CGROUP_SYSCTL)
    exact(
        _T.CGROUP_SOCKOPT,
        attachable,
        cgroup__getsockopt=_A.CGROUP_GETSOCKOPT,
        cgroup__setsockopt=_A.CGROUP_SETSOCKOPT,
    )
    exact(_T.CGROUP_DEVICE, optional, cgroup__dev=_A.CGROUP_DEVICE)
    exact(_T.SK_LOOKUP, attachable, sk_lookup=_A.SK_LOOKUP)
    exact(_T.NETFILTER, plain, netfilter=_A.NETFILTER)
    return kinds


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
