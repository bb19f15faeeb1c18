"""StatusLine: the top line of every place: where this is, how far it has come, what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from ..status import Crumb, Stage, Status
from ..text.fit import fitted, width_of
from ..text.format import clock, duration
from ..text.shown import assembled, plain, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.content import Content

__all__ = ["StatusLine"]

_PALE: Final = "$text-muted"
_LEAST: Final = 8
"""Cells to which a name on the way is cut before what stands right of it is left out."""
_STAGES: tuple[Stage, ...] = ("SPEC", "LOADED", "ATTACHED")


class StatusLine(Widget, can_focus=True):
    """`home › traffic.o › count_traffic   SPEC → LOADED → ▲ ATTACHED eth1      984 k runs/s · kernel · every 500 ms`.

    Each step of the way leads there by click, and by enter while the line has the keyboard. What is attached is red,
    and has a sign and a word besides. Where there is no room for all, words go first, then names are cut; no number is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", show=False, id="crumbs.left", tooltip="The step before"),
        Binding("right,l", "step(1)", show=False, id="crumbs.right", tooltip="The step behind"),
        Binding("enter", "go", "Go there", id="crumbs.go", tooltip="Go to the marked step of the way"),
    ]

    DEFAULT_CSS = """
    StatusLine {
        dock: top;
        height: 1;
        background: $footer-background;
        color: $foreground;
    }
    """

    FOCUS_ON_CLICK: ClassVar[bool] = False

    status: reactive[Status] = reactive(Status())
    crumbs: reactive[tuple[Crumb, ...]] = reactive(())
    """The way to where this is."""
    facts: reactive[tuple[str, ...]] = reactive(())
    """What is said at the right of a place that is no object, the least important first: these are left out first."""
    marked: reactive[int] = reactive(0)
    """The step to which enter leads, while the line has the keyboard."""

    class Chosen(Message):
        """The user wants to go to a step of the way."""

        def __init__(self, crumb: Crumb) -> None:
            super().__init__()
            self.crumb = crumb

    def render(self) -> Content:
        """Draw the line, in the longest of its forms that has room; `▌` says that it has the keyboard."""
        line = self._in_its_longest_form()
        return assembled(("▌", "$primary"), line[1:]) if self.has_focus else line

    def _in_its_longest_form(self) -> Content:
        status = self.status
        crumbs = self.crumbs or (Crumb(status.file),)
        width = max(20, self.size.width)
        if self.facts:
            way = self._way(crumbs, 0)
            room = width - way.cell_length - 5  # one before the way, three behind it, one at the end
            facts = next((f for n in range(len(self.facts)) if width_of(f := " · ".join(self.facts[n:])) <= room), "")
            return _line(way, plain(""), styled(facts, _PALE).pad_right(1), width)
        for names, stages, right in (
            (crumbs, _stages(status), _right(status)),
            (crumbs, _stage(status), _right(status)),
            (crumbs, _stage(status), _right(status, short=True)),
            (crumbs[-2:], _stage(status), _right(status, short=True)),
            (crumbs[-1:], _stage(status), _right(status, short=True)),
            (crumbs[-1:], _stage(status), _right(status, least=True)),
            (crumbs[-1:], _stage(status, least=True), _right(status, least=True)),
        ):
            first = len(crumbs) - len(names)
            room = width - stages.cell_length - right.cell_length - 1
            if sum(map(_width, names)) <= room:
                return _line(self._way(names, first), stages, right, width)
        # No form has room for the last name as it is: then it is cut.
        stages, right = _stage(status, least=True), _right(status, least=True)
        room = width - stages.cell_length - right.cell_length - 4
        if room < _LEAST:
            right = plain("")  # no number is cut
            room = width - stages.cell_length - 4
        last = Crumb(fitted(crumbs[-1].name, max(_LEAST, room)).rstrip(), crumbs[-1].node)
        return _line(self._way([last], len(crumbs) - 1), stages, right, width).truncate(width, ellipsis=True)

    def _way(self, crumbs: Sequence[Crumb], first: int) -> Content:
        """Return the steps from the one with the index *first* on, each a link but the one where this is."""
        parts: list[Content] = []
        for index, crumb in enumerate(crumbs, first):
            here = index == len(self.crumbs) - 1 or not self.crumbs
            name = styled(crumb.name, "bold" if here else "$link")
            if self.has_focus and index == self.marked:
                name = name.stylize("reverse bold")
            parts.append(name.stylize(Style.from_meta({"crumb": index})))
        return styled(" › ", _PALE).join(parts)

    def on_focus(self) -> None:
        """Begin at the step above where this is."""
        self.marked = max(0, len(self.crumbs) - 2)
        self.refresh()

    def on_blur(self) -> None:
        """Mark none."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to a step."""
        index = event.style.meta.get("crumb")
        if isinstance(index, int) and index < len(self.crumbs):
            self.post_message(self.Chosen(self.crumbs[index]))

    def action_step(self, by: int) -> None:
        """Mark another step."""
        self.marked = max(0, min(len(self.crumbs) - 1, self.marked + by))

    def action_go(self) -> None:
        """Go to the marked step."""
        if self.marked < len(self.crumbs):
            self.post_message(self.Chosen(self.crumbs[self.marked]))


def _width(crumb: Crumb) -> int:
    """Return the cells of a name with what stands before it."""
    return width_of(crumb.name) + 3


def _line(way: Content, stages: Content, right: Content, width: int) -> Content:
    """Return the line with *right* at the right edge."""
    left = assembled(" ", way, "  ", stages)
    return assembled(left, " " * max(1, width - left.cell_length - right.cell_length), right)


def _stages(status: Status) -> Content:
    """Return the stages that were reached."""
    if status.moment or status.access:  # that it was a file once is not of interest
        return _stage(status)
    before = _STAGES[: _STAGES.index(status.stage)]
    return styled(" → ", _PALE).join([*(styled(stage, _PALE) for stage in before), _stage(status)])


def _stage(status: Status, *, least: bool = False) -> Content:
    """Return the stage that we are in, and what is attached where: by others, not in the colour of danger."""
    if status.moment:
        return styled(status.moment, "bold $primary")
    if status.stage != "ATTACHED":
        if not status.elsewhere:
            return assembled(styled(status.stage, "bold"), _older(status, least=least))
        first, *more = status.elsewhere
        place, _, owner = first.partition(" by ")
        by = f" by {owner}" if owner and not least else ""
        return styled(
            f"▲ {fitted(place, 12 if least else 16).rstrip()}{by}" + (f" +{len(more)}" if more else ""), _PALE
        )
    first, *more = (text.rpartition(" → ")[2] for text in status.attached or ("",))
    place = fitted(first, 12).rstrip() if least else first
    text = f"▲ ATTACHED {place}".rstrip() + (f" +{len(more)}" if more else "")
    stage = assembled(styled(f" {text} ", "bold $danger-text on $danger-fill"), _older(status, least=least))
    if status.detach_in is None:
        return stage
    left = f" {status.detach_in} s left" if least else f" detach in {status.detach_in} s"
    return assembled(stage, (left, "bold $text-error"))


def _older(status: Status, *, least: bool) -> tuple[str, str]:
    """Return that what is loaded is older than its file, and of when it is."""
    if not status.older:
        return "", ""
    return f" {'of' if least else 'version of'} {status.older}", "bold $text-warning"


def _right(status: Status, *, short: bool = False, least: bool = False) -> Content:
    """Return pause, rate, runtime and interval."""
    parts: list[Content] = []
    if status.paused:
        parts.append(styled("‖ PAUSED", "bold $text-warning"))
    if status.rate:
        parts.append(styled(status.rate, "bold"))
    if status.runtime and not least:
        parts.append(styled(status.runtime, _PALE))
    if status.stage != "SPEC" and not (least or status.moment):
        parts.append(styled(f"{'' if short else 'every '}{duration(status.interval)}", _PALE))
    if status.recording is not None:
        parts.append(styled(f"● REC {clock(status.recording)}", "bold $text-error"))
    if status.access:
        parts.append(styled(status.access, "bold $text-warning" if status.access == "WRITE" else _PALE))
    return styled(" · ", _PALE).join(parts).pad_right(1) if parts else plain("")
