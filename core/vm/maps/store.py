"""Store: where a map's elements are, for programs by address and for everybody else as bytes."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ...maps import ElementError
from ...maps.typed import EXIST, LOCK
from ...runtime import Entry, MapSnapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ..engine.memory import AddressSpace, Region
    from .special import Span

__all__ = ["Store"]


class Store(ABC):
    """The elements of one map; implements `bpftui.core.maps.Elements`, and has the face that helpers use.

    Every method may raise ElementError with the errno that the kernel would give. A type that lacks an operation
    answers ENOTSUPP (524), as in the kernel.

    Args:
        name: The map's, for errors that name a region.
        shape: Its type and sizes.
        memory: Where values get their addresses.
        byte_order: That of the object: indices and lengths of prefixes are in it.
    """

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        self.name = name
        self.shape = shape
        self.memory = memory
        self.byte_order: ByteOrder = byte_order
        self.special: tuple[Span, ...] = ()
        """What of a value only the kernel's functions change."""
        self.has_lock = False
        """Whether there is a spin lock in a value."""
        self.release: Callable[[int, int], None] = lambda _place, _size: None
        """Frees what is special, by its address and size."""

    def put(self, region: Region, at: int, value: bytes) -> None:
        """Write a value to its place; what is special in the old one is freed, and begins anew as zeros."""
        region.data[at : at + len(value)] = value if not self.special else self.seen(value)

    def free_special(self, place: int) -> None:
        """Free what is special in the value at an address: it is about to be overwritten, or was deleted."""
        for start, end in self.special:
            self.release(place + start, end - start)

    def seen(self, value: bytes | bytearray | memoryview) -> bytes:
        """Return a value as it is seen from outside: with zeros for what is special in it."""
        if not self.special:
            return bytes(value)
        copy = bytearray(value)
        for start, end in self.special:
            copy[start:end] = bytes(end - start)
        return bytes(copy)

    # For programs

    def address_of(self, key: bytes, cpu: int) -> int:
        """Return the address of the value at *key*, for a per-CPU map that of *cpu*; 0 where there is none."""
        raise self.unsupported()

    def set(self, key: bytes, value: bytes, flags: int, cpu: int) -> None:
        """Set the value at *key* as a program does: for a per-CPU map that of *cpu* alone."""
        raise self.unsupported()

    def key_at(self, address: int) -> bytes | None:
        """Return the key of the entry whose value *address* lies in; None where it lies in none."""
        return None

    def settle(self) -> None:  # noqa: B027 - most have nothing to free
        """Free what was deleted: called between two runs, for a program may still use a value that it has deleted."""

    # For everybody else

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return the value at *key*, of a per-CPU map the values of all CPUs; None where there is none."""
        raise self.unsupported()

    def take(self, key: bytes | None) -> bytes | None:
        """Look the value up and delete its entry in one step."""
        raise self.unsupported()

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set the value at *key*, of a per-CPU map the values of all CPUs."""
        raise self.unsupported()

    def delete(self, key: bytes) -> None:
        """Delete the entry at *key*."""
        raise self.unsupported()

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Iterate over copies of the entries, in the order in which they are listed."""

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Read at most *limit* entries. Nothing changes a map while it is read here, so that the picture is exact."""
        found: list[Entry] = []
        for entry in self.entries():
            if limit is not None and len(found) >= limit:
                return MapSnapshot(tuple(found), partial=True)
            found.append(entry)
        return MapSnapshot(tuple(found))

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the first value."""
        return (self.lookup(bytes(self.shape.key_size)) or b"")[offset : offset + size]

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the first value."""
        key = bytes(self.shape.key_size)
        value = bytearray(self.lookup(key) or bytes(self.shape.moved_size))
        value[offset : offset + len(raw)] = raw
        self.update(key, bytes(value))

    @staticmethod
    def unsupported() -> ElementError:
        """Return the error for an operation that the type does not have."""
        return ElementError(524, "ENOTSUPP")

    def check_flags(self, flags: int) -> None:
        """Raise EINVAL for flags that the map does not take; BPF_F_LOCK is for values with a spin lock only."""
        if (flags & ~LOCK if self.has_lock else flags) > EXIST:
            raise ElementError(errno.EINVAL)
