"""Maps of the built-in machine: the kernel's semantics and error codes, in Python's memory."""

from __future__ import annotations

from .arrays import ArrayStore, ReferenceStore
from .hashes import HashStore, LpmStore, LruStore
from .queues import BloomStore, QueueStore, StackStore
from .store import Store
from .streams import RecordStore

__all__ = [
    "ArrayStore",
    "BloomStore",
    "HashStore",
    "LpmStore",
    "LruStore",
    "QueueStore",
    "RecordStore",
    "ReferenceStore",
    "StackStore",
    "Store",
]
