"""Objects beside each other of which some are loaded: both are brought to one form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..diff.objects import adapted_types, diff
from ..errors import BpftuiError
from .loaded import LoadedSpec
from .restored import wholly_restored

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..btf import Btf
    from ..diff import ObjectDiff
    from ..spec import CollectionSpec, ProgramSpec

__all__ = ["compared"]


def compared(
    old: CollectionSpec, new: CollectionSpec, say: Callable[[str], None], target: Btf | None = None
) -> ObjectDiff:
    """Compare two objects, of which any may be loaded.

    The kernel's rewriting of what is loaded is undone, and a file is cut to the programs that are loaded and adapted to
    the kernel that has them: CO-RE relocations stay applied in what is loaded.

    Args:
        old: The one.
        new: The other.
        say: Is told what could not be brought to one form, and so is compared as it is.
        target: The types that CO-RE relocations of a file are applied with; None for the running kernel's.
    """
    is_loaded = [isinstance(each, LoadedSpec) for each in (old, new)]
    if not any(is_loaded):
        return diff(old, new)
    sides = [_restored(each, say) for each in (old, new)]
    adapted = set[str]()
    for at in range(2):
        if not is_loaded[at]:
            adapted |= adapted_types(sides[at])
            sides[at] = _adapted(sides[at], set(sides[1 - at].programs), target, say)
    return diff(*sides, loaded=True, adapted=adapted)


def _restored(spec: CollectionSpec, say: Callable[[str], None]) -> CollectionSpec:
    """Return what is loaded with its code as its object had it, as far as that is known."""
    if not isinstance(spec, LoadedSpec):
        return spec
    found, problems = wholly_restored(spec)
    for error in problems:
        say(f"{spec.file}: {error.message}: what the verifier made of it is compared")
    return found


def _adapted(spec: CollectionSpec, names: set[str], target: Btf | None, say: Callable[[str], None]) -> CollectionSpec:
    """Return the programs of a file that are named, with CO-RE relocations applied as the kernel has it."""
    part = spec.subset(maps=set(), programs=names & spec.programs.keys(), variables=set())
    part.programs = {name: _patched(program, target, say) for name, program in part.programs.items()}
    return part


def _patched(program: ProgramSpec, target: Btf | None, say: Callable[[str], None]) -> ProgramSpec:
    from ..btf.kernel import vmlinux
    from ..spec.relocate_core import apply_core

    linked = program.linked
    if program.btf is None or not linked.core_relocations:
        return program
    try:
        code, _ = apply_core(program, program.btf, vmlinux() if target is None else target)
    except BpftuiError as error:
        say(f"{program.name}: its CO-RE relocations are not applied: {error.message}")
        return program
    made = linked.adapted(code)
    return replace(program, link=lambda: made)
