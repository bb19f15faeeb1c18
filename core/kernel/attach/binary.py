"""Functions of programs and libraries on this machine, as uprobes want them: the file, and the offset in it."""

from __future__ import annotations

import glob
import os
import shutil
import struct
import zlib
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...elf import SectionFlag, SectionHeader, SectionType, SymbolType
from ...errors import UnknownNameError, UsageError, reason_of
from ...limits import Budget

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

__all__ = [
    "FunctionPlace",
    "Segment",
    "find_binary",
    "function_offset",
    "function_places",
    "matching_offsets",
    "open_elf",
    "segments",
]

_LIBRARIES: Final = ("/usr/lib64", "/lib64", "/usr/lib/*-linux-gnu*", "/lib/*-linux-gnu*", "/usr/lib", "/lib")
_HIDDEN: Final = 0x8000
"""The bit of a word of .gnu.version that means: who names no version does not get it (`foo@V1`, against `foo@@V2`)."""
_INDIRECT: Final = "STT_LOOS"
"""elftools' name for 10, which is STT_GNU_IFUNC in files for Linux."""
_MOST_LISTED: Final = 8
_ENTRIES: Final = {32: ("IIIBBH", (0, 1, 2, 3, 5)), 64: ("IBBHQQ", (0, 4, 5, 1, 3))}
"""`Elf32_Sym` and `Elf64_Sym`, and where in them are name, address, size, info and section."""
_LARGEST_TABLE: Final = 1 << 25
"""Bytes of a symbol table that is read whole: some 1.4 million symbols."""
_LARGEST_NAMES: Final = 1 << 27
"""Bytes of a table of names that is read whole: those of so many symbols of C++."""
_LONGEST_NAME: Final = 512
"""Bytes of a function's name that are told: mangled ones of C++ have some hundred."""
_MOST_SEGMENTS: Final = 32
"""Executable segments that are looked into: linkers make one or two."""
_DAMAGE: Final = (
    struct.error,
    zlib.error,
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    OverflowError,
    MemoryError,
)
"""elftools checks little of what it reads: a damaged file fails anywhere in it."""


def find_binary(name: str) -> str:
    """Return the path of an executable or library that is named as on a command line: `bash`, `libc.so.6`, `/bin/ls`.

    Raises:
        UsageError: There is none.
    """
    if "/" in name:
        found = name if os.path.isfile(name) else None
    elif ".so" in name:
        given = [place for place in os.environ.get("LD_LIBRARY_PATH", "").split(":") if place]
        places = [*given, *(place for pattern in _LIBRARIES for place in sorted(glob.glob(pattern)))]
        found = next((path for place in places if os.path.isfile(path := os.path.join(place, name))), None)
    else:
        found = shutil.which(name)
    if found is None:
        raise UsageError(f"there is no executable and no library {name}", hint="name its whole path")
    return os.path.realpath(found)


def function_offset(path: str, name: str) -> int:
    """Return the offset of a function in the file *path*; it can be named with its version: `foo@V1`, `foo@@V2`.

    As libbpf does it (`elf_find_func_offset`): what is exported comes first, and where a name stands for several
    places, the one that is not weak is meant.

    Raises:
        UnknownNameError: It has no function of that name.
        UsageError: It has several, at different places; or it is another one in each process; or it is no ELF file.
    """
    wanted, _, version = name.partition("@")
    version = version.removeprefix("@")
    known: list[_Symbol] = []
    for table in _tables(path):
        known += table
        found = [each for each in table if each.name == wanted and version in ("", each.version)]
        if any(each.is_indirect and each.is_default for each in found) or (found and found[0].is_indirect):
            raise UsageError(
                f"{name} in {path} is no function that is called: it chooses one of several when a program starts "
                "(STT_GNU_IFUNC)",
                hint="name the one that it chooses, as a debugger shows it, or its offset in the file",
            )
        strong = [each for each in found if not each.is_weak] or found[:1]
        offsets = {each.offset for each in strong}
        if len(offsets) > 1:
            raise _ambiguous(path, name, strong)
        if offsets:
            return offsets.pop()
    versions = {str(each) for each in known if each.name == wanted}
    raise UnknownNameError("function", name, versions or {each.name for each in known}, where=path)


def _ambiguous(path: str, name: str, found: list[_Symbol]) -> UsageError:
    places = {each.offset: f"{each} at {each.offset:#x}" for each in sorted(found, key=lambda each: each.offset)}
    listed = ", ".join(list(places.values())[:_MOST_LISTED]) + (", …" if len(places) > _MOST_LISTED else "")
    versions = [str(each) for each in found if each.version]
    example = next((each for each in versions if "@@" in each), versions[0] if versions else f"{min(places):#x}")
    return UsageError(
        f"{name} is the name of {len(places)} functions in {path}: {listed}",
        hint=f"name one of them by its version, or by its offset in the file: {example}",
    )


def matching_offsets(path: str, pattern: str) -> list[int]:
    """Return the offsets of all functions that match a pattern with `*` and `?`, each once; errors as above.

    It can name versions: `foo@V*`. A name without is that of all of its versions, and of all functions that have it.
    """
    known = [each for table in _tables(path) for each in table]
    wanted = pattern.replace("@@", "@")
    matching = [
        each
        for each in known
        if not each.is_indirect
        and (fnmatchcase(each.name, pattern) or (each.version and fnmatchcase(f"{each.name}@{each.version}", wanted)))
    ]
    if not matching:
        raise UnknownNameError("function", pattern, {each.name for each in known}, where=path)
    return sorted({each.offset for each in matching})


class FunctionPlace(NamedTuple):
    """Where a function lies in a file."""

    offset: int
    size: int
    """Bytes; 0 where the file does not say."""
    name: str


def function_places(path: str, debugged: str = "") -> list[FunctionPlace]:
    """Return the functions that a file has, by their offsets in it, each place once; UsageError as for others.

    Read by hand: of elftools' symbols a large program's table takes tens of seconds, and the file may be anybody's. It
    costs no more than its tables are allowed to be large: those that are larger or compressed are left out.

    Args:
        path: The file.
        debugged: Where that is debug information kept apart, the file that it is of: places are in that one.

    Raises:
        LimitError: The names are longer, all together, than the table that they are in allows.
    """
    found: dict[int, FunctionPlace] = {}
    loaded: list[Segment] = []
    if debugged:
        with open_elf(debugged, "functions") as elf:
            loaded = _executable(elf)
    with open_elf(path, "functions") as elf:
        loaded = loaded or _executable(elf)
        form, places = _ENTRIES[elf.elfclass]
        entry = struct.Struct(("<" if elf.little_endian else ">") + form)
        for raw, names in _raw_tables(elf):
            budget = Budget(len(names), "the names of its functions", file=path, each=4)
            for symbol in entry.iter_unpack(raw[: len(raw) // entry.size * entry.size]):
                name, address, size, info, index = (symbol[place] for place in places)
                if info & 15 != SymbolType.FUNC or not index:
                    continue
                offset = next((place for each in loaded if (place := each.place(address)) is not None), None)
                if offset is not None and offset not in found:
                    text = names[name : name + _LONGEST_NAME].partition(b"\0")[0]
                    budget.spend(len(text))
                    found[offset] = FunctionPlace(offset, size, text.decode("utf-8", "replace").partition("@")[0])
    return sorted(found.values())


def _executable(elf: Any) -> list[Segment]:
    return [each for each in segments(elf) if each.is_executable][:_MOST_SEGMENTS]


def _raw_tables(elf: Any) -> Iterator[tuple[bytes, bytes]]:
    """Iterate over a file's symbol tables, each with its table of names: first the whole one, if it was not stripped.

    A file with more sections than its header can count (65,279) has none, as far as this goes.
    """
    size = SectionHeader.bytes_of_one(elf.elfclass)
    if elf["e_shentsize"] != size:
        return

    def read(offset: int, size: int) -> bytes:
        elf.stream.seek(offset)
        return elf.stream.read(size)

    raw = read(elf["e_shoff"], size * elf["e_shnum"])
    sections = SectionHeader.read(raw, "little" if elf.little_endian else "big", elf.elfclass)
    for kind in (SectionType.SYMTAB, SectionType.DYNSYM):
        table = next((each for each in sections if each.type == kind), None)
        if table is None or table.link >= len(sections):
            continue
        names = sections[table.link]
        is_compressed = (table.flags | names.flags) & SectionFlag.COMPRESSED
        if not is_compressed and table.size <= _LARGEST_TABLE and names.size <= _LARGEST_NAMES:
            yield read(table.offset, table.size), read(names.offset, names.size)


class Segment(NamedTuple):
    """A part of a file that is loaded into memory."""

    address: int
    """Where, as the file itself counts."""
    memory_size: int
    offset: int
    """Where it begins in the file."""
    file_size: int
    is_executable: bool

    def place(self, address: int) -> int | None:
        """Return where in the file an address lies; None where it is not in this segment."""
        inside = self.address <= address < self.address + self.memory_size
        return address - self.address + self.offset if inside else None


class _Symbol(NamedTuple):
    """A function that a file defines."""

    name: str
    version: str
    """Empty where the file has no versions."""
    is_default: bool
    """Whether who names no version gets this one."""
    offset: int
    is_weak: bool
    is_indirect: bool
    """Whether it only returns the address of the function that is to be called."""

    def __str__(self) -> str:
        return f"{self.name}{'@@' if self.is_default else '@'}{self.version}" if self.version else self.name


@contextmanager
def open_elf(path: str, wanted: str) -> Generator[Any]:
    """Open a file as elftools' ELFFile, and say what is wrong with it.

    Args:
        path: The file.
        wanted: What it is opened for, as it follows "cannot look for": `functions`.

    Raises:
        UsageError: It cannot be read, or is no ELF file, or a damaged one.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with open(path, "rb") as file:
            yield ELFFile(file)
    except OSError as error:
        reason = reason_of(error)
        raise UsageError(f"cannot look for {wanted} in {path}: {reason}") from error
    except (*_DAMAGE, ELFError) as error:
        raise UsageError(f"cannot look for {wanted} in {path}: {str(error) or 'it is damaged'}") from error


def segments(elf: Any) -> list[Segment]:
    """Return what of a file is loaded into memory (PT_LOAD)."""
    return [
        Segment(head.p_vaddr, head.p_memsz, head.p_offset, head.p_filesz, bool(head.p_flags & 1))
        for head in (each.header for each in elf.iter_segments("PT_LOAD"))
    ]


def _tables(path: str) -> list[list[_Symbol]]:
    """Return the functions that a file defines: those that it exports, and those that its debug information has."""
    from elftools.elf.sections import SymbolTableSection

    with open_elf(path, "functions") as elf:
        loaded = segments(elf)
        tables: list[list[_Symbol]] = []
        for name in (".dynsym", ".symtab"):
            section = elf.get_section_by_name(name)
            if isinstance(section, SymbolTableSection):
                words, names = _versions(elf) if name == ".dynsym" else ([], {})
                tables.append(list(_functions(section, loaded, words, names)))
        return tables


def _functions(section: Any, loaded: list[Segment], words: list[int], versions: dict[int, str]) -> Iterator[_Symbol]:
    for index, symbol in enumerate(section.iter_symbols()):
        entry = symbol.entry
        if entry.st_info.type not in ("STT_FUNC", _INDIRECT) or entry.st_shndx == "SHN_UNDEF":
            continue
        offset = next((place for each in loaded if (place := each.place(entry.st_value)) is not None), None)
        if offset is None:
            continue
        # The linker writes the version into names of .symtab; those of .dynsym have theirs in .gnu.version.
        name, at, version = symbol.name.partition("@")
        is_default = version.startswith("@") or not at
        if index < len(words):
            version = versions.get(words[index] & ~_HIDDEN, "")
            is_default = not words[index] & _HIDDEN
        yield _Symbol(
            name,
            version.removeprefix("@"),
            is_default,
            offset,
            entry.st_info.bind == "STB_WEAK",
            entry.st_info.type == _INDIRECT,
        )


def _versions(elf: Any) -> tuple[list[int], dict[int, str]]:
    """Return the word of each exported symbol that says which version it is of, and the versions' names by number."""
    from elftools.elf.gnuversions import GNUVerDefSection, GNUVerSymSection

    words: list[int] = []
    names: dict[int, str] = {}
    for section in elf.iter_sections():
        if isinstance(section, GNUVerSymSection):
            data = section.data()
            order = "<" if elf.little_endian else ">"
            words = list(struct.unpack(f"{order}{len(data) // 2}H", data[: len(data) // 2 * 2]))
        elif isinstance(section, GNUVerDefSection):
            for version, auxiliaries in section.iter_versions():
                # The first one, whose flag is VER_FLG_BASE, is the file itself.
                if not version["vd_flags"] & 1:
                    names[version["vd_ndx"]] = next(auxiliaries).name
    return words, names
