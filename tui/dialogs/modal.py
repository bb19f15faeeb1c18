"""Modal: what every screen that lies over the explorer has in common: it has its own keys, and ends once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.await_complete import AwaitComplete
from textual.color import Color
from textual.screen import ModalScreen
from textual.strip import Strip

from ..compositor import Compositor, drawn, handed_up
from ..widgets.key_bar import KeyBar
from ..widgets.message_line import MessageLine

if TYPE_CHECKING:
    from textual import events
    from textual.app import App, ComposeResult
    from textual.geometry import Offset, Region
    from textual.screen import Screen
    from textual.widget import Widget

__all__ = ["Modal"]

_Result = TypeVar("_Result")


class Modal(ModalScreen[_Result]):
    """A screen over another one, dismissed once, however many keys, clicks and messages come to tell it so.

    Its keys are the only ones that work while it is there, so that its bar lies over that of the screen below, and its
    message line over that screen's. What went wrong meanwhile and is not answered here is said there when it closes. A
    subclass composes what it shows, and this.
    """

    DEFAULT_CSS = """
    Modal {
        layers: default keys;  /* so that what is centred stays where it is */
        & > KeyBar { layer: keys; }
        & > MessageLine { layer: keys; dock: bottom; margin-bottom: 1; }
    }
    """

    _dismissed = False

    def __init__(self) -> None:
        super().__init__()
        self._compositor = Compositor()

    def compose(self) -> ComposeResult:
        """Compose what is said, and the keys."""
        yield MessageLine(leads=False)
        yield KeyBar()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines of the screen below, shaded: Textual would draw all of it for each line that changes there."""
        below, shade = self._below, self.styles.background
        if below is None or shade.a == 1:
            return super().render_lines(crop)
        background, filters = self.background_colors[1], self.get_line_filters()
        lines: list[Strip] = []
        for line in drawn(below, crop.line_range):
            strip = line.crop_extend(crop.x, crop.right, None)
            strip = Strip([Segment(text, _shaded(style, shade)) for text, style, _ in strip], strip.cell_length)
            for each in filters:
                strip = strip.apply_filter(each, background)
            lines.append(strip)
        return lines

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        # They follow the theme by `BaseApp`, and what comes is styled then: before the rules of a screen are there.
        event.refresh_styles = bool(self.CSS)

    def _compositor_refresh(self) -> None:
        if not handed_up(self):
            super()._compositor_refresh()

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """Return what is at a cell; what was removed and is still drawn there is nothing that a press could be on."""
        found, offset = super().get_widget_and_offset_at(x, y)
        return (None, None) if found is not None and found.parent is None else (found, offset)

    @property
    def _below(self) -> Screen[Any] | None:
        screens = self.app.screen_stack
        place = screens.index(self) if self in screens else 0
        return screens[place - 1] if place else None

    @property
    def app(self) -> App[Any]:
        """The app, which leaves the type of its result open."""
        return super().app  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

    def dismiss(self, result: _Result | None = None) -> AwaitComplete:
        """Close, with a *result*; the first is the one that counts.

        Textual's own takes whatever screen is in front off the stack, the explorer's too.
        """
        if self._dismissed or not self.is_current:
            return AwaitComplete.nothing()
        self._dismissed = True
        for below in self.app.screen_stack[-2].query(MessageLine):
            below.take_over(self.message_line)
        return super().dismiss(result)

    @property
    def message_line(self) -> MessageLine:
        """Where it is said what went wrong."""
        return self.query_one(MessageLine)

    def on_key(self, event: events.Key) -> None:
        """Let escape answer what went wrong before it means anything else: it is said to."""
        if event.key == "escape" and self.message_line.failure is not None:
            event.stop()
            self.message_line.action_answer()


@lru_cache(4096)
def _shaded(style: Style | None, shade: Color) -> Style:
    """Return a style below a shade, with nothing that answers a click."""
    if style is None:
        return Style()
    ink, ground = (
        None if color is None else (Color.from_rich_color(color) + shade).rich_color
        for color in (style.color, style.bgcolor)
    )
    return style.clear_meta_and_links() + Style.from_color(ink, ground)
