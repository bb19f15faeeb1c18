"""WhyView: where a value came from, as a tree of the steps that matter; enter goes to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from .lines_view import Line, LinesView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....core.debug.sight import Sight
    from ....core.debug.timeline import Timeline
    from ....core.debug.why import Cause, Why

__all__ = ["WhyStep", "WhyView"]

_DEEPEST: Final = 10
"""Levels that are indented."""
_MOST_TOLD: Final = 16
"""Bytes of an origin that are written out."""


class WhyStep(NamedTuple):
    """What a line is of."""

    row: int
    step: int | None


class WhyView(LinesView):
    """The steps that made a value, and below each what it came from; `because` is what decided that it was taken."""

    TITLE: ClassVar[str] = "Why"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise it before the first question."""
        super().__init__(id=id)
        self._answer: Why | None = None
        self._timeline: Timeline | None = None
        """The run that the answer is about: a change makes another of it."""

    @property
    def why(self) -> Why | None:
        """The answer; None as long as another run is shown than it is about."""
        sight = self.sight
        return self._answer if sight is not None and sight.trail.timeline is self._timeline else None

    def answer(self, found: Why) -> None:
        """Show an answer about the run that is shown."""
        self._answer, self._timeline = found, None if self.sight is None else self.sight.trail.timeline
        self.rebuild()
        self.cursor = 0

    def title(self, sight: Sight) -> str:
        """Say what was asked."""
        why = self.why
        if why is None:
            return ""
        return f"{why.text} = {why.shown} · {len(why.causes)} of {why.length:,} steps matter"

    def empty(self, sight: Sight) -> str:
        """Say how to ask."""
        return "W on a register, a variable, an entry of a map or a byte tells where its value came from"

    @property
    def step(self) -> int | None:
        """The step of the cursor's line."""
        about = self.about
        return about.step if isinstance(about, WhyStep) else None

    def lines(self, sight: Sight, width: int) -> Iterator[Line]:
        """Return the tree."""
        why = self.why
        if why is None:
            return
        row = 0
        for origin in why.origins:
            yield Line(((f"  ◂ {origin.told(_MOST_TOLD)}", "changed"),), WhyStep(row, None))
            row += 1
        shown: set[int] = set()
        todo = [(step, 0, False) for step in reversed(why.because)]
        digits = len(str(why.length))
        while todo:
            step, depth, decided = todo.pop()
            cause = why.causes[step]
            is_again = step in shown
            if decided and is_again:
                continue
            here = "here" if step == sight.position else "link"
            indent = " " * min(depth, _DEEPEST)
            because = f"because {cause.location.slot} {'jumped' if cause.jumped else 'did not jump'}  "
            text = (because if cause.jumped is not None else f"{cause.location.slot}  ") + cause.location.text
            line = "" if cause.location.line is None else f"  {_c_line(cause)}"
            parts = [(f"{step:>{digits}} ", here), (f"{indent}{text}", "")]
            # Where it began stands before the line of C: that may be cut.
            parts += [(f"  ◂ {origin.told(_MOST_TOLD)}", "changed") for origin in cause.origins if not is_again]
            parts.append(("  as above" if is_again else line, "muted"))
            yield Line(tuple(parts), WhyStep(row, step))
            row += 1
            if is_again:
                continue
            shown.add(step)
            if cause.decided is not None and cause.decided in why.causes:
                todo.append((cause.decided, depth + 1, True))
            todo += [(each, depth + 1, False) for each in reversed(cause.because)]


def _c_line(cause: Cause) -> str:
    line = cause.location.line
    assert line is not None
    return f"{line.line}: {line.source.strip()}"
