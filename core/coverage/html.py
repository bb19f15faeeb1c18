"""Coverage as one page of HTML that needs nothing else: no script, nothing from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from ..visible import visible
from .lines import in_order, total
from .text import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .lines import FileCoverage, LineCoverage, Summary

__all__ = ["html"]

_STYLE: Final = """
:root { color-scheme: light dark; --good: #14692f; --bad: #b3152f; --some: #8f4700; --dim: #545f6c; --line: #d8d4c8 }
@media (prefers-color-scheme: dark) {
  :root { --good: #7fd8a0; --bad: #ff808b; --some: #ffa657; --dim: #93a1b2; --line: #2b3847 }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 110ch; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { padding: .15rem .6rem; text-align: right; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid var(--line) }
td.text, th.text { text-align: left }
.code td { font: 13px/1.5 ui-monospace, monospace; padding: 0 .6rem; white-space: pre-wrap }
.code td.count { white-space: nowrap } .code td.number, .gone td { color: var(--dim) }
.run .count { color: var(--good) } .never td.count, .never td.text { color: var(--bad) }
.partly .count, .gap { color: var(--some) } .removed td { color: var(--dim); font-style: italic }
""".strip()


def html(files: Sequence[FileCoverage], *, title: str = "BPF coverage") -> Iterator[str]:
    """Yield the lines of the page.

    Args:
        files: The files.
        title: What it is called.
    """
    yield "<!doctype html>"
    yield '<html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{_text(title)}</title><style>{_STYLE}</style>"
    yield f"<h1>{_text(title)}</h1>"
    yield '<table><tr><th class="text">file<th>lines<th>outcomes of jumps<th>instructions</tr>'
    for number, file in enumerate(files):
        name = _text(file.name) or "no C lines"
        yield _row(f'<a href="#f{number}">{name}</a>', file.summary)
    if len(files) > 1:
        yield _row("all", total(files))
    yield "</table>"
    for number, file in enumerate(files):
        yield f'<h2 id="f{number}">{_text(file.name) or "no C lines"}</h2>'
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
    gaps = "".join(f'<div class="gap">⚠ {_text(gap.text)}</div>' for gap in line.gaps)
    number = line.number or ""
    return (
        f'<tr class="{line.state}"><td class="count">{count}<td class="number">{number}'
        f'<td class="text">{_text(line.text)}{gaps}</tr>'
    )


def _row(name: str, summary: Summary) -> str:
    cells = "".join(
        f"<td>{part:,} of {whole:,} ({percent(part, whole)})"
        for part, whole in (summary[:2], summary[2:4], summary[4:6])
    )
    return f'<tr><td class="text">{name}{cells}</tr>'


def _text(text: str) -> str:
    """Return text of a stranger as it can stand in a page."""
    return escape(visible(text))
