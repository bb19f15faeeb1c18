"""A CollectionSpec as JSON, schema bpftui/spec/1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...text.facts import collection_facts, extern_groups, map_facts, program_facts, variable_facts
from ..common import json_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ....core.spec import CollectionSpec, MapSpec, VariableSpec
    from ...text.facts import Fact

__all__ = ["SCHEMA", "spec_json"]

SCHEMA: Final = "bpftui/spec/1"
_FIRST: Final = ("name", "section")
"""The keys that come before all others."""


def spec_json(spec: CollectionSpec) -> dict[str, Any]:
    """Return the spec as what schema bpftui/spec/1 says: sizes in bytes, lists in file order."""
    own = _json(collection_facts(spec))
    types = own.pop("types")
    return {
        "schema": SCHEMA,
        **own,
        "maps": [_map_json(item) for item in spec.maps.values()],
        "programs": [_json(program_facts(item)) for item in spec.programs.values()],
        "variables": [_variable_json(item) for item in spec.variables.values()],
        "hidden": [{"name": h.name, "kind": h.kind, "reason": h.reason} for h in (*spec.hidden, *spec.optimised_away)],
        "externs": {
            group.key: [{"name": e.name, "weak": e.weak, "type": e.type} for e in group.externs]
            for group in extern_groups(spec)
        },
        "types": types,
    }


def _json(facts: Iterable[Fact]) -> dict[str, Any]:
    found = {fact.key: fact.value for fact in facts if fact.key}
    return {key: found.pop(key) for key in _FIRST if key in found} | found


def _map_json(spec: MapSpec) -> dict[str, Any]:
    found = _json(map_facts(spec))
    found["inner"] = _map_json(spec.inner) if spec.inner is not None else None
    return found


def _variable_json(spec: VariableSpec) -> dict[str, Any]:
    value = None if spec.is_large else json_value(spec.told())
    return {**_json(variable_facts(spec)), "value": value, "bytes": spec.head.hex()}
