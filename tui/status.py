"""Status: where the explorer is, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Stage", "Status"]

Stage = Literal["SPEC", "LOADED", "ATTACHED"]


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line says; the last failure is in it."""

    file: str = ""
    stage: Stage = "SPEC"
    runtime: str = ""
    busy: str = ""
    """What is being done right now, e.g. `loading`; empty when nothing is."""
    attached: tuple[str, ...] = ()
    """One `program → target` for each link."""
    detach_in: int | None = None
    """Seconds until an automatic detach; None when there is none."""
    paused: bool = False
    interval: float = 1.0
    """Nominal seconds between two samples."""
    rate: str = ""
    """The run rate of what is attached."""
    sentence: str = ""
    """The last failure, as one sentence."""
