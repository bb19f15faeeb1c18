"""Coverage in Cobertura's XML, which Jenkins, GitLab, diff-cover and others read (its coverage-04.dtd)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from .lines import in_order, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .lines import FileCoverage, LineCoverage

__all__ = ["cobertura"]


def cobertura(files: Sequence[FileCoverage], *, timestamp: int = 0) -> Iterator[str]:
    """Yield the lines of the document. Lines that constants exclude are not in it; outcomes are branches.

    Args:
        files: The files.
        timestamp: When they were covered, in milliseconds since 1970.
    """
    named = [file for file in files if file.name]
    all_ = total(named)
    lines = f'lines-covered="{all_.lines}" lines-valid="{all_.all_lines}" line-rate="{_rate(*all_[:2])}"'
    branches = (
        f'branches-covered="{all_.outcomes}" branches-valid="{all_.all_outcomes}" branch-rate="{_rate(*all_[2:4])}"'
    )
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
    yield f'<coverage {lines} {branches} complexity="0" version="bpftui" timestamp="{timestamp}">'
    yield f"<sources><source>{escape(_text(_here()))}</source></sources>"
    rates = f'line-rate="{_rate(*all_[:2])}" branch-rate="{_rate(*all_[2:4])}"'
    yield f'<packages><package name="bpf" {rates} complexity="0">'
    yield "<classes>"
    for file in named:
        name, summary = _attribute(file.name), file.summary
        rates = f'line-rate="{_rate(*summary[:2])}" branch-rate="{_rate(*summary[2:4])}"'
        yield f'<class name={name} filename={name} {rates} complexity="0"><methods/><lines>'
        for line in in_order(file):
            if line.runs or not line.is_removed:
                yield _line(line)
        yield "</lines></class>"
    yield "</classes></package></packages></coverage>"


def _line(line: LineCoverage) -> str:
    ways = [count for jump in line.jumps for _, count in jump.outcomes]
    if not ways:
        return f'<line number="{line.number}" hits="{line.runs}"/>'
    hit = sum(count > 0 for count in ways)
    covered = f'condition-coverage="{100 * hit // len(ways)}% ({hit}/{len(ways)})"'
    return f'<line number="{line.number}" hits="{line.runs}" branch="true" {covered}/>'


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "1"


def _here() -> str:
    """Return the folder that names of files begin in."""
    try:
        return os.getcwd()
    except FileNotFoundError:  # it is gone
        return "."


def _attribute(text: str) -> str:
    """Return a name as an attribute."""
    return quoteattr(_text(text))


def _text(text: str) -> str:
    """Return a name without what XML has no way to write."""
    return "".join(char if char.isprintable() else "?" for char in text)
