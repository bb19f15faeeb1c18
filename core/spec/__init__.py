"""Specs: what a BPF object file holds, as inert data.

Reading one makes no system call but those that read the file, and gives the same result on every machine.
Everything that depends on a kernel happens when a spec is loaded (`bpftui.core.kernel`).
"""

from __future__ import annotations

from .collection import CollectionSpec, Externs, Hidden
from .map import MapEntry, MapSpec
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
from .uapi import AttachType, MapFlag, MapType, Pinning, ProgramFlag, ProgramType
from .variable import VariableSpec

__all__ = [
    "INSN_SIZE",
    "AttachType",
    "CollectionSpec",
    "CoreRelocation",
    "Externs",
    "Function",
    "Hidden",
    "LineInfo",
    "LinkedCode",
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
    "VariableSpec",
]
