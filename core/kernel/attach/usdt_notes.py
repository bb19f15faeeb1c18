"""The USDT probes of a program or library: what its `.note.stapsdt` says of each place where one was put.

The notes are those of SystemTap's <sys/sdt.h>, version 3: three addresses (of the place, of `.stapsdt.base`, of the
semaphore), and three texts (provider, name, arguments). Each use of a probe in the source is a place of its own.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...errors import UsageError
from .binary import open_elf, segments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .binary import Segment

__all__ = ["UsdtProbe", "read_probes"]

_SECTION: Final = ".note.stapsdt"
_BASE: Final = ".stapsdt.base"
_OWNER: Final = "stapsdt"
_TYPES: Final = (3, "NT_GNU_BUILD_ID")
"""3, which elftools takes for what it means of notes of GNU's."""


class UsdtProbe(NamedTuple):
    """One place of a USDT probe."""

    provider: str
    name: str
    arguments: str
    """Where each argument is, in the assembler's words: `-4@%edi 8@-16(%rbp)`."""
    offset: int
    """In the file."""
    address: int
    """As the file itself counts: that of an executable that is not position-independent is the one in memory."""
    semaphore: int
    """Offset in the file of the counter of those who look, which the program asks before it goes there; 0 for none."""
    is_fixed: bool
    """Whether the file is loaded where its addresses say (ET_EXEC)."""

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


def read_probes(path: str) -> list[UsdtProbe]:
    """Return all USDT probes of a file, in the order of its notes; none where it has none.

    Raises:
        UsageError: It cannot be read, is no executable or library, or its notes make no sense.
    """
    with open_elf(path, "USDT probes") as elf:
        if elf.header.e_type not in ("ET_EXEC", "ET_DYN"):
            raise UsageError(f"cannot look for USDT probes in {path}: it is no executable and no library")
        section = elf.get_section_by_name(_SECTION)
        return [] if section is None else list(_probes(elf, section, path))


def _probes(elf: Any, section: Any, path: str) -> Iterator[UsdtProbe]:
    from elftools.elf.notes import iter_notes

    loaded = segments(elf)
    base = elf.get_section_by_name(_BASE)
    for note in iter_notes(elf, section.header.sh_offset, section.header.sh_size):
        if note["n_name"] != _OWNER or note["n_type"] not in _TYPES:
            continue
        word = "Q" if elf.elfclass == 64 else "I"
        addresses = struct.Struct(f"{'<' if elf.little_endian else '>'}3{word}")
        data = bytes(note["n_descdata"])
        if len(data) < addresses.size + 3:
            raise UsageError(f"cannot look for USDT probes in {path}: a note of {_SECTION} is cut off")
        location, noted_base, semaphore = addresses.unpack_from(data)
        texts = data[addresses.size :].split(b"\0")
        if len(texts) < 4 or not texts[1]:
            raise UsageError(f"cannot look for USDT probes in {path}: a note of {_SECTION} names no probe")
        provider, name, arguments = (text.decode("utf-8", "replace") for text in texts[:3])
        # prelink(8) moves sections, and not what notes say of them; how far, the base tells.
        if base is not None and noted_base:
            location += base.header.sh_addr - noted_base
        offset = _place(loaded, location, f"{provider}:{name}", path, executable=True)
        counter = _place(loaded, semaphore, f"the semaphore of {provider}:{name}", path) if semaphore else 0
        is_fixed = elf.header.e_type == "ET_EXEC"
        yield UsdtProbe(provider, name, arguments.removeprefix(":"), offset, location, counter, is_fixed)


def _place(loaded: list[Segment], address: int, what: str, path: str, *, executable: bool = False) -> int:
    """Return where in the file an address lies, which has to be that of code, or of no code."""
    for segment in loaded:
        offset = segment.place(address)
        if offset is not None and segment.is_executable == executable:
            return offset
    raise UsageError(
        f"cannot look for USDT probes in {path}: {what} is said to be at {address:#x}, where the file has "
        f"no {'code' if executable else 'data'}"
    )
