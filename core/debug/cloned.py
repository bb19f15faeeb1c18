"""What the maps and variables of a collection hold at a moment, for a recording whose runs begin with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..maps.shape import round_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..runtime import Collection, Map
    from .recording import Entries

__all__ = ["Cloned", "cloned"]


class Cloned(NamedTuple):
    """What maps held."""

    entries: dict[str, Entries]
    """Keys and values by map, as `Recording.contents` has them."""
    cpus: int | None
    """How many CPUs the values of per-CPU maps have; None where there is no such entry."""
    left_out: Sequence[str]
    """The maps that begin empty, or with a part of what they held, as clauses: `map events begins empty: …`."""


def cloned(collection: Collection, names: Iterable[str]) -> Cloned:
    """Read maps of a collection; constants are left out, which are part of what was loaded.

    Args:
        collection: What is loaded, or was recorded.
        names: The maps.

    Raises:
        BpftuiError: One is gone meanwhile, or cannot be read.
    """
    found: dict[str, Entries] = {}
    cpus: int | None = None
    left_out: list[str] = []
    for name in names:
        map_ = collection.maps.get(name)
        if map_ is None or (map_.spec.is_data and map_.spec.read_only):
            continue
        if map_.spec.type.holds_objects:
            left_out.append(f"map {name} begins empty: its entries are other objects")
            continue
        snapshot = map_.snapshot()
        entries = snapshot.entries
        if map_.spec.is_data and not entries:
            found[name] = [(bytes(map_.spec.key_size), _section(collection, map_))]
        elif map_.spec.type.per_cpu:
            size = round_up(map_.value_size, 8)
            found[name] = [(each.key, b"".join(value.ljust(size, b"\0") for value in each.values)) for each in entries]
            cpus = len(entries[0].values) if entries else cpus
        else:
            found[name] = [(each.key, each.values[0]) for each in entries]
        if snapshot.note and not map_.spec.is_data:
            left_out.append(f"map {name} begins empty: {snapshot.note}")
        elif snapshot.partial:
            left_out.append(f"map {name} begins with {len(entries):,} entries of what it held")
    return Cloned(found, cpus, left_out)


def _section(collection: Collection, map_: Map) -> bytes:
    """Return a data section of which only the variables are known."""
    data = bytearray(map_.spec.data or b"")
    for each in collection.variables.values():
        if each.spec.map.name == map_.name:
            data[each.spec.offset : each.spec.offset + each.spec.size] = each.raw()
    return bytes(data)
