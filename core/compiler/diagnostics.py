"""What clang says of a file, by its places."""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple

__all__ = ["Diagnostic", "Severity", "parse_diagnostics"]

_LINE: Final = re.compile(
    r"^(?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+): (?:fatal )?(?P<severity>error|warning|note): (?P<text>[^\n]*)"
    r"(?:\n(?: *\d+ \|)?(?P<code>[^\n]*)\n[ |]*[~ ]*\^)?",
    re.MULTILINE,
)


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
    """Return what clang said on its standard error."""
    return tuple(
        Diagnostic(
            found["file"],
            int(found["line"]),
            int(found["column"]),
            Severity(found["severity"]),
            found["text"],
            (found["code"] or "").strip(),
        )
        for found in _LINE.finditer(told)
    )
