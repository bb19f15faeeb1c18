"""WayView: programs in the order in which they run, with what each does at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.style import Style
from textual.binding import Binding, BindingType

from ...targets import Thing
from ...text.charset import is_ascii_terminal
from ...text.colors import tabbed
from ...text.fit import fitted, width_of
from ...text.format import rate
from ...text.inventory import name_of
from ...text.shown import Text
from ..lists.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.system.history import Seen
    from ...targets import Target
    from .steps import Step

__all__ = ["WayView"]

_RUNS, _MEAN = 11, 9
"""Cells of the two numbers."""
_LEAST_NOTE: Final = 12
"""Cells of a note from which on it says something where it is cut."""
_MOST_NAME, _MOST_WAY = 40, 20
"""Cells of a program's name, and of which way it is at."""
_ASCII: Final = str.maketrans({"│": "|", "├": "+", "└": "+", "─": "-", "▶": ">", "▼": "v"})


class WayView(RowView):
    """A line for each step; enter opens the program there, or shows what the line's control group is related to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="way.open", tooltip="Open the program of this line"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"way-view--link", "way-view--edge", "way-view--changed"}
    """
    | Class | Description |
    | :- | :- |
    | `way-view--link` | What can be followed. |
    | `way-view--edge` | The way itself. |
    | `way-view--changed` | The mark of what ran since the last look. |
    """
    DEFAULT_CSS = """
    WayView {
        height: 1fr;
        & > .way-view--link { color: $link; }
        & > .way-view--edge { color: $text-muted; }
        & > .way-view--changed { color: $changed; text-style: bold; }
    }
    """
    is_pane = True

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise a view of nothing."""
        super().__init__(id=id)
        self.steps: Sequence[Step] = ()
        self.seen: Seen | None = None
        self.title = ""
        self._widths = (0, 0, 0)
        self._is_ascii = is_ascii_terminal()
        self.empty_text = "reading what runs here …"

    def show(self, title: str, steps: Sequence[Step], seen: Seen) -> None:
        """Show *steps*; the cursor stays on its own, as far as it is still there."""
        same = title == self.title and bool(self.steps)
        here = self._identity(self.steps[self.cursor]) if same and self.cursor < len(self.steps) else None
        at = self.cursor
        self.steps, self.seen, self.title = steps, seen, title
        programs = [step for step in steps if step.attachment is not None]
        self._widths = (
            max((width_of(step.edge) + 1 + width_of(step.hook) for step in programs), default=0),
            max((min(width_of(step.way), _MOST_WAY) for step in programs), default=0),
            max((min(width_of(self._program_name(step)), _MOST_NAME) for step in programs), default=0),
        )
        if not same:
            self.restart()
            self.cursor = next((index for index, step in enumerate(steps) if step.attachment is not None), 0)
            return
        self.refresh_rows()
        if at < len(steps) and self._identity(steps[at]) == here:
            return
        self.cursor = next((index for index, step in enumerate(steps) if self._identity(step) == here), at)

    @staticmethod
    def _identity(step: Step) -> tuple[object, ...]:
        each = step.attachment
        return (step.hook, step.way, step.thing) if each is None else (each.program, each.hook, each.target, each.link)

    def _program_name(self, step: Step) -> str:
        if step.attachment is None or self.seen is None:
            return ""
        return name_of(self.seen.snapshot, step.attachment.program) or "?"

    @property
    def step(self) -> Step | None:
        """The one that the cursor is on."""
        return self.steps[self.cursor] if self.cursor < len(self.steps) else None

    @property
    def header_height(self) -> int:
        """The title, with those of the numbers."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw the title, and what the numbers are."""
        numbers = f"{'runs/s':>{_RUNS}}{'ns/run':>{_MEAN}}"
        return Text(fitted(self.title, max(width - len(numbers), 1)) + numbers, no_wrap=True)

    def row_count(self) -> int:
        """Return how many steps there are."""
        return len(self.steps)

    def _numbers(self, step: Step) -> tuple[str, str, bool]:
        """Return runs a second and nanoseconds a run, and whether it ran."""
        if step.attachment is None or self.seen is None:
            return "", "", False
        load = self.seen.look.loads.get(step.attachment.program)
        if load is None:
            return "–", "–", False
        mean = "–" if load.ns_per_run is None else f"{load.ns_per_run:,.0f}"
        return rate(load.runs_per_s), mean, load.runs_per_s > 0

    def row_text(self, index: int) -> str:
        """Return a step as text."""
        step = self.steps[index]
        parts = (
            f"{step.edge} {step.hook}".rstrip(),
            step.way,
            self._program_name(step),
            step.note,
            *self._numbers(step)[:2],
        )
        return tabbed(*parts).rstrip("\t")

    def row_targets(self, index: int) -> Sequence[Target]:
        """Return where a step leads."""
        step = self.steps[index]
        if step.attachment is not None:
            return (Thing("prog", step.attachment.program),) if step.attachment.program else ()
        return () if step.thing is None else (step.thing,)

    def row_variant(self, index: int) -> object:
        """Return all that a row shows: one that shows the same is not drawn again."""
        step = self.steps[index]
        return step, self._program_name(step), self._numbers(step), self._widths

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a step."""
        step = self.steps[index]
        edge = step.edge.translate(_ASCII) if self._is_ascii else step.edge
        if step.attachment is None:
            return self._draw_between(step, edge, width)
        first, second, third = self._widths
        text = Text(f"{edge} ", self.ink("way-view--edge"), no_wrap=True)
        text.append(fitted(step.hook, max(first - width_of(edge) - 1, 1)), self._text_ink)
        runs, mean, ran = self._numbers(step)
        left = width - _RUNS - _MEAN
        text.append(f"  {fitted(step.way, second)}" if second else "", self._text_ink)
        room = max(min(third, left - text.cell_len - 3), 8)
        name = fitted(self._program_name(step), room).rstrip()
        text.append("  ", self._text_ink)
        style = self.ink("way-view--link") + Style(meta={"target": 0})
        text.append(name, style if step.attachment.program else self.ink("row-view--muted"))
        text.append(" " * (room - width_of(name)), self._text_ink)
        rest = left - text.cell_len - 3
        if step.note and rest >= min(width_of(step.note), _LEAST_NOTE):
            text.append(f"  {fitted(step.note, rest).rstrip()}", self.ink("row-view--muted"))
        text.append(" " * max(left - text.cell_len, 0), self._text_ink)
        mark = ("*" if self._is_ascii else "•") if ran else " "
        text.append(" " * max(_RUNS - width_of(runs) - 2, 0), self._text_ink)
        text.append(f"{mark} ", self.ink("way-view--changed"))
        return text.append(f"{runs}{mean:>{_MEAN}}", self._text_ink if ran else self.ink("row-view--muted"))

    def _draw_between(self, step: Step, edge: str, width: int) -> Text:
        text = Text(f"{edge} " if edge.strip() else edge, self.ink("way-view--edge"), no_wrap=True)
        if step.thing is not None:
            text.append(step.hook, self.ink("way-view--link") + Style(bold=True, meta={"target": 0}))
        else:
            text.append(step.hook, Style(bold=True) if step.is_heading else self.ink("row-view--muted"))
        rest = "  ".join(part for part in (step.way, step.note) if part)
        if rest and (room := width - text.cell_len - 2) > 3:
            gap = "  " if step.hook else ""
            text.append(f"{gap}{fitted(rest, room).rstrip()}", self.ink("row-view--muted"))
        return text

    @property
    def _text_ink(self) -> Style:
        return Style(color=self._own_style.color)
