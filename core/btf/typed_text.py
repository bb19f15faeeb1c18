"""What a user types for a value of a type: the text that an editor begins with, and what is taken."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from ..errors import BpftuiError
from ..visible import is_visible, visible_json
from . import types as t

if TYPE_CHECKING:
    from .ctype import CType
    from .values import Value

__all__ = ["edit_text", "range_text"]


def edit_text(ctype: CType | None, raw: bytes) -> str:
    """Return the value of *raw* as text that `CType.parse` reads back, to the same bytes."""
    if ctype is not None:
        text = _typed_text(ctype.decode(raw))
        with contextlib.suppress(BpftuiError):  # text that looks like something else: `[`, `hex:`
            if text is not None and ctype.encode(ctype.parse(text), current=raw) == raw:
                return text
    return f"hex:{raw.hex()}"


def _typed_text(value: Value) -> str | None:
    """Return a value as it is typed; None where that has no form that is to be seen: bytes, control characters."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value if is_visible(value) else None
        case bytes():
            return None
        case int() | float():
            return str(value)
        case _:
            try:
                return visible_json(json.dumps(value, ensure_ascii=False))
            except TypeError:  # bytes inside
                return None


def range_text(ctype: CType | None, size: int) -> str:
    """Return what a type takes: `0 … 65535`, `true or false`, …"""
    if ctype is None:
        return f"hex: and {size} bytes"
    found = ctype.stripped
    match found:
        case t.Int(is_bool=True):
            return "true or false"
        case t.Enum():
            return "a name of the list, or an integer"
        case t.Int() if ctype.limits is not None:
            low, high = ctype.limits
            return f"{low} … {high} (also 0x…, 0b…)"
        case t.Float():
            return "a number"
        case t.Composite():
            return 'JSON {"member": value, …}, or hex:…'
        case t.Array() if ctype.is_composite:
            return f"JSON [value, …] of {found.count} elements, or hex:…"
        case t.Array():
            return f"text of at most {found.count} bytes, or hex:…"
        case _:
            return f"an integer of {size} bytes, or hex:…"
