"""Following: where a name on the screen leads, whichever pane it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..jumps import CodePlace
from ..nodes import Node
from ..targets import HelperTarget, Setting, Thing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..targets import Target
    from .code import CodeController
    from .navigation import Navigation
    from .types import TypesController

__all__ = ["Following"]


class Following:
    """Goes where a target says.

    Args:
        navigation: What is chosen.
        code: The code, and who uses what.
        types: What asks for types.
        system: Goes to what the machine runs.
    """

    def __init__(
        self,
        *,
        navigation: Navigation,
        code: CodeController,
        types: TypesController,
        system: Callable[[Thing], object],
    ) -> None:
        self._navigation = navigation
        self._code = code
        self._types = types
        self._system = system

    def follow(self, target: Target) -> None:
        """Go there; the way back leads to where the user is now."""
        match target:
            case CodePlace():
                self._code.show_place(target)
            case HelperTarget(number):
                self._code.show_helper(number)
            case Setting.PROGRAM_TYPE:
                self._types.ask_program_type()
            case Setting.BTF:
                self._types.ask_target()
            case Thing():
                self._system(target)
            case Node():
                self._navigation.go_to(target)
