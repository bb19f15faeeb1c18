"""Functions of programs and libraries on this machine, as uprobes want them: the file, and the offset in it."""

from __future__ import annotations

import glob
import os
import shutil
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from ...errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_binary", "function_offset", "matching_offsets"]

_LIBRARIES: Final = ("/usr/lib64", "/lib64", "/usr/lib/*-linux-gnu*", "/lib/*-linux-gnu*", "/usr/lib", "/lib")


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
    """Return the offset of a function in the file *path*.

    Raises:
        UnknownNameError: It has no function of that name.
        UsageError: It is no ELF file.
    """
    found = dict(_functions(path))
    if name not in found:
        raise UnknownNameError("function", name, found, where=path)
    return found[name]


def matching_offsets(path: str, pattern: str) -> dict[str, int]:
    """Return the offsets of all functions that match a pattern with `*` and `?`, by name; errors as above."""
    found = dict(_functions(path))
    matching = {name: offset for name, offset in found.items() if fnmatchcase(name, pattern)}
    if not matching:
        raise UnknownNameError("function", pattern, found, where=path)
    return matching


def _functions(path: str) -> Iterator[tuple[str, int]]:
    """Iterate over names and file offsets of the functions that a file defines, exported ones first."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    try:
        with open(path, "rb") as file:
            elf: Any = ELFFile(file)
            segments = [segment.header for segment in elf.iter_segments("PT_LOAD")]
            for section in (elf.get_section_by_name(".symtab"), elf.get_section_by_name(".dynsym")):
                if not isinstance(section, SymbolTableSection):
                    continue
                for symbol in section.iter_symbols():
                    entry: Any = symbol.entry
                    if entry.st_info.type in ("STT_FUNC", "STT_GNU_IFUNC") and entry.st_shndx != "SHN_UNDEF":
                        offset = _file_offset(segments, entry.st_value)
                        if offset is not None:
                            yield symbol.name.partition("@")[0], offset
    except (ELFError, OSError) as error:
        raise UsageError(f"cannot look for functions in {path}: {error}") from error


def _file_offset(segments: list[Any], address: int) -> int | None:
    """Return where in the file an address lies, as the program headers say."""
    for segment in segments:
        if segment.p_vaddr <= address < segment.p_vaddr + segment.p_filesz:
            return address - segment.p_vaddr + segment.p_offset
    return None
