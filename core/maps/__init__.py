"""What maps of all runtimes have in common: shapes, typed keys and values, the face of a Python mapping."""

from __future__ import annotations

from .codec import Codec
from .journal import Edit, Journal
from .shape import Shape, round_up, shape_of
from .typed import ElementError, Elements, TypedMap
from .variable import Variable

__all__ = [
    "Codec",
    "Edit",
    "ElementError",
    "Elements",
    "Journal",
    "Shape",
    "TypedMap",
    "Variable",
    "round_up",
    "shape_of",
]
