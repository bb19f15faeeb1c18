"""What an object holds beside maps, programs and variables: what is out of reach, and what it expects from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Extern", "Externs", "Hidden", "SectionLayout"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Something that is in the file but cannot be used from outside, and why."""

    name: str
    kind: Literal["variable", "map", "program", "function", "section"]
    reason: str


@dataclass(frozen=True, slots=True)
class Extern:
    """A symbol that the object expects from outside: a kernel function, symbol or configuration value."""

    name: str
    weak: bool = False
    """Whether it may be missing."""
    type: str = ""
    """Its C declaration, where BTF has it."""


@dataclass(frozen=True, slots=True)
class Externs:
    """What the object expects from the kernel that loads it."""

    kconfig: tuple[Extern, ...] = ()
    ksyms: tuple[Extern, ...] = ()
    kfuncs: tuple[Extern, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionLayout:
    """What clang leaves out of a DATASEC of BTF, because only the linked section knows it."""

    size: int
    """In bytes."""
    offsets: Mapping[str, int]
    """Where its symbols lie, in bytes from its start."""
