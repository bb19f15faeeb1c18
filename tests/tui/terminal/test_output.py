"""The gates of standard output and standard error."""

from __future__ import annotations

import io
import json
import os
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    import pytest

from bpftui.tui.commands.common import print_json
from bpftui.tui.terminal.output import (
    InPlace,
    complain,
    gated,
    write_json,
    write_line,
    write_lines,
    write_table,
    write_text,
)
from bpftui.tui.text.colors import Painted, assembled, joined, paint

EVIL = "x\x1b[31m\nbpftui: \x9b2J"
SHOWN = r"x\x1b[31m\nbpftui: \x9b2J"


def test_whatever_is_written_is_visible(capsys: pytest.CaptureFixture[str]) -> None:
    with gated():
        print(EVIL)
        sys.stdout.write(EVIL)
        print(f"{paint('name', 'bold')} {EVIL}")  # no longer painted, for it was put together by other means
        print(EVIL, file=sys.stderr)
        complain(EVIL)
    told = capsys.readouterr()
    assert told.out == rf"{SHOWN}" + "\n" + SHOWN + rf"\x1b[1mname\x1b[0m {SHOWN}" + "\n"
    assert told.err == r"x\x1b[31m" + "\n" + r"bpftui: \x9b2J" + "\n" + f"bpftui: {SHOWN}\n"
    print("\x1b", end="")  # the streams are as they were
    assert capsys.readouterr().out == "\x1b"


def test_lines_with_colours(capsys: pytest.CaptureFixture[str]) -> None:
    with gated():
        write_line(paint(EVIL, "bold danger"), " ", EVIL)
        print(paint("printed", "dim"))
        write_lines([EVIL, joined(paint("a", "link"), EVIL)])
        write_text("our own\nlines\n")
    assert capsys.readouterr().out.split("\n") == [
        f"\x1b[1;31m{SHOWN}\x1b[0m {SHOWN}",
        "\x1b[2mprinted\x1b[0m",
        SHOWN,
        f"\x1b[36ma\x1b[0m{SHOWN}",
        "our own",
        "lines",
        "",
    ]


def test_only_what_is_painted_is_painted() -> None:
    assert type(joined("a", paint("b", "dim"))) is Painted
    assert type(paint("a", "dim") + "\x1b[31m") is str
    assert type(str(paint("a", "dim"))) is Painted


def test_json_keeps_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    with gated():
        write_json(['{"a": "', "\x9b\u202e\udcff\U000e0041", '"}'])
    assert capsys.readouterr().out == r'{"a": "\u009b\u202e\udcff\udb40\udc41"}' + "\n"


def test_json_on_a_line_is_what_json_makes_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    document: dict[str, Any] = {
        "a": [{"n": number, "t": "é\x1b", "x": [number]} for number in range(1000)],
        "e": {},
        "l": [],
        "n": None,
    }
    with gated():
        print_json(document, indent=None)
    told = capsys.readouterr().out
    assert json.loads(told) == document
    assert told == json.dumps(document, ensure_ascii="\\u00e9" in told) + "\n"


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("type", no_wrap=True)
    table.add_row(assembled(("x\x1b[31m", "danger")), "one")
    table.add_row("\x9b\u202e", "two")
    table.add_row(Text("a\x1bb"), "three")  # made by other means: its width is wrong, but nothing passes
    with gated():
        write_table(table, color=True)
    told = capsys.readouterr().out
    assert told.split("\n")[1:3] == ["\x1b[31mx\\x1b[31m\x1b[0m   one", "\\x9b\\u202e  two"]
    assert "a\\x1bb" in told


def test_no_more_is_held_back_than_is_written_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of maps are lines of a million characters, and a table is as wide as its lines are, not as it could be."""
    sizes: list[int] = []

    class Stream(io.StringIO):
        def write(self, text: str, /) -> int:
            sizes.append(len(text))
            return len(text)

    monkeypatch.setattr(sys, "stdout", Stream())
    write_lines("x" * 1_000_000 for _ in range(5))
    write_json('"' + "x" * 1_000_000 + '"' for _ in range(5))
    assert max(sizes) == 1_000_002
    sizes.clear()
    tree = Tree("root")
    for number in range(1000):
        tree.add(Text(f"map {number}"))
    tracemalloc.start()
    write_table(tree, color=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) < 20_000
    assert peak < 5_000_000  # filled up to 10,000 columns they were 10 million characters


def test_a_table_is_as_wide_as_the_terminal_and_in_a_pipe_as_wide_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table("name", "reason")
    table.add_row("a", "word " * 20)
    write_table(table, color=False)
    assert max(map(len, capsys.readouterr().out.splitlines())) > 100
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((40, 24)))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write_table(table, color=False)
    assert max(map(len, capsys.readouterr().out.splitlines())) == 40


class Screen(io.StringIO):
    """A terminal of 20 columns and 6 rows, as far as `InPlace` asks."""

    def fileno(self) -> int:
        return 1


def test_lines_in_place_are_written_over_and_nothing_else_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    size = [20, 6]
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size(size))
    place = InPlace()
    assert place.size() == (20, 5)
    place.show([paint("one", "bold"), EVIL[:4]])
    place.show(["three"])
    size[0] = 3  # the terminal has broken the line in two
    place.clear()
    place.show(["four"])
    place.leave()
    place.show(["five"])
    held, drawn = "\x1b[?2026h", "\x1b[?2026l"
    assert screen.getvalue() == "".join(
        [
            f"{held}\r\x1b[1mone\x1b[0m\x1b[K\n{EVIL[0]}\\x1b[3\x1b[K\n\x1b[J{drawn}",
            f"{held}\x1b[2A\rthree\x1b[K\n\x1b[J{drawn}",
            f"{held}\x1b[2A\r\x1b[J{drawn}",
            f"{held}\rfour\x1b[K\n\x1b[J{drawn}",
            f"{held}\rfive\x1b[K\n\x1b[J{drawn}",
        ]
    )
