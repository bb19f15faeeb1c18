"""Pages of HTML that need nothing else: no script, nothing from anywhere, and the colours of the reader's theme."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from .visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["html_text", "page_head"]

_STYLE: Final = """
:root { color-scheme: light dark; --good: #14692f; --bad: #b3152f; --some: #8f4700; --dim: #545f6c; --line: #d8d4c8;
  --link: #0a54a8 }
@media (prefers-color-scheme: dark) {
  :root { --good: #7fd8a0; --bad: #ff808b; --some: #ffa657; --dim: #93a1b2; --line: #2b3847; --link: #7cc0ff }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 110ch; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { padding: .15rem .6rem; text-align: right; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid var(--line) }
td.text, th.text { text-align: left }
.code td { font: 13px/1.5 ui-monospace, monospace; padding: 0 .6rem; white-space: pre-wrap }
.code td.number { color: var(--dim) }
""".strip()
"""What all pages have in common; colours by what they mean, as `tui/roles.py` has them."""


def page_head(title: str, style: str) -> Iterator[str]:
    """Yield the first lines of a page: up to its title, which is its first heading.

    Args:
        title: What it is called.
        style: What its style sheet has beside that of all pages.
    """
    yield "<!doctype html>"
    yield '<html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{html_text(title)}</title>"
    yield from ("<style>", *_STYLE.splitlines(), *style.splitlines(), "</style>")
    yield f"<h1>{html_text(title)}</h1>"


def html_text(text: str) -> str:
    """Return text of a stranger as it can stand in a page."""
    return escape(visible(text))
