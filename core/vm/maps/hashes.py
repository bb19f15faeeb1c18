"""Hash tables and tries: entries come and go."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ...maps.typed import EXIST, LOCK, NOEXIST
from ...runtime import Entry
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ..engine.memory import AddressSpace, Region

__all__ = ["HashStore", "LpmStore", "LruStore"]

_MOST_DELETED: Final = 1 << 12
"""Values that are kept for the run that deleted them."""


class HashStore(Store):
    """`hash` and `percpu_hash` (kernel/bpf/hashtab.c): each value, of each CPU, is a region of its own."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self._values: dict[bytes, tuple[Region, ...]] = {}
        self._places: dict[int, bytes] = {}
        """By the address of a value, its key."""
        self._deleted: list[Region] = []

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the value at *key*; 0 where there is none."""
        found = self._values.get(key)
        return 0 if found is None else found[cpu if self.shape.per_cpu else 0].base

    def key_at(self, address: int) -> bytes | None:
        """Return the key of the entry whose value *address* lies in."""
        region = self.memory.find(address)
        return None if region is None else self._places.get(region.base)

    def set(self, key: bytes, value: bytes, flags: int, cpu: int) -> None:
        """Set the value of one CPU; those of the others begin as zeros."""
        regions = self._place(key, flags)
        self.put(regions[cpu if self.shape.per_cpu else 0], 0, value)

    def _place(self, key: bytes, flags: int) -> tuple[Region, ...]:
        """Return where the value at *key* is, or is to be; the order of the checks is the kernel's."""
        self.check_flags(flags)
        flags &= ~LOCK
        found = self._values.get(key)
        if found is not None:
            if flags == NOEXIST:
                raise ElementError(errno.EEXIST)
            if self.special:
                self.free_special(found[0].base)
            return found
        if flags == EXIST:
            raise ElementError(errno.ENOENT)
        if len(self._values) >= self.shape.max_entries:
            self.make_room()
        regions = tuple(
            [
                self.memory.map(f"value of {self.name}", self.shape.value_size)
                for _ in range(self.shape.cpus if self.shape.per_cpu else 1)
            ]
        )
        self._values[key] = regions
        for region in regions:
            self._places[region.base] = key
        return regions

    def make_room(self) -> None:
        """Raise E2BIG: it is full."""
        raise ElementError(errno.E2BIG)

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return the value."""
        found = self._values.get(key or b"")
        return None if found is None else self._joined(found)

    def _joined(self, regions: tuple[Region, ...]) -> bytes:
        return self.shape.join([self.seen(region.data) for region in regions])

    def take(self, key: bytes | None) -> bytes | None:
        """Return the value and delete the entry."""
        found = self.lookup(key)
        if found is not None:
            self.delete(key or b"")
        return found

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set the values of all CPUs."""
        for region, one in zip(self._place(key or b"", flags), self.shape.split(value), strict=True):
            self.put(region, 0, one)

    def delete(self, key: bytes) -> None:
        """Delete the entry; a program that runs may go on using its value."""
        found = self._values.pop(key, None)
        if found is None:
            raise ElementError(errno.ENOENT)
        self._discard(found)

    def drop(self, key: bytes) -> None:
        """Delete the entry that has to make room."""
        self._discard(self._values.pop(key))

    def _discard(self, regions: tuple[Region, ...]) -> None:
        for region in regions:
            if self.special:
                self.free_special(region.base)
            del self._places[region.base]
        self._deleted += regions
        if len(self._deleted) > _MOST_DELETED:
            # A run that deletes without end has no use for the first ones, and memory has an end.
            self.settle()

    def settle(self) -> None:
        """Free the values that were deleted."""
        for region in self._deleted:
            self.memory.unmap(region)
        self._deleted.clear()

    @property
    def keys(self) -> dict[bytes, tuple[Region, ...]]:
        """The regions of each key's values, oldest first."""
        return self._values

    def entries(self) -> Iterator[Entry]:
        """Iterate over the entries, oldest first."""
        for key, regions in list(self._values.items()):
            yield Entry(key, tuple(self.seen(region.data) for region in regions))


class LruStore(HashStore):
    """`lru_hash` and `lru_percpu_hash`: the entry that was not used for longest makes room for a new one.

    The kernel's order is approximate, and it may drop some entries before the map is full; this one is exact.
    """

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the value at *key*, which counts as a use."""
        if key in self.keys:
            self.keys[key] = self.keys.pop(key)
        return super().address_of(key, cpu)

    def make_room(self) -> None:
        """Drop the entry that was not used for longest."""
        self.drop(next(iter(self.keys)))


class LpmStore(HashStore):
    """`lpm_trie` (kernel/bpf/lpm_trie.c): a key is a prefix's length in bits, 32 bits in host order, and its data.

    Bits behind the length do not count, but are listed as they were last written.
    """

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self._written: dict[bytes, bytes] = {}

    def _split(self, key: bytes) -> tuple[int, bytes]:
        """Return length and data; bits behind the length count as 0. EINVAL where the length is too large."""
        bits, data = int.from_bytes(key[:4], self.byte_order), key[4:]
        if bits > len(data) * 8:
            raise ElementError(errno.EINVAL)
        return bits, _masked(data, bits)

    def _stored(self, key: bytes) -> bytes:
        bits, data = self._split(key)
        return bits.to_bytes(4, self.byte_order) + data

    def _longest(self, key: bytes) -> bytes | None:
        """Return the longest stored prefix that *key* begins with."""
        bits, data = self._split(key)
        lengths = sorted({int.from_bytes(stored[:4], self.byte_order) for stored in self.keys}, reverse=True)
        for length in lengths:
            candidate = length.to_bytes(4, self.byte_order) + _masked(data, length)
            if length <= bits and candidate in self.keys:
                return candidate
        return None

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the value of the longest prefix that matches."""
        try:
            found = self._longest(key)
        except ElementError:
            return 0
        return 0 if found is None else super().address_of(found, cpu)

    def set(self, key: bytes, value: bytes, flags: int, cpu: int) -> None:
        """Set the value of exactly this prefix."""
        stored = self._stored(key)
        super().set(stored, value, flags, cpu)
        self._written[stored] = key

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return the value of the longest prefix that matches."""
        try:
            found = self._longest(key or b"")
        except ElementError:
            return None
        return None if found is None else super().lookup(found)

    def take(self, key: bytes | None) -> bytes | None:
        """Refuse it: the kernel has no such operation on tries."""
        raise self.unsupported()

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set the value of exactly this prefix."""
        stored = self._stored(key or b"")
        super().update(stored, value, flags)
        self._written[stored] = key or b""

    def delete(self, key: bytes) -> None:
        """Delete exactly this prefix."""
        super().delete(self._stored(key))

    def entries(self) -> Iterator[Entry]:
        """Iterate over the entries, oldest first."""
        for key, values in super().entries():
            yield Entry(self._written[key], values)

    def make_room(self) -> None:
        """Raise ENOSPC, as the kernel has it for tries."""
        raise ElementError(errno.ENOSPC)


def _masked(data: bytes, bits: int) -> bytes:
    """Return *data* with all bits behind the first *bits* set to 0."""
    total = len(data) * 8
    return (int.from_bytes(data, "big") >> (total - bits) << (total - bits)).to_bytes(len(data), "big")
