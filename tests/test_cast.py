"""The film: what a terminal shows becomes a file of asciinema's, and a picture that moves."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from tests.cast import COLUMNS, ROWS, Frame, Run, cast, runs, svg

PLAIN = ("", "", False, False, False)
RED = "\x1b[1;38;2;255;0;16mred\x1b[0m"


def screen(*lines: str) -> list[str]:
    return [*lines, *[""] * (ROWS - len(lines))]


def test_text_by_how_it_looks() -> None:
    assert list(runs(f"a {RED}b")) == [
        Run(0, "a ", PLAIN),
        Run(2, "red", ("#ff0010", "", True, False, False)),
        Run(5, "b", PLAIN),
    ]
    (run,) = runs("\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m\x1b[7;4mx")
    assert run == Run(0, "x", ("#040506", "#010203", False, True, False))
    assert [run.style for run in runs("\x1b[9mx\x1b[29m\x1b[1my\x1b[22m\x1b[31mz\x1b[39mw")] == [
        ("", "", False, False, True),
        ("", "", True, False, False),
        ("#ff808b", "", False, False, False),
        PLAIN,
    ]


def test_a_frame_has_what_differs_from_the_one_before() -> None:
    frames = [Frame(0.0, screen("$", "x")), Frame(1.5, screen("$", "x")), Frame(2.5, screen("$", RED))]
    head, *events = map(json.loads, cast(frames))
    assert (head["version"], head["width"], head["height"]) == (2, COLUMNS, ROWS)
    assert events == [
        [0.0, "o", "\x1b[1;1H\x1b[0m$\x1b[0m\x1b[K\x1b[2;1H\x1b[0mx\x1b[0m\x1b[K"],
        [2.5, "o", f"\x1b[2;1H\x1b[0m{RED}\x1b[0m\x1b[K"],
        [2.5, "o", ""],
    ]


def test_a_line_is_drawn_once_and_shown_as_long_as_it_stands() -> None:
    frames = [
        Frame(0.0, screen("<a & b>")),
        Frame(3.0, screen(RED)),
        Frame(5.0, screen("<a & b>")),
        Frame(7.0, screen()),
    ]
    root = ET.fromstring("".join(svg(frames)))
    space = {"s": "http://www.w3.org/2000/svg"}
    drawn = {each.attrib["id"]: "".join(each.itertext()) for each in root.findall(".//s:defs/s:g", space)}
    assert sorted(drawn.values()) == ["<a & b>", "red"]
    shown = []
    for use in root.findall("s:use", space):
        animate = use.find("s:animate", space)
        assert animate is not None
        shown.append((drawn[use.attrib["href"][1:]], animate.attrib["keyTimes"], animate.attrib["dur"]))
    assert shown == [
        ("<a & b>", "0;0.0000;0.3000", "10.0s"),
        ("red", "0;0.3000;0.5000", "10.0s"),
        ("<a & b>", "0;0.5000;0.7000", "10.0s"),
    ]
