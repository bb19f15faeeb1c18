"""What an entry is called, and whether it is a pointer to a function: what is known without converting types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import ObjectError
from .info import At, Entry, Tag

if TYPE_CHECKING:
    from .info import DebugInfo

__all__ = ["MAX_PARTS", "completed", "entry_name", "is_function_pointer", "symbol_name"]

MAX_PARTS: Final = 4
"""Entries that one thing is written in: an inlined copy of the definition of a declaration."""
_MAX_DEPTH: Final = 32
_TRANSPARENT: Final = frozenset({Tag.POINTER, Tag.CONST, Tag.VOLATILE, Tag.RESTRICT, Tag.TYPEDEF, Tag.ATOMIC})


def symbol_name(info: DebugInfo, entry: Entry) -> str:
    """Return the name that the symbol table has for a function or variable: C++ and Rust make it from the source's."""
    return _first_text(info, entry, At.LINKAGE_NAME) or entry_name(info, entry)


def is_function_pointer(info: DebugInfo, entry: Entry) -> bool:
    """Whether a variable is a pointer to a function."""
    pointers = 0
    try:
        for _ in range(_MAX_DEPTH):
            target = info.reference(entry, At.TYPE)
            if target is None:
                return False
            pointers += target.tag == Tag.POINTER
            if target.tag == Tag.SUBROUTINE_TYPE:
                return pointers == 1
            if target.tag not in _TRANSPARENT:
                return False
            entry = target
    except ObjectError:
        pass
    return False


def entry_name(info: DebugInfo, entry: Entry) -> str:
    """Return the name that the source has; empty where there is none, or it cannot be read."""
    return _first_text(info, entry, At.NAME)


def _first_text(info: DebugInfo, entry: Entry, attribute: int) -> str:
    """Return a text of an entry, or of what it completes; empty where there is none, or it cannot be read."""
    try:
        for _ in range(MAX_PARTS):
            if found := info.text(entry, attribute):
                return found
            if (other := completed(info, entry)) is None:
                break
            entry = other
    except ObjectError:
        pass
    return ""


def completed(info: DebugInfo, entry: Entry) -> Entry | None:
    """Return the entry that this one completes: the declaration of a definition, the origin of a copy."""
    return info.reference(entry, At.SPECIFICATION) or info.reference(entry, At.ABSTRACT_ORIGIN)
