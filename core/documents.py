"""JSON and TOML that others wrote: whatever is wrong with it is one ValueError, however deep or long it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["parse_json", "parse_toml"]

_TOO_DEEP: Final = "it is nested too deep"
_MAX_DEPTH: Final = 128
"""Twice as deep as structs are: whoever looks at what was read may call itself for each level."""

_T = TypeVar("_T")


def parse_json(text: str | bytes) -> object:
    """Return what JSON means.

    Raises:
        ValueError: It is none, is nested more than 128 deep, or has a number of thousands of digits.
    """
    try:
        return _bounded(json.loads(text))
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def parse_toml(text: str) -> dict[str, object]:
    """Return what TOML means; errors as for `parse_json`."""
    import tomllib

    try:
        return _bounded(tomllib.loads(text))
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def _bounded(document: _T) -> _T:
    """Return a document that is not nested too deep; ValueError for another one."""
    level: list[Any] = [document]
    for _ in range(_MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each) if isinstance(inner, dict | list)]
        if not level:
            return document
    raise ValueError(_TOO_DEEP)


def _inside(value: Any) -> Collection[Any]:
    """Return what a list or an object holds; nothing for a text or a number."""
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()
