"""The commands in the documentation: those in blocks, and those in tables of docs/coming-from.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bpftui.tui.commands import COMMANDS, EXPLORE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ROOT", "blocks", "commands", "parts"]

ROOT: Final = Path(__file__).parents[1]
_SHELL: Final = re.compile(r"^```(?:sh|console|bash|text)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCED: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_ENDS: Final = frozenset({"|", ";", "&&", ">", "<", "2>&1", "&", "||"})


def blocks(text: str) -> Iterator[str]:
    """Iterate over the lines of a document that are typed in a shell."""
    for block in _SHELL.findall(text):
        yield from block.splitlines()
    indented = [line[4:] for line in _FENCED.sub("", text).splitlines() if line.startswith("    ")]
    yield from indented


def commands(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Iterate over the calls of bpftui in a document: the command's name, and the words that it is given."""
    text = path.read_text()
    lines = list(blocks(text))
    if path.name == "coming-from.md":
        lines += [
            cell for row in text.splitlines() if row.startswith("|") for cell in re.findall(r"`(bpftui .*?)`", row)
        ]
    for line in lines:
        for call in parts(line):
            if call[0] in COMMANDS and call[0] != EXPLORE:
                yield call[0], call[1:]
            elif call[0] not in ("-h", "--help", "-V", "--version"):
                yield EXPLORE, call


def parts(line: str) -> Iterator[list[str]]:
    """Iterate over the words of each call of bpftui in a line of a shell, without the program's name."""
    if "bpftui" not in line or line.startswith(("bpftui: ", "#")):
        return
    try:
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=";|&<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:  # a sentence, with an apostrophe in it
        return
    while words:
        end = next((index for index, word in enumerate(words) if word in _ENDS), len(words))
        call, words = words[:end], words[end + 1 :]
        call = call[1:] if call[:1] == ["sudo"] else call
        if call[:1] == ["bpftui"] and len(call) > 1:
            yield call[1:]
