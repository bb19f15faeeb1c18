"""What streams bring, and what programs print, as lines."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ...core.visible import visible
from ..text.format import counted
from .common import warn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...core.live import Events, EventSource
    from ...core.runtime import Printed

__all__ = ["event_lines", "print_lines"]


def event_lines(events: EventSource, until: float | None = None) -> Iterator[str]:
    """Iterate over what streams brought, as much of it as there is time for, and what of it is missing.

    Args:
        events: What reads the streams.
        until: When they have to be done, by `time.monotonic`: those that are not are for the next time.
    """
    from ...core.live import record_text

    last: Mapping[str, Events] = {}
    for last in events.batches():
        for name, brought in last.items():
            for raw in brought.records:
                yield f"  {name}: {record_text(raw, events.types[name])}"
        if until is not None and time.monotonic() >= until:
            break
    for name, brought in last.items():
        behind = f"about {brought.behind:,} behind" if brought.behind else ""
        lost = f"{brought.lost:,} lost" if brought.lost else ""
        full = f"found full {brought.full:,} times, when more are lost that nobody counts" if brought.full else ""
        if missing := ", ".join(filter(None, (behind, lost, full))):
            yield f"  {name}: {missing}"


def print_lines(printed: Printed, *, named: bool = False) -> None:
    """Print to standard error what programs printed, *named*: with the name of the one that did, where it is known."""
    for line in printed.lines:
        name = f"{line.program}: " if named and line.program else ""
        print(visible(f"{name}{line.text}"), file=sys.stderr, flush=True)
    if printed.lost:
        warn(f"{counted(printed.lost, 'more line')} that programs printed went by too fast, and are lost")
