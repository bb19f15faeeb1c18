"""load_and_assign: load just what a class asks for, and hand it over as the class's attributes."""

from __future__ import annotations

import builtins
import sys
import typing
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from ..closing import Closing
from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import KernelCollection, RuntimeOptions
    from .collection import CollectionSpec

__all__ = ["LoadedObjects", "load_and_assign"]

_KINDS = ("map", "program", "variable")

_T = TypeVar("_T")


class LoadedObjects(Closing):
    """What `load_and_assign` returns is also one of these: it owns what was loaded.

    Inherit from it where a type checker should know that the objects can be closed:

        class Objects(LoadedObjects):
            pkt_count: Map
            count_packets: Program

        with spec.load_and_assign(Objects) as objects:
            print(objects.pkt_count[0])
    """

    collection: KernelCollection

    def close(self) -> None:
        """Close everything; a second call does nothing."""
        self.collection.close()


def load_and_assign(
    spec: CollectionSpec, wanted: type[_T], *, strict: bool = False, **options: Unpack[RuntimeOptions]
) -> _T:
    """Load what the annotations of *wanted* name; see `CollectionSpec.load_and_assign`."""
    names = _wanted(wanted)
    by_kind = {kind: {name for found, name in names.values() if found == kind} for kind in _KINDS}
    # Each look-up raises an error that names what is missing, before anything is loaded.
    for name in by_kind["map"]:
        spec.map(name)
    for name in by_kind["variable"]:
        spec.variable(name)
    part = spec.subset(maps=by_kind["map"], programs=by_kind["program"], variables=by_kind["variable"])
    bases: tuple[type, ...] = (wanted,) if issubclass(wanted, LoadedObjects) else (wanted, LoadedObjects)
    owner: Any = type(wanted.__name__, bases, {"__module__": wanted.__module__})
    objects = owner.__new__(owner)
    objects.collection = collection = part.load(programs=set(part.programs), strict=strict, **options)
    shelves: dict[str, Mapping[str, object]] = {
        "map": collection.maps,
        "program": collection.programs,
        "variable": collection.variables,
    }
    for attribute, (kind, name) in names.items():
        setattr(objects, attribute, shelves[kind][name])
    return cast("_T", objects)


class _Names(dict[str, object]):
    """The names of a module; one that is imported for type checkers only stands for itself."""

    def __init__(self, module: str) -> None:
        super().__init__(vars(builtins) | vars(sys.modules[module]))

    def __missing__(self, name: str) -> object:
        return getattr(typing, name, None) or type(name, (), {})


def _wanted(wanted: type) -> dict[str, tuple[str, str]]:
    """Return, for each annotated attribute, its kind and the name that it has in the object."""
    try:
        hints = typing.get_type_hints(wanted, localns=_Names(wanted.__module__), include_extras=True)
    except (AttributeError, NameError, TypeError):
        # What cannot be evaluated is a text, that still tells a map from a program.
        hints = dict(wanted.__annotations__)
    found: dict[str, tuple[str, str]] = {}
    for attribute, hint in hints.items():
        if attribute == "collection":
            continue
        name = attribute
        if typing.get_origin(hint) is typing.Annotated:
            hint, name = typing.get_args(hint)[:2]
        text = hint if isinstance(hint, str) else getattr(hint, "__name__", str(hint))
        kind = next((kind for kind in _KINDS if text.lower().endswith(kind)), None)
        if kind is None or not isinstance(name, str):
            raise UsageError(
                f"class {wanted.__name__}: {attribute} is neither a Map, nor a Program, nor a Variable",
                hint='annotate it as one of these; Annotated[Map, ".bss"] gives another name',
            )
        found[attribute] = (kind, name)
    return found
