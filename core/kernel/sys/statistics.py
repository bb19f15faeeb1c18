"""Run counts and times of programs: who counts them, and when."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from ...privileges import Capability
from .errands import brought
from .explain import explain
from .layouts import EnableStats
from .syscall import BpfError, Command, Descriptor

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["always_counted", "stats_enabled"]


def always_counted() -> bool:
    """Whether the kernel counts and times all runs, whoever asks for it (kernel.bpf_stats_enabled, Linux 5.1)."""
    try:
        return Path("/proc/sys/kernel/bpf_stats_enabled").read_text().strip() == "1"
    except OSError:
        return False


def enable_statistics(_argument: str = "") -> int:
    """Return the descriptor that keeps statistics on; where this process may not make one, from its steward.

    Raises:
        BpfError: The kernel said no.
    """
    try:
        return EnableStats().call(Command.ENABLE_STATS)
    except BpfError as error:
        return brought(error, "statistics")


@contextlib.contextmanager
def stats_enabled() -> Generator[None]:
    """Have the kernel count and time every program's runs meanwhile (Linux 5.8; costs some 20 ns a run).

    Raises:
        NoPermissionError: It asks for CAP_SYS_ADMIN.
    """
    try:
        fd = enable_statistics()
    except BpfError as error:
        feature = "run statistics by file descriptor (Linux 5.8)"
        needs = (Capability.CAP_SYS_ADMIN,)
        raise explain(error, "switch on the programs' statistics", needs=needs, feature=feature) from error
    descriptor = Descriptor(fd, "statistics")
    try:
        yield
    finally:
        descriptor.close()
