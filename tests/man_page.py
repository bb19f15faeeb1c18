"""The manual page bpftui(1), made from the parsers of the commands:  python -m tests.man_page

What stands in docs/bpftui.1 is what this makes; tests/tui/commands/test_man_page.py compares. (argparse-manpage was
tried: it pastes `--help`, and troff takes a line of it that begins with a dot for a request.)
"""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.core.errors import ExitCode
from bpftui.tui.commands import COMMANDS
from bpftui.tui.commands.parser import EVERY_COMMAND, LOADING, OBJECT, Parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

__all__ = ["FILE", "page", "parsers"]

ROOT: Final = Path(__file__).parents[1]
FILE: Final = ROOT / "docs/bpftui.1"
_UNDATED: Final = "2026-11-30"
"""Before a release has a date in the changelog: a page without one is not well formed."""
_SHARED: Final = (OBJECT, LOADING, EVERY_COMMAND)
_CODES: Final = {
    ExitCode.OK: "all is well",
    ExitCode.REFUSED: "the object, the verifier or the load said no; of diff: there are differences",
    ExitCode.USAGE: "usage, or no terminal; of diff: one of the two cannot be read",
    ExitCode.NO_PERMISSION: "no permission",
    ExitCode.NO_FEATURE: "this kernel lacks a feature",
    ExitCode.INTERRUPTED: "interrupted",
}
_ENVIRONMENT: Final = {
    "NO_COLOR": "no colours, whatever it is set to",
    "EDITOR": "what opens a line of C",
    "LIBBPF_BPF_TOKEN_PATH": "in a user namespace: a bpffs that delegates BPF tokens",
    "XDG_CONFIG_HOME, XDG_STATE_HOME": "where the files below are, if not in ~/.config and ~/.local/state",
}
_FILES: Final = {
    "~/.config/bpftui/config.toml": "the theme, and under [keys] keys by the names of what they do",
    "~/.local/state/bpftui/": "presets, recordings, packets, stops of the debugger, and a log of what was loaded, "
    "attached and detached, and of what failed",
}


def parsers() -> dict[str, Parser]:
    """Return the parsers of the commands, by name."""
    return {
        name: import_module(f"bpftui.tui.commands.{command.module}").make_parser() for name, command in COMMANDS.items()
    }


def page() -> str:
    """Return the page, as source for man(7)."""
    return "".join(f"{line}\n" for line in _lines(parsers()))


def _lines(made: dict[str, Parser]) -> Iterator[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    dated = re.search(r"^## \[[\d.]+\] - ([\d-]+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    yield f'.TH BPFTUI 1 "{dated[1] if dated else _UNDATED}" "bpftui {project["version"]}"'
    yield from (".SH NAME", rf"bpftui \- {_text(project['description'][:1].lower() + project['description'][1:])}")
    yield ".SH SYNOPSIS"
    for index, parser in enumerate(made.values()):
        yield from (
            *([".br"] if index else []),
            f"\\fB{_text(parser.prog)}\\fR{_text(parser.usage_line().removeprefix(parser.prog))}",
        )
    yield ".SH COMMANDS"
    for name, parser in made.items():
        yield f".SS {_text(parser.prog)}"
        yield _text(parser.description or COMMANDS[name].summary)
        yield from _options(parser._get_positional_actions())
        for title, actions in parser.groups():
            if title not in _SHARED:
                yield from _options(actions)
        yield ".PP"
        yield "Examples:"
        for typed, meaning in parser.examples:
            yield from (".TP", rf"\fB{_text(typed)}\fR", _text(meaning or name))
    for title in _SHARED:
        yield f'.SH "OPTIONS: {title.upper()}"'
        yield from _options(_common(made.values(), title))
    codes = {str(int(code)): meaning for code, meaning in _CODES.items()}
    for title, told in (("EXIT STATUS", codes), ("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES)):
        yield f'.SH "{title}"'
        for what, meaning in told.items():
            yield from (
                ".TP",
                rf"\fB{_text(str(int(what) if isinstance(what, ExitCode) else what))}\fR",
                _text(meaning),
            )
    yield from (".SH SEE ALSO", r"\fBbpf\fR(2), \fBbpftool\fR(8), \fBbpf-helpers\fR(7), \fBcapabilities\fR(7)")


def _common(made: Iterable[Parser], title: str) -> list[argparse.Action]:
    """Return the options of a group that several commands have; of each what is said first, which is said of all."""
    found: dict[str, argparse.Action] = {}
    for parser in made:
        for action in dict(parser.groups()).get(title, ()):
            first = found.setdefault(action.option_strings[0], action)
            assert first.help == action.help, f"{action.option_strings[0]} is told in two ways"
    return list(found.values())


def _options(actions: Iterable[argparse.Action]) -> Iterator[str]:
    """Iterate over what is said of options and arguments: a tagged paragraph each."""
    for action in actions:
        value = "" if action.nargs == 0 else str(action.metavar or "|".join(map(str, action.choices or ())))
        names = ", ".join(rf"\fB{_text(name)}\fR" for name in action.option_strings)
        given = rf"\fI{_text(f'[{value}]' if action.nargs == '?' else value)}\fR" if value else ""
        told = " ".join((action.help or "").split()) % vars(action)
        yield from (".TP", " ".join(filter(None, (names, given))), _text(told) or r"\&")


def _text(text: str) -> str:
    """Return text as troff has it: nothing of it is a request, an escape or a hyphen, and all of it ASCII."""
    escaped = text.replace("…", "...").replace("\\", r"\e").replace("-", r"\-")
    shown = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in escaped)
    return rf"\&{shown}" if shown[:1] in (".", "'") else shown


if __name__ == "__main__":
    FILE.write_text(page())
