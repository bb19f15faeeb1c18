"""The debug sections of an object: decompressed, and with their relocations applied."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from ..elf import SectionFlag, SectionType

if TYPE_CHECKING:
    from ..elf import Elf, Section

__all__ = ["ADDRESS_BITS", "DebugSections"]

ADDRESS_BITS: Final = 32
"""Every section of an object begins at address 0. So that an address tells its section as well, the section's number
is put above this many bits of it."""

_WIDTHS: Final = {1: 8, 2: 8, 3: 4, 4: 4, 10: 4, 11: 4, 12: 8}
"""Bytes that a relocation patches, by its type: R_BPF_64_64 and R_BPF_64_32 before LLVM 13, R_BPF_64_ABS64,
R_BPF_64_ABS32 and R_BPF_64_NODYLD32 since (Documentation/bpf/llvm_reloc.rst);
R_BPF_DATA_32 and R_BPF_DATA_64 of binutils up to 2.40."""
_WHOLE: Final = (11, 12)
"""Those whose place has the symbol's value in it already."""
_MAX_SIZE: Final = 64 << 20
"""Bytes that a compressed section may grow to."""
_ZLIB: Final = 1
_ZSTD: Final = 2


class DebugSections:
    """Gives the contents of `.debug_*` sections by name, each prepared when it is first asked for."""

    def __init__(self, elf: Elf) -> None:
        self.elf = elf
        self._prepared: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        """Return a section's bytes, relocated; empty where there is none.

        Raises:
            ObjectError: It is damaged, or compressed in a way that this Python cannot undo.
        """
        found = self._prepared.get(name)
        if found is None:
            section = self._find(name)
            found = self._prepared[name] = b"" if section is None else self._prepare(section)
        return found

    def _find(self, name: str) -> Section | None:
        by_name = self.elf.by_name
        section = by_name.get(name) or by_name.get(name.replace(".debug", ".zdebug", 1))
        return section if section is not None and section.type != SectionType.NOBITS else None

    def _prepare(self, section: Section) -> bytes:
        if section.flags & SectionFlag.COMPRESSED:
            raw = self._decompressed(section)
        elif section.name.startswith(".zdebug"):
            # GNU's older way: "ZLIB", the size in eight big-endian bytes, then the stream.
            stored = self.elf.contents(section)
            raw = _inflated(self.elf, section, stored[12:], int.from_bytes(stored[4:12], "big"))
        else:
            raw = self.elf.contents(section)
        return self._relocated(section, raw)

    def _decompressed(self, section: Section) -> bytes:
        stored = self.elf.contents(section._replace(flags=section.flags & ~SectionFlag.COMPRESSED))
        if len(stored) < 24:
            raise self.elf.error("its compression header is cut off", section.name)
        order = "<" if self.elf.byte_order == "little" else ">"
        kind, _, size = struct.unpack_from(order + "IIQ", stored)  # Elf64_Chdr
        if kind == _ZLIB:
            return _inflated(self.elf, section, stored[24:], size)
        if kind == _ZSTD:
            return _unpacked_zstd(self.elf, section, stored[24:], size)
        raise self.elf.error(f"it is compressed in an unknown way, {kind}", section.name)

    def _relocated(self, section: Section, raw: bytes) -> bytes:
        """Return the contents with symbols' values added to what the linker left in place."""
        elf = self.elf
        relocations = elf.relocations(section)
        if not relocations:
            return raw
        symbols, sections, order = elf.symbols, elf.sections, elf.byte_order
        patched = bytearray(raw)
        for offset, kind, index, addend in relocations:
            width = _WIDTHS.get(kind)
            if kind == 0:
                continue
            if width is None:
                raise elf.error(f"relocation type {kind} is not known in debug information", section.name, offset)
            if offset + width > len(patched) or index >= len(symbols):
                raise elf.error("a relocation points outside of the section or to no symbol", section.name, offset)
            symbol = symbols[index]
            value = addend + int.from_bytes(patched[offset : offset + width], order)
            if kind not in _WHOLE:
                value += symbol.value
            if width == 8 and symbol.section < len(sections) and sections[symbol.section].flags & SectionFlag.ALLOC:
                value += symbol.section << ADDRESS_BITS
            patched[offset : offset + width] = (value & (1 << width * 8) - 1).to_bytes(width, order)
        return bytes(patched)


def _inflated(elf: Elf, section: Section, stream: bytes, size: int) -> bytes:
    if size > _MAX_SIZE:
        raise elf.error(f"it claims {size} bytes once decompressed", section.name)
    try:
        raw = zlib.decompressobj().decompress(stream, size + 1)
    except zlib.error as error:
        raise elf.error(f"it cannot be decompressed: {error}", section.name) from None
    if len(raw) != size:
        raise elf.error(f"it has not the {size} bytes that it claims once decompressed", section.name)
    return raw


def _unpacked_zstd(elf: Elf, section: Section, stream: bytes, size: int) -> bytes:
    if size > _MAX_SIZE:
        raise elf.error(f"it claims {size} bytes once decompressed", section.name)
    from ..zstd import unzstd

    try:
        raw = unzstd(stream, size + 1)
    except ModuleNotFoundError:
        message = "it is compressed with zstd, which this Python cannot undo (3.14 can, or the package backports.zstd)"
        raise elf.error(message, section.name) from None
    except ValueError as error:
        raise elf.error(f"it cannot be decompressed: {error}", section.name) from None
    if len(raw) != size:
        raise elf.error(f"it has not the {size} bytes that it claims once decompressed", section.name)
    return raw
