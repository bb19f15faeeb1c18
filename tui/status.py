"""Status: where one is, what is being done and what went wrong, as data."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..core.errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .nodes import Node

__all__ = ["Crumb", "Failure", "Stage", "Status", "Work", "told"]

Stage = Literal["SPEC", "LOADED", "ATTACHED"]


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way from home to where one is."""

    name: str
    node: Node | None = None
    """What it leads to in the object; None for what lies above all objects."""
    place: str = ""
    """Of what lies above: the screen that it is, where that is not home."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the top line says besides the place."""

    file: str = ""
    stage: Stage = "SPEC"
    runtime: str = ""
    attached: tuple[str, ...] = ()
    """One `program → target` for each link."""
    detach_in: int | None = None
    """Seconds until an automatic detach; None when there is none."""
    paused: bool = False
    interval: float = 1.0
    """Nominal seconds between two samples."""
    rate: str = ""
    """The run rate of what is attached."""
    elsewhere: tuple[str, ...] = ()
    """Where what others have loaded is attached, by whom: `eth1 by systemd`."""
    recording: float | None = None
    """For how many seconds what is seen has been kept; None where it is not."""
    moment: str = ""
    """Of a recording, when the moment was that is seen, and how quickly time goes on; empty where it is now."""
    older: str = ""
    """When the file was written that is loaded, where it is another one by now: `11:58:03`; empty where it is not."""
    access: str = ""
    """Of what others have loaded: whether it is looked at (`read-only`) or may be changed (`WRITE`)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not work, to be said until it is answered."""

    action: str
    """What was tried: `load`, `attach`, `edit`, …; trying it anew answers it."""
    why: str
    """One sentence: what, where, why."""
    hint: str = ""
    """What helps; empty where nothing is known to."""
    node: Node | None = None
    """Where it can be seen or mended; None where that is no place."""
    tab: str = ""
    """The tab that shows it there; empty for the one in which it is at home."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is being done."""

    what: str
    """As a participle: `loading`."""
    give_up: Callable[[], None] | None = None
    """Has it given up, soon; None where that cannot be."""
    since: float = field(default_factory=time.monotonic)
    """When it began, of the monotonic clock."""
    number: int = 0
    """Which part is being worked at, from 1."""
    total: int = 0
    """How many parts there are; 0 where that is not known."""
    part: str = ""
    """The name of the part that is being worked at."""


def told(error: Exception) -> str:
    """Return what an error says: of one that nobody expected also which it is."""
    return error.message if isinstance(error, BpftuiError) else f"{type(error).__name__}: {error}"
