"""Contents of data sections that take no more memory than is used of them: a `.bss` may be larger than most machines.

Up to a megabyte they are a bytearray, beyond it an anonymous mapping, whose pages exist once they are written to.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final, TypeAlias

from ..errors import ObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGE", "Contents", "copied", "is_zero", "written", "zeros"]

Contents: TypeAlias = "bytearray | mmap.mmap"

LARGE: Final = 1 << 20
"""Bytes up to which contents are a bytearray, and up to which a value is shown whole."""
_PRIVATE: Final = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
"""Pages of a shared mapping would exist once they are looked at."""
_CHUNK: Final = 1 << 16
_ZEROS: Final = bytes(_CHUNK)


def zeros(size: int) -> Contents:
    """Return that many zeros; ObjectError where this machine has no room for them."""
    try:
        return mmap.mmap(-1, size, flags=_PRIVATE) if size > LARGE else bytearray(size)
    except (OSError, OverflowError, MemoryError):
        raise ObjectError(f"there is no memory for its {size:,} bytes") from None


def written(contents: Contents | bytes) -> Iterator[tuple[int, bytes]]:
    """Iterate over the parts that are not only zeros: offset and bytes."""
    for offset in range(0, len(contents), _CHUNK):
        part = bytes(contents[offset : offset + _CHUNK])
        if part != (_ZEROS if len(part) == _CHUNK else bytes(len(part))):
            yield offset, part


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
