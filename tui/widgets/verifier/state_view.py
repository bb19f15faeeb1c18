"""StateView: what the verifier knew at one instruction of its walk, and what that instruction changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from ..code.code_view import CodeView

if TYPE_CHECKING:
    from ....core.verifier import VerifierLog

__all__ = ["StateView"]

_WORDS = 36
"""Cells of the column of plain words."""


class _Row(NamedTuple):
    place: str
    before: str
    after: str
    """Empty where the instruction does not change it; `-` where it cannot be read any more."""
    words: str


class StateView(CodeView):
    """Registers, then stack slots: before the instruction, in plain words and in the kernel's.

    `•` marks what the instruction changes, with what it becomes. Enter on a row asks where its value was made.
    """

    is_pane: ClassVar[bool] = True

    COMPONENT_CLASSES: ClassVar[set[str]] = {"state-view--changed", "state-view--muted"}
    """
    | Class | Description |
    | :- | :- |
    | `state-view--changed` | What the instruction changes. |
    | `state-view--muted` | The value as the kernel prints it. |
    """

    DEFAULT_CSS = """
    StateView {
        & > .state-view--changed { color: $changed; text-style: bold; }
        & > .state-view--muted { color: $text-muted; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise an empty view.

        Args:
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(id=id, classes=classes)
        self.empty_text = "no instruction: nothing is known yet"
        self._rows: list[_Row] = []
        self._title = ""

    def show(self, log: VerifierLog, line: int | None, place: str | None = None) -> None:
        """Show what was known before and after a step.

        Args:
            log: The log.
            line: The step's line; None for none.
            place: Where the cursor is to be; without one it stays at its register or stack slot.
        """
        place = place or self.place
        self._rows = [] if line is None else _rows(log, line)
        self._title = "" if line is None else _title(log, line)
        self.refresh_rows()
        self.cursor = next((index for index, row in enumerate(self._rows) if row.place == place), self.cursor)

    @property
    def place(self) -> str | None:
        """The register or stack slot under the cursor: `R1`, `fp-8`."""
        return self._rows[self.cursor].place if self.cursor < len(self._rows) else None

    @property
    def header_height(self) -> int:
        """One line says where this is."""
        return 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw where this is, and how often the verifier was here."""
        return Strip([Segment(" " + self._title)])

    def row_count(self) -> int:
        """Return how many registers and stack slots are known."""
        return len(self._rows)

    def row_text(self, index: int) -> str:
        """Return a row as plain text."""
        row = self._rows[index]
        return f"{row.place.replace('R', 'r')} {row.before}" + (f" → {row.after}" if row.after else "")

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a register or a stack slot."""
        row = self._rows[index]
        changed = self.ink("state-view--changed")
        name = row.place.replace("R", "r")
        segments = [
            Segment("•" if row.after else " ", changed),
            Segment(f"{name:<7}", self.ink("code-view--register")),
            Segment(f"{row.words:<{_WORDS}}  "),
            Segment(f"{row.before}", self.ink("state-view--muted")),
        ]
        if row.after:
            segments.append(Segment(f"  → {row.after}", changed))
        return Strip(segments)


def _rows(log: VerifierLog, line: int) -> list[_Row]:
    before = log.before(line)
    after = before if line == log.failing else log.after(line)
    places = [*before.places, *(place for place in after.places if place not in before.values)]
    rows: list[_Row] = []
    for place in places:
        old, new = before[place], after[place]
        becomes = "" if old == new else "-" if new is None else new.text
        rows.append(
            _Row(
                place,
                before="-" if old is None else old.text,
                after=becomes,
                words="not set" if old is None else old.describe(),
            )
        )
    # What changes is what one looks for.
    return sorted(rows, key=lambda row: not row.after)


def _title(log: VerifierLog, line: int) -> str:
    step = log.step(line)
    if step is None:
        return ""
    visits = log.visits(step.slot)
    source = log.source(step.slot, line)
    parts = [f"insn {step.slot}"]
    if source is not None and source.place:
        parts.append(source.place)
    parts.append(f"visit {visits.index(line) + 1:,} of {len(visits):,}")
    parts.append(f"{len(visits) / max(1, len(log.steps)):.0%} of the walk".replace("%", " %"))
    state = log.before(line)
    if state.frame:
        parts.append(f"frame {state.frame}")
    if state.references:
        parts.append(f"holds {state.references}")
    return " · ".join(parts)
