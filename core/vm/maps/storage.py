"""Storage: values that belong to something of the kernel's, and are found by its address."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from ...maps import ElementError
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...btf import ByteOrder
    from ...maps import Shape
    from ...runtime import Entry
    from ..engine.memory import AddressSpace, Region

__all__ = ["StorageStore"]

_MOST: Final = 1 << 16
"""Owners: more than there are, but for programs that make addresses up."""


class StorageStore(Store):
    """`sk_storage`, `task_storage`, `inode_storage`, `cgrp_storage` and `cgroup_storage`.

    From outside, the kernel finds an owner by a file descriptor. There is none here, so that only programs get at them.
    """

    def __init__(self, name: str, shape: Shape, memory: AddressSpace, byte_order: ByteOrder = "little") -> None:
        super().__init__(name, shape, memory, byte_order)
        self._values: dict[int, Region] = {}
        self._deleted: list[Region] = []

    def get(self, owner: int, initial: bytes | None) -> int:
        """Return the address of *owner*'s value, made from *initial* (and zeros) where there is none; None makes none,
        and where there is none, and no room for one, it is 0."""
        found = self._values.get(owner)
        if found is None:
            if initial is None or len(self._values) >= _MOST:
                return 0
            value = initial.ljust(self.shape.value_size, b"\0")
            found = self._values[owner] = self.memory.map(f"value of {self.name}", value)
        return found.base

    def forget(self, owner: int) -> bool:
        """Delete *owner*'s value; False where there is none."""
        found = self._values.pop(owner, None)
        if found is None:
            return False
        self._deleted.append(found)
        if len(self._deleted) > _MOST:
            self.settle()
        return True

    def settle(self) -> None:
        """Free the values that were deleted."""
        for region in self._deleted:
            self.memory.unmap(region)
        self._deleted.clear()

    def lookup(self, key: bytes | None, *, flags: int = 0) -> bytes | None:
        """Refuse it: nothing has this descriptor."""
        raise ElementError(errno.EBADF)

    def update(self, key: bytes | None, value: bytes, flags: int = 0) -> None:
        """Refuse it: nothing has this descriptor."""
        raise ElementError(errno.EBADF)

    def delete(self, key: bytes) -> None:
        """Refuse it: nothing has this descriptor."""
        raise ElementError(errno.EBADF)

    def entries(self) -> Iterator[Entry]:
        """Iterate over nothing: the kernel cannot list them."""
        return iter(())
