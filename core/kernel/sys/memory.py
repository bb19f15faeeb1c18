"""Memory of a map at an address of its own choosing: an arena's, where the object fixes it."""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Final

__all__ = ["FixedMemory"]

_MAP_FIXED_NOREPLACE: Final = 0x100000
"""Since Linux 4.17: fail with EEXIST rather than replace what is mapped there."""
_FAILED: Final = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class FixedMemory:
    """Shared memory at a given address, with what of `mmap.mmap` is used here: that one cannot be told where.

    Args:
        fd: What to map, readable and writable.
        size: Bytes.
        address: Where. Nothing else of this process may be there.

    Raises:
        OSError: EEXIST where something is there; else why the kernel did not map it.
    """

    def __init__(self, fd: int, size: int, address: int) -> None:
        protection = mmap.PROT_READ | mmap.PROT_WRITE
        found = _libc.mmap(address, size, protection, mmap.MAP_SHARED | _MAP_FIXED_NOREPLACE, fd, 0)
        if found == _FAILED:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self._address, self._size = address, size
        self._view = memoryview((ctypes.c_char * size).from_address(address)).cast("B")

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: slice) -> bytes:
        return bytes(self._view[place])

    def __setitem__(self, place: slice, raw: bytes) -> None:
        self._view[place] = raw

    def close(self) -> None:
        """Unmap it; a second call does nothing."""
        if self._size:
            self._view.release()
            _libc.munmap(self._address, self._size)
            self._size = 0
