"""A listing as a document: text, HTML or SVG, with the colours that it has on a terminal.

Documents are made line by line of the escape sequences that `colors.paint` writes, so that a listing of any
length becomes one without being held in memory, but for an SVG, which has to say its height first. A line that is not
painted is made visible, and so nothing foreign is markup, an escape sequence, or a character that XML has not.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from ...core.files import unwritable, write_whole
from ...core.visible import cells, visible
from ..roles import DARK, LIGHT
from .colors import CODES, Painted, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..roles import Palette

__all__ = ["FORMATS", "document", "format_of", "write_document"]

FORMATS: Final = ("text", "html", "svg")
_SUFFIXES: Final = {".html": "html", ".htm": "html", ".svg": "svg"}
_RUN: Final = re.compile(r"\x1b\[([\d;]+)m(.*?)\x1b\[0m")
_NAMES: Final = {"1": "bold"} | {code: name for name, code in CODES.items() if code != "1"}
"""The class of each number; of roles that are one on a terminal (`good`, `number`) that of the one that code has."""
_FONT: Final = '"Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace'
_SHAPES: Final = {
    "bold": "font-weight: bold",
    "italic": "font-style: italic",
    "underline": "text-decoration: underline",
}
_CELL_WIDTH: Final = 8.43
_LINE_HEIGHT: Final = 18
_MARGIN: Final = 12


def format_of(path: str, given: str | None = None) -> str:
    """Return the format to write a file in: the one *given*, else what its name ends with, else text."""
    suffix = path[path.rfind(".") :].lower() if "." in path else ""
    return given or _SUFFIXES.get(suffix, "text")


def document(lines: Iterable[str], kind: str, title: str) -> Iterator[str]:
    """Yield the lines of a document, without their ends.

    Args:
        lines: Lines without their ends, painted or not.
        kind: One of `FORMATS`.
        title: What it is called.
    """
    painted = map(joined, lines)
    match kind:
        case "html":
            yield from ("<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">')
            yield f"<title>{html.escape(visible(title))}</title>"
            yield "<style>"
            yield f"pre {{ font: 14px/1.3 {_FONT}; font-variant-ligatures: none; }}"
            yield from _style_sheet()
            yield from ("</style>", "</head>", "<body>", "<pre>")
            for line in painted:
                yield _spans(line, "span")
            yield from ("</pre>", "</body>", "</html>")
        case "svg":
            yield from _svg(list(painted), title)
        case _:
            yield from map(_plain, painted)


def write_document(path: str, lines: Iterable[str], *, replace: bool) -> None:
    """Write a document to a file; *replace* says whether one of that name may be replaced.

    The file is there as a whole or not at all: see `bpftui.core.files.write_whole`.

    Raises:
        UsageError: There is a file of that name, and it may not be replaced.
        BpftuiError: It cannot be written; an older file is as it was.
    """
    try:
        write_whole(path, (f"{joined(line)}\n" for line in lines), replace=replace)
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None


def _plain(line: str) -> Painted:
    """Return a line without escape sequences."""
    return Painted(_RUN.sub(r"\2", line))


def _style_sheet() -> list[str]:
    shapes = [f".{name} {{ {style}; }}" for name, style in _SHAPES.items()]
    return [*shapes, *_rules(LIGHT), "@media (prefers-color-scheme: dark) {", *_rules(DARK), "}"]


def _rules(palette: Palette) -> list[str]:
    """Return what the colours of a theme are, in a style sheet."""
    ground, text, dim = (palette.roles[role].rgb for role in ("ground", "text", "dim"))
    classes = {name: palette.roles[name].rgb for name in _NAMES.values() if name in palette.roles} | {"dim": dim}
    return [
        f"body {{ color: {text}; background: {ground}; }}",
        f".page {{ fill: {ground}; }}",
        f"text {{ fill: {text}; }}",
        *(f".{name} {{ color: {color}; fill: {color}; }}" for name, color in classes.items()),
    ]


def _spans(line: str, tag: str) -> str:
    """Return a line as elements: what lies between escape sequences has the classes of their styles."""
    parts: list[str] = []
    done = 0
    for run in _RUN.finditer(line):
        classes = " ".join(_NAMES[code] for code in run[1].split(";"))
        parts.append(html.escape(line[done : run.start()], quote=False))
        parts.append(f'<{tag} class="{classes}">{html.escape(run[2], quote=False)}</{tag}>')
        done = run.end()
    return "".join([*parts, html.escape(line[done:], quote=False)])


def _svg(lines: list[str], title: str) -> Iterator[str]:
    widths = [cells(_plain(line)) for line in lines]
    width, height = round(max(widths, default=0) * _CELL_WIDTH) + 2 * _MARGIN, len(lines) * _LINE_HEIGHT + 2 * _MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    yield f"<title>{html.escape(visible(title))}</title>"
    yield "<style>"
    yield f"text {{ font: 14px {_FONT}; white-space: pre; font-variant-ligatures: none; }}"
    yield from _style_sheet()
    yield f'</style><rect class="page" width="{width}" height="{height}"/>'
    for number, (line, size) in enumerate(zip(lines, widths, strict=True), 1):
        if line:
            # textLength keeps columns straight where the font is another one.
            length = f'textLength="{size * _CELL_WIDTH:.2f}" lengthAdjust="spacingAndGlyphs"'
            place = f'x="{_MARGIN}" y="{number * _LINE_HEIGHT + 8}"'
            yield f'<text {place} {length} xml:space="preserve">{_spans(line, "tspan")}</text>'
    yield "</svg>"
