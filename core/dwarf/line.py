"""`.debug_line`: which line of which file an instruction comes from (DWARF 5, section 6.2)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final, NamedTuple

from .cursor import Cursor
from .info import Form
from .sections import ADDRESS_BITS

if TYPE_CHECKING:
    from .sections import DebugSections

__all__ = ["LineRow", "SourceFile", "read_lines"]

_MAX_ROWS: Final = 1_000_000
"""Rows of one table; the kernel takes programs of 1,000,000 instructions."""
_MAX_FILES: Final = 65_536


class SourceFile(NamedTuple):
    """A file that the compiler read."""

    path: str
    """As the compiler was given it, behind the directory that it worked in unless it is absolute."""
    md5: bytes = b""
    """Checksum of its contents, where DWARF 5 has it."""


class LineRow(NamedTuple):
    """Where the instructions from an offset on come from, until the next row of the section."""

    offset: int
    """Bytes from the start of the section."""
    file: SourceFile
    line: int
    """From 1."""
    column: int
    """From 1; 0 where it is not known."""


class _Standard:
    """`DW_LNS_*`."""

    COPY: Final = 1
    ADVANCE_PC: Final = 2
    ADVANCE_LINE: Final = 3
    SET_FILE: Final = 4
    SET_COLUMN: Final = 5
    CONST_ADD_PC: Final = 8
    FIXED_ADVANCE_PC: Final = 9


class _Extended:
    """`DW_LNE_*`."""

    END_SEQUENCE: Final = 1
    SET_ADDRESS: Final = 2
    DEFINE_FILE: Final = 3


class _Content:
    """`DW_LNCT_*`."""

    PATH: Final = 1
    DIRECTORY: Final = 2
    MD5: Final = 5


def read_lines(sections: DebugSections, offset: int, directory: str, into: dict[int, list[LineRow]]) -> None:
    """Add the rows of one table to those of their sections, by section number.

    Args:
        sections: The object's debug sections.
        offset: Where the table begins in .debug_line.
        directory: What the compiler worked in, for versions before 5.
        into: Where to add.

    Raises:
        ObjectError: The table is damaged; the rows before are there.
    """
    elf = sections.elf
    cursor = Cursor(sections[".debug_line"], elf.byte_order, ".debug_line", elf.file, at=offset)
    _Table(sections, cursor, directory, into).run()


class _Table:
    def __init__(self, sections: DebugSections, cursor: Cursor, directory: str, into: dict[int, list[LineRow]]) -> None:
        self.sections = sections
        self.into = into
        length, self.offset_size = cursor.unsigned(4), 4
        if length == 0xFFFFFFFF:
            length, self.offset_size = cursor.unsigned(8), 8
        self.body = body = cursor.part(length)
        version = body.unsigned(2)
        if not 2 <= version <= 5:
            raise body.error(f"version {version} of line tables is not known")
        if version >= 5:
            body.skip(2)  # sizes of addresses and segments
        header = body.part(body.unsigned(self.offset_size))
        self.step = header.unsigned(1)
        if version >= 4:
            header.skip(1)  # operations per instruction: for VLIW machines
        header.skip(1)  # whether rows are statements at first
        self.line_base = header.signed(1)
        self.line_range = header.unsigned(1)
        self.opcode_base = header.unsigned(1)
        if not self.line_range or not self.opcode_base:
            raise header.error("its line table has a range of 0 lines or no opcodes")
        self.lengths = header.take(self.opcode_base - 1)
        self.directories: list[str] = []
        self.files: list[SourceFile] = []
        if version >= 5:
            self.directories = [path for path, _, _ in self.entries(header)]
            self.files = [SourceFile(self.path(path, index), md5) for path, index, md5 in self.entries(header)]
        else:
            self.directories = [directory]
            while path := header.text():
                self.directories.append(path)
            self.files = [SourceFile("")]
            while path := header.text():
                self.files.append(self.old_file(header, path))

    def old_file(self, cursor: Cursor, path: str) -> SourceFile:
        index, _, _ = cursor.uleb(), cursor.uleb(), cursor.uleb()
        return SourceFile(self.path(path, index))

    def path(self, path: str, index: int) -> str:
        """Return a file's path behind its directory's, and that behind the one that the compiler worked in."""
        listed = self.directories
        own = listed[index] if 0 < index < len(listed) else ""
        return posixpath.join(listed[0] if listed else "", own, path)

    def entries(self, cursor: Cursor) -> list[tuple[str, int, bytes]]:
        """Read a table of directories or files of version 5: path, directory, checksum."""
        formats = [(cursor.uleb(), cursor.uleb()) for _ in range(cursor.unsigned(1))]
        count = cursor.uleb()
        if count > _MAX_FILES or (count and not formats):
            raise cursor.error(f"its line table claims {count} files")
        found: list[tuple[str, int, bytes]] = []
        for _ in range(count):
            path, index, md5 = "", 0, b""
            for content, form in formats:
                value = self.value(cursor, form)
                if content == _Content.PATH and isinstance(value, str):
                    path = value
                elif content == _Content.DIRECTORY and isinstance(value, int):
                    index = value
                elif content == _Content.MD5 and isinstance(value, bytes):
                    md5 = value
            found.append((path, index, md5))
        return found

    def value(self, cursor: Cursor, form: int) -> str | int | bytes:
        match form:
            case Form.STRING:
                return cursor.text()
            case Form.LINE_STRP | Form.STRP:
                name = ".debug_line_str" if form == Form.LINE_STRP else ".debug_str"
                at = cursor.unsigned(self.offset_size)
                return Cursor(self.sections[name], cursor.order, name, cursor.file, at=at).text()
            case Form.UDATA:
                return cursor.uleb()
            case Form.DATA1 | Form.DATA2 | Form.DATA4 | Form.DATA8:
                return cursor.unsigned({Form.DATA1: 1, Form.DATA2: 2, Form.DATA4: 4, Form.DATA8: 8}[form])
            case Form.DATA16:
                return cursor.take(16)
            case Form.BLOCK:
                return cursor.take(cursor.uleb())
            case _:
                raise cursor.error(f"form {form:#x} in a line table is not known")

    def run(self) -> None:
        """Run the program that makes the rows."""
        body = self.body
        address, file, line, column = 0, 1, 1, 0
        rows = 0
        while body.at < body.end:
            opcode = body.unsigned(1)
            emit = False
            if opcode >= self.opcode_base:
                adjusted = opcode - self.opcode_base
                address += adjusted // self.line_range * self.step
                line += self.line_base + adjusted % self.line_range
                emit = True
            elif opcode == 0:
                operation = body.part(body.uleb())
                match operation.unsigned(1):
                    case _Extended.END_SEQUENCE:
                        address, file, line, column = 0, 1, 1, 0
                    case _Extended.SET_ADDRESS:
                        address = operation.unsigned(operation.end - operation.at)
                    case _Extended.DEFINE_FILE:
                        self.files.append(self.old_file(operation, operation.text()))
                    case _:
                        pass
            else:
                match opcode:
                    case _Standard.COPY:
                        emit = True
                    case _Standard.ADVANCE_PC:
                        address += body.uleb() * self.step
                    case _Standard.ADVANCE_LINE:
                        line += body.sleb()
                    case _Standard.SET_FILE:
                        file = body.uleb()
                    case _Standard.SET_COLUMN:
                        column = body.uleb()
                    case _Standard.CONST_ADD_PC:
                        address += (255 - self.opcode_base) // self.line_range * self.step
                    case _Standard.FIXED_ADVANCE_PC:
                        address += body.unsigned(2)
                    case _:
                        for _ in range(self.lengths[opcode - 1]):
                            body.uleb()
            # Line 0 is what the compiler made by itself: as in BTF, it belongs to the line before.
            if emit and line > 0 and file < len(self.files):
                rows += 1
                if rows > _MAX_ROWS:
                    raise body.error(f"its line table has more than {_MAX_ROWS:,} rows: the rest is left out")
                row = LineRow(address & (1 << ADDRESS_BITS) - 1, self.files[file], line, column)
                self.into.setdefault(address >> ADDRESS_BITS, []).append(row)
