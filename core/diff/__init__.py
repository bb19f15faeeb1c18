"""Two objects beside each other: code by meaning, maps, variables and types by what breaks."""

from __future__ import annotations

from .changes import Change, Fact, Item
from .functions import FunctionDiff, Hunk, Kind, Row, Side, What
from .marks import NOTHING_NEW, Mark, ProgramMarks, program_marks
from .objects import ObjectDiff, ProgramDiff, diff

__all__ = [
    "NOTHING_NEW",
    "Change",
    "Fact",
    "FunctionDiff",
    "Hunk",
    "Item",
    "Kind",
    "Mark",
    "ObjectDiff",
    "ProgramDiff",
    "ProgramMarks",
    "Row",
    "Side",
    "What",
    "diff",
    "program_marks",
]
