"""Following: where a name on the screen leads, whichever pane it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..jumps import CodePlace
from ..nodes import Node, NodeKind
from ..targets import EntryTarget, HelperTarget, Setting, StackTarget, Thing, TypeTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...core.live.stacks import StackPlace
    from ..targets import Target
    from ..widgets.live.entries_view import EntriesView
    from .code import CodeController
    from .navigation import Navigation
    from .types import TypesController

__all__ = ["Following"]


class Following:
    """Goes where a target says.

    Args:
        navigation: What is chosen.
        code: The code, and who uses what.
        types: What shows types and asks for them.
        entries: The entries of the map that is shown.
        system: Goes to what the machine runs.
        streams: Asks whether the streams of others' programs are to be read.
        stack: Shows a stack trace.
    """

    def __init__(
        self,
        *,
        navigation: Navigation,
        code: CodeController,
        types: TypesController,
        entries: EntriesView,
        system: Callable[[Thing], object],
        streams: Callable[[], object],
        stack: Callable[[StackPlace], object],
    ) -> None:
        self._navigation = navigation
        self._code = code
        self._types = types
        self._entries = entries
        self._system = system
        self._streams = streams
        self._stack = stack

    def follow(self, target: Target) -> None:
        """Go there; the way back leads to where the user is now."""
        match target:
            case CodePlace():
                self._code.show_place(target)
            case HelperTarget(number):
                self._code.show_helper(number)
            case TypeTarget(ctype):
                self._types.show_page(ctype)
            case EntryTarget(name, key):
                self._navigation.go_to(Node(NodeKind.MAP, name))
                self._entries.reveal(key)
            case StackTarget(place):
                self._stack(place)
            case Setting.PROGRAM_TYPE:
                self._types.ask_program_type()
            case Setting.BTF:
                self._types.ask_target()
            case Setting.STREAMS:
                self._streams()
            case Thing():
                self._system(target)
            case Node():
                self._navigation.go_to(target)
