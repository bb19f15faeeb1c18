"""What this process may do, and why it may not: looked up before an EPERM is blamed on anything."""

from __future__ import annotations

import enum
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Final

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
    "refusal",
    "unprivileged_bpf_disabled",
]


class Capability(enum.IntEnum):
    """The capabilities that bpf(2) asks for (`linux/capability.h`); the values are bit numbers."""

    CAP_NET_ADMIN = 12
    CAP_SYS_ADMIN = 21
    CAP_PERFMON = 38
    CAP_BPF = 39


LOADING: Final = (Capability.CAP_BPF,)
"""Maps, BTF, socket filters, test runs (since Linux 5.8; before, CAP_SYS_ADMIN)."""
NETWORKING: Final = (Capability.CAP_BPF, Capability.CAP_NET_ADMIN)
"""XDP, tc, cgroup and other networking programs."""
TRACING: Final = (Capability.CAP_BPF, Capability.CAP_PERFMON)
"""Programs that may read kernel memory."""


def capabilities() -> frozenset[Capability]:
    """Return the effective ones of this thread, as far as bpf(2) asks for them."""
    bits = 0
    for line in _read("/proc/thread-self/status").splitlines():
        if line.startswith("CapEff:"):
            bits = int(line.split()[1], 16)
    return frozenset(capability for capability in Capability if bits >> capability & 1)


def missing(needed: Iterable[Capability]) -> list[Capability]:
    """Return those of *needed* that this thread lacks. CAP_SYS_ADMIN includes CAP_BPF, CAP_PERFMON and, for bpf(2),
    CAP_NET_ADMIN (`bpf_capable`, `perfmon_capable`, `bpf_net_capable` in the kernel).
    """
    held = capabilities()
    return [] if Capability.CAP_SYS_ADMIN in held else [one for one in needed if one not in held]


def unprivileged_bpf_disabled() -> int | None:
    """Return kernel.unprivileged_bpf_disabled: 0 allowed, 1 off for good, 2 off; None when it cannot be read."""
    text = _read("/proc/sys/kernel/unprivileged_bpf_disabled").strip()
    return int(text) if text.isdigit() else None


def lockdown() -> str:
    """Return the lockdown that is in force: `none`, `integrity` or `confidentiality`."""
    text = _read("/sys/kernel/security/lockdown")
    return text.partition("[")[2].partition("]")[0] or "none"


def in_user_namespace() -> bool:
    """Whether this process is in a user namespace, whose capabilities bpf(2) does not honour."""
    return _read("/proc/self/uid_map").split() not in ([], ["0", "0", "4294967295"])


def refusal(needed: Iterable[Capability]) -> tuple[str, str]:
    """Return why the kernel says EPERM to somebody who needs *needed*: the reason, and the remedy."""
    lacking = missing(needed)
    if lacking:
        names = enumerate_words([capability.name for capability in lacking])
        return f"this process lacks {names}", f"run it with sudo, or give it {names}"
    if in_user_namespace():
        return (
            "the capabilities of a user namespace do not count for bpf(2)",
            "run it outside of the container, or mount a bpffs that delegates a BPF token to it",
        )
    if lockdown() == "confidentiality":
        return (
            "the kernel is locked down (confidentiality), so that programs may not read its memory",
            "boot without lockdown=confidentiality, or without Secure Boot",
        )
    return (
        "this process has the capabilities that the kernel asks for, so it is a policy of this host",
        "look for a security module (LSM, seccomp) or a hypervisor that restricts BPF",
    )


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
