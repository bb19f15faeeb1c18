"""What is loaded beside a file, or beside something else that is loaded: both brought to one form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....core.diff.objects import adapted_types, diff
from ....core.errors import BpftuiError
from ....core.references import parse_loaded
from ....core.system.loaded import LoadedSpec
from ....core.system.restored import wholly_restored
from ..common import read_spec, target_types, warn

if TYPE_CHECKING:
    from ....core.btf import Btf
    from ....core.diff import ObjectDiff
    from ....core.spec import CollectionSpec, ProgramSpec

__all__ = ["compared"]


def compared(old: str, new: str, options: Any) -> ObjectDiff:
    """Compare two objects, of which one at least is loaded.

    The kernel's rewriting of code is undone, and a file is cut to the programs that are loaded and adapted to the
    kernel that has them: CO-RE relocations stay applied in what is loaded.

    Args:
        old: The one, as the command line names it.
        new: The other.
        options: Of the command line.

    Raises:
        BpftuiError: One of them cannot be read.
    """
    sides = [_restored(read_spec(name, options.source), name) for name in (old, new)]
    adapted = set[str]()
    for at, name in enumerate((old, new)):
        if parse_loaded(name) is None:
            adapted |= adapted_types(sides[at])
            sides[at] = _adapted(sides[at], set(sides[1 - at].programs), target_types(options))
    return diff(*sides, loaded=True, adapted=adapted)


def _restored(spec: CollectionSpec, name: str) -> CollectionSpec:
    """Return what is loaded with its code as its object had it, as far as that is known."""
    if not isinstance(spec, LoadedSpec):
        return spec
    found, problems = wholly_restored(spec)
    for error in problems:
        warn(f"{name}: {error.message}: what the verifier made of it is compared")
    return found


def _adapted(spec: CollectionSpec, names: set[str], target: Btf | None) -> CollectionSpec:
    """Return the programs of a file that are named, with CO-RE relocations applied as the kernel has it."""
    part = spec.subset(maps=set(), programs=names & spec.programs.keys(), variables=set())
    part.programs = {name: _patched(program, target) for name, program in part.programs.items()}
    return part


def _patched(program: ProgramSpec, target: Btf | None) -> ProgramSpec:
    from ....core.btf.kernel import vmlinux
    from ....core.spec.relocate_core import apply_core

    linked = program.linked
    if program.btf is None or not linked.core_relocations:
        return program
    try:
        code, _ = apply_core(program, program.btf, vmlinux() if target is None else target)
    except BpftuiError as error:
        warn(f"{program.name}: its CO-RE relocations are not applied: {error.message}")
        return program
    made = linked.adapted(code)
    return replace(program, link=lambda: made)
