"""BPF objects inside other files: executables and libraries that embed them, archives, compressed files, pipes.

A bpftool skeleton, bpf2go and Rust's `include_bytes!` all put an object as it is into the data of a program, so it is
found by its ELF header there and ends where its section table says.
"""

from __future__ import annotations

import array
import bisect
import mmap
import os
import re
import stat
import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ..elf import EM_BPF, EM_NONE, Elf, Section, SectionType, SymbolType, opened_file
from ..errors import ObjectError, UsageError
from ..strings import StringTable
from .sections import find_section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike
    from typing import Protocol

    class Stream(Protocol):
        """What can be read from."""

        def read(self, size: int, /) -> bytes:
            """Return at most *size* bytes."""
            ...


__all__ = ["Embedded", "SeveralObjectsError", "file_of", "find_objects", "list_objects", "read_source"]

_MAGIC: Final = b"\x7fELF"
_HEAD: Final = 20
"""Bytes that tell whether a file is itself a BPF object."""
_HEADER: Final = re.compile(rb"\x7fELF\x02[\x01\x02]\x01")
"""ELF, 64-bit, a known byte order, version 1."""
_HEADER_SIZE: Final = 64
_SECTION_SIZE: Final = 64
_MAX_HEADERS: Final = 1_000_000
"""Section headers that are looked at in one file: what only looks like objects must not cost more than its size."""
_MAX_UNPACKED: Final = 256 << 20
"""A few kilobytes can unpack to gigabytes."""
_CHOICE: Final = re.compile(r"(?P<path>.+)#(?P<number>[0-9]{1,9})$", re.DOTALL)
_ARCHIVE: Final = b"!<arch>\n"
_MEMBER: Final = 60
"""Bytes of the header of an archive's member."""
_THIN_ARCHIVE: Final = b"!<thin>\n"
_BPF_SECTION: Final = re.compile(r"\.BTF|\.?maps|maps/|license$")
"""What an object that does not say it is for BPF (`EM_NONE`, before LLVM 3.9) is known by."""

Buffer = bytes | mmap.mmap


class Embedded(NamedTuple):
    """A BPF object inside a file."""

    offset: int
    """Bytes from the start of the file, unpacked."""
    size: int
    """In bytes, as its section table tells."""
    name: str
    """The archive's name for it, else its source file's name, else its first program's; empty where nothing tells."""


class SeveralObjectsError(UsageError):
    """A file holds several objects and none was chosen; `FILE#2` chooses.

    Args:
        file: The file's name as the user gave it.
        objects: What is in it, in file order.
    """

    def __init__(self, file: str, objects: Sequence[Embedded]) -> None:
        self.file = file
        self.objects = list(objects)
        shown = ", ".join(f"#{n} {item.name}".rstrip() for n, item in enumerate(self.objects[:8], 1))
        more = ", …" if len(self.objects) > 8 else ""
        super().__init__(
            f"{file}: it holds {len(self.objects)} BPF objects", hint=f"choose one as {file}#1: {shown}{more}"
        )


def read_source(path: str | PathLike[str]) -> bytes:
    """Return the bytes of the object that *path* means: a file, `FILE#2`, `-` (standard input), compressed or not.

    Raises:
        ObjectError: There is no such file, or no BPF object in it, or no second one.
        SeveralObjectsError: There are several and *path* chooses none.
        NoPermissionError: It cannot be read.
    """
    name = os.fspath(path)
    file, number = _split(name)
    data = _read(file)
    objects = _objects_of(data, file)
    if objects is None:
        if number not in (None, 1):
            raise ObjectError(f"it is a BPF object by itself, so there is no number {number}", file=file)
        return bytes(data)
    if number is None and len(objects) > 1:
        raise SeveralObjectsError(file, objects)
    if not 1 <= (number or 1) <= len(objects):
        raise ObjectError(f"it holds {len(objects)} BPF objects, so there is no number {number}", file=file)
    item = objects[(number or 1) - 1]
    return bytes(data[item.offset : item.offset + item.size])


def list_objects(path: str | PathLike[str]) -> list[Embedded]:
    """Return the objects in a file that is none by itself; a file that is one gives just that.

    Raises:
        ObjectError: There is no such file, or no BPF object in it.
        NoPermissionError: It cannot be read.
    """
    name = os.fspath(path)
    data = _read(name)
    objects = _objects_of(data, name)
    return [Embedded(0, len(data), _name(bytes(data)))] if objects is None else objects


def find_objects(data: Buffer) -> list[Embedded]:
    """Return the BPF objects that lie anywhere in *data*, in their order, cut to their section tables.

    The work is bounded by the size of *data*; what looks like a header but has no sound section table is passed over.
    """
    found: list[Embedded] = []
    archive = _Archive(data)
    budget, end = _MAX_HEADERS, 0
    for match in _HEADER.finditer(data):
        offset = match.start()
        if offset < end or budget <= 0:
            continue
        size, cost = _measure(data, offset)
        budget -= cost
        if size:
            end = offset + size
            found.append(Embedded(offset, size, archive.name_at(offset) or _name(bytes(data[offset:end]))))
    return found


def file_of(name: str) -> str:
    """Return the file in which the object is looked for that *name* means: `FILE` of `FILE#2`."""
    return _split(name)[0]


def _split(name: str) -> tuple[str, int | None]:
    """Take `FILE#2` apart, unless a file is called so."""
    match = _CHOICE.match(name)
    if match is None or os.path.lexists(name):
        return name, None
    return match["path"], int(match["number"])


def _read(name: str) -> Buffer:
    """Return a file's contents, unpacked; mapped rather than read where it is large."""
    if name == "-":
        data: Buffer = sys.stdin.buffer.read(_MAX_UNPACKED + 1)
        if len(data) > _MAX_UNPACKED:
            raise ObjectError(f"more than {_MAX_UNPACKED >> 20} MiB came in: this is no BPF object", file=name)
    else:
        with opened_file(name) as stream:
            status = os.fstat(stream.fileno())
            large = stat.S_ISREG(status.st_mode) and status.st_size > 1 << 20
            # An object is read, so that nobody who writes to the file can pull it away from under us.
            # (What the stream has buffered would be copied to what it reads then, so that both are there at once.)
            whole = not large or _is_object(os.pread(stream.fileno(), _HEAD, 0))
            data = stream.read() if whole else mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    for magic, unpack in _UNPACKERS.items():
        if data[: len(magic)] == magic:
            return unpack(bytes(data), name)
    return data


def _is_object(head: bytes) -> bool:
    """Return whether a file that begins so is itself a BPF object."""
    if head[:4] != _MAGIC or len(head) < _HEAD:
        return False
    return int.from_bytes(head[18:20], "big" if head[5] == 2 else "little") in (EM_NONE, EM_BPF)


def _objects_of(data: Buffer, file: str) -> list[Embedded] | None:
    """Return what *data* holds; None where it is itself a BPF object, damaged or not, or nothing that is known."""
    if _is_object(data[:_HEAD]):
        return None
    if data[:8] == _THIN_ARCHIVE:
        raise ObjectError("it is a thin archive, which holds only the names of objects", file=file)
    # An empty or foreign file gets the sentence that Elf has for it.
    return find_objects(data) or None


def _measure(data: Buffer, offset: int) -> tuple[int, int]:
    """Return the size of the object whose header lies at *offset*, 0 where there is none, and what finding out cost."""
    room = len(data) - offset
    if room < _HEADER_SIZE:
        return 0, 1
    order = "<" if data[offset + 5] == 1 else ">"
    header = struct.unpack_from(order + "HHIQQQIHHHHHH", data, offset + 16)
    machine, table, entry_size, count, names_index = header[1], header[5], header[10], header[11], header[12]
    if machine not in (EM_NONE, EM_BPF) or entry_size != _SECTION_SIZE or not 0 < count <= 0xFEFF:
        return 0, 1
    end = table + count * _SECTION_SIZE
    if table < _HEADER_SIZE or end > room:
        return 0, 1
    raw = data[offset + table : offset + end]
    sections = list(struct.iter_unpack(order + "IIQQQQIIQQ", raw))
    # Elf64_Shdr: name, type, flags, address, offset, size, …
    for section in sections:
        if section[1] not in (0, SectionType.NOBITS):
            end = max(end, section[4] + section[5])
    if end > room or (machine == EM_NONE and not _looks_like_bpf(data, offset, sections, names_index)):
        return 0, count
    return end, count


def _looks_like_bpf(data: Buffer, offset: int, sections: Sequence[tuple[int, ...]], names_index: int) -> bool:
    if names_index >= len(sections):
        return False
    start = offset + sections[names_index][4]
    table = data[start : start + min(sections[names_index][5], 1 << 20)]
    names = (_text(table, section[0]) for section in sections[:4096])
    return any(_BPF_SECTION.match(name) or find_section(name) for name in names)


def _text(table: bytes, offset: int) -> str:
    return table[offset : max(table.find(b"\0", offset, offset + 256), offset)].decode("utf-8", "replace")


def _name(data: bytes) -> str:
    """Return what an object calls itself: its source file, else its first program."""
    try:
        elf = Elf(data)
        symbols = elf.symbols
    except ObjectError:
        return ""
    source = next((s.name for s in symbols if s.type == SymbolType.FILE and s.name), "")
    if source:
        return source.rpartition("/")[2]

    def is_code(section: Section | None) -> bool:
        return section is not None and section.executable and section.name != ".text"

    code = {section.number for section in elf.sections if is_code(section)}
    return next((s.name for s in symbols if s.section in code and s.name and s.is_exported), "")


class _Archive:
    """The members of an `ar` archive; of what is none there are none.

    An archive can have a member for each 60 bytes, each named by the same kilobytes of one table: what is kept of a
    member are two numbers, and its name is read when it is asked for.
    """

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._starts = array.array("Q")
        """Where the contents of each member begin, ascending; its header is the 60 bytes before."""
        self._stops = array.array("Q")
        self._names = StringTable(b"")
        if data[:8] == _ARCHIVE:
            self._scan()

    def _scan(self) -> None:
        data, at = self._data, len(_ARCHIVE)
        while at + _MEMBER <= len(data):
            try:
                size = int(data[at + 48 : at + 58])
            except ValueError:
                return
            start = at + _MEMBER
            if size < 0 or start + size > len(data):
                return
            name = data[at : at + 16].rstrip()
            if name == b"//":
                self._names = StringTable(data[start : start + size], b"\n")
            elif name not in (b"/", b"/SYM64/"):
                self._starts.append(start)
                self._stops.append(start + size)
            at = start + size + size % 2

    def name_at(self, offset: int) -> str:
        """Return the name of the member that holds a byte of the file (System V's or BSD's); '' where none does."""
        number = bisect.bisect_right(self._starts, offset) - 1
        if number < 0 or offset >= self._stops[number]:
            return ""
        start, stop = self._starts[number], self._stops[number]
        name = self._data[start - _MEMBER : start - _MEMBER + 16].rstrip().decode("utf-8", "replace")
        if name.startswith("#1/") and name[3:].isdecimal():
            length = min(int(name[3:]), stop - start, 4096)
            return self._data[start : start + length].rstrip(b"\0").decode("utf-8", "replace")
        if name[:1] == "/" and name[1:].isdecimal():
            return self._names.text(int(name[1:])).rstrip("/")
        return name.rstrip("/")


def _limited(stream: Stream, name: str) -> bytes:
    """Read an unpacking stream to its end, or to where no BPF object ends."""
    return _bounded(stream.read(_MAX_UNPACKED + 1), name)


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > _MAX_UNPACKED:
        raise ObjectError(f"it unpacks to more than {_MAX_UNPACKED >> 20} MiB: this is no BPF object", file=name)
    return data


def _gunzip(data: bytes, name: str) -> bytes:
    import gzip
    import io
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _limited(stream, name)
    except (OSError, EOFError, zlib.error) as error:
        raise ObjectError(f"its gzip data is damaged: {error}", file=name) from None


def _unxz(data: bytes, name: str) -> bytes:
    import io
    import lzma

    try:
        with lzma.LZMAFile(io.BytesIO(data)) as stream:
            return _limited(stream, name)
    except (lzma.LZMAError, EOFError) as error:
        raise ObjectError(f"its xz data is damaged: {error}", file=name) from None


def _unzstd(data: bytes, name: str) -> bytes:
    from ..zstd import unzstd

    try:
        return _bounded(unzstd(data, _MAX_UNPACKED + 1), name)
    except ModuleNotFoundError:
        raise ObjectError(
            "unpacking zstd takes the package backports.zstd, which is not installed",
            file=name,
            hint="pip install backports.zstd, or: zstd -dc FILE | bpftui show -; Python 3.14 takes neither",
        ) from None
    except ValueError as error:
        raise ObjectError(f"its zstd data is damaged: {error}", file=name) from None


_UNPACKERS: Final[dict[bytes, Callable[[bytes, str], bytes]]] = {
    b"\x1f\x8b\x08": _gunzip,
    b"\xfd7zXZ\0": _unxz,
    b"\x28\xb5\x2f\xfd": _unzstd,
}
