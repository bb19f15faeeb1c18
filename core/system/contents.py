"""What the maps of something loaded hold, as bytes, for the maps of an object that they are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..kernel.map import Map
from ..maps.shape import round_up, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ..spec import CollectionSpec, MapSpec
    from .loaded import LoadedSpec

__all__ = ["LoadedContents", "loaded_contents", "match_map"]

_NAME: Final = 15
"""Characters of a map's name that the kernel keeps."""


class LoadedContents(NamedTuple):
    """What maps hold."""

    constants: tuple[str, ...]
    """The sections with constants that became what they are in what is loaded."""
    entries: dict[str, list[tuple[bytes, bytes]]]
    """By map, keys and values; of a per-CPU map a value has those of all CPUs, each with a multiple of 8 bytes."""
    cpus: int | None
    """How many CPUs these are; None where there is no per-CPU map."""


def loaded_contents(
    spec: CollectionSpec, names: Collection[str], loaded: LoadedSpec, say: Callable[[str], None]
) -> LoadedContents:
    """Return what maps of *spec* hold that *loaded* has, too; constants of *spec* become what they are there.

    Maps are the same that have one name, as far as the kernel keeps it, type, and sizes of keys and values.

    Args:
        spec: The object, of which constants are changed; or *loaded* itself, whose constants are what they are.
        names: The maps that are meant.
        loaded: What is loaded; its maps are read now, to read only.
        say: Is told what is left out.

    Raises:
        UnknownNameError: A map is gone meanwhile.
        NoPermissionError, LoadError: The kernel said no.
    """
    found: dict[str, list[tuple[bytes, bytes]]] = {}
    constants: list[str] = []
    cpus: int | None = None
    for name in names:
        own = spec.map(name)
        theirs_name, why = (name, "") if spec is loaded else match_map(own, spec.maps, loaded.maps)
        why = why or _why_another(own, loaded.maps[theirs_name])
        if why or (why := why_unreadable(own.type) or ""):
            say(f"map {name} begins {'empty' if spec is loaded else 'as the object has it'}: {why}")
            continue
        with Map.from_id(loaded.map_ids[theirs_name], read_only=True) as opened:
            snapshot = opened.elements.snapshot()
        entries = snapshot.entries
        if snapshot.partial:
            say(f"map {name} kept changing while it was read: the run begins with {len(entries):,} entries of it")
        if own.is_data and own.read_only:
            assert own.data is not None
            own.data[:] = entries[0].values[0]
            constants.append(name)
            continue
        if own.type.per_cpu:
            size = round_up(own.value_size, 8)
            found[name] = [(each.key, b"".join(value.ljust(size, b"\0") for value in each.values)) for each in entries]
            cpus = len(entries[0].values) if entries else cpus
        else:
            found[name] = [(each.key, each.values[0]) for each in entries]
    return LoadedContents(tuple(constants), found, cpus)


def match_map(own: MapSpec, others: Iterable[str], loaded: Iterable[str]) -> tuple[str, str]:
    """Return the name of the loaded map that a map of an object is; or nothing, and why as a clause.

    The kernel keeps the beginning of a name. Before that of a data section whose types do not say it libbpf has put the
    beginning of its object's: `traffic.bss`.

    Args:
        own: The map.
        others: The names of all maps of its object.
        loaded: The names of maps that are loaded, from types or as the kernel has them; where several have one, the id
            stands behind it: `sources@7`.
    """
    cut = own.name[:_NAME]
    names = [(each.partition("@")[0], each) for each in loaded]
    found = [each for name, each in names if name == own.name] if own.is_data else []
    found = found or [each for name, each in names if name == cut or (own.is_data and name.endswith(cut))]
    if not found:
        return "", "no map that is loaded has its name"
    alike = [each for each in others if each[:_NAME] == cut]
    if len(found) > 1:
        return "", f"it may be any of {', '.join(found)}"
    if len(alike) > 1 and not (own.is_data and found[0] == own.name):
        return "", f"{found[0]} may be any of {', '.join(alike)}, whose names the kernel has cut"
    return found[0], ""


def _why_another(own: MapSpec, theirs: MapSpec) -> str:
    """Return why a map that is loaded is not the one of an object; empty where it is."""
    if own.type is not theirs.type:
        return f"what is loaded is a map of type {theirs.type}"
    if (own.key_size, own.value_size) != (theirs.key_size, theirs.value_size):
        return f"what is loaded has keys of {theirs.key_size} and values of {theirs.value_size} bytes"
    return "its entries are other objects of the kernel's" if own.type.holds_objects else ""
