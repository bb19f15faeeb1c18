"""Edits: what was changed in an object before it is loaded, apart from the object."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..errors import ObjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .collection import CollectionSpec
    from .map import MapSpec

__all__ = ["Edits"]


@dataclass(frozen=True)
class Edits:
    """What makes of an object as its file has it the one that was loaded."""

    types: Mapping[str, str] = field(default_factory=dict[str, str])
    """What programs are, whatever their sections say: see `CollectionSpec.set_type`."""
    data: Mapping[str, Mapping[int, bytes]] = field(default_factory=dict[str, "Mapping[int, bytes]"], repr=False)
    """What was changed in data sections: bytes by section and offset."""
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    """The `max_entries` of maps for which that was changed."""

    @classmethod
    def of(cls, spec: CollectionSpec, fresh: CollectionSpec) -> Edits:
        """Return what *spec* has that the same object read anew, *fresh*, has not.

        Args:
            spec: As it is to be loaded, or was.
            fresh: As the file has it.
        """
        types = {name: each.typed_as for name, each in spec.programs.items() if each.typed_as}
        data: dict[str, dict[int, bytes]] = {}
        for name, variable in spec.variables.items():
            if variable.changed and name in fresh.variables:
                data.setdefault(variable.map.name, {})[variable.offset] = variable.raw
        for name, map_ in spec.maps.items():
            if map_.is_data and map_.read_only and name in fresh.maps:
                known = data.get(name, {})
                if parts := _other_parts(map_, fresh.maps[name], known):
                    data[name] = {**known, **parts}
        sizes = {
            name: each.max_entries
            for name, each in spec.maps.items()
            if name in fresh.maps and fresh.maps[name].max_entries != each.max_entries
        }
        return cls(types, data, sizes)

    def apply(self, spec: CollectionSpec) -> None:
        """Change an object that was read anew.

        Raises:
            ObjectError, UnknownNameError: It is not the object that these are of.
        """
        for name, text in self.types.items():
            spec.set_type(name, text)
        for name, size in self.sizes.items():
            spec.map(name).max_entries = size
        for name, parts in self.data.items():
            contents = spec.map(name).data
            for offset, part in parts.items():
                if contents is None or not 0 <= offset <= len(contents) - len(part):
                    reason = (
                        f"the recording does not fit its object: section {name} has no {len(part)} bytes at {offset}"
                    )
                    raise ObjectError(reason, file=spec.file)
                contents[offset : offset + len(part)] = part

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can say: `types`, `data` as hexadecimal text by offset, `sizes`."""
        return {
            "types": dict(self.types),
            "data": {name: {str(at): part.hex() for at, part in parts.items()} for name, parts in self.data.items()},
            "sizes": dict(self.sizes),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Edits:
        """Read what `to_json` returns.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: It is something else.
        """
        types = {name: _text(text) for name, text in document["types"].items()}
        data = {
            name: {int(at): bytes.fromhex(part) for at, part in parts.items()}
            for name, parts in document["data"].items()
        }
        return cls(types, data, {name: _size(size) for name, size in document["sizes"].items()})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("the type of a program is no text")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ValueError("max_entries has 32 bits")
    return value


def _other_parts(map_: MapSpec, fresh: MapSpec, known: Mapping[int, bytes]) -> dict[int, bytes]:
    """Return what was changed in constants besides the parts that are known, by offset: what no variable names."""
    if map_.data is None or fresh.data is None or len(map_.data) != len(fresh.data):
        return {}
    before = bytearray(fresh.data)
    for offset, part in known.items():
        before[offset : offset + len(part)] = part
    after = bytearray(map_.data)
    if before == after:
        return {}
    found: dict[int, bytes] = {}
    for is_same, group in groupby(range(len(after)), lambda at: before[at] == after[at]):
        if not is_same:
            at = list(group)
            found[at[0]] = bytes(after[at[0] : at[-1] + 1])
    return found
