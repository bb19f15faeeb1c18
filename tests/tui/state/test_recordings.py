"""Which recordings there are to choose from, whatever else lies there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bpftui.tui.state.recordings import known_recordings, recordings_directory
from tests.core.tape.test_tape import record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_those_kept_and_those_of_here_the_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = tmp_path / "here"
    here.mkdir()
    recordings_directory().mkdir(parents=True)
    kept, old, odd = recordings_directory() / "a.rec", here / "b.rec", here / "c.rec"
    for path, when in ((kept, 2_000_000_000), (old, 1_000_000_000), (odd, -1000)):
        record(path, 1)
        os.utime(path, (when, when))
    (here / "no.rec").write_text("something else")
    (here / "directory.rec").mkdir()
    (here / "gone.rec").symlink_to(here / "nothing")
    monkeypatch.chdir(here)
    found = known_recordings()
    assert [(each.path, each.changed) for each in found] == [
        (str(kept), 2_000_000_000.0),
        (str(old), 1_000_000_000.0),
        (str(odd), 0.0),  # a time that no calendar has
    ]
    assert found[0].size == kept.stat().st_size


def test_a_directory_that_was_removed_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert known_recordings() == []
