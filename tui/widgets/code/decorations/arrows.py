"""ArrowRows: the arrows of jumps in the left margin of a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.reactive import reactive

from .....core.listing.listing import Listing
from ....text.charset import is_ascii_terminal
from ..code_view import CodeView

if TYPE_CHECKING:
    from rich.style import Style

    from .....core.asm.flow import FlowGraph, Margin

__all__ = ["Aim", "ArrowRows"]

_LANES: Final = 6
"""Colours that arrows take turns with."""
_NARROW: Final = 70
_COLUMNS: Final = 12
_NARROW_COLUMNS: Final = 5
"""How many arrows there may be side by side, in all and where there are few cells."""
_MAX_JUMPS: Final = 20_000
"""Jumps of one function that arrows are drawn for: beyond them no one follows lines."""


class Aim(NamedTuple):
    """The arrows that begin or end at an instruction, to be drawn so that they stand out."""

    jumps: frozenset[int]
    """Indices into the jumps of the function's margin."""
    first: int
    """The first slot that they pass."""
    last: int


class ArrowRows(CodeView):
    """A CodeView of a listing that knows its arrows. It draws no row itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "listing-view--lit",
        "listing-view--loop",
        *(f"listing-view--lane-{number}" for number in range(_LANES)),
    }
    """
    | Class | Description |
    | :- | :- |
    | `listing-view--lit` | Arrows that begin or end at the cursor. |
    | `listing-view--loop` | Arrows that lead back. |
    | `listing-view--lane-0`, … | The other arrows, in turn. |
    """

    DEFAULT_CSS = """
    ArrowRows {
        & > .listing-view--lit { color: $text; text-style: bold; }
        & > .listing-view--loop { color: $text-warning; }
        & > .listing-view--lane-0 { color: $text-primary; }
        & > .listing-view--lane-1 { color: $text-success; }
        & > .listing-view--lane-2 { color: $text-accent; }
        & > .listing-view--lane-3 { color: $text-secondary; }
        & > .listing-view--lane-4 { color: $text-error; }
        & > .listing-view--lane-5 { color: $text-muted; }
    }
    """

    listing: reactive[Listing | None] = reactive[Listing | None](None)
    """What is shown."""

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Initialise a view without a listing; the arguments are those of a widget."""
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self._aim: Aim | None = None
        self._ascii = is_ascii_terminal()

    def _graph(self, slot: int) -> FlowGraph | None:
        """Return the control flow of the function that holds a slot; None where there is no code."""
        flow = None if self.listing is None else self.listing.program.flow
        return flow.graph_at(slot) if flow is not None and 0 <= slot < flow.slots else None

    def _margin(self, slot: int) -> Margin | None:
        """Return the arrows of the function that holds a slot; None where there are none."""
        graph = self._graph(slot)
        if graph is None or self.listing is None or len(graph.targets) > _MAX_JUMPS:
            return None
        columns = _NARROW_COLUMNS if self.size.width < _NARROW else _COLUMNS
        margin = self.listing.margin(slot, columns, ascii_only=self._ascii)
        return margin if margin.width else None

    def _arrows(self, slot: int, *, insn: bool) -> list[Segment]:
        """Return the cells of the margin, in the colours of their arrows."""
        margin = self._margin(slot)
        if margin is None:
            return []
        inks: list[tuple[str, Style]] = []
        for cell in margin.insn(slot) if insn else margin.above(slot):
            if cell.jump is None:
                ink = self.ink("listing-view--gutter")
            elif self._aim is not None and cell.jump in self._aim.jumps and self._aim.first <= slot <= self._aim.last:
                ink = self.ink("listing-view--lit")
            elif margin.jumps[cell.jump].goes_back:
                ink = self.ink("listing-view--loop")
            else:
                ink = self.ink(f"listing-view--lane-{cell.jump % _LANES}")
            inks.append((cell.text, ink))
        return [Segment(text, ink) for text, ink in inks]

    def _arrows_at(self, slot: int) -> Aim | None:
        """Return the arrows that begin or end at an instruction; None where there are none."""
        margin = self._margin(slot)
        if margin is None:
            return None
        numbers = [n for n, jump in enumerate(margin.jumps) if slot == jump.target or slot in jump.sources]
        if not numbers:
            return None
        jumps = [margin.jumps[number] for number in numbers]
        return Aim(frozenset(numbers), min(jump.first for jump in jumps), max(jump.last for jump in jumps))
