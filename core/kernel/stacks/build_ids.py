"""Build ids: what linkers write into files, so that code is known again wherever its file lies."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import Final

__all__ = ["build_id_of", "debug_file"]

_DEBUG: Final = "/usr/lib/debug/.build-id"
"""Where distributions put debug information that is kept apart from its program (gdb's default)."""
_NOTE_SEGMENT: Final = 4
"""PT_NOTE."""
_BUILD_ID: Final = 3
"""NT_GNU_BUILD_ID."""
_LONGEST: Final = 1 << 16
"""Bytes of a segment of notes that are looked through."""
_MOST_SEGMENTS: Final = 256


def build_id_of(path: str) -> bytes:
    """Return the build id of an ELF file for this machine's byte order, empty where it has none or cannot be read.

    By hand: a machine has hundreds of files in memory, and of each its first kilobyte is enough.
    """
    with suppress(OSError, ValueError, struct.error), open(path, "rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:4] != b"\x7fELF":
            return b""
        is_wide = head[4] == 2
        start = struct.unpack_from("=Q" if is_wide else "=I", head, 32 if is_wide else 28)[0]
        size, count = struct.unpack_from("=HH", head, 54 if is_wide else 42)
        file.seek(start)
        table = file.read(size * min(count, _MOST_SEGMENTS))
        for at in range(0, len(table), max(size, 1)):
            kind = struct.unpack_from("=I", table, at)[0]
            place, length = (
                struct.unpack_from("=Q16xQ", table, at + 8) if is_wide else struct.unpack_from("=I8xI", table, at + 4)
            )
            if kind == _NOTE_SEGMENT:
                file.seek(place)
                found = _in_notes(file.read(min(length, _LONGEST)))
                if found:
                    return found
    return b""


def _in_notes(raw: bytes) -> bytes:
    at = 0
    while at + 12 <= len(raw):
        name, length, kind = struct.unpack_from("=III", raw, at)
        start = at + 12 + (name + 3 & ~3)
        if kind == _BUILD_ID and raw[at + 12 : at + 12 + name] == b"GNU\0":
            return raw[start : start + length]
        at = start + (length + 3 & ~3)
    return b""


def debug_file(build_id: bytes) -> str:
    """Return where the debug information of a file is that has a build id, if it is anywhere; empty without one."""
    text = build_id.hex()
    return os.path.join(_DEBUG, text[:2], f"{text[2:]}.debug") if len(text) > 2 else ""
