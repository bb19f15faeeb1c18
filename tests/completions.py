"""The completion scripts, made by shtab from the parsers of the commands:  python -m tests.completions

What stands in tui/completions/ is what this makes; tests/tui/commands/test_completions.py compares.
"""

from __future__ import annotations

import argparse
from typing import Any, cast

import shtab

from bpftui.tui.commands import COMMANDS, EXPLORE
from bpftui.tui.commands.completion import FOLDER, SCRIPTS
from bpftui.tui.commands.parser import shortened
from tests.man_page import parsers

__all__ = ["script"]

_WIDTH = 72
"""Characters of what is said of an option."""
# The first word is a command or, for which shtab has no words, the object that is explored.
_FIRST_IN_BASH = "_shtab_bpftui_pos_0_COMPGEN=_shtab_compgen_files"
_FIRST_IN_FISH = (
    "complete -c bpftui -n '_shtab_bpftui_using; and test $_shtab_bpftui_npos -eq 0' "
    '-ka "(__fish_complete_path (commandline -ct))"\n'
)
_MORE_IN_ZSH = (
    ("  _describe 'bpftui commands' _commands\n", "  _describe 'bpftui commands' _commands\n  _files\n"),
    (
        "        watch) _arguments -C -s $_shtab_bpftui_watch_options ;;\n",
        "        watch) _arguments -C -s $_shtab_bpftui_watch_options ;;\n"
        "        *) _arguments -C -s ${_shtab_bpftui_options[1,-3]} ;;\n",
    ),
)


def _command_line() -> argparse.ArgumentParser:
    """Return one parser of all: what explores takes its options without a command's name."""
    root = argparse.ArgumentParser(prog="bpftui", add_help=False)
    commands = root.add_subparsers(metavar="COMMAND")
    for name, parser in parsers().items():
        for action in parser._actions:
            _shorten(action)
        if name == EXPLORE:
            for action in parser._actions:
                if action.option_strings:
                    root._add_action(action)
            root.add_argument("-V", "--version", action="store_true", help="the version")
        else:
            summary = COMMANDS[name].summary.partition(":")[0]
            commands.add_parser(name, help=summary, description=summary, parents=[parser], add_help=False)
    return root


def _shorten(action: argparse.Action) -> None:
    """Say what an option is on one line, and what its value is."""
    if action.help:
        action.help = shortened(action, _WIDTH)
    metavar = str(action.metavar or "")
    if "FILE" in metavar or metavar in ("OBJECT", "OUT.pcap"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif metavar.startswith("DIR"):
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def script(shell: str) -> str:
    """Return the completion script for a shell."""
    text = shtab.complete(_command_line(), shell, preamble=cast("Any", {"bash": _FIRST_IN_BASH}))
    if shell == "fish":
        text += _FIRST_IN_FISH
    for old, new in _MORE_IN_ZSH if shell == "zsh" else ():
        assert text.count(old) == 1, f"shtab writes something else than {old!r}"
        text = text.replace(old, new)
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


if __name__ == "__main__":
    for shell, name in SCRIPTS.items():
        (FOLDER / name).write_text(script(shell))
