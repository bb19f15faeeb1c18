"""OutcomePane: what came of a run, beside those before it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar, Final

from ....core.errors import BpftuiError
from ...text.format import counted, duration
from ...text.shown import Text
from ..lists.row_view import RowView
from .bench import Run, Runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....core.debug.cloned import Cloned
    from ....core.live.trial import Outcome

__all__ = ["OutcomePane"]

_MOST_RUNS: Final = 50
_NAMES: Final = 9


class OutcomePane(RowView):
    """The return value in the title, below it a row for each difference: packet, context, maps, variables, events.

    Args:
        runs: Those that there are already.
    """

    is_pane: ClassVar[bool] = True

    def __init__(self, runs: Runs, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.empty_text = "R runs the program on this packet; nothing is sent anywhere"
        self._runs = [*runs.all]
        self._at = runs.at
        self._busy = False
        self._lines: list[tuple[str, str]] = []
        self._wrapped: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        """Show the run that was shown last."""
        if self._runs:
            self._show()

    @property
    def runs(self) -> Runs:
        """The runs, and which is shown."""
        return Runs(tuple(self._runs), self._at)

    @property
    def run(self) -> Outcome | BpftuiError | None:
        """The run that is shown, or why it was none."""
        return self._runs[self._at].outcome if self._runs else None

    @property
    def has_several(self) -> bool:
        """Whether there are runs to choose from."""
        return len(self._runs) > 1

    @property
    def context(self) -> Mapping[str, str] | None:
        """What the context of the run that is shown was given."""
        return self._runs[self._at].context if self._runs else None

    @property
    def before(self) -> Cloned | None:
        """What maps held before the run that is shown, where that is known."""
        return self._runs[self._at].before if self._runs else None

    def start(self) -> None:
        """Say that something runs."""
        self._busy = True
        self._lines, self._wrapped = [], []
        self.empty_text = ""
        self.refresh_rows()

    def add(
        self,
        outcome: Outcome | BpftuiError,
        context: Mapping[str, str] | None = None,
        before: Cloned | None = None,
        *,
        is_alone: bool = True,
    ) -> None:
        """Show what came of a run.

        Args:
            outcome: What came of it, or why it was none.
            context: What its context was given.
            before: What maps held before it, where that is known.
            is_alone: Whether nothing else changed maps and variables meanwhile, as far as is known.
        """
        self._busy = False
        self._runs = [*self._runs, Run(outcome, context, before, is_alone)][-_MOST_RUNS:]
        self._at = len(self._runs) - 1
        self._show()

    def step(self, by: int) -> bool:
        """Show an earlier or a later run; return whether there is one."""
        if not 0 <= self._at + by < len(self._runs):
            return False
        self._at += by
        self._show()
        return True

    def _show(self) -> None:
        outcome, _, _, is_alone = self._runs[self._at]
        if isinstance(outcome, BpftuiError):
            self._lines = list(_problem(outcome))
        else:
            remark = [] if is_alone else [("⚠", "a program is attached: what it changed meanwhile is among this")]
            self._lines = [*remark, *_lines(outcome)]
        self._wrap()
        self.restart()

    def _wrap(self) -> None:
        """Break lines where the list ends: what became of something is not cut."""
        width = max(20, self.size.width - _NAMES - 3)
        self._wrapped = [
            (about if not at else "", part)
            for about, text in self._lines
            for at, part in enumerate(textwrap.wrap(text, width) or [""])
        ]

    def on_resize(self) -> None:
        """Break lines anew."""
        self._wrap()
        self.refresh_rows()

    def row_count(self) -> int:
        """Return how many lines there are."""
        return len(self._wrapped)

    def row_text(self, index: int) -> str:
        """Return a line as plain text."""
        return self.draw_row(index, 0).plain

    def draw_row(self, index: int, width: int) -> Text:
        """Draw a line: what it is about, and what became of it."""
        about, text = self._wrapped[index]
        return Text.assemble((f"{about:<{_NAMES}} ", self.ink("row-view--muted")), text)

    @property
    def header_height(self) -> int:
        """A title."""
        return 1

    def draw_header(self, line: int, width: int) -> Text:
        """Draw what was returned, in how much time, and which run it is."""
        if self._busy:
            return Text("Result  running … esc gives up")
        run = self.run
        if run is None:
            return Text("Result")
        which = f"run {self._at + 1} of {len(self._runs)}" if len(self._runs) > 1 else ""
        if isinstance(run, BpftuiError):
            text = Text("Result  ✗ no run")
        else:
            retval = run.result.retval
            verdict = f"{run.verdict} ({retval})" if run.verdict else f"{retval} ({retval:#x})"
            text = Text(f"Result  {verdict} · {duration(run.result.duration_ns / 1e9)} a run")
        if which:
            text.append(" " * max(2, width - text.cell_len - len(which) - 1) + which)
        return text


def _problem(error: BpftuiError) -> Iterator[tuple[str, str]]:
    yield "✗", error.message
    if error.hint:
        yield "", error.hint


def _lines(run: Outcome) -> Iterator[tuple[str, str]]:
    """Yield what came of a run: what it is about, and what became of it."""
    if run.remark:
        yield "⚠", run.remark
    for difference in run.packet_differences:
        if difference.field:
            change = f"{_shortened(difference.before)} → {_shortened(difference.after)}"
            yield "packet", f"{difference.layer} {difference.field}  {change}"
        else:
            came = bool(difference.after)
            what = f"{'added' if came else 'removed'} {difference.layer}"
            yield "packet", f"{what}  {_shortened(difference.after if came else difference.before)}"
    context = ", ".join(f"{name}={value}" for name, value in run.context.items())
    if context:
        yield "context", context
    for effect in run.effects:
        about = "variable" if effect.is_variable else "map"
        match effect.before, effect.after:
            case "", after:
                yield about, f"{effect.what}  new: {after}"
            case before, "":
                yield about, f"{effect.what}  deleted, was {before}"
            case before, after:
                yield about, f"{effect.what}  {before} → {after}"
    for name, records in run.events.items():
        yield from (("event", f"{name}  {record}") for record in records)
    yield from (("printed", line.text) for line in run.printed.lines)
    if run.printed.lost:
        yield "printed", f"{counted(run.printed.lost, 'line')} more, which nobody kept"
    quiet = [
        *(["packet unchanged"] if run.packet and not run.packet_differences else []),
        *(["maps and variables unchanged"] if not run.effects else []),
        *(["no event"] if not run.events else []),
        *(["printed nothing"] if not run.printed.lines else []),
    ]
    if quiet:
        yield "", " · ".join(quiet)


def _shortened(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:63]}…"
