"""What this process may do, and why it may not: looked up before an EPERM is blamed on anything."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...privileges import Capability, how_to_get, in_user_namespace, privileges
from ...spec import MapType, ProgramType
from . import token

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "LOADING",
    "NETWORKING",
    "TRACING",
    "Capability",
    "capabilities",
    "enumerate_words",
    "lockdown",
    "missing",
    "needed",
    "refusal",
    "unprivileged_bpf_disabled",
]


LOADING: Final = (Capability.CAP_BPF,)
"""Maps, BTF, socket filters, test runs (since Linux 5.8; before, CAP_SYS_ADMIN)."""
NETWORKING: Final = (Capability.CAP_BPF, Capability.CAP_NET_ADMIN)
"""XDP, tc, cgroup and other networking programs."""
TRACING: Final = (Capability.CAP_BPF, Capability.CAP_PERFMON)
"""Programs that may read kernel memory."""

_PROGRAMS: Final[dict[tuple[Capability, ...], str]] = {
    LOADING: "socket_filter cgroup_skb sk_reuseport sk_lookup syscall lirc_mode2",
    NETWORKING: "sched_cls sched_act xdp lwt_in lwt_out lwt_xmit lwt_seg6local sk_skb sk_msg flow_dissector "
    "cgroup_device cgroup_sock cgroup_sock_addr cgroup_sockopt cgroup_sysctl sock_ops netfilter",
    TRACING: "kprobe tracepoint perf_event raw_tracepoint raw_tracepoint_writable tracing lsm struct_ops",
    (*NETWORKING, Capability.CAP_PERFMON): "ext",
}
"""What loading asks for: is_net_admin_prog_type and is_perfmon_prog_type in kernel/bpf/syscall.c (Linux 6.18)."""
_NETWORK_MAPS: Final = frozenset(
    {MapType.DEVMAP, MapType.DEVMAP_HASH, MapType.SOCKMAP, MapType.SOCKHASH, MapType.XSKMAP}
)
"""Maps that ask for CAP_NET_ADMIN: map_create in kernel/bpf/syscall.c (Linux 6.18)."""


def needed(type_: ProgramType | MapType) -> tuple[Capability, ...]:
    """Return the capabilities that loading a program, or creating a map, of a type asks for (since Linux 5.8)."""
    if isinstance(type_, MapType):
        return NETWORKING if type_ in _NETWORK_MAPS else LOADING
    return next((needs for needs, names in _PROGRAMS.items() if type_.label in names.split()), LOADING)


def capabilities() -> frozenset[Capability]:
    """Return the effective ones of this thread, as far as bpf(2) honours them: in a user namespace with a token."""
    if in_user_namespace() and not token.active():
        return frozenset()
    bits = privileges().effective
    return frozenset(capability for capability in Capability if bits >> capability & 1)


def missing(needs: Iterable[Capability]) -> list[Capability]:
    """Return those of *needs* that this thread lacks. CAP_SYS_ADMIN includes CAP_BPF, CAP_PERFMON and, for bpf(2),
    CAP_NET_ADMIN (`bpf_capable`, `perfmon_capable`, `bpf_net_capable` in the kernel).
    """
    held = capabilities()
    if Capability.CAP_SYS_ADMIN in held:
        held |= _INCLUDED
    if in_user_namespace():
        held -= {Capability.CAP_SYS_ADMIN, Capability.CAP_SYSLOG}  # which no token makes count
    return [one for one in needs if one not in held]


_INCLUDED: Final = frozenset({Capability.CAP_BPF, Capability.CAP_PERFMON, Capability.CAP_NET_ADMIN})


def unprivileged_bpf_disabled() -> int | None:
    """Return kernel.unprivileged_bpf_disabled: 0 allowed, 1 off for good, 2 off; None when it cannot be read."""
    text = _read("/proc/sys/kernel/unprivileged_bpf_disabled").strip()
    return int(text) if text.isdigit() else None


def lockdown() -> str:
    """Return the lockdown that is in force: `none`, `integrity` or `confidentiality`; empty where it cannot be told."""
    text = _read(_LOCKDOWN) or _unmounted_lockdown()
    return text if text in ("", "none") else text.partition("[")[2].partition("]")[0] or "none"


_LOCKDOWN: Final = "/sys/kernel/security/lockdown"


def _unmounted_lockdown() -> str:
    """Return what that file says where no securityfs is mounted: `none` where it has none, empty where nobody knows."""
    from .perf import open_unmounted

    root, _, name = _LOCKDOWN.rpartition("/")
    try:
        if os.listdir(root):
            return "none"  # it is mounted, and there is no such module
        with open(open_unmounted("securityfs", root, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return "none"
    except OSError:
        return ""


def refusal(needs: Iterable[Capability]) -> tuple[str, str]:
    """Return why the kernel says EPERM to somebody who needs *needs*: the reason, and the remedy."""
    lacking = missing(needs)
    if in_user_namespace():
        told = _refused_in_user_namespace(lacking, token.active())
        if told is not None:
            return told
    if lacking:
        names = enumerate_words([capability.name for capability in lacking])
        return f"this process lacks {names}", how_to_get(lacking)
    if lockdown() == "confidentiality":
        return (
            "the kernel is locked down (confidentiality), so that programs may not read its memory",
            "boot without lockdown=confidentiality, or without Secure Boot",
        )
    return (
        "this process has the capabilities that the kernel asks for, so it is a policy of this host",
        "look for a security module (LSM, seccomp) or a hypervisor that restricts BPF",
    )


def _refused_in_user_namespace(lacking: list[Capability], source: str) -> tuple[str, str] | None:
    """Return reason and remedy; None where it is neither a matter of capabilities nor of the token from *source*."""
    names = enumerate_words([capability.name for capability in lacking])
    if not source and lacking:
        return (
            "the capabilities of a user namespace do not count for bpf(2)",
            "run it outside of the container, or have a bpffs mounted there that delegates BPF tokens "
            "(delegate_cmds=any,delegate_maps=any,delegate_progs=any,delegate_attachs=any) and name it with --token",
        )
    if lacking:
        return f"this process lacks {names} in its user namespace", "run it as that namespace's root"
    what = token.delegated(source) if source else ""
    if source and what.count("=any") < len(token.OPTIONS):
        return (
            f"the BPF token of {source} does not allow it" + (f" ({what})" if what else ""),
            f"have the bpffs mounted with more of {enumerate_words(list(token.OPTIONS))}",
        )
    return None


def memlock_remedy() -> tuple[str, str] | None:
    """Return reason and remedy where RLIMIT_MEMLOCK is finite. It limits BPF on kernels before 5.11 only."""
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit == resource.RLIM_INFINITY:
        return None
    return (
        f"this kernel counts BPF memory against RLIMIT_MEMLOCK, which is {limit // 1024} KiB",
        "raise it: ulimit -l unlimited",
    )


def enumerate_words(words: list[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
