"""Two objects beside each other: code by meaning, maps, variables and types by what breaks."""

from __future__ import annotations

from .changes import Change, Fact, Item
from .functions import FunctionDiff, Hunk, Kind, Row, Side, What
from .objects import ObjectDiff, ProgramDiff, diff

__all__ = [
    "Change",
    "Fact",
    "FunctionDiff",
    "Hunk",
    "Item",
    "Kind",
    "ObjectDiff",
    "ProgramDiff",
    "Row",
    "Side",
    "What",
    "diff",
]
