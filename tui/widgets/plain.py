"""Textual's widgets as this screen uses them: text is text, never markup, and what is pasted into a line is one line.

Names of files, programs, types and presets are drawn with these, and may hold whatever they like: `[/x]` is six
characters. A test keeps modules from taking the originals instead, which read a plain string as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from textual import containers, widgets
from textual.geometry import Size
from textual.reactive import reactive
from textual.visual import visualize
from textual.widgets.selection_list import Selection

from ..text.shown import Text, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.content import Content
    from textual.visual import VisualType
    from textual.widgets.option_list import Option

__all__ = [
    "Box",
    "Button",
    "Checkbox",
    "Input",
    "Label",
    "OptionList",
    "PlainTitles",
    "ScrollBox",
    "Select",
    "SelectionList",
    "Static",
    "one_line",
]

_Value = TypeVar("_Value")


def one_line(text: str) -> str:
    """Return *text* as a field of one line takes it: the lines behind each other, with a space between them."""
    return " ".join(filter(None, (line.strip() for line in text.splitlines())))


def _shown(content: VisualType) -> VisualType:
    return plain(content) if isinstance(content, str) else content


class PlainTitles:
    """What makes the border titles of a widget text; no widget itself, for Textual inherits styles from the first."""

    def render_str(self, text_content: str | Content) -> Content:
        """Return a title; Textual asks for it when one is set."""
        return plain(text_content) if isinstance(text_content, str) else text_content


class Box(PlainTitles, containers.Vertical):
    """A box with a title."""


class ScrollBox(PlainTitles, containers.VerticalScroll):
    """A box with a title, whose content scrolls."""


class Static(PlainTitles, widgets.Static):
    """A text."""

    def __init__(self, content: VisualType = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the widget with *content*."""
        super().__init__(_shown(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show another text."""
        shown = _shown(content)
        super().update(shown, layout=layout and not _keeps_its_size(self, shown))


class Label(PlainTitles, widgets.Label):
    """A text as wide as it is."""

    def __init__(self, content: VisualType = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """Initialise the label with *content*."""
        super().__init__(_shown(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show another text."""
        shown = _shown(content)
        super().update(shown, layout=layout and not _keeps_its_size(self, shown))


def _keeps_its_size(widget: widgets.Static, content: VisualType) -> bool:
    """Whether another text takes the same room: else the whole screen is laid out anew, which can take 50 ms."""
    styles, size = widget.styles, widget.content_size
    if not size.width or styles.is_auto_width:
        return False
    if not styles.is_auto_height:
        return True
    visual = visualize(widget, content, markup=False)
    return visual.get_height(styles, size.width) == size.height  # pyright: ignore[reportArgumentType]  # as Widget does


class Button(widgets.Button):
    """A button."""

    def __init__(self, label: str, *, id: str, variant: Any = "default") -> None:  # noqa: A002 - Textual's own name
        """Initialise the button; *variant* is as in Textual."""
        super().__init__(plain(label), variant, id=id)

    def watch_disabled(self, disabled: bool) -> None:
        """Let the key bar know: enter in a field may do what this does."""
        super().watch_disabled(disabled)
        if self.is_mounted:
            self.screen.refresh_bindings()


class Checkbox(widgets.Checkbox):
    """A box to tick."""

    def __init__(self, label: str, value: bool, *, id: str) -> None:  # noqa: A002 - as Textual's own
        """Initialise the box."""
        super().__init__(plain(label), value, id=id, compact=True)


def _room(options: widgets.OptionList, width: int) -> int:
    """Return the cells of a list of options, so many that one is left of each."""
    return max(width, options.get_component_styles("option-list--option").padding.width + 1)


class OptionList(PlainTitles, widgets.OptionList):
    """A list of options; without colours the highlighted one is underlined."""

    DEFAULT_CSS = """
    OptionList:nocolor, OptionList:focus:nocolor {
        & > .option-list--option-highlighted { text-style: bold underline; }
    }
    """

    def __init__(self, *content: str | Content | Option, id: str, compact: bool = False) -> None:  # noqa: A002 - Textual's own name
        """Initialise the list of *content*."""
        options = (plain(each) if isinstance(each, str) else each for each in content)
        super().__init__(*options, id=id, markup=False, compact=compact)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that the options take, also in a terminal that has no cell for them."""
        return super().get_content_height(container, viewport, _room(self, width))


class SelectionList(widgets.SelectionList[_Value]):
    """A list of options to tick."""

    def __init__(self, options: Iterable[tuple[str, _Value]], *, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise the list of *options*, all of them ticked: text and value."""
        super().__init__(*(Selection[_Value](plain(text), value, True) for text, value in options), id=id)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that the options take, also in a terminal that has no cell for them."""
        return super().get_content_height(container, viewport, _room(self, width))


class Select(widgets.Select[str]):
    """One of several texts."""

    def __init__(self, options: Iterable[str], *, value: str | None = None, id: str) -> None:  # noqa: A002 - Textual's own name
        """Initialise it with *options*, of which *value* is chosen, without one the first."""
        chosen: dict[str, Any] = {} if value is None else {"value": value}
        super().__init__(_rows(options), allow_blank=False, id=id, compact=True, **chosen)

    def offer(self, options: Iterable[str]) -> None:
        """Offer other options, the first of which is chosen."""
        self.set_options(_rows(options))


def _rows(options: Iterable[str]) -> list[tuple[Any, str]]:
    # Textual's annotation has only its own type, and its search in the list only str and Rich's.
    return [(Text(option), option) for option in options]


_RENAMED = {"slash": "/", "backslash": "\\", "at": "@", "minus": "-", "plus": "+", "underscore": "_"}
"""Keys that Textual calls otherwise than Unicode (KEY_NAME_REPLACEMENTS), and so does not find the characters of."""


class Input(widgets.Input):
    """A field of one line, into which several lines can be pasted."""

    virtual_size: reactive[Size] = reactive(Size(0, 0))
    """How long its text is. Textual lays the screen out anew when it changes: for each character that is typed."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Return whether *key* is typed here, and so offered for nothing else in the bar."""
        return super().check_consume_key(key, character or _RENAMED.get(key))

    def on_paste(self, event: events.Paste) -> None:
        """Take all of the lines; Textual's own takes the first, and says nothing of the others."""
        event.prevent_default()
        event.stop()
        if text := self.pasted(event.text):
            self.replace(text, *self.selection)

    def action_paste(self) -> None:
        """Paste what was copied in this program, likewise."""
        if text := self.pasted(self.app.clipboard):  # pyright: ignore[reportUnknownMemberType]
            self.replace(text, *self.selection)

    def pasted(self, text: str) -> str:
        """Return what is to be put in for a pasted *text*."""
        return one_line(text)
