"""`bpftui show --core`: what each CO-RE relocation resolves to, as a table or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....core.btf.core import CoreResolver, Outcome
from ....core.btf.kernel import vmlinux
from ....core.errors import FeatureError
from ....core.spec.relocate_core import resolve_core
from ..columns import Column, print_columns

if TYPE_CHECKING:
    from ....core.btf import Btf
    from ....core.spec import CollectionSpec

__all__ = ["core_json", "core_target", "print_core_table"]

_COLUMNS = (
    Column("program", "link"),
    Column("insn", is_number=True),
    Column("kind"),
    Column("access"),
    Column("resolves to"),
)
_STYLES = {Outcome.RESOLVED: "", Outcome.MISSING: "warning", Outcome.UNKNOWN: "dim"}


def core_target(spec: CollectionSpec, target: Btf | None) -> CoreResolver | None:
    """Return what resolves an object's relocations: against *target*, else the running kernel, else nothing.

    None where the object has no types, and so no relocations.
    """
    if spec.btf is None:
        return None
    if target is not None:
        return CoreResolver(spec.btf, target)
    try:
        return CoreResolver(spec.btf, vmlinux())
    except FeatureError:
        return CoreResolver(spec.btf, None)


def core_json(spec: CollectionSpec, resolver: CoreResolver | None) -> list[dict[str, Any]]:
    """Return one object for each relocation, in the order of programs and instructions."""
    if resolver is None:
        return []
    return [
        {
            "program": program.name,
            "insn": item.slot,
            "kind": found.label,
            "access": item.access,
            "local": found.local,
            "outcome": found.outcome.value,
            "target": found.target,
            "exists": found.exists,
            "value": found.value,
            "size": found.size or None,
            "module": found.module or None,
            "candidates": list(found.candidates),
            "reason": found.reason,
        }
        for program in spec.programs.values()
        for item, found in resolve_core(program, resolver)
    ]


def print_core_table(spec: CollectionSpec, resolver: CoreResolver | None, *, color: bool) -> None:
    """Print the same for people: a line for each relocation."""
    rows: list[tuple[str | tuple[str, str], ...]] = []
    for program in spec.programs.values():
        for item, found in resolve_core(program, resolver) if resolver is not None else ():
            renamed = f"{found.target}  " if found.target not in (None, found.local) else ""
            result = renamed + found.result, _STYLES.get(found.outcome, "danger")
            rows.append((program.name, str(item.slot), found.label, found.local, result))
    print_columns(_COLUMNS, rows, color=color)
