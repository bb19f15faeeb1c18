"""The elements of a map as bytes: one by one, in batches, or through memory.

No types here and no names: `Map` puts them on top.
"""

from __future__ import annotations

import array
import ctypes
import errno
import mmap
import struct
import time
from typing import TYPE_CHECKING, Final

from ...runtime import Entry, MapSnapshot
from ...spec import MapFlag, MapType
from .batch import Columns, Count, read_batches, scan_batches
from .layouts import MapElement
from .memory import FixedMemory
from .syscall import UNSUPPORTED, BpfError, Command, buffer, call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...maps import Shape
    from .syscall import Buffer, Descriptor

__all__ = ["Elements"]

_SMALL: Final = 1024
"""Bytes of a value up to which reading batches costs less than asking for one key after the other."""

_SCANNED: Final = 4096
"""Entries that are handed out at once where they are not read in batches."""

_ELEMENT: Final = MapElement.packing("map_fd", "key", "value", "flags")
"""Packed at once, as it is made for each element."""


def _shown_once(type_: MapType) -> bool:
    """Whether batches go through buckets or indices. Others go from key to key, and may come to one a second time."""
    return type_.is_hash or type_.is_array or type_.holds_maps


def _holds_sockets(type_: MapType) -> bool:
    return type_.is_sockmap or type_ is MapType.REUSEPORT_SOCKARRAY


def _mapped(fd: int, size: int, protection: int) -> mmap.mmap:
    """Return a map's memory; by a descriptor to read only (BPF_F_RDONLY) that can only be read."""
    try:
        return mmap.mmap(fd, size, mmap.MAP_SHARED, protection)
    except PermissionError:
        return mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)


class Elements:
    """Access to a map's elements through its descriptor. Every method may raise BpfError."""

    def __init__(self, descriptor: Descriptor, shape: Shape) -> None:
        self._descriptor = descriptor
        self.shape = shape
        self._batches = True
        self._count: Count | None = None
        self._counted: int | None = None
        self.memory = self._map_memory() if shape.mapable else None
        """The values of an array that can be mapped, `shape.stride` bytes each; read-only where programs may only
        read it, for a writable mapping would keep it from being frozen. Of an arena its pages: programs that use one
        are only loaded once it is mapped, for that is what gives it its address."""

    def _map_memory(self) -> mmap.mmap | FixedMemory | None:
        read_only = self.shape.flags & MapFlag.RDONLY_PROG
        protection = mmap.PROT_READ if read_only else mmap.PROT_READ | mmap.PROT_WRITE
        with self._descriptor as fd:
            try:
                if self.shape.address:
                    memory = FixedMemory(fd, self.shape.memory_size, self.shape.address)
                else:
                    memory = _mapped(fd, self.shape.memory_size, protection)
            except OSError:
                if self.shape.type == MapType.ARENA:
                    raise
                # An array can always be read by bpf(2) instead.
                return None
        self._descriptor.own(memory)
        return memory

    def _call(
        self,
        command: Command,
        key: Buffer | None,
        value: Buffer | None,
        flags: int = 0,
    ) -> None:
        # Packed at once: a screen reads many elements.
        where = 0 if key is None else ctypes.addressof(key)
        what = 0 if value is None else ctypes.addressof(value)
        with self._descriptor as fd:
            call(command, buffer(_ELEMENT.pack(fd, where, what, flags)))

    def lookup(self, key: bytes | None, *, command: Command = Command.MAP_LOOKUP_ELEM, flags: int = 0) -> bytes | None:
        """Return the value at *key* (None for queues and stacks), or None when there is none."""
        value = buffer(self.shape.moved_size)
        try:
            self._call(command, None if key is None else buffer(key), value, flags)
        except BpfError as error:
            if error.errno == errno.ENOENT:
                return None
            raise
        return value.raw[: self.shape.moved_size]

    def contains(self, value: bytes) -> bool:
        """Whether a bloom filter says that it has the value, which its lookup takes instead of giving one."""
        try:
            self._call(Command.MAP_LOOKUP_ELEM, None, buffer(value))
        except BpfError as error:
            if error.errno == errno.ENOENT:
                return False
            raise
        return True

    def take(self, key: bytes | None) -> bytes | None:
        """Look the value up and delete its entry in one step."""
        return self.lookup(key, command=Command.MAP_LOOKUP_AND_DELETE_ELEM)

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Set the value at *key*."""
        self._call(Command.MAP_UPDATE_ELEM, None if key is None else buffer(key), buffer(value), flags)

    def delete(self, key: bytes) -> None:
        """Delete the entry at *key*."""
        self._call(Command.MAP_DELETE_ELEM, buffer(key), None)

    def next_key(self, key: bytes | None) -> bytes | None:
        """Return the key after *key*, the first one for None; None after the last.

        A key that is not there any more starts from the beginning again.
        """
        following = buffer(self.shape.key_size)
        try:
            self._call(Command.MAP_GET_NEXT_KEY, None if key is None else buffer(key), following)
        except BpfError as error:
            if error.errno == errno.ENOENT:
                return None
            raise
        return following.raw[: self.shape.key_size]

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the first value."""
        if self.memory is not None:
            with self._descriptor:
                return self.memory[offset : offset + size]
        value = self.lookup(bytes(self.shape.key_size)) or b""
        return value[offset : offset + size]

    def write_at(self, offset: int, raw: bytes) -> None:
        """Overwrite bytes of the first value."""
        if self.memory is not None:
            with self._descriptor:
                self.memory[offset : offset + len(raw)] = raw
            return
        key = bytes(self.shape.key_size)
        value = bytearray(self.lookup(key) or bytes(self.shape.moved_size))
        value[offset : offset + len(raw)] = raw
        self.update(key, bytes(value))

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        """Read at most *limit* entries; a map without entries that could be listed gives none."""
        if self.shape.unreadable is not None:
            return MapSnapshot(())
        want = self.shape.bound if limit is None else min(limit, self.shape.bound)
        if self.memory is not None:
            with self._descriptor:
                return self._read_memory(self.memory, want)
        columns = self._read_batches(want)
        return self._read_singly(want) if columns is None else self._split(columns, want)

    def count(self, within: float | None = None) -> tuple[int, bool]:
        """Count the entries for at most *within* seconds; return how many were found, and whether those are all.

        A count that took longer is gone on with the next time; meanwhile, that of the last one that ended stands.
        """
        if self.shape.type.is_array:
            return self.shape.max_entries, True
        until = float("inf") if within is None else time.monotonic() + within
        # The kernel copies the values too: keys alone cost less where those are large.
        if not (self._batches and _shown_once(self.shape.type) and self.shape.moved_size <= _SMALL):
            return self._count_keys(until)
        count = self._count or Count(self._descriptor, self.shape)
        try:
            ended = count.go_on(until)
        except BpfError as error:
            self._count = None
            if error.errno not in UNSUPPORTED:
                raise
            return self._count_keys(until)
        self._count = None if ended else count
        if ended:
            self._counted = count.found
        return (count.found, False) if self._counted is None else (self._counted, True)

    def _count_keys(self, until: float) -> tuple[int, bool]:
        count, key = 0, self.next_key(None)
        while key is not None and count < self.shape.bound and time.monotonic() < until:
            count, key = count + 1, self.next_key(key)
        return count, key is None

    def columns(self, limit: int | None = None) -> Columns:
        """Read at most *limit* entries as two rows of bytes, which is what costs least for a map with many."""
        want = self.shape.bound if limit is None else min(limit, self.shape.bound)
        if self.memory is not None and self.shape.type == MapType.ARRAY:
            return self._columns_of_memory(self.memory, want)
        columns = self._read_batches(want) if _shown_once(self.shape.type) else None
        if columns is not None:
            keys, values = want * self.shape.key_size, want * self.shape.moved_size
            return Columns(columns.keys[:keys], columns.values[:values], columns.partial or len(columns.keys) > keys)
        found = self.snapshot(limit)
        rows = ((entry.key, self.shape.join(entry.values)) for entry in found.entries)
        all_keys, all_values = zip(*rows, strict=True) if found.entries else ((), ())
        return Columns(b"".join(all_keys), b"".join(all_values), found.partial)

    def scan(self) -> Iterator[Sequence[Entry]]:
        """Iterate over the entries, some thousands at a time."""
        if self.memory is None and self._batches and _shown_once(self.shape.type):
            try:
                for columns in scan_batches(self._descriptor, self.shape):
                    if self.shape.per_cpu:
                        yield [Entry(key, self.shape.split(raw)) for key, raw in self._pairs(columns)]
                    else:
                        yield [Entry(key, (raw,)) for key, raw in self._pairs(columns)]
            except BpfError as error:
                if error.errno not in UNSUPPORTED:  # which comes before the first batch, if at all
                    raise
            else:
                return
        entries = self.snapshot().entries
        for at in range(0, len(entries), _SCANNED):
            yield entries[at : at + _SCANNED]

    def _columns_of_memory(self, memory: mmap.mmap | FixedMemory, want: int) -> Columns:
        size, stride = self.shape.value_size, self.shape.stride
        count = min(self.shape.max_entries, want)
        with self._descriptor:
            values = memory[: count * stride]
        if stride != size:
            values = b"".join(values[at : at + size] for at in range(0, len(values), stride))
        return Columns(array.array("I", range(count)).tobytes(), values, count < self.shape.max_entries)

    def take_all(self, limit: int | None = None) -> MapSnapshot:
        """Read entries and delete them in the same step: at most *limit*, but for the rest of a hash table's bucket."""
        want = self.shape.bound if limit is None else min(limit, self.shape.bound)
        return self._split(read_batches(self._descriptor, self.shape, want, delete=True), self.shape.bound)

    def _read_batches(self, want: int) -> Columns | None:
        """Read in batches; None where the type does not have them."""
        if not self._batches:
            return None
        try:
            return read_batches(self._descriptor, self.shape, want)
        except BpfError as error:
            if error.errno not in UNSUPPORTED:
                raise
        self._batches = False
        return None

    def _read_memory(self, memory: mmap.mmap | FixedMemory, want: int) -> MapSnapshot:
        size, stride = self.shape.value_size, self.shape.stride
        count = min(self.shape.max_entries, want)
        entries = tuple(
            Entry(struct.pack("=I", index), (memory[index * stride : index * stride + size],)) for index in range(count)
        )
        return MapSnapshot(entries, partial=count < self.shape.max_entries)

    def _read_singly(self, want: int) -> MapSnapshot:
        found: dict[bytes, bytes] = {}
        key: bytes | None = None
        partial, note = True, ""
        try:
            for _ in range(self.shape.bound):
                key = self.next_key(key)
                if key is None or len(found) > want:
                    partial = key is not None
                    break
                raw = self.lookup(key)
                if raw is not None:
                    found[key] = raw
        except BpfError as error:
            # Some types have keys but do not show their values, and some not even keys.
            if error.errno == errno.ENOSPC and _holds_sockets(self.shape.type):
                note = "the kernel tells sockets by cookies of 8 bytes, and its values have 4"
            elif error.errno in UNSUPPORTED:
                note = "the kernel does not tell what it holds"
            else:
                raise
            partial = False
        return self._entries(found, want, partial=partial, note=note)

    def _entries(self, found: dict[bytes, bytes], want: int, *, partial: bool, note: str = "") -> MapSnapshot:
        entries = tuple(Entry(key, self.shape.split(raw)) for key, raw in found.items())
        return MapSnapshot(entries[:want], partial=partial or len(entries) > want, note=note, is_counted=not note)

    def _split(self, columns: Columns, want: int) -> MapSnapshot:
        # A map that is no hash table may have shown a key twice, when others were deleted meanwhile.
        return self._entries(dict(self._pairs(columns)), want, partial=columns.partial)

    def _pairs(self, columns: Columns) -> Iterator[tuple[bytes, bytes]]:
        keys, values, key_size, value_size = *columns[:2], self.shape.key_size, self.shape.moved_size
        for index in range(len(keys) // key_size):
            at = index * value_size
            yield keys[index * key_size : (index + 1) * key_size], values[at : at + value_size]
