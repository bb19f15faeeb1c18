"""Queues, stacks and bloom filters: maps without keys."""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from ...maps.typed import ANY, EXIST
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ...runtime import Entry
    from ..engine.memory import AddressSpace

__all__ = ["BloomStore", "QueueStore", "StackStore"]

_OVERHEAD: Final = 64
"""Bytes that a value costs beside its own."""


class QueueStore(Store):
    """`queue` (kernel/bpf/queue_stack_maps.c): first in, first out."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self.values: deque[bytes] = deque()

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return what would be taken next (peek)."""
        return self.values[0] if self.values else None

    def take(self, key: bytes | None) -> bytes | None:
        """Take the next value (pop)."""
        return self._taken(self.values.popleft()) if self.values else None

    def _taken(self, value: bytes) -> bytes:
        self.memory.refund(_OVERHEAD + len(value))
        return value

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Put a value in (push); with EXIST the oldest makes room for it when it is full."""
        if flags not in (ANY, EXIST):
            raise ElementError(errno.EINVAL)
        if len(self.values) >= self.shape.max_entries:
            if flags != EXIST:
                raise ElementError(errno.E2BIG)
            self._taken(self.values.popleft())
        self.memory.charge(f"a value of {self.name}", _OVERHEAD + len(value))
        self.values.append(value)

    def set(self, key: bytes, value: bytes, flags: int, cpu: int) -> None:
        """Refuse it: programs push."""
        raise ElementError(errno.EINVAL)

    def delete(self, key: bytes) -> None:
        """Refuse it: values are taken, not deleted."""
        raise ElementError(errno.EINVAL)

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: there are no keys."""
        return iter(())


class StackStore(QueueStore):
    """`stack`: last in, first out."""

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Return what would be taken next (peek)."""
        return self.values[-1] if self.values else None

    def take(self, key: bytes | None) -> bytes | None:
        """Take the next value (pop)."""
        return self._taken(self.values.pop()) if self.values else None


class BloomStore(Store):
    """`bloom_filter`: a set that can only be asked and added to. Unlike the kernel's, it never errs."""

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self._values: set[bytes] = set()

    def contains(self, value: bytes) -> bool:
        """Whether *value* was put in."""
        return value in self._values

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Put a value in (push)."""
        if flags != ANY:
            raise ElementError(errno.EINVAL)
        if value not in self._values:
            self.memory.charge(f"a value of {self.name}", _OVERHEAD + len(value))
            self._values.add(value)

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: it does not keep what was put in."""
        return iter(())
