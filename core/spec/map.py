"""MapSpec: what an object asks the kernel to create as a map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .uapi import MapFlag, MapType, Pinning

if TYPE_CHECKING:
    from ..btf import CType

__all__ = ["MapEntry", "MapSpec"]


@dataclass(frozen=True, slots=True)
class MapEntry:
    """An initial entry of a map-in-map or a program array."""

    key: int
    """The array index, or the hash key, as an integer."""
    target: str
    """The name of the map or program whose file descriptor becomes the value."""


@dataclass(slots=True)
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
    data: bytearray | None = None
    """The initial value of a data section, in the object's byte order; None for every other map."""
    tags: tuple[str, ...] = ()
    """`btf_decl_tag`s of the definition."""
    remark: str = ""
    """What a legacy definition says to its own loader (iproute2's id and pinning), which the kernel is not told."""
    problem: str | None = None
    """Why this map cannot be created as it stands, where the object itself says so."""

    @property
    def is_data(self) -> bool:
        """Whether this is a data section rather than a map that the source declares."""
        return self.data is not None

    @property
    def read_only(self) -> bool:
        """Whether programs may only read it (`.rodata*`): its contents are frozen at load."""
        return bool(self.flags & MapFlag.RDONLY_PROG)

    @property
    def entries(self) -> int:
        """How many entries the map holds from the start."""
        return 1 if self.is_data else len(self.contents)
