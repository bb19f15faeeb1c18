"""Map: a map of the built-in machine, with the face of a Python mapping."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

from ..errors import FeatureError, LoadError
from ..maps import TypedMap
from .maps import RecordStore, UserRing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..errors import BpftuiError
    from ..maps import ElementError, Shape
    from ..runtime import Entry, MapSnapshot
    from ..spec import MapSpec
    from .maps import Store
    from .parts import Parts

__all__ = ["Map", "Records"]

_SCANNED = 4096
"""Entries that are handed out at once."""


class _Guarded:
    """A store's elements for other threads than that of a run: each call waits until no program runs."""

    def __init__(self, store: Store, parts: Parts) -> None:
        self.store = store
        self._parts = parts

    @property
    def shape(self) -> Shape:
        return self.store.shape

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        with self._parts.between_runs():
            return self.store.lookup(key, flags=flags)

    def take(self, key: bytes | None) -> bytes | None:
        with self._parts.between_runs():
            return self.store.take(key)

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        with self._parts.between_runs():
            self.store.update(key, value, flags)

    def delete(self, key: bytes) -> None:
        with self._parts.between_runs():
            self.store.delete(key)

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        with self._parts.between_runs():
            return self.store.snapshot(limit)

    def count(self, within: float | None = None) -> tuple[int, bool]:
        return len(self.snapshot().entries), True

    def scan(self) -> Iterator[Sequence[Entry]]:
        entries = self.snapshot().entries
        for at in range(0, len(entries), _SCANNED):
            yield entries[at : at + _SCANNED]

    def read_at(self, offset: int, size: int) -> bytes:
        with self._parts.between_runs():
            return self.store.read_at(offset, size)

    def write_at(self, offset: int, raw: bytes) -> None:
        with self._parts.between_runs():
            self.store.write_at(offset, raw)


class Map(TypedMap):
    """A map of the built-in machine.

    Args:
        spec: What it was made from.
        store: Where its elements are.
        number: Its number within the runtime.
        address: By which programs know it.
        parts: What it shares with the others of its collection.
    """

    def __init__(self, spec: MapSpec, store: Store, number: int, address: int, parts: Parts) -> None:
        super().__init__(spec, _Guarded(store, parts))
        self.store = store
        self.id = number
        self.address = address
        self.parts = parts
        self.frozen = spec.is_data and spec.read_only

    id: int
    """Its number; no kernel's."""

    def reference_to(self, value: object, size: int) -> bytes | None:
        """Return the number that stands for a map or a program of this machine."""
        from .program import Program

        return value.id.to_bytes(size, self.store.byte_order) if isinstance(value, Map | Program) else None

    def refused(self, error: ElementError, doing: str, feature: str) -> BpftuiError:
        """Return what a refusal means."""
        name = errno.errorcode.get(error.errno, "ENOTSUPP")
        if error.errno == errno.E2BIG or error.errno == errno.ENOSPC:
            return LoadError(f"cannot {doing}: it is full, with {self.max_entries} entries ({name})")
        if name == "ENOTSUPP":
            return FeatureError(f"cannot {doing}: its type has no such operation ({name})")
        return LoadError(f"cannot {doing}: {os.strerror(error.errno).lower()} ({name})")

    def records(self) -> Records | None:
        """Return the reading side of a ring buffer; None for other maps."""
        return Records(self.store, self.parts) if isinstance(self.store, RecordStore) else None

    def produce(self, record: bytes) -> None:
        """Put a record into a user ring buffer, for a program to drain.

        Raises:
            FeatureError: The map is none.
            LoadError: It is full.
        """
        if not isinstance(self.store, UserRing):
            raise FeatureError(f"map {self.name} ({self.type.label}) is no user ring buffer: only programs write to it")
        with self.parts.between_runs():
            if not self.store.produce(record):
                raise LoadError(f"cannot put {len(record)} bytes into map {self.name}: it is full")

    def close(self) -> None:
        """Do nothing: its memory goes with its collection."""


class Records:
    """The reading side of a ring buffer: reading consumes. Has the face of `core.live.RingBuffer`."""

    def __init__(self, stream: RecordStore, parts: Parts) -> None:
        self._stream = stream
        self._parts = parts
        self.count = 0

    count: int
    """Records read so far."""

    @property
    def lost(self) -> int:
        """How many records found no room so far."""
        return self._stream.lost

    @property
    def pending(self) -> int:
        """Bytes that wait to be read, headers included."""
        return self._stream.pending

    def poll(self, timeout: float | None = None) -> bool:
        """Wait at most *timeout* seconds for a record, or as long as it takes; return whether there is one."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._stream.pending and (end is None or time.monotonic() < end):
            time.sleep(0.005)
        return bool(self._stream.pending)

    def read(self, limit: int = 1000) -> list[bytes]:
        """Return the records that are there, at most *limit* of them, and make room for others."""
        with self._parts.between_runs():
            records = self._stream.read(limit)
        self.count += len(records)
        return records

    def close(self) -> None:
        """Do nothing: there is nothing to be released."""
