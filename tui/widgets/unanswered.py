"""Why a key that is bound does nothing now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from textual.screen import Screen

__all__ = ["is_bound", "why_not"]


@runtime_checkable
class _SaysWhyNot(Protocol):
    """A widget or screen that knows why some of its keys do nothing."""

    def why_not(self, action: str) -> str:
        """Return why an action that `check_action` does not offer does not apply now; empty where that is plain."""
        ...


def is_bound(screen: Screen[Any], key: str) -> bool:
    """Whether a key has a meaning where the keyboard is, be it one that does not apply now."""
    return bool(_bound(screen, key))


def why_not(screen: Screen[Any], key: str) -> str:
    """Return why a key does nothing now that has a meaning where the keyboard is; empty where that is plain."""
    reasons = (node.why_not(action) for node, action in _bound(screen, key) if isinstance(node, _SaysWhyNot))
    return next(filter(None, reasons), "")


def _bound(screen: Screen[Any], key: str) -> list[tuple[object, str]]:
    nodes = [screen] if screen.focused is None else screen.focused.ancestors_with_self
    return [
        (node, binding.action)
        for node in nodes
        for binding in node._bindings.key_to_bindings.get(key, ())  # pyright: ignore[reportPrivateUsage]
    ]
