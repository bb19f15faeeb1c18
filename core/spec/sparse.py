"""Contents of data sections that take no more memory than is used of them: a `.bss` may be larger than most machines.

Up to a megabyte they are a bytearray, beyond it an anonymous mapping, whose pages exist once they are written to.
"""

from __future__ import annotations

import mmap
import sys
from typing import TYPE_CHECKING, Final, TypeAlias

from ..errors import ObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGE", "Contents", "copied", "is_zero", "touched", "written", "zeros"]

Contents: TypeAlias = "bytearray | mmap.mmap"

LARGE: Final = 1 << 20
"""Bytes up to which contents are a bytearray, and up to which a value is shown whole."""
_PRIVATE: Final = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
"""Pages of a shared mapping would exist once they are looked at."""
_CHUNK: Final = 1 << 16
_ZEROS: Final = bytes(_CHUNK)
_PAGEMAP_ENTRY: Final = 8


def zeros(size: int) -> Contents:
    """Return that many zeros; ObjectError where this machine has no room for them."""
    try:
        return mmap.mmap(-1, size, flags=_PRIVATE) if size > LARGE else bytearray(size)
    except (OSError, OverflowError, MemoryError):
        raise ObjectError(f"there is no memory for its {size:,} bytes") from None


def written(contents: Contents | bytes) -> Iterator[tuple[int, bytes]]:
    """Iterate over the parts that are not only zeros: offset and bytes."""
    for window in touched(contents, 0, len(contents)):
        part = bytes(contents[window])
        if part != (_ZEROS if len(part) == _CHUNK else bytes(len(part))):
            yield window.start, part


def touched(contents: Contents | bytes, start: int, stop: int) -> Iterator[slice]:
    """Iterate over the windows of at most 64 KiB between two offsets that may hold anything but zeros.

    Looking at a page of a mapping that was never written to costs a page fault, which for a hundred megabytes is more
    than half a second; which pages there are stands in /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst).
    """
    pages = _pages(contents) if isinstance(contents, mmap.mmap) else None
    for offset in range(start, stop, _CHUNK):
        window = slice(offset, min(offset + _CHUNK, stop))
        if pages is None or any(pages[window.start // mmap.PAGESIZE : -(-window.stop // mmap.PAGESIZE)]):
            yield window


def _pages(contents: mmap.mmap) -> bytes | None:
    """Return one byte for each page, which is zero where the page does not exist; None where that cannot be known."""
    import ctypes  # reading, which comes first, does without

    address = ctypes.addressof(ctypes.c_char.from_buffer(contents))
    count = -(-len(contents) // mmap.PAGESIZE)
    try:
        with open("/proc/self/pagemap", "rb", buffering=0) as file:
            file.seek(address // mmap.PAGESIZE * _PAGEMAP_ENTRY)
            entries = file.read(count * _PAGEMAP_ENTRY)
    except OSError:
        return None
    # Present is bit 63, swapped 62; bit 55 is set for all pages of a new mapping.
    highest = _PAGEMAP_ENTRY - 1 if sys.byteorder == "little" else 0
    return entries[highest::_PAGEMAP_ENTRY] if len(entries) == count * _PAGEMAP_ENTRY else None


def is_zero(contents: Contents | bytes) -> bool:
    """Whether all of it is zeros."""
    return next(written(contents), None) is None


def copied(contents: Contents) -> Contents:
    """Return a copy."""
    if isinstance(contents, bytearray):
        return bytearray(contents)
    twin = zeros(len(contents))
    for offset, part in written(contents):
        twin[offset : offset + len(part)] = part
    return twin
