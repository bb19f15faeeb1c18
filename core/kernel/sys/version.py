"""Which version of Linux runs."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Final

__all__ = ["kernel_version"]

_SIGNATURE: Final = Path("/proc/version_signature")
"""Only on Ubuntu."""


def kernel_version() -> int:
    """Return KERNEL_VERSION(major, minor, patch), in which patch levels above 255 count as 255.

    Ubuntu's and Debian's releases (`6.1.0-56-cloud-amd64`) do not tell the patch level that the source has, which
    LINUX_VERSION_CODE has when such a kernel is built: as libbpf does, look where they say it.
    """
    try:
        told = re.match(r"Ubuntu \S+ (\d+\.\d+\.\d+)", _SIGNATURE.read_text())
    except OSError:
        told = re.search(r"Debian (\d+\.\d+\.\d+)", platform.version())
    numbers = [int(number) for number in re.findall(r"\d+", told[1] if told else platform.release())[:3]]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major << 16 | minor << 8 | min(patch, 255)
