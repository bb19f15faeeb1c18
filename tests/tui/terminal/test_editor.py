"""The user's editor: what is run, for which editor, and what is said where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.terminal.editor import editor_command, run_editor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def editors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Editors of these names, and no others."""
    for name in ("vim", "code", "hx", "my editor"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"EDITOR": "vim"}, ["vim", "+12", "/src/a.c"]),
        ({"VISUAL": "code --new-window", "EDITOR": "vim"}, ["code", "--new-window", "--wait", "--goto", "/src/a.c:12"]),
        ({"EDITOR": "hx"}, ["hx", "/src/a.c:12"]),
        ({"VISUAL": "  ", "EDITOR": "'my editor' -x"}, ["my editor", "-x", "+12", "/src/a.c"]),
        # no shell reads it
        ({"EDITOR": "vim ; reboot"}, ["vim", ";", "reboot", "+12", "/src/a.c"]),
    ],
)
@pytest.mark.usefixtures("editors")
def test_what_is_run(environment: dict[str, str], command: list[str]) -> None:
    assert editor_command("/src/a.c", 12, environment) == command


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "there is no editor"),
        ({"EDITOR": "ed"}, "$EDITOR is ed, which is not here"),
        ({"VISUAL": "'vim"}, "$VISUAL is no command: No closing quotation"),
    ],
)
@pytest.mark.usefixtures("editors")
def test_there_is_none(environment: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        editor_command("/src/a.c", 12, environment)
    assert error.value.message == message
    assert error.value.hint


def test_what_went_wrong_is_said() -> None:
    assert run_editor(["true"]) == ""
    assert run_editor(["false"]) == "false ended with exit code 1"
    assert run_editor(["sh", "-c", "kill -9 $$"]) == "sh was ended by SIGKILL"
    assert run_editor(["/nowhere/ed"]) == "/nowhere/ed cannot be started: no such file or directory"
