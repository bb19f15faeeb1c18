"""A CollectionSpec as JSON, schema bpftui/spec/1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ....core.btf import types
from ..common import json_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.btf import CType
    from ....core.spec import CollectionSpec, Extern, MapSpec, ProgramSpec, VariableSpec

__all__ = ["SCHEMA", "c_text", "spec_json"]

SCHEMA: Final = "bpftui/spec/1"


def spec_json(spec: CollectionSpec) -> dict[str, Any]:
    """Return the spec as what schema bpftui/spec/1 says: sizes in bytes, lists in file order."""
    return {
        "schema": SCHEMA,
        "file": spec.file,
        "byte_order": spec.byte_order,
        "license": spec.license,
        "kernel_version": spec.kernel_version,
        "architecture": spec.registers.architecture if spec.registers is not None else None,
        "maps": [_map_json(item) for item in spec.maps.values()],
        "programs": [_program_json(item) for item in spec.programs.values()],
        "variables": [_variable_json(item) for item in spec.variables.values()],
        "hidden": [{"name": h.name, "kind": h.kind, "reason": h.reason} for h in (*spec.hidden, *spec.optimised_away)],
        "externs": {
            "kconfig": _externs_json(spec.externs.kconfig),
            "ksyms": _externs_json(spec.externs.ksyms),
            "kfuncs": _externs_json(spec.externs.kfuncs),
        },
        "types": {"count": len(spec.btf) - 1 if spec.btf is not None else 0},
    }


def c_text(ctype: CType | None) -> str | None:
    """Return a type as C; None where there is none. A data section is no C type."""
    if ctype is None or isinstance(ctype.btf.type(ctype.id), types.DataSec):
        return None
    return ctype.c_text


def _map_json(spec: MapSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "section": spec.section,
        "type": spec.type.label,
        "key_size": spec.key_size,
        "value_size": spec.value_size,
        "max_entries": spec.max_entries,
        "flags": int(spec.flags),
        "map_extra": spec.map_extra,
        "numa_node": spec.numa_node,
        "pinning": spec.pinning.label,
        "key_type": c_text(spec.key),
        "value_type": c_text(spec.value),
        "inner": _map_json(spec.inner) if spec.inner is not None else None,
        "contents": spec.entries,
        "problem": spec.problem,
    }


def _program_json(spec: ProgramSpec) -> dict[str, Any]:
    lines, relocations = spec.linked.counts
    return {
        "name": spec.name,
        "section": spec.section,
        "type": spec.type.label,
        "attach_type": spec.attach_type.label if spec.attach_type is not None else None,
        "attach_to": spec.attach_to,
        "flags": int(spec.flags),
        "autoload": spec.autoload,
        "insns": spec.insns,
        "functions": [function.name for function in spec.functions],
        "maps": spec.maps,
        "line_infos": lines,
        "core_relocations": relocations,
        "problem": spec.problem,
    }


def _variable_json(spec: VariableSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "section": spec.section,
        "map": spec.map.name,
        "offset": spec.offset,
        "size": spec.size,
        "constant": spec.constant,
        "type": c_text(spec.type),
        "value": None if spec.is_large else json_value(spec.told()),
        "bytes": spec.head.hex(),
    }


def _externs_json(externs: Sequence[Extern]) -> list[dict[str, Any]]:
    return [{"name": e.name, "weak": e.weak, "type": e.type} for e in externs]
