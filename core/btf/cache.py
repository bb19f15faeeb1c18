"""Indexes of BTF blobs that do not change between two starts, kept in files.

A file holds the words of an `Index` behind a header that says what it belongs to: the size of the blob and a checksum
of all its bytes. A file that is damaged, or belongs to another blob, machine or version, is as good as none.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import os
import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .index import Index

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["as_invoker", "directory", "fetch", "key", "store"]

_MAGIC: Final = b"bpftui-index/2\0\0"
_HEADER: Final = struct.Struct("=16sQIII4x")
"""Magic, size and checksum of the blob, number of types, checksum of what follows; in this machine's byte order."""


def key(raw: bytes | memoryview) -> tuple[int, int]:
    """Return what tells a blob from others: its size and a CRC-32 of its bytes (2 ms for a kernel's)."""
    return len(raw), zlib.crc32(raw)


def directory() -> Path:
    """Return the directory of the cache: `$XDG_CACHE_HOME/bpftui`, under sudo that of the user who called it."""
    invoker = _invoker()
    if invoker is not None and "XDG_CACHE_HOME" not in os.environ:
        import pwd

        with contextlib.suppress(KeyError):
            return Path(pwd.getpwuid(invoker[0]).pw_dir, ".cache", "bpftui")
    import platformdirs

    return platformdirs.user_cache_path("bpftui")


def fetch(name: str, wanted: tuple[int, int]) -> Index | None:
    """Return the index that was stored under a name for the blob with that key; None where there is none."""
    try:
        raw = (directory() / f"{name}.index").read_bytes()
        magic, size, checksum, count, own_checksum = _HEADER.unpack_from(raw)
    except (OSError, struct.error):
        return None
    body = memoryview(raw)[_HEADER.size :]
    if magic != _MAGIC or (size, checksum) != wanted or len(body) != count * 8 or zlib.crc32(body) != own_checksum:
        return None
    return Index(body[: count * 4].cast("I"), body[count * 4 :].cast("I"))


def store(name: str, belongs: tuple[int, int], index: Index) -> None:
    """Store an index for the blob with that key. Where nothing can be written, nothing happens: it is only a cache."""
    body = b"".join(array.array("I", each).tobytes() for each in (index.places, index.by_name))
    header = _HEADER.pack(_MAGIC, *belongs, len(index.places), zlib.crc32(body))
    with contextlib.suppress(OSError), as_invoker():
        folder = directory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(header + body)
            os.replace(temporary, folder / f"{name}.index")
        except OSError:
            os.unlink(temporary)
            raise


def _invoker() -> tuple[int, int] | None:
    """Return user and group of who called sudo; None when this is no such process."""
    try:
        user, group = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    except (KeyError, ValueError):
        return None
    return (user, group) if os.geteuid() == 0 and user != 0 else None


@contextlib.contextmanager
def as_invoker() -> Generator[None]:
    """Have this thread use files as the user who called sudo.

    What is made belongs to that user then, and a link that the user put in the way leads nowhere that only root may
    write to. setfsuid(2) is per thread, unlike seteuid: what the others do meanwhile is not concerned.
    """
    invoker = _invoker()
    if invoker is None:
        yield
        return
    libc = ctypes.CDLL(None)
    libc.setfsgid(invoker[1])
    libc.setfsuid(invoker[0])
    try:
        yield
    finally:
        libc.setfsuid(0)
        libc.setfsgid(os.getegid())
