"""The types of the records that streams bring: declared where the object says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .uapi import MapType

if TYPE_CHECKING:
    from ..btf import CType
    from .collection import CollectionSpec
    from .map import MapSpec

__all__ = ["RecordType", "record_type"]


class RecordType(NamedTuple):
    """What the records of a stream are."""

    type: CType | None
    """None where nothing tells: they are bytes."""
    guess: str = ""
    """Why it is thought to be so, as a clause; empty where the object declares it."""


def record_type(spec: CollectionSpec, found: MapSpec) -> RecordType:
    """Return the type of a stream's records: its value type, or what a tag `record:struct event` names.

    The integer that a perf event array has as its value is a descriptor's, and no record.
    """
    from ..btf import CType, Kind

    if found.value is not None and (found.type is MapType.RINGBUF or found.value.is_composite):
        return RecordType(found.value)
    for tag in found.tags:
        if tag.startswith("record:") and spec.types is not None:
            name = tag.removeprefix("record:").removeprefix("struct ").strip()
            type_id = spec.types.find(name, Kind.STRUCT)
            return RecordType(CType(spec.types, type_id) if type_id is not None else None)
    return RecordType(None)
