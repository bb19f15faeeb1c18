"""Values as they are written for people: what is an address, a port or a MAC as such, the rest by its C type."""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from ..btf import format_value
from ..btf.notation import Notation
from ..btf.values import EnumName
from .counters import decoded
from .fields import record_fields

if TYPE_CHECKING:
    from ..btf import CType, Value
    from .field import Field

__all__ = ["subscript", "written"]

_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
"""A step of a field's path."""


def written(ctype: CType | None, raw: bytes, value: Value, name: str) -> Value:
    """Return a value with the text of each address, port and MAC in its place: where type, name or family say so.

    Args:
        ctype: Its type; without one it stays as it is.
        raw: Its bytes.
        value: What `CType.decode` makes of them.
        name: What it is the value of, which may be what says so: `daddr`.
    """
    if ctype is None:
        return value
    for field in _noted(ctype, name):
        value = _put(value, [one or int(two) for one, two in _STEP.findall(field.path)], EnumName(field.text_of(raw)))
    return value


def subscript(ctype: CType | None, raw: bytes, name: str) -> str:
    """Return a key as it stands behind the *name* of its map: of a struct what its members are: `{IPV4, UDP}`.

    Without a type it is an integer where it has the size of one, else its bytes: `01 02`.
    """
    return _bare(written(ctype, raw, decoded(ctype, raw), name))


def _bare(value: Value) -> str:
    return f"{{{', '.join(map(_bare, value.values()))}}}" if isinstance(value, dict) else format_value(value)


@lru_cache(64)
def _noted(ctype: CType, name: str) -> tuple[Field, ...]:
    """Return the parts of a type that are written in a way of their own."""
    found = record_fields(ctype, ctype.size, name).values
    return tuple(field for field in found if field.notation is not Notation.TYPED)


def _put(value: Any, path: list[str | int], text: str) -> Any:
    """Return a value with a text at a place; as it is where there is no such place, as in a union's other member."""
    if not path:
        return text
    changed: Any = copy(value)
    try:
        changed[path[0]] = _put(changed[path[0]], path[1:], text)
    except (KeyError, IndexError, TypeError):
        return value
    return changed
