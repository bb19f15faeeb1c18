"""The capabilities of this thread, as the kernel tells them: nothing of bpf(2) is asked."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "Capability", "Privileges", "in_user_namespace", "privileges"]

_FIRST_USER_NAMESPACE: Final = 0xEFFFFFFD
"""PROC_USER_INIT_INO of `linux/proc_ns.h`: the inode of the user namespace that the system starts with."""

CAP_DAC_OVERRIDE: Final = 1
CAP_DAC_READ_SEARCH: Final = 2
"""All files, whosever they are: not asked for by anything here, and therefore not among those below."""


class Capability(enum.IntEnum):
    """What BPF, and what is done with it, asks for (`linux/capability.h`); the values are bit numbers."""

    CAP_NET_ADMIN = 12
    CAP_NET_RAW = 13
    CAP_SYS_PTRACE = 19
    CAP_SYS_ADMIN = 21
    CAP_SYSLOG = 34
    CAP_PERFMON = 38
    CAP_BPF = 39

    @property
    def short(self) -> str:
        """As setpriv(1) and capsh(1) take it: `net_admin`."""
        return self.name.removeprefix("CAP_").lower()


@dataclass(frozen=True, slots=True)
class Privileges:
    """What capabilities(7) says that a thread has; sets of bits."""

    effective: int = 0
    permitted: int = 0
    inheritable: int = 0
    bounding: int = 0
    ambient: int = 0
    no_new_privileges: bool = False


def privileges() -> Privileges:
    """Return those of this thread; none where there is no /proc."""
    try:
        lines = Path("/proc/thread-self/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return Privileges()
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    sets = (int(fields.get(f"Cap{name}", "0"), 16) for name in ("Eff", "Prm", "Inh", "Bnd", "Amb"))
    return Privileges(*sets, no_new_privileges=fields.get("NoNewPrivs") == "1")


def in_user_namespace() -> bool:
    """Whether this thread is in a user namespace, whose capabilities bpf(2) honours with a token only."""
    try:
        return Path("/proc/thread-self/ns/user").stat().st_ino != _FIRST_USER_NAMESPACE
    except OSError:
        return False
