"""JSON and TOML that others wrote: whatever is wrong with it is one ValueError, however deep or long it is."""

from __future__ import annotations

import json

__all__ = ["parse_json", "parse_toml"]

_TOO_DEEP = "it is nested too deep"


def parse_json(text: str | bytes) -> object:
    """Return what JSON means.

    Raises:
        ValueError: It is none, is nested deeper than Python can follow, or has a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def parse_toml(text: str) -> dict[str, object]:
    """Return what TOML means; errors as for `parse_json`."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
