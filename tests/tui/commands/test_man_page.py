"""The manual page is what the parsers say, and troff takes it; help fits a screen, and has examples."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest

from bpftui.tui.commands import COMMANDS, EXPLORE
from bpftui.tui.commands.parser import Parser
from tests.man_page import FILE, page, parsers
from tests.tui.commands.command_line import Outcome, bpftui, user_environment

FORMATTERS = (
    ["groff", "-man", "-ww", "-Tascii"],
    ["groff", "-man", "-ww", "-Tutf8"],
    ["man", "--warnings", "-Tutf8", "-Z", "-l"],
    ["mandoc", "-T", "lint", "-W", "warning"],
)


def test_the_page_is_current() -> None:
    # Its first line has the version, which the release sets.
    assert FILE.read_text().splitlines()[1:] == page().splitlines()[1:], "run: make completions"


def test_every_command_and_option_is_in_it() -> None:
    text = FILE.read_text().replace(r"\-", "-")
    for parser in parsers().values():
        assert f".SS {parser.prog}\n" in text
        for action in parser._actions:
            assert all(rf"\fB{name}\fR" in text for name in action.option_strings)


@pytest.mark.parametrize("command", FORMATTERS, ids=lambda command: f"{command[0]} {command[-1]}")
def test_nothing_is_to_be_warned_of(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([*command, str(FILE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if command[0] == "mandoc":
        assert done.stdout == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_short_help_fits_a_screen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = parsers()[name].format_short_help()
    assert len(out.splitlines()) <= 24
    assert out.startswith(f"usage: {'bpftui' if name == EXPLORE else f'bpftui {name}'} ")
    assert [line for line in out.splitlines() if len(line) > 80] == []
    options = {string for action in parsers()[name]._actions for string in action.option_strings if string[:2] == "--"}
    negated = {option for option in options if option.startswith("--no-") and f"--{option[5:]}" in options}
    assert options - negated <= set(re.findall(r"--[a-z-]+", out))


def test_help_is_printed_in_both_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show = parsers()["show"]
    env = user_environment(COLUMNS="80")
    assert bpftui("show", "-h", env=env) == Outcome(0, f"{show.format_short_help()}\n", "")
    assert bpftui("show", "--help", env=env) == Outcome(0, f"{show.format_help()}\n", "")


def test_the_list_of_commands_fits_a_screen() -> None:
    out = bpftui("-h").out.splitlines()
    assert len(out) <= 24
    assert max(map(len, out)) <= 80
    told = bpftui("--help").out.split("\n")
    named = [line.split()[1] for line in told if line.startswith("  bpftui ")]
    assert named == ["[OBJECT]", *(name for name in COMMANDS if name != EXPLORE)]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_which_the_parser_takes(name: str) -> None:
    parser = parsers()[name]
    assert parser.examples
    out = parser.format_help()
    for typed, _ in parser.examples:
        assert typed in out
        words = shlex.split(typed.partition(" > ")[0])[1:]
        Parser.parse_args(parser, words[1:] if name != EXPLORE else words)
