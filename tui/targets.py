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

    from ..core.btf import CType
    from ..core.live.stacks import StackPlace
    from ..core.runtime.theirs import Related

__all__ = [
    "EntryTarget",
    "HelperTarget",
    "Setting",
    "StackTarget",
    "Target",
    "Thing",
    "TypeTarget",
    "leads_to",
    "thing_of",
    "type_target",
]


class HelperTarget(NamedTuple):
    """A helper of the kernel's: what it does, and who calls it."""

    number: int


class TypeTarget(NamedTuple):
    """A type: its layout, and its declaration with all that it needs."""

    ctype: CType


class EntryTarget(NamedTuple):
    """An entry of a map."""

    map: str
    key: bytes


class StackTarget(NamedTuple):
    """A stack trace."""

    place: StackPlace


class Setting(enum.StrEnum):
    """What is asked for when it is followed: rows that are marked with ✎ are edited with it."""

    PROGRAM_TYPE = "what the program is"
    BTF = "the BTF that relocations are resolved against"
    STREAMS = "leave to read the streams of its programs"


class Thing(NamedTuple):
    """Something that the machine runs, or that holds it: what has a row in the System place."""

    noun: str
    """The list that it is in: `prog`, `map`, `link`, `net`, …"""
    key: Hashable
    """What it is there: an id, a pid, the mount namespace and the path of a pin, …"""


Target = Node | CodePlace | HelperTarget | TypeTarget | EntryTarget | StackTarget | Setting | Thing


def type_target(ctype: CType | None) -> TypeTarget | None:
    """Return where the name in a type leads: of a pointer or an array to what it is of; None for what has no name."""
    from ..core.btf import CType, types

    while ctype is not None:
        match ctype.btf.type(ctype.id):
            case types.Pointer(target=inner) | types.Modifier(target=inner) | types.Array(element=inner):
                ctype = CType(ctype.btf, inner)
            case types.Composite() | types.Enum() | types.Typedef() | types.Forward():
                return TypeTarget(ctype)
            case _:
                return None
    return None


def thing_of(related: Related) -> Thing | None:
    """Return where something leads that others have; None where it has no row in the System place."""
    return Thing(related.noun, related.key) if related.noun else None


def leads_to(target: Target) -> str:
    """Return in a few words where a target leads."""
    match target:
        case CodePlace(program, slot):
            return f"instruction {slot} of {program}"
        case HelperTarget():
            return "what it does, and who calls it"
        case TypeTarget(ctype):
            return f"{ctype.c_text.partition(' {')[0]}, its layout and declaration"
        case EntryTarget(name):
            return f"its entry of {name}"
        case StackTarget(place):
            return f"stack {place.id} of {place.map}"
        case Setting():
            return f"asks for {target.value}"
        case Thing("pin", key):
            return f"pin {key[-1] if isinstance(key, tuple) else key}"
        case Thing(noun, key):
            return f"{noun} {key}"
        case Node(NodeKind.FUNCTION, name, program):
            return f"{name}() in {program}"
        case Node(kind, name):
            return f"{kind.value} {name}".rstrip()
