"""OutputView: the runs, what the program called, and what it printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from ...text.fit import fitted, width_of
from ...text.format import counted
from .lines_view import Line, LinesView, heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.debug.sight import Sight

__all__ = ["Called", "OutputView", "RunRow"]


_MOST_ANSWERS: Final = 200
"""Lines of answers that are kept."""


class Called(NamedTuple):
    """A line of a call."""

    step: int
    name: str


class RunRow(NamedTuple):
    """A line of a run."""

    run: int


class OutputView(LinesView):
    """What the program called, with arguments and results, and what it printed; enter goes to a call."""

    TITLE: ClassVar[str] = "Output"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise it before the first question."""
        super().__init__(id=id)
        self._answers: list[tuple[str, str]] = []

    def tell(self, asked: str, answer: str) -> None:
        """Add a command, and what came of it."""
        lines = [(f"(gdb) {asked}", "heading"), *((f"  {line}", "") for line in answer.split("\n") if line)]
        self._answers = [*self._answers, *lines][-_MOST_ANSWERS:]
        self.rebuild()

    def title(self, sight: Sight) -> str:
        """Say how much there is."""
        run = f"run {sight.stop.run + 1:,} of {sight.runs:,} · " if sight.near else ""
        return f"{run}{counted(len(sight.called), 'call')} · {counted(len(sight.printed), 'line')} printed"

    def empty(self, sight: Sight) -> str:
        """Say what would stand here."""
        return "nothing was called and nothing was printed so far"

    @staticmethod
    def _runs(sight: Sight, width: int) -> Iterator[Line]:
        """Return this run and those around it: what each came to, its steps, what it changed, what it was given."""
        digits, verdicts = len(f"{sight.runs:,}"), max(len(each.verdict) for each in sight.near)
        steps = max(len(f"{each.steps:,}") for each in sight.near)
        room = width - digits - verdicts - steps - len("    ")
        origins = min(max(width_of(each.origin) for each in sight.near), room // 2)
        before, behind = sight.near[0].run, sight.runs - sight.near[-1].run - 1
        if before:
            yield Line(((f"… {before:,} before these: `run 1` goes to the first", "muted"),))
        for each in sight.near:
            name = "here" if each.run == sight.stop.run else "link"
            head = ((f"{each.run + 1:>{digits},}", name), (f" {each.verdict or '?':<{verdicts}}", ""))
            took = f" {each.steps:>{steps},}" if each.steps else " " * (steps + 1)
            origin = f"  {fitted(each.origin, origins)}" if origins else ""
            changed = (
                f"  changed {', '.join(each.changed)}" if each.changed else "  changed nothing" if each.steps else ""
            )
            yield Line((*head, (took, "muted"), (origin, "muted"), (changed, "")), RunRow(each.run))
        if behind:
            yield Line(((f"… {behind:,} behind these: `run {sight.runs}` goes to the last", "muted"),))

    def lines(self, sight: Sight, width: int) -> Iterator[Line]:
        """Return what was printed, what breakpoints noted, and what was called."""
        if sight.near:
            yield heading(f"Runs {sight.runs:,}  return value, steps, packet, what it changed")
            yield from self._runs(sight, width)
        for text, name in self._answers:
            yield Line(((text, name),))
        if sight.printed:
            yield heading("Printed")
            for text in sight.printed:
                yield Line(((f"  {text}", ""),))
        if sight.logged:
            yield heading("Noted by breakpoints")
            for text in sight.logged[-100:]:
                yield Line(((f"  {text}", ""),))
        if not sight.trail.is_whole:
            yield Line((("calls are not followed in so long a run", "muted"),))
        elif sight.called:
            yield heading("Called")
            digits = len(str(sight.length))
            for call in sight.called:
                inside = ", ".join(f"{name}={value}" for name, value in call.arguments)
                result = f" = {call.result}" if call.result else ""
                parts = ((f"{call.step:>{digits}} ", "link"), (call.name, ""), (f"({inside})", "muted"), (result, ""))
                yield Line(parts, Called(call.step, call.name))
