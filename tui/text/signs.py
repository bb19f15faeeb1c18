"""The signs of what has become of something since another version, wherever it is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...core.diff import Kind
from .charset import is_ascii_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.diff import Change

__all__ = ["change_sign"]

_SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    Kind.SAME: (" ", " "),
    Kind.ADDED: ("+", "+"),
    Kind.CHANGED: ("±", "~"),
    Kind.RENAMED: ("≈", "="),
    Kind.REMOVED: ("−", "-"),
}
"""Each sign, and what it is where there is only ASCII. Kinds of code and changes of all else have the same values."""


def change_sign(what: Kind | Change, *, ascii_only: bool | None = None) -> str:
    """Return the sign of a cell, a blank for what is the same.

    Args:
        what: What has become of it.
        ascii_only: Whether it is one of ASCII; None for: if the terminal shows no other.
    """
    sign, plain = _SIGNS[what]
    return plain if (is_ascii_terminal() if ascii_only is None else ascii_only) else sign
