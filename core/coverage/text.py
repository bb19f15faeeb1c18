"""Coverage as text: what was reached of each file, what was not, and the source with its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..visible import visible
from .lines import in_order, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .lines import FileCoverage, LineCoverage, Summary

__all__ = ["listing", "percent", "summary"]


def percent(part: int, whole: int) -> str:
    """Return a share as text; `–` of nothing. 100 % is all, and 0 % nothing."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if part < whole:
        share = min(share, 99.9)
    return f"{max(share, 0.1) if part else share:.1f} %".replace(".0 %", " %")


def _row(name: str, summary: Summary, width: int) -> str:
    lines = f"{summary.lines:,} of {summary.all_lines:,}"
    outcomes = f"{summary.outcomes:,} of {summary.all_outcomes:,}"
    share = percent(summary.lines + summary.outcomes, summary.all_lines + summary.all_outcomes)
    return f"{name:<{width}}  {lines:>13}  {outcomes:>13}  {share:>7}"


def summary(files: Sequence[FileCoverage]) -> Iterator[str]:
    """Yield what was reached of each file, a line each, and below what was not.

    Args:
        files: The files.
    """
    names = [visible(file.name) or "no C lines" for file in files]
    width = max([len("file"), *map(len, names)])
    yield f"{'file':<{width}}  {'lines':>13}  {'outcomes':>13}  {'reached':>7}"
    for name, file in zip(names, files, strict=True):
        yield _row(name, file.summary, width)
    if len(files) > 1:
        yield _row("all", total(files), width)
    for name, file in zip(names, files, strict=True):
        for line in in_order(file):
            yield from (f"{name}:{line.number}: {text}" for text in _missing(line))


def _missing(line: LineCoverage) -> list[str]:
    if line.state == "never":
        return [f"never ran: {visible(line.text)}" if line.text else "never ran"]
    return [gap.text for gap in line.gaps]


def listing(files: Sequence[FileCoverage]) -> Iterator[str]:
    """Yield the lines that became code, each with how often it ran, and what its jumps did not do."""
    for file in files:
        yield f"{visible(file.name) or 'no C lines'}"
        counts = {line.number: _count(line) for line in file.lines.values()}
        width = max(map(len, counts.values()), default=0)
        before = None
        for line in in_order(file):
            if before is not None and line.number > before + 1:
                yield f"  {'⋮':>{width}}"
            before = line.number
            text = visible(line.text)
            yield f"  {counts[line.number]:>{width}}  {line.number or '':>5} {text}".rstrip()
            for gap in line.gaps:
                yield f"  {'':>{width}}  {'':>5} ⚠ {gap.text}"
        yield ""


def _count(line: LineCoverage) -> str:
    if line.runs:
        return f"{line.runs:,}"
    return "removed" if line.is_removed else "never"
