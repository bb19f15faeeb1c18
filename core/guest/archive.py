"""Archive: the files of a guest as a cpio archive, which the kernel unpacks into memory."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Archive"]


class Archive:
    """A cpio archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._folders: set[str] = {"/"}

    def folder(self, name: str) -> None:
        """Add a folder, after those that it lies in; a second time does nothing."""
        if name not in self._folders:
            self.folder(os.path.dirname(name))
            self._folders.add(name)
            self._entry(name, stat.S_IFDIR | 0o755, b"", 0)

    def file(self, name: str, path: Path) -> None:
        """Add a file of this machine; what it was changed last says whether compiled code is up to date."""
        found = path.stat()
        self.add(name, path.read_bytes(), mode=stat.S_IMODE(found.st_mode), modified=int(found.st_mtime))

    def add(self, name: str, data: bytes, *, mode: int = 0o644, modified: int = 0) -> None:
        """Add *data* as a file; *modified* is in seconds since 1970."""
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, data, modified)

    def _entry(self, name: str, mode: int, data: bytes, modified: int) -> None:
        self._parts += self._entry_parts(name, mode, data, modified)

    def _entry_parts(self, name: str, mode: int, data: bytes, modified: int) -> list[bytes]:
        text = name.lstrip("/").encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (len(self._parts), mode, 0, 0, links, modified & 0xFFFF_FFFF, len(data), 0, 0, 0, 0, len(text), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + text
        return [header + bytes(-len(header) % 4), data + bytes(-len(data) % 4)]

    def bytes(self) -> bytes:
        """Return the archive, with its end; more can be added afterwards."""
        return b"".join((*self._parts, *self._entry_parts("TRAILER!!!", 0, b"", 0)))
