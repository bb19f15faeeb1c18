"""Stylesheet: Textual's, which keeps in mind what it has found: rules by their text, styles by where a widget is.

Textual parses all style sheets when a theme is chosen or a screen brings one of its own, and looks a widget up in all
rules when its style may be another one: when it is mounted, shown, focused or left, or below the mouse. A widget has
its colours as component classes, a listing has fifty, and each is looked up as well. What they are follows from the
rules and from what selectors can see of the way down to the widget; where that is as it was before, so are they, in the
next app of this process too. And a colour is looked up when it is first drawn with: most never are.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary, ref

from textual.cache import LRUCache
from textual.css import stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from textual.app import App
    from textual.css.model import RuleSet
    from textual.css.styles import RenderStyles, RulesMap
    from textual.css.types import CSSLocation

__all__ = ["Stylesheet", "every_widget"]

_SEEN: Final = frozenset(
    {"hover", "focus", "blur", "can-focus", "disabled", "enabled", "dark", "light", "inline", "ansi", "nocolor"}
)
"""Pseudo-classes that are part of what is compared; what asks for others is not kept in mind."""
_MOST: Final = 16
"""States of a widget that are kept in mind."""

_parsed: Final[LRUCache[Hashable, list[RuleSet]]] = LRUCache(1024)
"""Rules, by their text, where that is from, and the variables that it may name."""
_numbers: Final[LRUCache[tuple[RuleSet, ...], int]] = LRUCache(4096)
"""A number of its own for all rules that may be for a node, in their order."""
_serial: Final = count()
_found: Final[LRUCache[Hashable, RulesMap]] = LRUCache(8192)
"""What the rules say of a node, by their number and what selectors can see."""
_orders: Final[LRUCache[tuple[int, ...], _Order]] = LRUCache(64)
"""What was put together of rules, by their identities."""


class _Candidates(NamedTuple):
    """The rules that may be for a node."""

    number: int
    asked: frozenset[str]
    """The pseudo-classes in them."""


@dataclass(frozen=True)
class _Order:
    """Rules in their order, and what follows from it."""

    rules: list[RuleSet]
    by_name: dict[str, list[RuleSet]]
    """Those that may be for what has a name: of a class, a type, an id."""
    places: dict[RuleSet, int]
    candidates: dict[frozenset[str], _Candidates] = field(default_factory=dict)


class _Parts(dict[str, "RenderStyles"]):
    """The styles of a widget's parts in one state of it, each looked up when it is asked for."""

    def __init__(self, sheet: Stylesheet, node: DOMNode, names: frozenset[str], state: Hashable) -> None:
        super().__init__()
        self._sheet, self._node, self._names, self._state = sheet, ref(node), names, state

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __missing__(self, name: str) -> RenderStyles:
        node = self._node()
        if node is None or name not in self._names:
            raise KeyError(name)
        state = _state(node)
        styles = self._sheet.styles_of_part(node, name, state)
        if state == self._state:  # it may have another one by now, and is about to be given the styles of that
            self[name] = styles
        return styles


class Stylesheet(stylesheet.Stylesheet):
    """Textual's stylesheet, for the app whose styles change for the reasons that are compared here."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._given = frozenset(self._variables.items())
        self._order = _Order([], {}, {})
        self._whole: DOMNode | None = None
        """The widget whose parts are looked up, in the state that follows."""
        self._state: Hashable = None
        self._of: list[RuleSet] | None = None
        self._can_be_kept: dict[frozenset[str], bool] = {}
        self._kept: WeakKeyDictionary[DOMNode, dict[Hashable, _Parts]] = WeakKeyDictionary()

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set what the names in the style sheets stand for."""
        super().set_variables(variables)
        self._given = frozenset(variables.items())

    def parse(self) -> None:
        """Parse what is new, and put the rules together."""
        super().parse()
        rules = self._rules
        key = tuple(map(id, rules))
        order = _orders.get(key)
        if order is None:
            places = {rule: place for place, rule in enumerate(rules)}
            order = _orders[key] = _Order(rules, self.rules_map, places)
        self._order, self._rules_map = order, order.by_name

    def reparse(self) -> None:
        """Put the rules together anew, of the variables of now. An error leaves them as they were."""
        self.parse()

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        key = (css, read_from, is_default_rules, tie_breaker, scope, self._given)
        rules = _parsed.get(key)
        if rules is None:
            rules = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
            _parsed[key] = rules
        return rules

    def prepare(self, widget: type[Widget]) -> None:
        """Parse the rules that a class of widgets brings before there is one: a first dialog need not wait for it."""
        for read_from, css, tie_breaker, scope in widget.__new__(widget)._get_default_css():  # asks its class only
            self._parse_rules(css, read_from, is_default_rules=True, tie_breaker=tie_breaker, scope=scope)

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[tuple[Any, ...], RulesMap] | None = None
    ) -> None:
        """Give a node the styles that the rules have for it."""
        number, asked = self._may_be_for(node)
        if not asked <= _SEEN:
            super().apply(node, animate=animate, cache=cache)  # pyright: ignore[reportUnknownMemberType]
            return
        of_a_part = self._whole is not None and node.parent is self._whole
        key = (number, (self._state, node.classes) if of_a_part else _state(node))
        rules = _found.get(key)
        if rules is None:
            alone: dict[tuple[Any, ...], RulesMap] = {}
            super().apply(node, animate=animate, cache=alone)  # pyright: ignore[reportUnknownMemberType]
            for rules in alone.values():
                _found[key] = rules
            return
        node._has_hover_style = "hover" in asked
        node._has_focus_within = node._has_order_style = node._has_odd_or_even = False  # nothing of it was asked
        self.replace_rules(node, rules, animate=animate)
        self._process_component_classes(node)

    def _may_be_for(self, node: DOMNode) -> _Candidates:
        rules_map = self.rules_map
        names = frozenset(rules_map.keys() & node._selector_names)
        candidates, places = self._order.candidates, self._order.places
        found = candidates.get(names)
        if found is None:
            rules = tuple(sorted({rule for name in names for rule in rules_map[name]}, key=places.__getitem__))
            number = _numbers.get(rules)
            if number is None:
                number = _numbers[rules] = next(_serial)
            asked = frozenset[str]().union(*(rule.pseudo_classes for rule in rules))
            found = candidates[names] = _Candidates(number, asked)
        return found

    def _process_component_classes(self, node: DOMNode) -> None:
        classes = frozenset(node._get_component_classes())
        if not classes:
            return
        if self._of is not self._rules:
            self._of = self._rules
            self._can_be_kept.clear()
            self._kept.clear()
        if classes not in self._can_be_kept:
            self._can_be_kept[classes] = self._are_seen(classes)
        before = node._component_styles
        if not self._can_be_kept[classes]:
            node._component_styles = dict(before.items())  # Textual clears it
            super()._process_component_classes(node)
            return
        kept = self._kept.setdefault(node, {})
        state = _state(node)
        parts = kept.get(state)
        if parts is None:
            if len(kept) >= _MOST:
                kept.clear()
            parts = kept[state] = _Parts(self, node, classes, state)
        if parts is not before:
            node._component_styles = parts
            if not before or any(parts[name] != styles for name, styles in before.items()):
                node.refresh()

    def styles_of_part(self, node: DOMNode, name: str, state: Hashable) -> RenderStyles:
        """Return the styles that a component class of a widget has in the state that the widget is in."""
        part = DOMNode(classes=name)
        part._attach(node)
        whole = self._whole, self._state
        self._whole, self._state = node, state
        try:
            self.apply(part)
        finally:
            self._whole, self._state = whole
        return part.styles

    def _are_seen(self, classes: frozenset[str]) -> bool:
        """Return whether all that the rules for some classes ask for is part of the state."""
        rules = [rule for name in ("*", *(f".{each}" for each in classes)) for rule in self.rules_map.get(name, ())]
        return all(rule.pseudo_classes <= _SEEN for rule in rules if _may_be_of_a_part(rule))


def every_widget(above: type[Widget] = Widget) -> Iterator[type[Widget]]:
    """Yield the classes of widgets that were imported."""
    for widget in above.__subclasses__():
        yield widget
        yield from every_widget(widget)


def _may_be_of_a_part(rule: RuleSet) -> bool:
    """Whether a rule may be for a part of a widget: that is in no state of its own, neither focused nor disabled."""
    return any(not each.selectors[-1].pseudo_classes for each in rule.selector_set)


def _state(node: DOMNode) -> Hashable:
    """Return what selectors can see of a node and what is above it."""
    app = cast("App[Any]", node.app)  # pyright: ignore[reportUnknownMemberType]
    looks = (app.app_focus, app.current_theme.dark, app.is_inline, app.native_ansi_color, app.no_color)
    return (looks, *((type(each), each.id, each.classes, *_pseudo_classes(each)) for each in node.css_path_nodes))


def _pseudo_classes(node: DOMNode) -> tuple[bool, ...]:
    if not isinstance(node, Widget):
        return ()
    return (node.mouse_hover, node.has_focus, node.is_disabled, node.allow_focus())
