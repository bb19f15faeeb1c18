"""Worlds: what is kept of them to go back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.debug import Call, Recording
from bpftui.core.debug import world as worlds
from bpftui.core.debug.world import World
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    import pytest

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def world(runs: int, entries: int = 0) -> World:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    contents = {"traffic": [(number.to_bytes(8, "big"), bytes([7]) * 32) for number in range(entries)]}
    times = list(range(runs))
    recording = Recording.of(spec, "count_traffic", [Call(UDP)] * runs, contents=contents if entries else None)
    recording.times[:] = times
    return World(recording)


def test_what_checkpoints_hold_together_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with a hundred megabytes of entries, over a capture of ten thousand packets, would hold gigabytes."""
    plain = world(20)
    plain.complete()
    assert list(plain._checkpoints) == list(range(21))
    monkeypatch.setattr(worlds, "_MOST_BYTES", plain._checkpoints[1].size * 9 // 2)
    limited = world(20)
    limited.complete()
    # Four of them fit: each eighth run, and the one that somebody went to.
    assert list(limited._checkpoints) == [0, 8, 16, 20]
    for run in (20, 13, 3, 0, 19):
        plain.before(run)
        limited.before(run)
        assert plain.times.at == limited.times.at == run
        stores = zip(plain.collection.maps.values(), limited.collection.maps.values(), strict=True)
        assert all(list(one.store.entries()) == list(other.store.entries()) for one, other in stores)


def test_of_checkpoints_that_are_too_large_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "_MOST_BYTES", 1)
    stood = world(20)
    stood.complete()
    assert list(stood._checkpoints) == [0, 20]
    stood.before(3)
    assert (stood.next, stood.times.at) == (3, 3)


def test_a_checkpoint_tells_what_it_holds() -> None:
    few, many = world(1, entries=1), world(1, entries=201)
    assert many._checkpoints[0].size - few._checkpoints[0].size > 200 * 32
