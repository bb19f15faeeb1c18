"""JumpList: where the user has been, as vim's jump list; and what panes say of where in them one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

__all__ = ["CodePlace", "JumpList", "Spotted", "remember_place"]

_Place = TypeVar("_Place")
_MAX_PLACES = 100


class CodePlace(NamedTuple):
    """An instruction of a program."""

    program: str
    slot: int


class JumpList(Generic[_Place]):
    """Places that jumps were made from. Going back remembers where one was, so that forward leads there again."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._at = 0

    def push(self, here: _Place) -> None:
        """Remember *here* before a jump; what lay ahead is forgotten."""
        del self._places[self._at :]
        if not self._places or self._places[-1] != here:
            self._places.append(here)
        del self._places[:-_MAX_PLACES]
        self._at = len(self._places)

    def follow(self, other: JumpList[_Place], moved: Callable[[_Place], _Place | None]) -> None:
        """Have the places of another list, in front of one's own, as far as they are still there.

        Args:
            other: The list.
            moved: Returns where a place is now; None for nowhere.
        """
        before = [place for place in map(moved, other._places[: other._at]) if place is not None]
        self._places[:0] = before
        self._at += len(before)

    def change_last(self, change: Callable[[_Place], _Place]) -> None:
        """Let the place before be another one, where there is one."""
        if self._at:
            self._places[self._at - 1] = change(self._places[self._at - 1])

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place before."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a place ahead."""
        return self._at + 1 < len(self._places)

    def back(self, here: _Place) -> _Place | None:
        """Return the place before, None where there is none but *here*; forward then leads here again."""
        at = self._at - 1
        while at >= 0 and self._places[at] == here:
            at -= 1  # a jump that led nowhere
        if at < 0:
            return None
        if self._at == len(self._places):
            self._places.append(here)
        else:
            self._places[self._at] = here  # the cursor may have been moved since
        self._at = at
        return self._places[at]

    def forward(self, here: _Place) -> _Place | None:
        """Return the place that the last step back left; back then leads here again."""
        if not self.can_go_forward:
            return None
        self._places[self._at] = here
        self._at += 1
        return self._places[self._at]


@runtime_checkable
class Spotted(Protocol):
    """A pane that can say where in it one is, and bring one back there."""

    def spot(self) -> Any:
        """Return where one is: what compares equal while nothing has moved."""
        ...

    def return_to(self, spot: Any) -> None:
        """Bring back the row and the scroll that `spot` returned, as far as they are still there."""
        ...


@runtime_checkable
class _Remembering(Protocol):
    """A screen that knows where the user has been."""

    def remember_place(self) -> None:
        """Let the way back lead to where the user is now."""
        ...


def remember_place(widget: Widget) -> None:
    """Let the way back lead to where the user is now; called before a widget shows another place."""
    screen = widget.screen
    if isinstance(screen, _Remembering):
        screen.remember_place()
