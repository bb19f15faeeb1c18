"""BPF_MAP_*_BATCH: many elements in one call (Linux 5.6), as columns of bytes."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from .layouts import MapBatch
from .syscall import UNSUPPORTED, BpfError, Command, buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...maps import Shape
    from .syscall import Descriptor

__all__ = ["Columns", "Count", "read_batches", "scan_batches", "write_batch"]

_BATCH: Final = 4096
"""Entries read at once: with 4,096 and more, a batch is nearly as fast as one for the whole map."""
_BATCH_BYTES: Final = 4 << 20


class Columns(NamedTuple):
    """Entries as the kernel moves them: all keys in a row, and all values."""

    keys: bytes
    values: bytes
    partial: bool
    """Whether there are others."""


def read_batches(descriptor: Descriptor, shape: Shape, want: int, *, delete: bool = False) -> Columns:
    """Return *want* entries, or a few more: a hash table gives whole buckets.

    Args:
        descriptor: The map's.
        shape: Its sizes.
        want: At how many the reading stops. It also stops after twice `max_entries`, for a map that never rests.
        delete: Whether what is read is deleted in the same step.

    Raises:
        BpfError: The kernel said no: with `UNSUPPORTED` to a type that has no batches. When it does so after something
            was deleted, that is returned, and it is partial.
    """
    keys: list[bytes] = []
    values: list[bytes] = []
    pair = shape.key_size + shape.moved_size
    size = max(1, min(shape.max_entries, _BATCH, _BATCH_BYTES // pair, want))
    batch = _Batch(shape, size, delete=delete)
    read = 0
    while True:
        try:
            batch, done = batch.following(descriptor)
        except BpfError:
            if delete and read:
                break  # what was taken is nowhere else any more
            raise
        read += batch.count
        keys.append(batch.keys)
        values.append(batch.values)
        # What was read and deleted has to be handed over; of what was only read, one more tells that there are more.
        if done or read >= shape.bound or (read >= want if delete else read > want):
            return Columns(b"".join(keys), b"".join(values), not done)
        if delete and want - read < batch.size:
            batch = batch.resized(want - read)
    return Columns(b"".join(keys), b"".join(values), partial=True)


def scan_batches(descriptor: Descriptor, shape: Shape) -> Iterator[Columns]:
    """Iterate over the entries in batches. It ends after twice `max_entries`, for a map that never rests.

    Raises:
        BpfError: The kernel said no: with `UNSUPPORTED` to a type that has no batches.
    """
    pair = shape.key_size + shape.moved_size
    batch = _Batch(shape, max(1, min(shape.max_entries, _BATCH, _BATCH_BYTES // pair)), delete=False)
    read, done = 0, False
    while not done and read < shape.bound:
        batch, done = batch.following(descriptor)
        read += batch.count
        yield Columns(batch.keys, batch.values, not done)


class Count:
    """A count of a map's entries that can be made in parts. Raises BpfError as `read_batches` does.

    Args:
        descriptor: The map's.
        shape: Its sizes.
    """

    def __init__(self, descriptor: Descriptor, shape: Shape) -> None:
        self._descriptor = descriptor
        self._shape = shape
        size = max(1, min(shape.max_entries, 4 * _BATCH, _BATCH_BYTES // (shape.key_size + shape.moved_size)))
        self._batch = _Batch(shape, size, delete=False)
        self.found = 0

    found: int
    """Entries so far."""

    def go_on(self, until: float) -> bool:
        """Count on *until* then (`time.monotonic`), and return whether that was the end."""
        while True:
            self._batch, done = self._batch.following(self._descriptor)
            self.found += self._batch.count
            if done or self.found >= self._shape.bound:
                return True
            if time.monotonic() >= until:
                return False


def write_batch(
    descriptor: Descriptor, command: Command, keys: bytes, values: bytes | None, count: int, flags: int = 0
) -> int:
    """Make one call for *count* entries, and return how many the kernel dealt with before it stopped.

    What stopped it is found out by doing the next one by itself; so the last one is never counted then.
    """
    if count == 0:
        return 0
    attr = MapBatch(keys=buffer(keys), values=None if values is None else buffer(values), count=count, elem_flags=flags)
    try:
        with descriptor as fd:
            attr.map_fd = fd
            attr.call(command)
    except BpfError as error:
        return 0 if error.errno in UNSUPPORTED else min(attr.count, count - 1)
    return count


class _Batch:
    """One call after the other, each going on where the one before ended."""

    def __init__(self, shape: Shape, size: int, position: bytes | None = None, *, delete: bool) -> None:
        self.size = size
        self.count = 0
        self._shape = shape
        self._position = position
        self._delete = delete
        self._keys = buffer(size * shape.key_size)
        self._values = buffer(size * shape.moved_size)

    def resized(self, size: int) -> _Batch:
        """Return a batch of another size that goes on at the same place."""
        return _Batch(self._shape, size, self._position, delete=self._delete)

    def following(self, descriptor: Descriptor) -> tuple[_Batch, bool]:
        """Read on; return what has what was read, and whether that was the end."""
        batch = self
        while True:
            try:
                with descriptor as fd:
                    return batch, batch.read(fd)
            except BpfError as error:
                if error.errno != errno.ENOSPC or batch.size > self._shape.bound:
                    raise
            # One bucket of the hash table holds more than the batch: ask again from the same place.
            batch = batch.resized(batch.size * 2)

    def read(self, fd: int) -> bool:
        """Read on, and return whether that was the end."""
        # A hash table's position is a 32-bit bucket number, however small the key.
        following = buffer(max(4, self._shape.key_size))
        attr = MapBatch(
            in_batch=None if self._position is None else buffer(self._position),
            out_batch=following,
            keys=self._keys,
            values=self._values,
            count=self.size,
            map_fd=fd,
        )
        try:
            attr.call(Command.MAP_LOOKUP_AND_DELETE_BATCH if self._delete else Command.MAP_LOOKUP_BATCH)
            done = False
        except BpfError as error:
            # The count is valid with the end, too.
            if error.errno != errno.ENOENT:
                raise
            done = True
        self.count = attr.count
        self._position = following.raw
        return done

    @property
    def keys(self) -> bytes:
        """The keys that were read last."""
        return self._keys.raw[: self.count * self._shape.key_size]

    @property
    def values(self) -> bytes:
        """Their values."""
        return self._values.raw[: self.count * self._shape.moved_size]
