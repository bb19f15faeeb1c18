"""Maps that exist already and are used again: by the caller's wish, or because they are pinned by their name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import LoadError
from ..spec import MapFlag
from .host.existing import shape_of_info
from .loading.create import shape_of
from .map import Map, map_info
from .sys.object import open_path

if TYPE_CHECKING:
    from ..maps import Shape
    from ..spec import MapSpec

__all__ = ["handed", "open_pinned", "reused"]


def reused(given: Map, spec: MapSpec) -> Map:
    """Return another handle on *given*, to be used as the map that *spec* declares.

    Raises:
        LoadError: They differ in type, sizes or flags; the message shows both.
    """
    _require_same(given.elements.shape, spec, f"the map given for {spec.name}")
    found = given.clone()
    found.shared = "it was there before, and others may use it"
    return found


def handed(given: Map, spec: MapSpec) -> Map:
    """Return another handle on a map of another version of the same object, as the one that *spec* declares.

    Raises:
        LoadError: They differ in type, sizes or flags; the message shows both.
    """
    _require_same(given.elements.shape, spec, f"{given.name} of the version before")
    return given.clone(spec)


def open_pinned(path: str, spec: MapSpec) -> Map | None:
    """Return the map that is pinned at *path*; None when there is nothing.

    Raises:
        LoadError: It is another map than *spec* declares; the message shows both. Or the kernel does not open it.
    """
    doing = f"use what is pinned at {path} as map {spec.name}"
    descriptor = open_path("map", path, doing)
    if descriptor is None:
        return None
    descriptor.name = f"map {spec.name}"
    try:
        found = shape_of_info(map_info(descriptor), f"what is pinned at {path}")
        _require_same(found, spec, f"what is pinned at {path}")
        opened = Map(spec, descriptor, found, pins=[path])
    except BaseException:
        descriptor.close()
        raise
    opened.shared = f"it is pinned at {path}, where others find it"
    return opened


def _require_same(found: Shape, spec: MapSpec, what: str) -> None:
    wanted = shape_of(spec)
    # The kernel makes device maps read-only for programs by itself.
    ignored = MapFlag.RDONLY_PROG if wanted.type.is_devmap else 0
    if replace(found, flags=found.flags & ~ignored) == replace(wanted, flags=wanted.flags & ~ignored):
        return
    raise LoadError(
        f"cannot use {what}: it is {_told(found)}, but {spec.name} is declared as {_told(wanted)}",
        hint="remove the pin, choose another directory, or declare the map alike",
    )


def _told(shape: Shape) -> str:
    flags = f", flags {shape.flags:#x}" if shape.flags else ""
    return (
        f"{shape.type.with_article} of {shape.key_size} to {shape.value_size} bytes, {shape.max_entries} entries{flags}"
    )
