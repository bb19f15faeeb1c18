"""When the garbage collector looks at all objects."""

from __future__ import annotations

import gc

import pytest

from bpftui.tui.collector import Collector


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the collector was told to do."""
    told: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: told.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: told.append("freeze"))
    return told


@pytest.mark.parametrize(
    ("young", "idle", "looked"),
    [
        (11, 3.0, True),
        (11, 1.0, False),
        (9, 60.0, False),
        (41, 0.5, True),
        (41, 0.1, False),
        (500, 0.0, True),
    ],
)
def test_all_objects_are_looked_at_while_nobody_is_there(
    young: int, idle: float, *, looked: bool, collected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 100.0 + idle, 100.2 + idle])
    monkeypatch.setattr("bpftui.tui.collector.time.monotonic", times.__next__)
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, young))
    collector = Collector()
    collector.look()
    # What survives a look that takes long is an analysis: it is not looked at again.
    assert collected == (["collect", "freeze"] if looked else [])
