"""Which keys the bar has: those that can do something now, the most useful first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol, runtime_checkable

from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import ActiveBinding

__all__ = ["MOST_KEYS", "OrdersKeys", "keys_of_bar"]

MOST_KEYS: Final = 8

_MOST_OF_PANE: Final = 4
"""How many keys of the pane that has the focus come before those of the place: what is attached can always be seen to
be detached, and what is long to be searched."""

_WANTED: Final = "…"
"""Where the keys come that a pane wants: see `WantsKeys`."""

_ORDER: Final = ("load", "attach", _WANTED, "search", "run", "find", "pause")
"""From what a session needs first to what can be found in the help; what is not listed comes right before the last."""

_ORDER_ATTACHED: Final = ("detach", _WANTED, "search", "run", "attach", "find", "pause")
"""The same where something can be detached."""

_LOADING: Final = ("attach", "run")
"""What loads first where that has not been done: load stands for them."""

_BACK: Final = "go_back"
"""What backspace does."""

_AWAY: Final = (_BACK, "find")
"""What leads away, which nobody wants who is typing."""

_LAST: Final = ("help", "quit")
"""Always there, at the end."""


@runtime_checkable
class OrdersKeys(Protocol):
    """A screen that one is on for something: the keys of that come before those of its panes."""

    @property
    def first_keys(self) -> Sequence[str]:
        """The names of the actions."""
        ...


@runtime_checkable
class IdlesKeys(Protocol):
    """A screen where some keys lead nowhere now, and do no more than to say why: the bar does without them."""

    @property
    def idle_keys(self) -> Sequence[str]:
        """The names of the actions."""
        ...


@runtime_checkable
class WantsKeys(Protocol):
    """A pane in which some keys of the place are wanted most, behind its own."""

    PLACE_KEYS: ClassVar[tuple[str, ...]]
    """The names of the actions."""


def keys_of_bar(
    active: Iterable[ActiveBinding], screen: Screen[object], *, typing: bool, most: int = MOST_KEYS
) -> list[ActiveBinding]:
    """Return the keys that the bar shows.

    In this order: what the screen is for, and load, which all else needs; then the pane's keys, in the order in which
    the pane has them, of which the first is what one does there most; those of the place; help and quit. Where
    characters are being typed, the keys of where that is come first.

    Args:
        active: The keys that work: what `check_action` does not offer is not among them.
        screen: Where they work.
        typing: Whether characters are being typed.
        most: How many there is room for.
    """
    by_action: dict[str, ActiveBinding] = {}
    idle = screen.idle_keys if isinstance(screen, IdlesKeys) else ()
    for each in active:
        if each.binding.show and _name(each) not in idle and not (typing and _name(each) in _AWAY):
            by_action.setdefault(each.binding.action, each)
    names = {_name(each) for each in by_action.values()}
    last = [each for name in _LAST for each in by_action.values() if _name(each) == name]
    keys = [
        each
        for each in by_action.values()
        if _name(each) not in _LAST and not ("load" in names and _name(each) in _LOADING)
    ]
    purpose = ("load", *(screen.first_keys if isinstance(screen, OrdersKeys) else ()))
    first = [each for name in purpose for each in keys if _name(each) == name]
    of_pane = [each for each in keys if not isinstance(each.node, Screen | App) and _name(each) != "search"]
    at = screen.focused.ancestors_with_self if screen.focused is not None else ()
    wanted = [name for each in at if isinstance(each, WantsKeys) for name in each.PLACE_KEYS]
    order = [
        name
        for each in (_ORDER_ATTACHED if "detach" in names else _ORDER)
        for name in (wanted if each == _WANTED else [each])
    ]
    rest = sorted(keys, key=lambda each: _rank(_name(each), order))
    of_pane = sorted(of_pane, key=_place)[:_MOST_OF_PANE]
    # Who types is to see first how that ends.
    ranked = (*of_pane, *first, *rest) if typing else (*first, *of_pane, *rest)
    chosen = list(dict.fromkeys(each.binding.action for each in ranked))[: most - len(last)]
    return [*(by_action[action] for action in chosen), *last]


def _name(key: ActiveBinding) -> str:
    """Return the name of what a key does: `next_view` of `app.next_view(1)`."""
    return key.binding.action.partition("(")[0].rpartition(".")[2]


def _place(key: ActiveBinding) -> tuple[int, int, int]:
    """Return the place of a pane's key: the innermost widget first, its own keys before those that it inherits."""
    depth = -len(key.node.ancestors)
    for age, kind in enumerate(type(key.node).__mro__):
        for number, binding in enumerate(vars(kind).get("BINDINGS", ())):
            if isinstance(binding, Binding) and binding.action == key.binding.action:
                return depth, age, number
    return depth, len(type(key.node).__mro__), 0


def _rank(name: str, order: Sequence[str]) -> int:
    if name == _BACK:
        return len(order) + 1
    return order.index(name) if name in order else len(order)
