"""ComparisonPage: two objects beside each other: what breaks, what data differs, and the code in hunks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from ...core.diff import Kind, What
from ...core.visible import visible
from ..jumps import CodePlace
from ..nodes import Node
from ..text.charset import is_ascii_terminal
from ..text.signs import change_sign
from ..widgets.code.code_view import CodeView
from ..widgets.lists.cut import in_sight
from ..widgets.lists.search_bar import SearchBar
from ..widgets.plain import Box
from ..widgets.unanswered import why_not
from .explained import ExplainedModal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult

    from ...core.diff import Row, Side
    from ..text.comparison import Comparison, Entry
    from ..widgets.lists.row_view import RowView

__all__ = ["ComparisonPage", "ComparisonView"]

_BESIDE: Final = 100
"""Cells from which on both sides stand beside each other."""
_SLOT: Final = 5
"""Cells of the number of an instruction."""
_INKS: Final = {
    Kind.ADDED: "comparison-view--added",
    Kind.REMOVED: "comparison-view--removed",
    Kind.CHANGED: "comparison-view--changed",
}
_NOTICES: Final = {"breaks": ("✗", "x", Kind.REMOVED), "warning": ("⚠", "!", Kind.CHANGED)}
"""Of an entry that is no difference its sign, also where there is only ASCII, and as what it is coloured."""


class ComparisonView(CodeView):
    """The entries of a comparison; of code each row has both sides, beside each other where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "Fold", show=False, id="comparison.fold", tooltip="Fold or unfold a function's code"),
        Binding(
            "v", "next_view", "View", id="comparison.view", tooltip="Both sides beside each other, or in one column"
        ),
        Binding("less_than_sign", "hunk(-1)", show=False, id="comparison.before", tooltip="The hunk before"),
        Binding("greater_than_sign", "hunk(1)", "Next hunk", id="comparison.next", tooltip="The next hunk, or thing"),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "comparison-view--added",
        "comparison-view--removed",
        "comparison-view--changed",
        "comparison-view--head",
    }
    """
    | Class | Description |
    | :- | :- |
    | `comparison-view--added`, `--removed`, `--changed` | What is in the newer one only, the older one, in both. |
    | `comparison-view--head` | Functions. |
    """

    DEFAULT_CSS = """
    ComparisonView {
        height: 1fr;
        & > .comparison-view--added { color: $text-success; }
        & > .comparison-view--removed { color: $text-error; }
        & > .comparison-view--changed { color: $changed; }
        & > .comparison-view--head { color: $foreground; text-style: bold; }
    }
    """

    def __init__(self, comparison: Comparison, title: str) -> None:
        super().__init__()
        self.comparison = comparison
        self._title = title
        self.empty_text = "nothing differs"
        self._entries = comparison.entries()
        self._wants_beside: bool | None = None
        self._listed: list[tuple[Entry, str]] = []
        """What is drawn: an entry, and which side of it: both, `-` or `+`."""
        self._is_beside = False
        self._list()

    def _list(self) -> None:
        """List the entries, those of code whose sides differ twice where there is one column."""
        self._is_beside = self.is_beside
        lines: list[tuple[Entry, str]] = []
        self._listed = lines
        waiting: list[Entry] = []
        for entry in self._entries:
            row = entry.row
            if self._is_beside or row is None or row.kind in (Kind.SAME, Kind.RENAMED):
                lines.extend((each, "+") for each in waiting)
                waiting = []
                lines.append((entry, "" if row is None or row.new is not None else "-"))
                continue
            # As `git diff` has it: of rows that differ all old sides before all new ones.
            if row.old is not None:
                lines.append((entry, "-"))
            if row.new is not None:
                waiting.append(entry)
        lines.extend((each, "+") for each in waiting)

    @property
    def is_beside(self) -> bool:
        """Whether both sides stand beside each other."""
        return self.size.width >= _BESIDE if self._wants_beside is None else self._wants_beside

    def on_mount(self) -> None:
        """Stand where one was. Textual calls the base class's handler by itself."""
        self.cursor = self.comparison.cursor

    def on_resize(self) -> None:
        """Let both sides stand beside each other where there is room by now."""
        if self.is_beside != self._is_beside:
            self._relist()

    def _relist(self) -> None:
        here = self.entry
        self._entries = self.comparison.entries()
        self._list()
        self.forget_strips()
        self.refresh_rows()
        if here is not None:
            found = (index for index, (entry, _) in enumerate(self._listed) if entry[:4] == here[:4] and entry == here)
            heads = (index for index, (entry, _) in enumerate(self._listed) if entry.function == here.function >= 0)
            self.cursor = next(found, next(heads, self.cursor))

    @property
    def entry(self) -> Entry | None:
        """What the cursor is on."""
        return self._listed[self.cursor][0] if self.cursor < len(self._listed) else None

    # Rows

    @property
    def header_height(self) -> int:
        """One line says which side is which."""
        return 1

    def draw_header(self, line: int, width: int) -> Strip:
        """Draw the names of both sides with their signs, over their columns where they have some."""
        sides = ((Kind.REMOVED, self.comparison.name), (Kind.ADDED, self._title))
        heads = [Segment(f"{change_sign(kind)} {visible(name)}") for kind, name in sides]
        if not self._is_beside:
            return Strip([heads[0], Segment("   "), heads[1]])
        return self._columns(*([head] for head in heads), width=width)

    def _columns(self, left: Sequence[Segment], right: Sequence[Segment], *, width: int) -> Strip:
        """Put two sides beside each other; what is cut says so."""
        muted, half = self.ink("row-view--muted"), max(20, (width - 3) // 2)

        def fitted(side: Sequence[Segment]) -> Strip:
            strip = Strip(side)
            if strip.cell_length <= half:
                return strip.adjust_cell_length(half)
            return in_sight(strip, 0, half, muted).adjust_cell_length(half)

        return Strip([*fitted(left), Segment(" │ ", muted), *fitted(right)])

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self._listed)

    def row_text(self, index: int) -> str:
        """Return a line as plain text."""
        entry, side = self._listed[index]
        row = entry.row
        if row is None:
            return f"{_sign(entry)} {entry.text}".rstrip()
        old, new = row.old, row.new
        if side == "-" or new is None:
            return f"{change_sign(Kind.REMOVED)} {old.text if old is not None else ''}"
        if side == "+" or old is None or old.text == new.text:
            return f"{change_sign(Kind.ADDED if side == '+' else entry.change)} {new.text}"
        return f"{_sign(entry)} {old.text} → {new.text}"

    def draw_row(self, index: int, width: int) -> Strip:
        """Draw a line."""
        entry, side = self._listed[index]
        if entry.row is None:
            return self._text_of(entry)
        if self._is_beside:
            return self._beside(entry, entry.row, width)
        return self._single(entry, entry.row, side)

    def _text_of(self, entry: Entry) -> Strip:
        muted = self.ink("row-view--muted")
        match entry.kind:
            case "breaks":
                style = self.ink("comparison-view--removed")
            case "function":
                style = self.ink("comparison-view--head")
            case "hunk":
                where = f" {visible(entry.text)}" if entry.text else ""
                return Strip([Segment(f"  ───{where}", muted)])
            case "fact":
                return Strip([Segment(f"      {visible(entry.text)}", muted)])
            case "note":
                return Strip([Segment(f"  {visible(entry.text)}", muted)])
            case _:
                style = self.ink()
        ink = _NOTICES[entry.kind][2] if entry.kind in _NOTICES else entry.change
        return Strip([Segment(f"{_sign(entry)} ", self._ink_of(ink)), Segment(visible(entry.text), style)])

    def _ink_of(self, change: Kind) -> Style:
        return self.ink(_INKS.get(change, "row-view--muted"))

    def _single(self, entry: Entry, row: Row, side: str) -> Strip:
        found = row.old if side == "-" or row.new is None else row.new
        assert found is not None
        change = {"-": Kind.REMOVED, "+": Kind.ADDED}.get(side, entry.change)
        note = f"was {row.old.text}" if row.kind is Kind.RENAMED and row.old is not None else ""
        start = entry.starts[0] if found is row.old else entry.starts[1]
        return Strip([Segment(f"{change_sign(change)} ", self._ink_of(change)), *self._side(row, found, start, note)])

    def _beside(self, entry: Entry, row: Row, width: int) -> Strip:
        is_changed = row.kind is Kind.CHANGED and row.what is not What.LABEL
        left, right = (
            (Kind.REMOVED, Kind.ADDED)
            if is_changed
            else (Kind.SAME if row.new is not None else entry.change, entry.change)
        )
        note = f"was {row.old.text}" if row.kind is Kind.RENAMED and row.old is not None else ""
        return self._columns(
            self._half(row, row.old, entry.starts[0], left, "") if row.old is not None else [],
            self._half(row, row.new, entry.starts[1], right, note) if row.new is not None else [],
            width=width,
        )

    def _half(self, row: Row, side: Side, start: int, change: Kind, note: str) -> list[Segment]:
        return [Segment(f"{change_sign(change)} ", self._ink_of(change)), *self._side(row, side, start, note)]

    def _side(self, row: Row, side: Side, start: int, note: str) -> list[Segment]:
        muted = self.ink("row-view--muted")
        if row.what is What.SOURCE:
            return [
                Segment(" " * (_SLOT + 1)),
                *self.c_source(visible(side.text.expandtabs(4).strip())),
                Segment(f"  {visible(side.comment)}", muted),
            ]
        if row.what is What.LABEL:
            return [Segment(f"{'':{_SLOT}} {side.text}:", self.ink("code-view--label"))]
        said = ", ".join(filter(None, (note, side.comment)))
        return [
            Segment(f"{start + side.slot:>{_SLOT}}   ", muted),
            *self.asm(visible(side.text)),
            *([Segment(f"  ; {visible(said)}", self.ink("code-view--comment"))] if said else []),
        ]

    # Actions

    def action_next_view(self) -> None:
        """Put both sides beside each other, or below each other."""
        self._wants_beside = not self.is_beside
        self._relist()

    def action_hunk(self, step: int) -> None:
        """Go to the next hunk or function, or the one before."""
        heads = list(filter(self._is_stop, range(len(self._listed))))
        beyond = [index for index in heads if (index > self.cursor if step > 0 else index < self.cursor)]
        if found := beyond or heads:
            self.cursor = found[0 if step > 0 else -1]

    def show_costs(self) -> None:
        """Show what the programs cost, where that is told by now."""
        self._relist()
        costs = (index for index, (entry, _) in enumerate(self._listed) if entry.kind == "cost")
        self.cursor = next(costs, self.cursor)

    def _is_stop(self, index: int) -> bool:
        """Whether a line is one to go to: something that differs, a hunk, a function that has none."""
        kind = self._listed[index][0].kind
        if kind == "function":
            return index + 1 == len(self._listed) or self._listed[index + 1][0].kind != "hunk"
        return kind in ("breaks", "item", "cost", "hunk")

    def action_fold(self) -> None:
        """Fold the code of the function that the cursor is in, or unfold it."""
        entry = self.entry
        if entry is None or entry.function < 0:
            return
        number, comparison = entry.function, self.comparison
        if number in comparison.unfolded:
            comparison.unfolded.discard(number)
            self._relist()
        elif comparison.is_known(number):
            comparison.unfold(number)
            self._relist()
        else:
            self.run_worker(partial(self._unfold, number), thread=True, exit_on_error=False, description="unfold")

    def _unfold(self, number: int) -> None:
        """List the code of a function, in a thread."""
        self.comparison.unfold(number)
        self.typed_app.call_from_thread(self._relist)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action == "select":
            return "this is in the other object only"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to go where something lives that is in this object."""
        if action == "select":
            return self.entry is not None and self.entry.target is not None
        return super().check_action(action, parameters)


def _sign(entry: Entry) -> str:
    """Return what stands before an entry."""
    if entry.kind not in _NOTICES:
        return change_sign(entry.change)
    sign, plain, _ = _NOTICES[entry.kind]
    return plain if is_ascii_terminal() else sign


class ComparisonPage(ExplainedModal[Node | CodePlace | None]):
    """Dismisses with what was chosen, to be shown where it lives, or with None.

    Args:
        comparison: What is shown.
        title: What the object is called that is explored.
        save: Asks for a file, and writes the comparison to it.
        ask_costs: Asks what the programs cost, and calls what it is given when that is over.
        no_costs: Why that cannot be asked, as a clause; empty where it can.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "dismiss", "Close", id="comparison.close", tooltip="Close the comparison"),
        Binding("c", "ask_costs", "Cost", id="comparison.costs", tooltip="What programs of both cost the verifier"),
        Binding("ctrl+s", "save_comparison", "Save", id="comparison.save", tooltip="Write it: text, HTML or SVG"),
    ]

    ABOUT: ClassVar[str] = (
        "Another object, the older one, left or −, beside the one that is explored, right or +. What breaks others "
        "comes first: a map that is pinned, a program in user space. ± is in both and not the same, ≈ does the same in "
        "other registers. Enter shows where something lives; backspace comes back here."
    )

    def __init__(
        self,
        comparison: Comparison,
        title: str,
        *,
        save: Callable[[], None],
        ask_costs: Callable[[Callable[[], None]], None],
        no_costs: str,
    ) -> None:
        super().__init__()
        self._comparison = comparison
        self._title = title
        self._save = save
        self._ask_costs = ask_costs
        self._no_costs = no_costs
        self._view = ComparisonView(comparison, title)

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with Box(classes="dialog page") as box:
            arrow = "->" if is_ascii_terminal() else "→"
            sides = f"{visible(self._comparison.name)} {arrow} {visible(self._title)}"
            box.border_title = f"{sides}: {self._comparison.summary}"
            box.border_subtitle = "enter go there · < > hunks · / search · esc close"
            yield self._view
            yield SearchBar()
        yield from super().compose()

    def on_mount(self) -> None:
        """Begin in the list."""
        self.set_focus(self._view)

    def on_row_view_search_requested(self, event: RowView.SearchRequested) -> None:
        """Search in the list."""
        self.query_one(SearchBar).open(event.view)

    def on_row_view_selected(self, event: RowView.Selected) -> None:
        """Go where something lives."""
        self._comparison.cursor = event.index
        if (entry := self._view.entry) is not None and entry.target is not None:
            self.dismiss(entry.target)

    def action_save_comparison(self) -> None:
        """Write the comparison to a file."""
        self._save()

    def action_ask_costs(self) -> None:
        """Ask what the programs of both cost."""
        self._ask_costs(self._costs_asked)
        self.refresh_bindings()

    def _costs_asked(self) -> None:
        if self.is_attached:  # else it was closed meanwhile
            self._view.show_costs()
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to ask what the programs cost where that can be asked and was not."""
        return super().check_action(action, parameters) if action != "ask_costs" else not self.why_not(action)

    def on_key(self, event: events.Key) -> None:
        """Say why a key that has a meaning does nothing now. Textual calls the base class's handler by itself."""
        if event.key not in self.active_bindings and (reason := why_not(self, event.key)):
            event.stop()
            self.message_line.notify(reason, severity="warning", timeout=3)

    def why_not(self, action: str) -> str:
        """Return why an action does not apply."""
        if action != "ask_costs":
            return ""
        if self._comparison.is_asking:
            return "the verifier is being asked"
        return "the verifier was asked" if self._comparison.found.costs else self._no_costs
