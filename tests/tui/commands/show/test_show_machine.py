"""What `show` and `doctor` say of an object that is built for another machine."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from bpftui.tui.commands.show.command import run

OBJECT = str(Path(__file__).parents[3] / "objects" / "other_machine.o")
FOREIGN = "built for arm64 (its registers are regs, sp, pc, pstate of struct user_pt_regs): take the object for "


@pytest.mark.parametrize(
    ("machine", "line"), [("x86_64", FOREIGN + "x86-64"), ("s390x", FOREIGN + "s390"), ("aarch64", None)]
)
def test_show_says_for_which_machine(
    machine: str, line: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert run([OBJECT]) == 0
    head, *rest = capsys.readouterr().out.splitlines()
    assert head.endswith(", for arm64")
    assert [text for text in rest if "built for" in text] == ([f"├── {line}"] if line is not None else [])
    assert run([OBJECT, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["architecture"] == "arm64"
