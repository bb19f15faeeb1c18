"""Stylesheet: Textual's, which keeps in mind what it has found for the parts of a widget.

A widget has its colours as component classes, and a listing has fifty. Textual looks all of them up in all rules when
the widget's own style may be another one: when it is mounted, shown, focused or left, or below the mouse. What they are
follows from the rules and from what selectors can see of the way down to the widget; where that is as it was before, so
are they.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

from textual.css import stylesheet

if TYPE_CHECKING:
    from collections.abc import Hashable

    from textual.app import App
    from textual.css.model import RuleSet
    from textual.css.styles import RenderStyles
    from textual.dom import DOMNode

__all__ = ["Stylesheet"]

_SEEN: Final = frozenset(
    {"hover", "focus", "blur", "disabled", "enabled", "dark", "light", "inline", "ansi", "nocolor"}
)
"""Pseudo-classes that are part of what is compared, or that change with the rules; others are not kept in mind."""
_MOST: Final = 16
"""States of a widget that are kept in mind."""


class Stylesheet(stylesheet.Stylesheet):
    """Textual's stylesheet, for the app whose styles change for the reasons that are compared here."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._of: list[RuleSet] | None = None
        self._can_be_kept: dict[frozenset[str], bool] = {}
        self._kept: WeakKeyDictionary[DOMNode, dict[Hashable, dict[str, RenderStyles]]] = WeakKeyDictionary()

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
        if not self._can_be_kept[classes]:
            super()._process_component_classes(node)
            return
        kept = self._kept.setdefault(node, {})
        state = _state(node)
        found = kept.get(state)
        if found is None:
            super()._process_component_classes(node)
            if len(kept) >= _MOST:
                kept.clear()
            kept[state] = node._component_styles.copy()
        elif found != node._component_styles:
            node._component_styles = found.copy()
            node.refresh()

    def _are_seen(self, classes: frozenset[str]) -> bool:
        """Return whether all that the rules for some classes ask for is part of the state."""
        rules = [rule for name in ("*", *(f".{each}" for each in classes)) for rule in self.rules_map.get(name, ())]
        return all(rule.pseudo_classes <= _SEEN for rule in rules if _may_be_of_a_part(rule))


def _may_be_of_a_part(rule: RuleSet) -> bool:
    """Whether a rule may be for a part of a widget: that is in no state of its own, neither focused nor disabled."""
    return any(not each.selectors[-1].pseudo_classes for each in rule.selector_set)


def _state(node: DOMNode) -> Hashable:
    """Return what selectors can see of a node and what is above it."""
    app = cast("App[Any]", node.app)  # pyright: ignore[reportUnknownMemberType]
    way = ((each.id, each.classes, each._pseudo_classes_cache_key) for each in node.css_path_nodes)
    return (app.app_focus, *way)
