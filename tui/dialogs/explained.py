"""ExplainedModal: a screen over the explorer whose help begins with its own keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.binding import Binding, BindingType

from ..widgets.lists.row_view import RowView
from .help import SIGNS, HelpScreen, do_as_key, keys_here, keys_of
from .modal import Modal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..base_app import BaseApp

__all__ = ["ExplainedModal"]

_Result = TypeVar("_Result")


class ExplainedModal(Modal[_Result]):
    """`?` says what it asks and which keys it has; f1 does so too where a question mark is typed.

    A subclass gives `ABOUT`, and `place` where its class does not say what it is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", id="dialog.help", tooltip="What it is, and its keys"),
        Binding("f1", "help", "Help", id="dialog.help.f1", tooltip="The same, also where ? would be typed"),
    ]  # fmt: skip

    ABOUT: ClassVar[str] = ""
    """What it is for, in a sentence or two."""
    PAGE: ClassVar[str] = ""
    """The page of the manual that is about it."""

    def place(self) -> str:
        """Return what it is called in the title of its help: the title of its box, where that is short."""
        titles = (str(each.border_title or "") for each in self.query(".dialog"))
        return next(filter(None, titles), "").partition(": ")[0]

    def about(self) -> str:
        """Return what the help begins with."""
        return self.ABOUT

    def key_groups(self) -> Mapping[str, Sequence[BindingType | str]]:
        """Return its keys by the headings of the help, first its own and those of what has the keyboard."""
        own = [*keys_of(type(self), until=ExplainedModal), *keys_here(self.focused)]
        moving = {"Moving": RowView.BINDINGS} if isinstance(self.focused, RowView) else {}
        return {"": own, **moving, "Colours and signs": SIGNS}

    def action_help(self) -> None:
        """Show what this is, and its keys; do what is chosen there."""
        keymap = cast("BaseApp[object]", self.app).config.keys
        help_ = HelpScreen(self.key_groups(), keymap, page=self.PAGE, place=self.place(), about=self.about())
        self.app.push_screen(help_, partial(do_as_key, self, self.focused))
