"""What one run of a test that is written is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_RUNS", "Given"]

MOST_RUNS: Final = 100
"""Runs of a test that somebody reads."""


class Given(NamedTuple):
    """What one run is given."""

    packet: bytes | None = None
    ctx: Mapping[str, Any] | bytes | None = None
    cpu: int = 0
    origin: str = ""
    """Where it is from, for people: `packet 3 of http.pcap`."""
