"""Launch: what is to be debugged, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..debug import Recording

__all__ = ["Launch"]


@dataclass
class Launch:
    """What a client has asked to be launched."""

    recording: Recording
    stop_on_entry: bool = False
    """Whether it stands before the first instruction first."""
    no_debug: bool = False
    """Whether it just runs to the end."""
    folders: list[str] = field(default_factory=list[str])
    """Where source files are looked for that the object names without saying from where."""
    source_map: Mapping[str, str] = field(default_factory=dict[str, str])
    """By how names of source files in the object begin, what is there on this machine."""
    remarks: list[str] = field(default_factory=list[str])
    """What did not fit, for people."""
