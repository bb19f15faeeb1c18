"""Page: the text of an overview, line by line, with what each name in it leads to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from ...core.visible import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...core.errors import BpftuiError
    from ...core.runtime import Obstacle
    from ..targets import Setting, Target

__all__ = ["Line", "Page", "Part", "rows_of"]

_MAX_OBSTACLES = 8
_LABEL: Final = 14
_LEAST: Final = 16
"""Cells that a line has at least where it goes on; narrower than that, it goes on at the left."""


class Part(NamedTuple):
    """Some words of a line."""

    text: str
    kind: str = ""
    """What they are: `muted`, `bold`, `good`, `warning`, `bad`, `c`; empty for plain text."""
    target: Target | None = None
    """Where they lead."""
    joined: bool = False
    """Whether no row begins with them: they stay with what is before them."""


class Line(NamedTuple):
    """A line of a page, of any length."""

    parts: tuple[Part, ...] = ()
    hang: int = 0
    """Cells from the left at which it goes on where it is longer than the screen is wide."""

    @property
    def plain(self) -> str:
        """Its text."""
        return "".join(part.text for part in self.parts)


class Page:
    """Collects the lines of an overview: fields, headings, items, answers and C.

    Each text is one line, whatever is in it, but for C.

    Args:
        title: What it is about.
        kind: What kind of thing that is.
    """

    def __init__(self, title: str, kind: str) -> None:
        self.title = visible(title)
        self.kind = visible(kind)
        self.lines: list[Line] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Page) and (self.title, self.kind, self.lines) == (other.title, other.kind, other.lines)

    __hash__ = None  # pyright: ignore[reportAssignmentType] - it is written until it is shown

    @property
    def plain(self) -> str:
        """The whole text, under its title."""
        return "\n".join([f"{self.title}  {self.kind}", "", *(line.plain for line in self.lines)])

    def add(self, *parts: Part, hang: int = 0) -> None:
        """Add a line."""
        self.lines.append(Line(tuple(part._replace(text=visible(part.text)) for part in parts if part.text), hang))

    def field(
        self, label: str, value: object, note: str = "", target: Target | None = None, setting: Setting | None = None
    ) -> None:
        """Add a label and a value, which leads to *target*; where it can be set, a mark that asks for it."""
        text = visible(str(value))
        parts = [Part(text, "", target)]
        if note:
            parts.append(Part(f"  {note}", "muted"))
        self.labelled(label, parts, setting)

    def labelled(self, label: str, parts: Iterable[Part], setting: Setting | None = None) -> None:
        """Add a label, and what stands behind it."""
        mark = [] if setting is None else [Part("✎", "", setting)]
        named = Part(f"{label} " if mark else f"{label:<{_LABEL}}", "muted")
        gap = [Part(" " * max(1, _LABEL - cell_len(label) - 2))] if mark else []
        self.add(named, *mark, *gap, *parts, hang=_LABEL)

    def heading(self, text: str) -> None:
        """Add a heading."""
        self.add()
        self.add(Part(text, "bold"))

    def item(self, name: str, detail: str = "", target: Target | None = None) -> None:
        """Add a name with what it is."""
        self.add(Part("  "), Part(name, "", target), Part(f"  {detail}", "muted"), hang=4)

    def answer(self, text: str, *, good: bool, optional: bool = False, indent: int = 0) -> None:
        """Add what was found out, marked as good, bad, or bad and no matter."""
        kind = "good" if good else "warning" if optional else "bad"
        mark = "✓" if good else "–" if optional else "✗"
        self.add(Part(" " * indent), Part(f"{mark} {text}", kind), hang=indent + 2)

    def obstacles(self, obstacles: Sequence[Obstacle]) -> None:
        """Say why something cannot be loaded; each hint once."""
        if obstacles:
            self.answer("cannot be loaded here:", good=False)
        hints: dict[str, None] = {}
        for obstacle in obstacles[:_MAX_OBSTACLES]:
            place = f"{obstacle.place}: " if obstacle.place else ""
            self.add(Part("    "), Part(place, "muted"), Part(obstacle.reason, "bad"), hang=4)
            hints.setdefault(obstacle.hint)
        if len(obstacles) > _MAX_OBSTACLES:
            self.note(f"    and {len(obstacles) - _MAX_OBSTACLES} more")
        for hint in filter(None, hints):
            self.note(f"  → {hint}")
        if obstacles:
            self.note("")

    def refusal(self, error: BpftuiError) -> None:
        """Say why a program was not loaded when that was tried."""
        self.answer("was not loaded:", good=False)
        reason = error.message
        if reason.startswith("cannot load program "):
            reason = reason.partition(": ")[2]
        self.add(Part("    "), Part(reason, "bad"), hang=4)
        if error.hint:
            self.note(f"  → {error.hint}")
        self.note("")

    def problem(self, text: str) -> None:
        """Add what is wrong."""
        self.add(Part(f"✗ {text}", "bad"), hang=2)

    def note(self, text: str) -> None:
        """Add a remark."""
        self.add(Part(text, "muted"), hang=len(text) - len(text.lstrip()) + 2)

    def code(self, text: str) -> None:
        """Add C."""
        for line in visible_lines(text, tab=4):
            self.add(Part(line, "c"))


def rows_of(line: Line, width: int) -> Iterator[tuple[Part, ...]]:
    """Yield the rows of a line of *width* cells: it is broken between words, C not at all."""
    hang = line.hang if width - line.hang >= _LEAST else min(line.hang, 2)
    row: list[Part] = []
    used = begin = 0
    for unit, gap in _units(line):
        cells = sum(cell_len(part.text) for part in unit)
        if used > begin and used + cells > width:
            yield tuple(row)
            row, used, begin = [Part(" " * hang)], hang, hang
        row += unit
        if gap.text and (unit or used == 0):
            row.append(gap)
            used += cell_len(gap.text)
        used += cells
    yield tuple(row)


def _units(line: Line) -> Iterator[tuple[list[Part], Part]]:
    """Yield what stays together in one row, each with the spaces behind it."""
    unit: list[Part] = []
    gap = Part("")
    for part in line.parts:
        words = [part.text] if part.kind == "c" else _WORDS.findall(part.text)
        for number, text in enumerate(words):
            piece = part._replace(text=text)
            if text.isspace():
                gap = piece._replace(target=None)
                if not unit or (part.joined and number == 0):
                    unit.append(gap)
                    gap = Part("")
                continue
            if gap.text and not (part.joined and number < 2):
                yield unit, gap
                unit = []
            elif gap.text:
                unit.append(gap)
            unit.append(piece)
            gap = Part("")
    yield unit, gap


_WORDS: Final = re.compile(r" +|[^ ]+")
