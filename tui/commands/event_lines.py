"""What streams bring, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...core.live import EventReader

__all__ = ["event_lines"]


def event_lines(events: EventReader) -> Iterator[str]:
    """Iterate over what streams brought, and what of it is missing."""
    from ...core.live import record_text

    for name, brought in events.take().items():
        for raw in brought.records:
            yield f"  {name}: {record_text(raw, events.types[name])}"
        behind = f"about {brought.behind:,} behind" if brought.behind else ""
        lost = f"{brought.lost:,} lost" if brought.lost else ""
        full = f"found full {brought.full:,} times, when more are lost that nobody counts" if brought.full else ""
        if missing := ", ".join(filter(None, (behind, lost, full))):
            yield f"  {name}: {missing}"
