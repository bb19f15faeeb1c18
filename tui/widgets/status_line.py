"""StatusLine: where the explorer is, in one line that is always there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from ..format import duration

__all__ = ["Stage", "Status", "StatusLine"]

Stage = Literal["SPEC", "LOADED", "ATTACHED"]

_STAGES: tuple[Stage, ...] = ("SPEC", "LOADED", "ATTACHED")


@dataclass(frozen=True, slots=True)
class Status:
    """What the line says."""

    file: str = ""
    stage: Stage = "SPEC"
    runtime: str = ""
    busy: str = ""
    """What is being done right now, e.g. `loading`; empty when nothing is."""
    attached: tuple[str, ...] = ()
    """One `program → target` for each link."""
    detach_in: int | None = None
    """Seconds until an automatic detach; None when there is none."""
    paused: bool = False
    interval: float = 1.0
    """Nominal seconds between two samples."""
    rate: str = ""
    """The run rate of what is attached."""
    sentence: str = ""
    """The last failure, as one sentence."""


class StatusLine(Widget):
    """File, SPEC → LOADED → ATTACHED, runtime, what is attached, pause, interval, rate, and the last failure.

    What is attached is red, and has a mark and a word besides, so that it is not told by colour alone.
    """

    DEFAULT_CSS = """
    StatusLine {
        dock: top;
        height: auto;
        max-height: 2;
        background: $panel;
        color: $foreground;
    }
    """

    status: reactive[Status] = reactive(Status(), layout=True)

    def render(self) -> Content:
        """Draw the line."""
        status = self.status
        width = max(20, self.size.width)
        left = Content.assemble((f" {_shortened(status.file, 24)} ", "bold"), "  ", self._stages(status))
        right = self._right(status)
        middle = self._attached(status, width - left.cell_length - right.cell_length - 3)
        gap = max(1, width - left.cell_length - middle.cell_length - right.cell_length)
        line = Content.assemble(left, middle, " " * gap, right)
        if line.cell_length > width:
            line = line.truncate(width, ellipsis=True)
        if not status.sentence:
            return line
        sentence = Content.styled(f" ✗ {status.sentence} ", "$text-error on $error-muted")
        return Content("\n").join([line, sentence.truncate(width, ellipsis=True, pad=True)])

    @staticmethod
    def _stages(status: Status) -> Content:
        """Draw the three stages; those that are reached are bright, the one that we are in has a mark."""
        reached = _STAGES.index(status.stage)
        parts: list[Content] = []
        for index, stage in enumerate(_STAGES):
            if index == reached:
                style = "bold $text on $error" if stage == "ATTACHED" else "bold $text on $primary"
                parts.append(Content.styled(f" ● {stage} ", style))
            else:
                parts.append(Content.styled(stage, "$foreground 60%" if index > reached else ""))
        return Content.styled(" → ", "$foreground 60%").join(parts)

    @staticmethod
    def _attached(status: Status, room: int) -> Content:
        if status.busy:
            return Content.styled(f"  {status.busy} …", "bold $text-warning")
        if not status.attached:
            return Content("")
        text = f"  ▲ {', '.join(status.attached)}"
        if len(text) > room and len(status.attached) > 1:
            text = f"  ▲ {len(status.attached)} attached"
        if status.detach_in is not None:
            text += f"  detach in {status.detach_in} s"
        return Content.styled(text, "bold $text-error")

    @staticmethod
    def _right(status: Status) -> Content:
        parts = [Content.styled(status.runtime, "$foreground 60%")]
        if status.stage != "SPEC":
            parts.append(Content.styled(f"every {duration(status.interval)}", "$foreground 60%"))
        if status.paused:
            parts.insert(0, Content.styled(" ‖ PAUSED ", "bold $text on $warning"))
        if status.rate:
            parts.insert(0, Content.styled(status.rate, "bold"))
        return Content("  ").join(parts).pad_right(1)


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[1 - width :]
