"""The elements of a map as bytes: one by one, in batches, or through memory.

No types here and no names: `Map` puts them on top.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..runtime import Entry, MapSnapshot
from ..spec import MapFlag, MapType
from .memory import FixedMemory
from .syscall import UNSUPPORTED, Attr, BpfError, Command, buffer, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..maps import Shape
    from .syscall import Buffer, Descriptor

__all__ = ["Elements", "possible_cpus"]

_BATCH: Final = 4096
"""Entries read at once: with 4,096 and more, a batch is nearly as fast as one for the whole map."""
_BATCH_BYTES: Final = 4 << 20

_ELEMENT: Final = struct.Struct("=I4xQQQ")
"""The attribute of all commands on one element: map, key, value or next key, flags."""


@functools.cache
def possible_cpus() -> int:
    """Return how many CPUs the kernel can ever have, which is how many values a per-CPU entry holds.

    Neither the online nor the present ones count; a number that is too small would let the kernel write past the end.
    """
    count = 0
    for part in Path("/sys/devices/system/cpu/possible").read_text().strip().split(","):
        first, _, last = part.partition("-")
        count += int(last or first) - int(first) + 1
    return count


class Elements:
    """Access to a map's elements through its descriptor. Every method may raise BpfError."""

    def __init__(self, descriptor: Descriptor, shape: Shape) -> None:
        self._descriptor = descriptor
        self.shape = shape
        self._batches = True
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
                    memory = mmap.mmap(fd, self.shape.memory_size, mmap.MAP_SHARED, protection)
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
        if self._batches:
            try:
                return self._read_batches(want)
            except BpfError as error:
                if error.errno not in UNSUPPORTED:
                    raise
                self._batches = False
        return self._read_singly(want)

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
        partial = True
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
            if error.errno not in UNSUPPORTED:
                raise
            partial = False
        return self._entries(found, want, partial=partial)

    def _entries(self, found: dict[bytes, bytes], want: int, *, partial: bool) -> MapSnapshot:
        entries = tuple(Entry(key, self.shape.split(raw)) for key, raw in found.items())
        return MapSnapshot(entries[:want], partial=partial or len(entries) > want)

    def _read_batches(self, want: int) -> MapSnapshot:
        found: dict[bytes, bytes] = {}
        pair = self.shape.key_size + self.shape.moved_size
        size = max(1, min(self.shape.max_entries, _BATCH, _BATCH_BYTES // pair, want))
        batch = _Batch(self.shape, size)
        read = 0
        while True:
            try:
                with self._descriptor as fd:
                    done = batch.read(fd)
            except BpfError as error:
                if error.errno != errno.ENOSPC or batch.size > self.shape.bound:
                    raise
                # One bucket of the hash table holds more than the batch: ask again from the same place.
                batch = batch.grown()
                continue
            read += batch.count
            found.update(batch.pairs())
            if done or len(found) > want or read >= self.shape.bound:
                return self._entries(found, want, partial=not done)


class _Batch:
    """One BPF_MAP_LOOKUP_BATCH after the other."""

    def __init__(self, shape: Shape, size: int, position: bytes | None = None) -> None:
        self.size = size
        self.count = 0
        self._shape = shape
        self._position = position
        self._keys = buffer(size * shape.key_size)
        self._values = buffer(size * shape.moved_size)

    def grown(self) -> _Batch:
        """Return a batch of twice the size that goes on at the same place."""
        return _Batch(self._shape, self.size * 2, self._position)

    def read(self, fd: int) -> bool:
        """Read on, and return whether that was the end."""
        # A hash table's position is a 32-bit bucket number, however small the key.
        following = buffer(max(4, self._shape.key_size))
        attr = Attr(56).pointer(0, None if self._position is None else buffer(self._position))
        attr.pointer(8, following).pointer(16, self._keys).pointer(24, self._values).u32(32, self.size, fd)
        try:
            attr.call(Command.MAP_LOOKUP_BATCH)
            done = False
        except BpfError as error:
            # The count is valid with the end, too.
            if error.errno != errno.ENOENT:
                raise
            done = True
        self.count = attr.get(32)
        self._position = following.raw
        return done

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over keys and values as they were moved."""
        key_size, value_size = self._shape.key_size, self._shape.moved_size
        keys = self._keys.raw[: self.count * key_size]
        values = self._values.raw[: self.count * value_size]
        for index in range(self.count):
            key = keys[index * key_size : (index + 1) * key_size]
            yield key, values[index * value_size : (index + 1) * value_size]
