"""Maps of the built-in machine: the kernel's semantics and error codes, in Python's memory."""

from __future__ import annotations

from .arena import ArenaStore
from .arrays import ArrayStore
from .create import create_store
from .hashes import HashStore, LpmStore, LruStore
from .queues import BloomStore, QueueStore, StackStore
from .references import MapOfMaps, ReferenceStore
from .storage import StorageStore
from .store import Store
from .streams import RecordStore, UserRing

__all__ = [
    "ArenaStore",
    "ArrayStore",
    "BloomStore",
    "HashStore",
    "LpmStore",
    "LruStore",
    "MapOfMaps",
    "QueueStore",
    "RecordStore",
    "ReferenceStore",
    "StackStore",
    "StorageStore",
    "Store",
    "UserRing",
    "create_store",
]
