"""Maps whose values stand for something else: programs, maps, devices, CPUs, sockets."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ...maps.typed import EXIST, NOEXIST
from ...runtime import Entry
from ...spec import MapType
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ..engine.memory import AddressSpace

__all__ = ["MapOfMaps", "ReferenceStore"]

_OF_DESCRIPTORS: Final = (MapType.PROG_ARRAY, MapType.ARRAY_OF_MAPS, MapType.CGROUP_ARRAY)
"""Arrays of what has a descriptor, which take no flags."""
_OF_DEVICES: Final = (MapType.DEVMAP, MapType.CPUMAP)
"""Arrays in which there is always an entry, set or not."""


class ReferenceStore(Store):
    """Maps whose values stand for something else: programs, maps, devices, CPUs, sockets.

    Programs see the address of what an inner map is; everybody else its number. An array has no entry until one is set.
    """

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self.values: dict[bytes, int] = {}
        """By key, the number of what is there."""

    def _check(self, key: bytes) -> None:
        if self.shape.type.is_indexed and int.from_bytes(key, self.byte_order) >= self.shape.max_entries:
            raise ElementError(errno.E2BIG)

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return the number of what is there."""
        found = self.values.get(key or b"")
        return None if found is None else self._raw(found)

    def _raw(self, number: int) -> bytes:
        """Return a value: the number, and where a value has more, that there is no program beside it."""
        return number.to_bytes(4, self.byte_order).ljust(self.shape.value_size, b"\0")

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Put something there."""
        key = key or b""
        self._check_update(key, flags)
        if not self.shape.type.is_indexed and key not in self.values and len(self.values) >= self.shape.max_entries:
            raise ElementError(errno.E2BIG)
        self.values[key] = int.from_bytes(value[:4], self.byte_order)

    def _check_update(self, key: bytes, flags: int) -> None:
        """Raise what the flags do not allow; the order of the checks is the kernel's."""
        if self.shape.type in _OF_DESCRIPTORS and flags:
            raise ElementError(errno.EINVAL)
        self.check_flags(flags)
        self._check(key)
        if flags == NOEXIST and (key in self.values or self.shape.type in _OF_DEVICES):
            raise ElementError(errno.EEXIST)
        if flags == EXIST and key not in self.values and self.shape.type not in _OF_DEVICES:
            raise ElementError(errno.ENOENT)

    def delete(self, key: bytes) -> None:
        """Take it out."""
        self._check(key)
        if self.values.pop(key, None) is None:
            raise ElementError(errno.ENOENT)

    def entries(self) -> Iterator[Entry]:
        """Iterate over what is there."""
        for key, value in self.values.items():
            yield Entry(key, (self._raw(value),))


class MapOfMaps(ReferenceStore):
    """`array_of_maps` and `hash_of_maps`: programs find the inner maps' addresses."""

    addresses: dict[int, int]
    """By a map's number, its address."""

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the inner map at *key*; 0 where there is none."""
        return self.addresses.get(self.values.get(key, 0), 0)
