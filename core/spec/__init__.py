"""Specs: what a BPF object file holds, as inert data.

Reading one makes no system call but those that read the file, and gives the same result on every machine.
Everything that depends on a kernel happens when a spec is loaded (`bpftui.core.kernel`).

`bpftui.core.listing.listing` makes a program readable; it is not imported here, because decoding costs a third of what
`bpftui show` takes to start.
"""

from __future__ import annotations

from ..uapi import AttachType, MapFlag, MapType, Pinning, ProgramFlag, ProgramType
from .assign import LoadedObjects
from .collection import CollectionSpec
from .map import MapEntry, MapSpec
from .parts import Extern, Externs, Hidden, SectionLayout
from .program import (
    INSN_SIZE,
    CoreRelocation,
    Function,
    LineInfo,
    LinkedCode,
    ProgramSpec,
    Reference,
    ReferenceKind,
)
from .variable import Difference, VariableSpec

__all__ = [
    "INSN_SIZE",
    "AttachType",
    "CollectionSpec",
    "CoreRelocation",
    "Difference",
    "Extern",
    "Externs",
    "Function",
    "Hidden",
    "LineInfo",
    "LinkedCode",
    "LoadedObjects",
    "MapEntry",
    "MapFlag",
    "MapSpec",
    "MapType",
    "Pinning",
    "ProgramFlag",
    "ProgramSpec",
    "ProgramType",
    "Reference",
    "ReferenceKind",
    "SectionLayout",
    "VariableSpec",
]
