"""`disasm --dead` and `--xlated`: what a kernel made of a program, here one that is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import bpftui.core.choice
from bpftui.tui.__main__ import main
from tests.tui.widgets.code.test_marked_code import DEAD, fake_image

if TYPE_CHECKING:
    from bpftui.core.runtime.inspected import Image
    from bpftui.core.spec import CollectionSpec


class Told:
    """A runtime that is its own inspector."""

    def __init__(self, _name: str) -> None:
        """Take any name."""

    def inspect(self) -> Told:
        return self

    def require(self) -> None:
        """Have all rights."""

    def image(self, spec: CollectionSpec, name: str) -> Image:
        return fake_image(spec, name)


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpftui.core.choice, "choose_runtime", Told)


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["disasm", DEAD, *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_what_was_removed_is_marked_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "--dead", "--no-source")
    assert lines[:7] == [
        "; dead_code: 52 of 58 instructions removed by the verifier, 6 left",
        ";   42 because the jump at 3 is always taken: verbose = false",
        ";   10 because the jump at 50 is always taken: level = 0",
        "dead_code:",
        "     0: r1 = .rodata[verbose]",
        "     2: r1 = *(u8 *)(r1 +0) ; verbose",
        "-    3: if w1 != 0x1 goto L46 ; removed: verbose = false",
    ]
    assert lines[-2:] == ["-   60: w0 = 12 ; removed: level = 0", "    61: exit"]
    assert sum(line.startswith("-") for line in lines) == 52


def test_colours_are_all_that_colours_add(capsys: pytest.CaptureFixture[str]) -> None:
    plain = printed(capsys, "--dead", "--no-source")
    lines = printed(capsys, "--dead", "--no-source", "--color", "always")
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines] == plain
    assert lines[3] == "\x1b[1;4mdead_code:\x1b[0m"
    assert lines[6] == "\x1b[2m-    3: if w1 != 0x1 goto L46 ; removed: verbose = false\x1b[0m"
    assert lines[4].startswith("\x1b[2m     0: \x1b[0m")
    assert lines[5].endswith("\x1b[2m ; verbose\x1b[0m")
