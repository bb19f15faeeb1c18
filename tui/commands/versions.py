"""`bpftui --version`: where a fault happened, as a report of it should tell. Nothing in here fails, or loads much."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from importlib import metadata
from typing import Final

from ...core.privileges import Capability, privileges

__all__ = ["version", "version_report"]

_PACKAGES: Final = ("textual", "rich", "pyelftools", "capstone", "pyroute2", "pcapy-ng")
"""Those whose version makes a difference to what is read, drawn or sent."""

_TYPES: Final = "/sys/kernel/btf/vmlinux"


def version() -> str:
    """Return the name and the version, on one line; of a copy without metadata it is not known."""
    try:
        return f"bpftui {metadata.version('bpftui')}"
    except metadata.PackageNotFoundError:
        return "bpftui, of a version that is not known"


def version_report() -> str:
    """Return the text of `bpftui --version`: the first line is `version()`."""
    python = f"{platform.python_version()}, {platform.python_implementation()}, {sys.executable or 'embedded'}"
    packages = ", ".join(f"{name} {_version_of(name)}" for name in _PACKAGES)
    kernel = " ".join(filter(None, (platform.system(), platform.release(), platform.machine())))
    return "\n".join(
        [
            version(),
            f"python    {python}",
            f"packages  {packages}",
            f"kernel    {kernel}, {_types()}",
            f"rights    {_rights()}",
            f"terminal  {_terminal()}",
        ]
    )


def _version_of(package: str) -> str:
    """Return the version of a package that is needed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _types() -> str:
    """Return whether the kernel publishes its types."""
    try:
        return f"types of {os.stat(_TYPES).st_size:,} bytes"
    except OSError:
        return "publishes no types"


def _rights() -> str:
    """Return who this is, what of capabilities that BPF asks for there is, and which runtime that comes to."""
    from ...core.choice import runtime_name

    held = [each.name for each in Capability if privileges().effective >> each & 1]
    user = f"user {os.geteuid()}" if hasattr(os, "geteuid") else "a user"
    return f"{user}, {' '.join(held) or 'no capability that BPF asks for'}; runtime: {runtime_name()}"


def _terminal() -> str:
    """Return how large the terminal is, and what it calls itself; stdout may be a file by now."""
    named = [f"{name}={os.environ[name]}" for name in ("TERM", "COLORTERM", "NO_COLOR", "LANG") if name in os.environ]
    for number in (1, 2, 0):
        with contextlib.suppress(OSError):
            columns, rows = os.get_terminal_size(number)
            return ", ".join([f"{columns}×{rows}", *named])
    return ", ".join(["none", *named])
