"""Names come from files: no command may hand what a terminal obeys on to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.tui.__main__ import main
from tests.core.spec.test_legacy import Maker

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "evil\x1b]0;owned\x07\nname\u202e"
SHOWN = r"evil\x1b]0;owned\x07\nname\u202e"
COMMANDS = [
    ["show"],
    ["show", "--graph"],
    ["show", "--core"],
    ["show", "--externs"],
    ["check", "--runtime", "vm"],
    ["disasm"],
    ["disasm", "--raw"],
    ["disasm", "--raw", "--syntax", "llvm"],
]


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """Return an object whose program, map and sections have such names."""
    maker = Maker()
    maker.maps("maps", (TITLE + "map", maker.words(2, 4, 8, 1, 0)))
    maker.program("xdp/" + TITLE, TITLE)
    maker.program("socket", "other")
    maker.sections.append(("license", 1, 3, TITLE.encode() + b"\0"))
    path = tmp_path / "hostile.o"
    path.write_bytes(maker.build())
    return str(path)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_names_are_shown_with_escapes(words: list[str], hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([*words, hostile])
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "\nname" not in text
    if words not in (["show", "--core"], ["show", "--externs"], ["disasm", "--raw", "--syntax", "llvm"]):
        assert SHOWN in told.out


def test_an_error_that_quotes_a_name(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disasm", hostile, "missing\x1b[31m"]) != 0
    told = capsys.readouterr().err
    assert r"missing\x1b[31m" in told
    assert "\x1b" not in told
