"""Targets: where names on the screen lead.

Whatever is named carries its target: a part of a line does, and the row that it stands in. Following one is the same
everywhere (`Following` of the controllers), and so is the way back.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from .jumps import CodePlace
from .nodes import Node, NodeKind

__all__ = ["HelperTarget", "Setting", "Target", "leads_to"]


class HelperTarget(NamedTuple):
    """A helper of the kernel's: what it does, and who calls it."""

    number: int


class Setting(enum.StrEnum):
    """What is asked for when it is followed: rows that are marked with ✎ are edited with it."""

    PROGRAM_TYPE = "what the program is"
    BTF = "the BTF that relocations are resolved against"


Target = Node | CodePlace | HelperTarget | Setting


def leads_to(target: Target) -> str:
    """Return in a few words where a target leads."""
    match target:
        case CodePlace(program, slot):
            return f"instruction {slot} of {program}"
        case HelperTarget():
            return "what it does, and who calls it"
        case Setting():
            return f"asks for {target.value}"
        case Node(NodeKind.FUNCTION, name, program):
            return f"{name}() in {program}"
        case Node(kind, name):
            return f"{kind.value} {name}".rstrip()
