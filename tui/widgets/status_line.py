"""StatusLine: where the explorer is, in one line that is always there."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ..status import Stage, Status
from ..text.fit import end_of
from ..text.format import duration
from ..text.shown import assembled, plain, styled

__all__ = ["StatusLine"]

_PALE = "$text-muted"
_STAGES: tuple[Stage, ...] = ("SPEC", "LOADED", "ATTACHED")


class StatusLine(Widget):
    """File, SPEC → LOADED → ATTACHED, runtime, what is attached, pause, interval, rate, and the last failure.

    What is attached is red, and has a mark and a word besides, so that it is not told by colour alone.
    """

    DEFAULT_CSS = """
    StatusLine {
        dock: top;
        height: auto;
        max-height: 2;
        background: $footer-background;
        color: $foreground;
    }
    """

    status: reactive[Status] = reactive(Status(), layout=True)

    def render(self) -> Content:
        """Draw the line, in the longest of its forms that has room."""
        status = self.status
        width = max(20, self.size.width)
        forms = (
            _line(status, _stages(status), _right(status), width),
            _line(status, _stage(status), _right(status), width),
            _line(status, _stage(status), _right(status, short=True), width),
        )
        line = next((form for form in forms if form.cell_length <= width), forms[-1]).truncate(width, ellipsis=True)
        if not status.sentence:
            return line
        sentence = styled(f" ✗ {status.sentence} ", "bold $text-error")
        return Content("\n").join([line, sentence.truncate(width, ellipsis=True, pad=True)])


def _line(status: Status, stages: Content, right: Content, width: int) -> Content:
    """Return the line with *right* at the right edge, or longer than *width* where there is no room."""
    left = assembled((f" {end_of(status.file, 24)} ", "bold"), " ", stages, _attached(status))
    return assembled(left, " " * max(1, width - left.cell_length - right.cell_length), right)


def _stages(status: Status) -> Content:
    """Return all three stages; the one that we are in has a mark, those ahead are pale."""
    reached = _STAGES.index(status.stage)
    parts = [
        _stage(status) if index == reached else styled(stage, _PALE if index > reached else "")
        for index, stage in enumerate(_STAGES)
    ]
    return styled(" → ", _PALE).join(parts)


def _stage(status: Status) -> Content:
    """Return the stage that we are in."""
    style = "bold $danger-text on $danger-fill" if status.stage == "ATTACHED" else "bold"
    return styled(f" ● {status.stage} ", style)


def _attached(status: Status) -> Content:
    """Return what is being done, or what is attached."""
    if status.busy:
        return styled(f"  {status.busy} …", "bold")
    if not status.attached:
        return plain("")
    first, *more = status.attached
    text = f"  ▲ {first}" + (f" +{len(more)}" if more else "")
    if status.detach_in is not None:
        text += f"  detach in {status.detach_in} s"
    return styled(text, "bold $text-error")


def _right(status: Status, *, short: bool = False) -> Content:
    """Return pause, rate, runtime and interval."""
    parts = [styled(status.runtime, _PALE)]
    if status.stage != "SPEC":
        parts.append(styled(f"{'' if short else 'every '}{duration(status.interval)}", _PALE))
    if status.rate:
        parts.insert(0, styled(status.rate, "bold"))
    if status.paused:
        parts.insert(0, styled(" ‖ PAUSED ", "bold $text-warning"))
    return plain(" " if short else "  ").join(parts).pad_right(1)
