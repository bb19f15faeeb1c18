"""MapSpec: what an object asks the kernel to create as a map."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..uapi import MapFlag, MapType, Pinning
from ..visible import visible

if TYPE_CHECKING:
    from ..btf import CType
    from .pointers import DataPointer
    from .sparse import Contents

__all__ = ["MapEntry", "MapSpec", "is_arena_section"]

_ARENA: Final = re.compile(r"\.(arena(\..*)?|addr_space\.1)$")

_NO_INNER: Final = (
    "its inner maps are not defined, and without that the kernel creates no map of maps: "
    "add __array(values, struct …), or set `inner` before the load"
)


def is_arena_section(name: str) -> bool:
    """Whether a section's contents belong into the arena: LLVM 18 calls it `.addr_space.1`, others `.arena*`."""
    return _ARENA.match(name) is not None


@dataclass(frozen=True, slots=True)
class MapEntry:
    """An initial entry of a map-in-map or a program array."""

    key: int
    """The array index, or the hash key, as an integer."""
    target: str
    """The name of the map or program whose file descriptor becomes the value."""


@dataclass(slots=True, repr=False)
class MapSpec:
    """A map as its object defines it. Inert: changing it changes what will be created.

    Sizes are in bytes. Data sections (`.bss`, `.data*`, `.rodata*`, `.kconfig`) are maps too: arrays with one entry,
    whose initial value is `data`.
    """

    name: str
    """The map's name in the object, in full; the kernel keeps its first 15 characters."""
    section: str
    """The section that defines it: `.maps`, `maps`, `maps/NAME` or the data section itself."""
    type: MapType
    key_size: int
    value_size: int
    max_entries: int
    flags: int = 0
    """`MapFlag` bits."""
    map_extra: int = 0
    """Per-type extra: hash functions of a bloom filter, the user address of an arena."""
    numa_node: int = 0
    pinning: Pinning = Pinning.NONE
    key: CType | None = None
    """The key's C type, where BTF has it."""
    value: CType | None = None
    """The value's C type, where BTF has it."""
    inner: MapSpec | None = None
    """The template of the maps inside a map-in-map."""
    contents: list[MapEntry] = field(default_factory=list["MapEntry"])
    """Initial entries of maps-in-maps and program arrays."""
    data: Contents | None = None
    """The initial value of a data section or of a struct_ops map, in the object's byte order; None for every other."""
    pointers: dict[int, DataPointer] = field(default_factory=dict[int, "DataPointer"])
    """Of a data section: what its pointers point to, which no loader can set, by their offsets in bytes."""
    functions: dict[str, str] = field(default_factory=dict[str, str])
    """Of a struct_ops map: the programs that its function pointers name, by member."""
    tags: tuple[str, ...] = ()
    """`btf_decl_tag`s of the definition."""
    remark: str = ""
    """What a legacy definition says to its own loader (iproute2's id and pinning), which the kernel is not told."""
    unusable: str | None = None
    """Why it cannot be created, where its definition says so already."""
    exists: bool = False
    """Whether it is told of a map that there is: its definition is nobody's problem any more."""

    def __repr__(self) -> str:
        return f"<MapSpec {visible(self.name)} {self.type.label}>"

    @property
    def problem(self) -> str | None:
        """Why it cannot be created as it stands, as far as the object itself tells; None where nothing is known.

        A map of maps that lacks `inner` can be created once that is set.
        """
        if self.unusable is not None:
            return self.unusable
        if self.inner is not None:
            return None if self.inner.problem is None else f"its inner maps: {self.inner.problem}"
        return _NO_INNER if self.type.holds_maps and not self.exists else None

    @property
    def is_data(self) -> bool:
        """Whether this is a data section rather than a map that the source declares."""
        return self.data is not None and self.type != MapType.STRUCT_OPS

    @property
    def in_arena(self) -> bool:
        """Whether it is what the object's arena holds from the start, and no map of its own (`.addr_space.1`)."""
        return self.is_data and is_arena_section(self.section)

    @property
    def autocreate(self) -> bool:
        """False for a struct_ops map in a section that begins with `?`."""
        return not self.section.startswith("?")

    @property
    def holds(self) -> tuple[str, ...]:
        """The names of the maps and programs that it holds from the start."""
        return (*(entry.target for entry in self.contents), *self.functions.values())

    @property
    def read_only(self) -> bool:
        """Whether programs may only read it (`.rodata*`): its contents are frozen at load."""
        return bool(self.flags & MapFlag.RDONLY_PROG)

    @property
    def entries(self) -> int:
        """How many entries the map holds from the start."""
        return 1 if self.data is not None else len(self.contents)
