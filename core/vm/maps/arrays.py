"""Arrays: all values are there from the start, and stay."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ...maps import ElementError
from ...maps.typed import LOCK, NOEXIST
from ...runtime import Entry
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ..engine.memory import AddressSpace, Region

__all__ = ["ArrayStore"]


class ArrayStore(Store):
    """`array` and `percpu_array` (kernel/bpf/arraymap.c): one run of memory, or one for each CPU.

    Args:
        name: The map's.
        shape: Its sizes.
        memory: Where it gets its addresses.
        byte_order: That of the object.
        writable: Whether programs may write to it: not to `.rodata`.
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        memory: AddressSpace,
        byte_order: ByteOrder = "little",
        *,
        writable: bool = True,
    ) -> None:
        super().__init__(name, shape, memory, byte_order)
        size = shape.stride * shape.max_entries
        label = f"map {name}" if shape.max_entries > 1 else f"value of {name}"
        self.regions = [
            memory.map(f"{label}, CPU {cpu}" if shape.per_cpu else label, size, writable=writable)
            for cpu in range(shape.cpus if shape.per_cpu else 1)
        ]
        self._padding = bytes(shape.stride - shape.value_size)

    def _index(self, key: bytes | None) -> int | None:
        index = int.from_bytes(key or b"", self.byte_order)
        return index if key is not None and index < self.shape.max_entries else None

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the value at *key*; 0 behind the end."""
        index = self._index(key)
        if index is None:
            return 0
        return self.regions[cpu if self.shape.per_cpu else 0].base + index * self.shape.stride

    def key_at(self, address: int) -> bytes | None:
        """Return the index of the value that *address* lies in."""
        for region in self.regions:
            if region.base <= address < region.end:
                return ((address - region.base) // self.shape.stride).to_bytes(4, self.byte_order)
        return None

    def set(self, key: bytes, value: bytes, flags: int, cpu: int) -> None:
        """Set the value of one CPU."""
        at = self._checked(key, flags) * self.shape.stride
        self._put(self.regions[cpu if self.shape.per_cpu else 0], at, value)

    def _put(self, region: Region, at: int, value: bytes) -> None:
        if self.special:
            self.free_special(region.base + at)
        self.put(region, at, value)

    def _checked(self, key: bytes | None, flags: int) -> int:
        """Return the index; the order of the checks is the kernel's."""
        self.check_flags(flags)
        index = self._index(key)
        if index is None:
            raise ElementError(errno.E2BIG)
        if flags & ~LOCK == NOEXIST:
            raise ElementError(errno.EEXIST)
        return index

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return the value; None behind the end."""
        index = self._index(key)
        if index is None:
            return None
        return self._values(index)

    def _values(self, index: int) -> bytes:
        at, size = index * self.shape.stride, self.shape.value_size
        if not self.shape.per_cpu:
            return self.seen(self.regions[0].data[at : at + size])
        return b"".join(self.seen(region.data[at : at + size]) + self._padding for region in self.regions)

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set the values of all CPUs."""
        at = self._checked(key, flags) * self.shape.stride
        for region, one in zip(self.regions, self.shape.split(value), strict=True):
            self._put(region, at, one)

    def delete(self, key: bytes) -> None:
        """Refuse it: an array's entries stay."""
        raise ElementError(errno.EINVAL)

    def entries(self) -> Iterator[Entry]:
        """Iterate over all entries."""
        for index in range(self.shape.max_entries):
            yield Entry(index.to_bytes(4, self.byte_order), self.shape.split(self._values(index)))

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the first value, without copying the rest."""
        return bytes(self.regions[0].data[offset : offset + size])

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the first value, and nothing else."""
        self.regions[0].data[offset : offset + len(raw)] = raw
