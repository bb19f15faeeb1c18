"""What clang says of a file, by its places."""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple

__all__ = ["Diagnostic", "Severity", "parse_diagnostics"]

_HEAD: Final = re.compile(
    r"(?P<file>[^\n]+?):(?P<line>\d{1,9}):(?P<column>\d{1,9}): "
    r"(?:fatal )?(?P<severity>error|warning|note): (?P<text>.*)"
)
_CODE: Final = re.compile(r" *\d+ \|")
_CARET: Final = re.compile(r"[ |~]*+\^")
_LONGEST: Final = 1000
"""Characters that are looked at of a line."""


class Severity(enum.Enum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Diagnostic(NamedTuple):
    """One thing that clang says."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1, in bytes."""
    severity: Severity
    text: str
    code: str
    """The line of C that clang shows with it; empty where it shows none."""

    @property
    def place(self) -> str:
        """Where it is, as compilers say it: `prog.c:3:7`."""
        return f"{self.file}:{self.line}:{self.column}"


def parse_diagnostics(told: str) -> tuple[Diagnostic, ...]:
    """Return what clang said on its standard error.

    A program's own texts (`#pragma message`, `_Static_assert`) stand there as they are, and may look like it.
    """
    lines = [line[:_LONGEST] for line in told.split("\n")]
    found: list[Diagnostic] = []
    for number, line in enumerate(lines):
        head = _HEAD.match(line)
        if head is None:
            continue
        shown = lines[number + 1 : number + 3]
        code = _CODE.sub("", shown[0], count=1).strip() if len(shown) == 2 and _CARET.match(shown[1]) else ""
        place = int(head["line"]), int(head["column"])
        found.append(Diagnostic(head["file"], *place, Severity(head["severity"]), head["text"], code))
    return tuple(found)
