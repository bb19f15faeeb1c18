"""MessageLine: above the key bar, what is being done, what went wrong until it is answered, and what was just said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from ..status import Failure
from ..text.fit import fitted, wrapped
from ..text.format import duration
from ..text.shown import assembled, plain, styled

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel
    from textual.timer import Timer

    from ..status import Work

__all__ = ["MessageLine"]

_DELAY: Final = 0.2
"""Seconds that work takes before it is said."""
_REDRAW: Final = 0.1
"""Seconds between two looks at how far it is."""
_SECONDS: Final = 5.0
"""For which something is said that is no error, where nothing else is asked for."""
_OF_A_KEY: Final = 5.0
"""Seconds up to which a warning is about the key that was just pressed: it goes with the place where that was."""
_MOST_LINES: Final = 2
"""Lines of a message that are shown: the Log tab has it whole."""
_MOST_FAILURES: Final = 20
_KINDS: Final = {"information": ("", ""), "warning": ("⚠ ", "$text-warning"), "error": ("✗ ", "$text-error")}


class MessageLine(Widget, can_focus=False):
    """Takes no line while there is nothing to say.

    A failure stays until it is answered: by escape, by enter, which leads to its place, or by what failed tried anew.
    One with a place takes the keyboard, for enter, and gives it back with the first key that is not meant for it.

    Args:
        leads: Whether one can go to a place from here: not out of a dialog, which is answered first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "Go there", id="message.go", tooltip="Go to where it can be seen or mended"),
        Binding("escape", "answer", "Dismiss", id="message.answer", tooltip="The error is read: it goes away"),
    ]

    DEFAULT_CSS = """
    MessageLine {
        height: auto;
        max-height: 6;
        display: none;
        background: $footer-background;
        color: $foreground;
        &.-open { display: block; }
    }
    """

    FOCUS_ON_CLICK: ClassVar[bool] = False

    class Followed(Message):
        """The user wants to go where a failure can be seen or mended."""

        def __init__(self, failure: Failure) -> None:
            super().__init__()
            self.failure = failure

    def __init__(self, *, leads: bool = True) -> None:
        super().__init__()
        self._leads_on = leads
        self._failures: list[Failure] = []
        self._work: Work | None = None
        self._said: tuple[str, str] | None = None
        self._is_of_place = False
        """Whether that is about a key that was pressed in this place."""
        self._clock: Timer | None = None
        self._forget: Timer | None = None
        self._before: Widget | None = None
        """What had the keyboard before a failure took it."""
        self._height = 0
        """The lines that it was drawn in last."""

    # What there is to say

    @property
    def failure(self) -> Failure | None:
        """What went wrong last, and is not answered."""
        return self._failures[-1] if self._failures else None

    @property
    def warning(self) -> str:
        """What is said now that somebody is warned of; empty for nothing."""
        return self._said[0] if self._said is not None and self._said[1] == "warning" else ""

    @property
    def work(self) -> Work | None:
        """What is being done."""
        return self._work

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Take what Textual would put over the screen; it is text, whatever is said of markup, and an error stays."""
        if severity == "error":
            self.fail(Failure(title, message))
        else:
            self.say(f"{title}: {message}" if title else message, severity, timeout or _SECONDS)
            self._is_of_place = severity == "warning" and timeout is not None and timeout <= _OF_A_KEY

    def say(self, text: str, severity: str = "information", seconds: float = _SECONDS) -> None:
        """Say something for so many seconds; only the last thing that was said is there."""
        if self._forget is not None:
            self._forget.stop()
        self._said = text, severity
        self._is_of_place = False
        self._forget = self.set_timer(seconds, self.forget)
        self._show()

    def forget(self) -> None:
        """Take away what was said."""
        self._said = None
        self._show()

    def leave_place(self) -> None:
        """Take away what was said of a key: one is in another place now, where it may have a meaning."""
        if self._is_of_place and self._said is not None:
            self.forget()

    def fail(self, failure: Failure) -> None:
        """Say what went wrong, until it is answered: each thing once, the last one first."""
        others = [each for each in self._failures if each != failure]
        self._failures = [*others[1 - _MOST_FAILURES :], failure]
        self._show()
        self._take_keys()

    def take_over(self, other: MessageLine) -> None:
        """Say what another line, which goes away, had to say: what is not answered, and what was just said."""
        for failure in other._failures:
            self.fail(failure)
        if other._said is not None and not other._is_of_place:
            self.say(*other._said)

    def settle(self, action: str) -> None:
        """Take away what went wrong with an action: it is tried anew, or has worked."""
        left = [each for each in self._failures if each.action != action]
        if len(left) < len(self._failures):  # else all stays as it is: what is shown is laid out for each other answer
            self._failures = left
            self._answered()

    def show_work(self, work: Work | None) -> None:
        """Say what is being done, and how far, once it takes its time."""
        self._work = work
        if work is not None and self._clock is None:
            self._clock = self.set_interval(_REDRAW, self._show)
        elif work is None and self._clock is not None:
            self._clock.stop()
            self._clock = None
        self._show()

    def _is_late(self) -> bool:
        return self._work is not None and time.monotonic() - self._work.since >= _DELAY

    def _show(self) -> None:
        shown = bool(self._failures or self._said) or self._is_late()
        if self._work is None or shown or self.has_class("-open"):
            is_open = self.has_class("-open")
            self.set_class(shown, "-open")
            self.refresh(layout=shown is not is_open or (shown and len(self._lines()) != self._height))

    def render(self) -> Content:
        """Draw what there is to say, what is lasting first."""
        lines = self._lines()
        self._height = len(lines)
        return Content("\n").join(lines)

    def _lines(self) -> list[Content]:
        width = max(20, self.size.width or self.screen.size.width)
        lines: list[Content] = []
        if self._work is not None and self._is_late():
            lines.append(_working(self._work, width))
        if self._failures:
            lines += self._failed(self._failures[-1], width)
        if self._said is not None:
            lines += _spoken(*self._said, width)
        return lines

    def _failed(self, failure: Failure, width: int) -> list[Content]:
        """Return why, what helps, and which keys answer it."""
        others = len(self._failures) - 1
        keys = ("⏎ go there · " if self.has_focus and self._leads(failure) else "") + "esc dismiss"
        keys = (f"+{others} more · " if others else "") + keys
        mark = "▌" if self.has_focus else " "
        why = _lines(failure.why, width - 3)
        helps = _lines(f"what helps: {failure.hint}", width - 3) if failure.hint else []
        lines = [styled(f"{mark}{'✗' if not index else ' '} {text}", "$text-error") for index, text in enumerate(why)]
        lines += [styled(f"   {text}", "$text-muted") for text in helps]
        room = width - lines[-1].cell_length - len(keys) - 1
        if room < 2:
            lines.append(plain(""))
            room = width - len(keys) - 1
        lines[-1] = assembled(lines[-1], " " * room, (keys, "$link"))
        return lines

    # The keyboard

    def _take_keys(self) -> None:
        """Take the keyboard for a failure that leads somewhere, unless something is being typed."""
        self.can_focus = any(map(self._leads, self._failures))
        focused = self.screen.focused
        typing = focused is not None and focused.check_consume_key("a", "a")
        if self.can_focus and not typing and focused is not self:
            self._before = focused
            self.focus(scroll_visible=False)

    def _give_keys_back(self) -> None:
        if self.has_focus and self._before is not None and self._before.is_attached:
            self.screen.set_focus(self._before)

    def _answered(self) -> None:
        self._show()
        if not any(map(self._leads, self._failures)):
            self._give_keys_back()
            self.can_focus = False

    async def on_key(self, event: events.Key) -> None:
        """Hand on what is meant for what had the keyboard before."""
        if event.key in ("enter", "escape"):
            return
        event.stop()
        event.prevent_default()
        self._give_keys_back()
        again = events.Key(event.key, event.character)
        target = self.screen.focused or self.screen
        target._forward_event(again)  # pyright: ignore[reportPrivateUsage] - it is not to come from the app once more

    def on_focus(self) -> None:
        """Show it."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that enter does not lead there any more."""
        self.refresh()

    def on_click(self) -> None:
        """Go where the failure leads, or take it as answered."""
        if self._failures:
            self.action_go()

    def action_go(self) -> None:
        """Go where the failure can be seen or mended; it is answered by that."""
        if (failure := self.failure) is not None:
            self.action_answer()
            if self._leads(failure):
                self.post_message(self.Followed(failure))

    def action_answer(self) -> None:
        """Take the last failure away."""
        if self._failures:
            self._failures.pop()
            self._answered()

    def _leads(self, failure: Failure) -> bool:
        """Whether there is a place to go to for a failure."""
        return self._leads_on and (failure.node is not None or bool(failure.tab))

    def give_up(self) -> bool:
        """Have what is being done given up; return whether there was anything that can be."""
        if self._work is None or self._work.give_up is None:
            return False
        self._work.give_up()
        return True


def _working(work: Work, width: int) -> Content:
    """Return what is being done: `loading 3 of 12 · count_traffic · 4.1 s · esc gives up`."""
    parts = [f"{work.what} {work.number:,} of {work.total:,}" if work.total else f"{work.what} …"]
    if work.part:
        parts.append(work.part)
    parts.append(_elapsed(time.monotonic() - work.since))
    if work.give_up is not None:
        parts.append("esc gives up")
    return styled(f" {fitted(' · '.join(parts), width - 2).rstrip()}", "bold")


def _elapsed(seconds: float) -> str:
    """Return how long it has been going on, in a width that does not change from tenth to tenth: `4.0 s`."""
    return f"{seconds:.1f} s" if seconds < 59.95 else duration(seconds)


def _spoken(text: str, severity: str, width: int) -> list[Content]:
    sign, style = _KINDS.get(severity, _KINDS["information"])
    return [
        styled(f" {sign if not index else ' ' * len(sign)}{line}", style)
        for index, line in enumerate(_lines(text, width - len(sign) - 2))
    ]


def _lines(text: str, width: int) -> list[str]:
    """Return the first lines of a text, the last with an ellipsis where there are more."""
    lines = [part for line in text.splitlines() or [""] for part in wrapped(line, width) or [""]]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [
            fitted(f"{lines[_MOST_LINES - 1]} {lines[_MOST_LINES]}", width - 1).rstrip(" …") + "…"
        ]
    return lines
