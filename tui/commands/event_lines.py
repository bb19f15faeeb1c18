"""What streams bring, as lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...core.live import EventReader, Events

__all__ = ["event_lines"]


def event_lines(events: EventReader, until: float | None = None) -> Iterator[str]:
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
