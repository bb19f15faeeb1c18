"""An ELF file of the BPF kind: sections, symbols and relocations, each access checked against the file's bounds.

Headers are read here rather than with pyelftools: importing that costs 90 ms, five times a bare interpreter, and a
symbol 44 µs, sixty times as much. A BPF object is always ELF64; layouts are those of the System V gABI, chapter 4.
"""

from __future__ import annotations

import enum
import os
import stat
import struct
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, NamedTuple, Self

from .errors import ObjectError
from .files import inside, unreadable
from .foreign import elf_kind, file_kind
from .strings import StringTable

if TYPE_CHECKING:
    from collections.abc import Generator
    from os import PathLike

__all__ = [
    "EM_BPF",
    "EM_NONE",
    "SHN_ABS",
    "SHN_COMMON",
    "Binding",
    "Elf",
    "Relocation",
    "Section",
    "SectionFlag",
    "SectionHeader",
    "SectionType",
    "Symbol",
    "SymbolType",
    "Visibility",
    "opened_file",
    "read_object_file",
]

EM_NONE: Final = 0
"""What `e_machine` was before LLVM 3.9 had a number for BPF."""
EM_BPF: Final = 247
SHN_ABS: Final = 0xFFF1
SHN_COMMON: Final = 0xFFF2
"""What symbols have in place of a section: a number that is no address, and a variable that a linker is to place."""
_SHN_XINDEX: Final = 0xFFFF
_MAX_FILE: Final = 1 << 30
"""Nobody has seen a BPF object of 100 MB; a file over 1 GiB is refused rather than read into memory."""
_PART: Final = 1 << 20
_MAX_NOBITS: Final = 2 << 30
"""A `.bss` takes no room in its file; the kernel has no map whose value is larger (INT_MAX, array_map_alloc_check)."""

_MACHINES: Final = {
    3: "32-bit x86",
    8: "MIPS",
    20: "32-bit PowerPC",
    21: "64-bit PowerPC",
    22: "S/390",
    40: "32-bit Arm",
    62: "x86-64",
    183: "AArch64",
    243: "RISC-V",
    258: "LoongArch",
    263: "Solana BPF",
}


class SectionType(enum.IntEnum):
    """`SHT_*`, as far as BPF objects have them."""

    PROGBITS = 1
    SYMTAB = 2
    STRTAB = 3
    RELA = 4
    NOBITS = 8
    REL = 9
    DYNSYM = 11


class SectionFlag(enum.IntEnum):
    """`SHF_*`."""

    WRITE = 1
    ALLOC = 2
    EXECINSTR = 4
    COMPRESSED = 0x800


class SymbolType(enum.IntEnum):
    """`STT_*`."""

    NOTYPE = 0
    OBJECT = 1
    FUNC = 2
    SECTION = 3
    FILE = 4


class Binding(enum.IntEnum):
    """`STB_*`."""

    LOCAL = 0
    GLOBAL = 1
    WEAK = 2


class Visibility(enum.IntEnum):
    """`STV_*`."""

    DEFAULT = 0
    INTERNAL = 1
    HIDDEN = 2
    PROTECTED = 3


_HEADERS: Final = {32: "IIIIIIIIII", 64: "IIQQQQIIQQ"}
"""`Elf32_Shdr` and `Elf64_Shdr`, whose members are the same, in the same order; see `SectionHeader`."""


class SectionHeader(NamedTuple):
    """A section header as it is in the file, of any machine. Offsets and sizes in bytes."""

    name: int
    """Where its name is among those of sections."""
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int

    @staticmethod
    def bytes_of_one(bits: int) -> int:
        """Return the size of a header in a file of 32 or of 64 bits."""
        return struct.calcsize("=" + _HEADERS[bits])

    @classmethod
    def read(cls, raw: bytes, byte_order: Literal["little", "big"], bits: int = 64) -> list[Self]:
        """Return the headers of a table of them; what is too short for one at its end is left out."""
        form = struct.Struct(("<" if byte_order == "little" else ">") + _HEADERS[bits])
        return [cls._make(each) for each in form.iter_unpack(raw[: len(raw) // form.size * form.size])]


class Section(NamedTuple):
    """A section header. Offsets and sizes in bytes."""

    number: int
    """Its index in the section table."""
    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int

    @property
    def executable(self) -> bool:
        """Whether it holds instructions."""
        return self.type == SectionType.PROGBITS and bool(self.flags & SectionFlag.EXECINSTR)


class Symbol(NamedTuple):
    """An entry of the symbol table."""

    name: str
    type: int
    binding: int
    visibility: int
    section: int
    """Index of its section; 0 where it is undefined, 0xff00 and above for special ones."""
    value: int
    """Bytes from the start of its section."""
    size: int

    @property
    def is_exported(self) -> bool:
        """Whether other objects, and so users, can see it: global or weak, and not hidden."""
        return self.binding != Binding.LOCAL and self.visibility not in (
            Visibility.HIDDEN,
            Visibility.INTERNAL,
        )


class Relocation(NamedTuple):
    """An entry of a relocation table."""

    offset: int
    """Bytes from the start of the section that it patches."""
    type: int
    symbol: int
    addend: int
    """0 for REL, whose addend lies in the patched bytes."""


@contextmanager
def opened_file(path: str | PathLike[str]) -> Generator[BinaryIO]:
    """Open a file to be read; whatever prevents opening or reading it is one clear error."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as stream:
            status = os.fstat(stream.fileno())
            if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                raise ObjectError("it is a device, not a BPF object", file=name)
            if status.st_size > _MAX_FILE:
                raise ObjectError("it is larger than 1 GiB: this is no BPF object", file=name)
            yield stream
    except IsADirectoryError:
        raise ObjectError("it is a directory, not a BPF object", file=name, hint=inside(os.fsdecode(name))) from None
    except OSError as error:
        raise unreadable(name, error) from None
    except ValueError as error:
        raise ObjectError(f"it cannot be read: {error}", file=name) from None


def read_object_file(path: str | PathLike[str]) -> bytes:
    """Return a file's bytes; whatever prevents it is one clear error."""
    with opened_file(path) as stream:
        # Reading so many at once would make room for as many, whatever the file has.
        parts: list[bytes] = []
        size = 0
        while size <= _MAX_FILE and (part := stream.read(_PART)):
            parts.append(part)
            size += len(part)
        if size > _MAX_FILE:
            raise ObjectError("it is larger than 1 GiB: this is no BPF object", file=os.fspath(path))
        return b"".join(parts)


class Elf:
    """A BPF object file: its section table is read at once, all else when it is asked for.

    `sections` are the sections in the order of their table, `by_name` the first of each name, `byte_order` is `little`
    or `big`, `machine` `EM_BPF` or `EM_NONE`; offsets and sizes are bytes. Nothing that the file claims is trusted
    before it is compared with the file's size.

    Args:
        data: The whole file.
        file: What errors call it.

    Raises:
        ObjectError: It is no ELF file, not for BPF, or its section table lies outside of it.
    """

    def __init__(self, data: bytes, *, file: str = "<bytes>") -> None:
        self.data = data
        self.file = file
        self.byte_order: Literal["little", "big"] = self._identify()
        self._order = "<" if self.byte_order == "little" else ">"
        self.sections = self._read_sections()
        self.by_name: dict[str, Section] = {}
        for section in self.sections:
            self.by_name.setdefault(section.name, section)

    def error(
        self, reason: str, section: str | None = None, offset: int | None = None, *, hint: str = ""
    ) -> ObjectError:
        """Return an error that names this file."""
        return ObjectError(reason, file=self.file, section=section, offset=offset, hint=hint or None)

    def _identify(self) -> Literal["little", "big"]:
        data = self.data
        if not data:
            raise self.error("it is empty, not a BPF object")
        if data[:4] != b"\x7fELF":
            what, hint = file_kind(data, self.file)
            raise self.error(f"it is {what or 'not an ELF file'}, {'' if what else 'so '}not a BPF object", hint=hint)
        if len(data) < 64:
            raise self.error(f"its ELF header is cut off after {len(data)} bytes")
        if data[5] not in (1, 2):
            raise self.error(f"its byte order, {data[5]}, is not known", offset=5)
        order: Literal["little", "big"] = "little" if data[5] == 1 else "big"
        self.machine = int.from_bytes(data[18:20], order)
        if self.machine not in (EM_NONE, EM_BPF):
            name = _MACHINES.get(self.machine, f"machine {self.machine}")
            what, hint = elf_kind(int.from_bytes(data[16:18], order), data)
            told = f" ({what})" if what else ""
            raise self.error(f"it is an ELF file for {name}{told}, not a BPF object", hint=hint)
        if data[4] != 2:
            raise self.error("it is a 32-bit ELF file: BPF objects are 64-bit", offset=4)
        return order

    def _read_sections(self) -> list[Section]:
        header = struct.unpack_from(self._order + "HHIQQQIHHHHHH", self.data, 16)
        table, entry_size, count, names_index = header[5], header[10], header[11], header[12]
        if table == 0:
            raise self.error("it has no sections")
        if entry_size != 64:
            raise self.error(f"its section headers have {entry_size} bytes instead of 64", offset=58)
        if table + 64 > len(self.data):
            raise self.error("it is cut off: its section table lies beyond the end", offset=table)
        if count == 0 or names_index == _SHN_XINDEX:
            # More than 65,279 sections: the first header holds the real numbers (gABI, "Sections").
            (first,) = SectionHeader.read(self.data[table : table + 64], self.byte_order)
            count = count or first.size
            names_index = first.link if names_index == _SHN_XINDEX else names_index
        if table + count * 64 > len(self.data):
            raise self.error("it is cut off: its section table lies beyond the end", offset=table)
        headers = SectionHeader.read(self.data[table : table + count * 64], self.byte_order)
        names = StringTable(b"")
        if 0 < names_index < count and (told := headers[names_index]).type != SectionType.NOBITS:
            names = StringTable(self.data[told.offset : told.offset + told.size])
        return [
            Section(index, names.text(name), kind, flags, *rest)
            for index, (name, kind, flags, _, *rest) in enumerate(headers)
        ]

    def contents(self, section: Section) -> bytes:
        """Return a section's bytes; zeros for one without contents in the file (`.bss`).

        Raises:
            ObjectError: It reaches beyond the end of the file, or is unreasonably large.
        """
        view = self.view(section)
        # Zeros are not copied: that would make pages of them.
        return view.obj if section.type == SectionType.NOBITS and isinstance(view.obj, bytes) else bytes(view)

    def view(self, section: Section) -> memoryview:
        """Return what `contents` returns, without a copy of what is in the file."""
        self.check(section)
        if section.type == SectionType.NOBITS:
            try:
                return memoryview(bytes(section.size))  # pages that nobody looks at take no memory
            except MemoryError:
                raise self.error(f"there is no memory for its {section.size:,} bytes", section.name) from None
        return memoryview(self.data)[section.offset : section.offset + section.size]

    def check(self, section: Section) -> None:
        """Raise ObjectError where a section reaches beyond the end of the file, or is unreasonably large."""
        if section.type == SectionType.NOBITS:
            # All that came before counts as well: a thousand sections of 2 GiB are no better than one of 2 TiB.
            earlier = (s.size for s in self.sections[: section.number] if s.type == SectionType.NOBITS)
            if section.size + sum(size for size in earlier if size <= _MAX_NOBITS) > _MAX_NOBITS:
                reason = f"it claims {section.size:,} bytes without contents, and no map takes more than 2 GiB"
                raise self.error(reason, section.name)
            return
        if section.offset + section.size > len(self.data):
            missing = section.offset + section.size - len(self.data)
            raise self.error(f"it reaches {missing} bytes beyond the end of the file", section.name)
        if section.flags & SectionFlag.COMPRESSED:
            raise self.error("it is compressed", section.name)

    @cached_property
    def symbol_table(self) -> Section | None:
        """The section that is the symbol table."""
        return next((s for s in self.sections if s.type == SectionType.SYMTAB), None)

    @property
    def symbol_names(self) -> bytes:
        """The string table of the symbols.

        Raises:
            ObjectError: There is none, or it lies outside of the file.
        """
        table = self.symbol_table
        link = table.link if table is not None else 0
        if not 0 < link < len(self.sections):
            raise self.error("it has no string table, so names are lost", table.name if table is not None else None)
        return self.contents(self.sections[link])

    @cached_property
    def symbols(self) -> list[Symbol]:
        """The symbol table, in file order; empty for a stripped object. Names that cannot be read are empty."""
        table = self.symbol_table
        if table is None:
            return []
        try:
            names = StringTable(self.symbol_names)
        except ObjectError:
            names = StringTable(b"")
        raw = self.view(table)
        # Elf64_Sym: name 4, info 1, other 1, section 2, value 8, size 8.
        return [
            Symbol(names.text(f[0]), f[1] & 0xF, f[1] >> 4, f[2] & 3, f[3], f[4], f[5])
            for f in struct.iter_unpack(self._order + "IBBHQQ", raw[: len(raw) // 24 * 24])
        ]

    @cached_property
    def relocated(self) -> dict[int, list[Section]]:
        """The relocation tables of each section, by its index."""
        found: dict[int, list[Section]] = {}
        for section in self.sections:
            if section.type in (SectionType.REL, SectionType.RELA):
                found.setdefault(section.info, []).append(section)
        return found

    def relocations(self, section: Section) -> list[Relocation]:
        """Return what patches *section*, in file order."""
        return [Relocation(*row) for row in self.relocation_rows(section)]

    def relocation_rows(self, section: Section) -> list[tuple[int, int, int, int]]:
        """Return what patches *section* as plain tuples of what a `Relocation` has: five times as quick to make."""
        found: list[tuple[int, int, int, int]] = []
        little = self.byte_order == "little"
        for table in self.relocated.get(section.number, ()):
            width = 16 if table.type == SectionType.REL else 24
            raw = self.view(table)
            raw = raw[: len(raw) // width * width]
            # r_info is one 64-bit word, the symbol in its upper half: the halves trade places with the byte order.
            if width == 24:
                entries = struct.iter_unpack(self._order + "QIIq", raw)
                found += entries if little else [(at, type_, symbol, addend) for at, symbol, type_, addend in entries]
            else:
                entries = struct.iter_unpack(self._order + "QII", raw)
                found += [(e[0], e[1], e[2], 0) if little else (e[0], e[2], e[1], 0) for e in entries]
        return found

    def string(self, section: Section, offset: int = 0) -> str:
        """Return the NUL-terminated text at *offset* of a section."""
        return StringTable(self.contents(section)).text(offset)
