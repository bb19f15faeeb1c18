"""Coverage as one page of HTML that needs nothing else: no script, nothing from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..page import html_text, page_head
from .lines import in_order, total
from .text import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .lines import FileCoverage, LineCoverage, Summary

__all__ = ["html"]

_STYLE: Final = """
.code td.count { white-space: nowrap } .gone td { color: var(--dim) }
.run .count { color: var(--good) } .never td.count, .never td.text { color: var(--bad) }
.partly .count, .gap { color: var(--some) } .removed td { color: var(--dim); font-style: italic }
""".strip()


def html(files: Sequence[FileCoverage], *, title: str = "BPF coverage") -> Iterator[str]:
    """Yield the lines of the page.

    Args:
        files: The files.
        title: What it is called.
    """
    yield from page_head(title, _STYLE)
    yield '<table><tr><th class="text">file<th>lines<th>outcomes of jumps<th>instructions</tr>'
    for number, file in enumerate(files):
        name = html_text(file.name) or "no C lines"
        yield _row(f'<a href="#f{number}">{name}</a>', file.summary)
    if len(files) > 1:
        yield _row("all", total(files))
    yield "</table>"
    for number, file in enumerate(files):
        yield f'<h2 id="f{number}">{html_text(file.name) or "no C lines"}</h2>'
        yield '<table class="code">'
        before = None
        for line in in_order(file):
            if before is not None and line.number > before + 1:
                yield '<tr class="gone"><td class="count">⋮<td><td></tr>'
            before = line.number
            yield _line(line)
        yield "</table>"
    yield "<p>Lines that are not shown became no code: they declare, comment, or the compiler merged or removed them. "
    yield "<i>removed</i>: nothing can come there, with the constants that there were.</html>"


def _line(line: LineCoverage) -> str:
    count = f"{line.runs:,}" if line.runs else line.state
    gaps = "".join(f'<div class="gap">⚠ {html_text(gap.text)}</div>' for gap in line.gaps)
    number = line.number or ""
    return (
        f'<tr class="{line.state}"><td class="count">{count}<td class="number">{number}'
        f'<td class="text">{html_text(line.text)}{gaps}</tr>'
    )


def _row(name: str, summary: Summary) -> str:
    cells = "".join(
        f"<td>{part:,} of {whole:,} ({percent(part, whole)})"
        for part, whole in (summary[:2], summary[2:4], summary[4:6])
    )
    return f'<tr><td class="text">{name}{cells}</tr>'
