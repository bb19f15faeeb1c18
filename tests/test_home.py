"""A home of its own: where it is, and that what was said before is said again afterwards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.tui.state.places import config_directory, state_directory
from tests.home import own_home

if TYPE_CHECKING:
    import pytest


def test_what_is_kept_is_kept_there_and_nowhere_else_afterwards(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    with own_home() as home:
        assert {state_directory().parent, config_directory().parent} == {Path(home)}
    assert not Path(home).exists()
    assert state_directory().parent == tmp_path
    assert "XDG_CONFIG_HOME" not in os.environ
