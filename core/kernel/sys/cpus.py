"""The machine's CPUs by their numbers, among which there may be holes: `0-3,8-11`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from ...errors import FeatureError, reason_of

__all__ = ["online_cpus", "possible_cpu_ids", "possible_cpus"]

_FOLDER: Final = Path("/sys/devices/system/cpu")


def online_cpus() -> tuple[int, ...]:
    """Return the numbers of the CPUs that run now: on no other can an event be opened."""
    return _numbers((_FOLDER / "online").read_text())


@functools.cache
def possible_cpu_ids() -> tuple[int, ...]:
    """Return the numbers of the CPUs that the kernel can ever have, in their order.

    Raises:
        FeatureError: sysfs, which tells them, is not mounted.
    """
    path = _FOLDER / "possible"
    try:
        return _numbers(path.read_text())
    except OSError as error:
        reason = f"{path}: {reason_of(error)}; without it nobody knows how large per-CPU values are"
        raise FeatureError(reason, hint="mount -t sysfs sysfs /sys") from error


def possible_cpus() -> int:
    """Return how many CPUs the kernel can ever have, which is how many values a per-CPU entry holds.

    Neither the online nor the present ones count; a number that is too small would let the kernel write past the end.

    Raises:
        FeatureError: sysfs, which tells it, is not mounted.
    """
    return len(possible_cpu_ids())


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers in a list of ranges."""
    parts = [part.partition("-") for part in text.strip().split(",")]
    return tuple(cpu for first, _, last in parts for cpu in range(int(first), int(last or first) + 1))
