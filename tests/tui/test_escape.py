"""How long the key Escape is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual import constants
from textual.app import App

from bpftui.tui.base_app import BaseApp
from bpftui.tui.state.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("environment", "delay"),
    [
        ({}, 0.01),
        # An arrow that comes in two pieces would be Escape, `[` and a letter, which may detach.
        ({"SSH_CONNECTION": "192.0.2.1 40000 192.0.2.2 22"}, 0.1),
        ({"ESCDELAY": "250"}, 0.1),
    ],
)
def test_escape_is_told_from_a_sequence_sooner_where_the_terminal_is_here(
    environment: Mapping[str, str], delay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSH_CONNECTION", "ESCDELAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("bpftui.core.privileges.ssh.os.getppid", lambda: 1)  # whoever runs the tests may be far away
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.1)  # Textual's own, which read the environment when it was made
    seen: list[float] = []

    def run(app: BaseApp[None], **options: object) -> None:
        seen.append(constants.ESCAPE_DELAY)

    monkeypatch.setattr(App, "run", run)
    app: BaseApp[None] = BaseApp(Config())
    app.run()
    assert seen == [delay]
