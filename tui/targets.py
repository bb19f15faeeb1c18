"""Targets: where names on the screen lead.

Whatever is named carries its target: a part of a line does, and the row that it stands in. Following one is the same
everywhere (`Following` of the controllers), and so is the way back.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from .jumps import CodePlace
from .nodes import Node, NodeKind

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["HelperTarget", "Setting", "Target", "Thing", "leads_to"]


class HelperTarget(NamedTuple):
    """A helper of the kernel's: what it does, and who calls it."""

    number: int


class Setting(enum.StrEnum):
    """What is asked for when it is followed: rows that are marked with ✎ are edited with it."""

    PROGRAM_TYPE = "what the program is"
    BTF = "the BTF that relocations are resolved against"


class Thing(NamedTuple):
    """Something that the machine runs, or that holds it: what has a row in the System place."""

    noun: str
    """The list that it is in: `prog`, `map`, `link`, `net`, …"""
    key: Hashable
    """What it is there: an id, a pid, the mount namespace and the path of a pin, …"""


Target = Node | CodePlace | HelperTarget | Setting | Thing


def leads_to(target: Target) -> str:
    """Return in a few words where a target leads."""
    match target:
        case CodePlace(program, slot):
            return f"instruction {slot} of {program}"
        case HelperTarget():
            return "what it does, and who calls it"
        case Setting():
            return f"asks for {target.value}"
        case Thing(noun, key):
            return f"{noun} {key}"
        case Node(NodeKind.FUNCTION, name, program):
            return f"{name}() in {program}"
        case Node(kind, name):
            return f"{kind.value} {name}".rstrip()
