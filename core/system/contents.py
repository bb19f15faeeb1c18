"""What the maps of something loaded hold, as bytes, for the maps of an object that they are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.map import Map
from ..maps.shape import round_up, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..spec import CollectionSpec, MapSpec
    from .loaded import LoadedSpec

__all__ = ["LoadedContents", "loaded_contents"]

_NAME: Final = 15
"""Characters of a map's name that the kernel keeps."""


class LoadedContents(NamedTuple):
    """What maps hold."""

    entries: dict[str, list[tuple[bytes, bytes]]]
    """By map, keys and values; of a per-CPU map a value has those of all CPUs, each with a multiple of 8 bytes."""
    cpus: int | None
    """How many CPUs these are; None where there is no per-CPU map."""


def loaded_contents(
    spec: CollectionSpec, names: Collection[str], loaded: LoadedSpec, say: Callable[[str], None]
) -> LoadedContents:
    """Return what maps of *spec* hold that *loaded* has, too; constants of *spec* become what they are there.

    Maps are the same that have one name, type, and sizes of keys and values.

    Args:
        spec: The object, of which constants are changed.
        names: The maps that are meant.
        loaded: What is loaded; its maps are read now, to read only.
        say: Is told what is left out.

    Raises:
        UnknownNameError: A map is gone meanwhile.
        NoPermissionError, LoadError: The kernel said no.
    """
    found: dict[str, list[tuple[bytes, bytes]]] = {}
    cpus: int | None = None
    for name in names:
        own = spec.map(name)
        theirs = next((each for each in loaded.maps.values() if each.name[:_NAME] == name[:_NAME]), None)
        if theirs is None:
            continue
        if (why := _why_another(own, theirs)) or (why := why_unreadable(theirs.type) or ""):
            say(f"map {name} begins as the object has it: {why}")
            continue
        if own.is_data and own.read_only:
            assert own.data is not None
            assert theirs.data is not None
            own.data[:] = theirs.data
            continue
        with Map.from_id(loaded.map_ids[theirs.name], read_only=True) as opened:
            entries = opened.elements.snapshot().entries
        if own.type.per_cpu:
            size = round_up(own.value_size, 8)
            found[name] = [(each.key, b"".join(value.ljust(size, b"\0") for value in each.values)) for each in entries]
            cpus = len(entries[0].values) if entries else cpus
        else:
            found[name] = [(each.key, each.values[0]) for each in entries]
    return LoadedContents(found, cpus)


def _why_another(own: MapSpec, theirs: MapSpec) -> str:
    """Return why a map that is loaded is not the one of an object; empty where it is."""
    if own.type is not theirs.type:
        return f"what is loaded is a map of type {theirs.type}"
    if (own.key_size, own.value_size) != (theirs.key_size, theirs.value_size):
        return f"what is loaded has keys of {theirs.key_size} and values of {theirs.value_size} bytes"
    return "its entries are other objects of the kernel's" if own.type.holds_objects else ""
