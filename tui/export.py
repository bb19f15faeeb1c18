"""A listing as a document: text, HTML or SVG, with the colours that it has on a terminal.

Documents are made line by line of the escape sequences that `commands.colors.paint` writes, so that a listing of any
length becomes one without being held in memory, but for an SVG, which has to say its height first.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from ..core.errors import BpftuiError, UsageError
from .commands.colors import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FORMATS", "document", "format_of", "write_document"]

FORMATS: Final = ("text", "html", "svg")
_SUFFIXES: Final = {".html": "html", ".htm": "html", ".svg": "svg"}
_RUN: Final = re.compile(r"\x1b\[([\d;]+)m(.*?)\x1b\[0m")
_NAMES: Final = {code: name for name, code in CODES.items()}
_FONT: Final = '"Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace'
_LIGHT: Final = "color: #1f2328; background: #ffffff"
_DARK: Final = "color: #e6edf3; background: #0d1117"
_COLORS: Final = {
    "red": ("#cf222e", "#ff7b72"),
    "green": ("#116329", "#7ee787"),
    "yellow": ("#7d4e00", "#e3b341"),
    "blue": ("#0550ae", "#79c0ff"),
    "magenta": ("#8250df", "#d2a8ff"),
    "cyan": ("#1b7c83", "#56d4dd"),
}
"""On white, on black; each with a contrast of at least 4.5 to 1."""
_SHAPES: Final = {
    "bold": "font-weight: bold",
    "dim": "opacity: .65",
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
    """Yield a document in pieces.

    Args:
        lines: Lines without their ends, coloured as `paint` does it (for text they need not be).
        kind: One of `FORMATS`.
        title: What it is called.
    """
    match kind:
        case "html":
            yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            yield f"<title>{html.escape(title)}</title>\n"
            yield f"<style>\nbody {{ {_LIGHT}; }}\npre {{ font: 14px/1.3 {_FONT}; font-variant-ligatures: none; }}\n"
            yield f"{_style_sheet()}</style>\n</head>\n<body>\n<pre>\n"
            for line in lines:
                yield f"{_spans(line, 'span')}\n"
            yield "</pre>\n</body>\n</html>\n"
        case "svg":
            yield from _svg(list(lines), title)
        case _:
            for line in lines:
                yield f"{_plain(line)}\n"


def write_document(path: str, pieces: Iterable[str], *, replace: bool) -> None:
    """Write a document to a file; *replace* says whether one of that name may be replaced.

    Raises:
        UsageError: There is a file of that name, and it may not be replaced.
        BpftuiError: It cannot be written.
    """
    try:
        with open(path, "w" if replace else "x", encoding="utf-8") as file:
            file.writelines(pieces)
    except FileExistsError:
        raise UsageError(f"{path} exists already", hint="choose another name") from None
    except OSError as error:
        raise BpftuiError(f"cannot write {path}: {error.strerror}") from None


def _plain(line: str) -> str:
    """Return a line without escape sequences."""
    return _RUN.sub(r"\2", line)


def _style_sheet() -> str:
    shapes = [f".{name} {{ {style}; }}" for name, style in _SHAPES.items()]
    light = [f".{name} {{ color: {on_white}; fill: {on_white}; }}" for name, (on_white, _) in _COLORS.items()]
    dark = [f".{name} {{ color: {on_black}; fill: {on_black}; }}" for name, (_, on_black) in _COLORS.items()]
    return "\n".join(
        [
            *shapes,
            *light,
            "@media (prefers-color-scheme: dark) {",
            f"body {{ {_DARK}; }}",
            ".page { fill: #0d1117; }",
            "text { fill: #e6edf3; }",
            *dark,
            "}\n",
        ]
    )


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
    from rich.cells import cell_len

    cells = max((cell_len(_plain(line)) for line in lines), default=0)
    width, height = round(cells * _CELL_WIDTH) + 2 * _MARGIN, len(lines) * _LINE_HEIGHT + 2 * _MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
    yield f"<title>{html.escape(title)}</title>\n<style>\n.page {{ fill: #ffffff; }}\n"
    yield f"text {{ font: 14px {_FONT}; white-space: pre; fill: #1f2328; font-variant-ligatures: none; }}\n"
    yield f'{_style_sheet()}</style>\n<rect class="page" width="{width}" height="{height}"/>\n'
    for number, line in enumerate(lines, 1):
        if line:
            # textLength keeps columns straight where the font is another one.
            length = f'textLength="{cell_len(_plain(line)) * _CELL_WIDTH:.2f}" lengthAdjust="spacingAndGlyphs"'
            place = f'x="{_MARGIN}" y="{number * _LINE_HEIGHT + 8}"'
            yield f'<text {place} {length} xml:space="preserve">{_spans(line, "tspan")}</text>\n'
    yield "</svg>\n"
