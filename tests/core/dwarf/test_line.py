"""Line tables made by hand, byte by byte (DWARF 5, section 6.2; versions 2 to 4, section 6.2 of each)."""

from __future__ import annotations

import pytest

from bpftui.core.dwarf.line import LineRow, SourceFile, read_lines
from bpftui.core.errors import ObjectError
from tests.core.dwarf.made import Made

OPCODES = "0d 00 01 01 01 01 00 00 00 01 00 00 01"
"""opcode_base 13, and how many numbers each standard opcode has."""
AT_4 = "00 09 02 2000000004000000"
"""DW_LNE_set_address: 0x20 of section 4."""


def table(
    version: int, program: str, *, files: str, opcodes: str = OPCODES, step: int = 8, wide: bool = False
) -> bytes:
    """Return a table whose instructions have *step* bytes, with line_base -3 and line_range 12."""
    per_instruction = "01" if version >= 4 else ""
    header = bytes.fromhex(f"{step:02x} {per_instruction} 01 fd 0c {opcodes} {files}")
    size = 8 if wide else 4
    body = version.to_bytes(2, "little") + (b"\x08\0" if version >= 5 else b"")
    body += len(header).to_bytes(size, "little") + header + bytes.fromhex(program)
    return (b"\xff" * 4 if wide else b"") + len(body).to_bytes(size, "little") + body


OLD_FILES = b"inc\0\0a.c\0\0\0\0b.h\0\1\5\6/c.h\0\1\0\0\0".hex()
"""One directory; a.c of where the compiler worked, b.h of the first, and one of a path of its own."""


def rows_of(raw: bytes, **parts: bytes) -> dict[int, list[LineRow]]:
    found: dict[int, list[LineRow]] = {}
    sections = Made({".debug_line": raw, **{f".{name}": part for name, part in parts.items()}})
    read_lines(sections, 0, "/src", found)
    return found


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize(
    ("opcodes", "expected"),
    [
        ("01", (0x20, 1, 1, 0)),  # copy: what all begins with
        ("02 03 01", (0x38, 1, 1, 0)),  # advance_pc: three instructions
        ("02 81 01 01", (0x428, 1, 1, 0)),  # of 129
        ("03 05 01", (0x20, 1, 6, 0)),  # advance_line
        ("03 05 03 7e 01", (0x20, 1, 4, 0)),  # and back
        ("04 02 01", (0x20, 2, 1, 0)),  # set_file
        ("05 09 01", (0x20, 1, 1, 9)),  # set_column
        ("06 01", (0x20, 1, 1, 0)),  # negate_stmt
        ("07 01", (0x20, 1, 1, 0)),  # set_basic_block
        ("08 01", (0xC0, 1, 1, 0)),  # const_add_pc: as special opcode 255, (255 - 13) // 12 = 20 instructions
        ("09 1000 01", (0x30, 1, 1, 0)),  # fixed_advance_pc: 16 bytes
        ("0a 0b 01", (0x20, 1, 1, 0)),  # prologue_end, epilogue_begin
        ("0c 05 01", (0x20, 1, 1, 0)),  # set_isa, with a number
        ("10", (0x20, 1, 1, 0)),  # special: 16 - 13 = 3, which is line - 3 + 3
        ("13", (0x20, 1, 4, 0)),  # 6: line + 3
        ("1c", (0x28, 1, 1, 0)),  # 15: one instruction, line + 0
        ("ff", (0xC0, 1, 1 + 2 - 3, 0)),  # 242: 20 instructions, line - 3 + 2: to no line
        ("03 05 ff", (0xC0, 1, 5, 0)),
        ("00 02 05 00 01", (0x20, 1, 1, 0)),  # an extended opcode that nobody knows
        ("00 02 04 07 01", (0x20, 1, 1, 0)),  # set_discriminator
        ("00 08 03 642e6800010000 04 04 01", (0x20, 4, 1, 0)),  # define_file: d.h of the first directory
    ],
)
def test_opcodes(version: int, opcodes: str, expected: tuple[int, int, int, int]) -> None:
    files = ["", "/src/a.c", "/src/inc/b.h", "/c.h", "/src/inc/d.h"]
    offset, file, line, column = expected
    row = LineRow(offset, SourceFile(files[file]), line, column)
    found = rows_of(table(version, f"{AT_4} {opcodes}", files=OLD_FILES))
    assert found == ({4: [row]} if line > 0 else {})
    assert rows_of(table(version, f"{AT_4} {opcodes}", files=OLD_FILES, wide=True)) == found


def test_a_sequence_begins_anew() -> None:
    """DW_LNE_end_sequence is no row, and sets address, file, line and column back."""
    program = f"{AT_4} 03 05 04 02 05 07 01  00 01 01  01  00 09 02 0000000005000000 01 02 01 01"
    found = rows_of(table(4, program, files=OLD_FILES))
    a, b = SourceFile("/src/a.c"), SourceFile("/src/inc/b.h")
    assert found == {
        4: [LineRow(0x20, b, 6, 7)],
        0: [LineRow(0, a, 1, 0)],
        5: [LineRow(0, a, 1, 0), LineRow(8, a, 1, 0)],
    }


def test_fewer_opcodes_and_other_steps() -> None:
    """opcode_base 10, as DWARF 2 had it: 10 is special there; an instruction may have another size than ours."""
    short = "0a 00 01 01 01 01 00 00 00 01"
    (row,) = rows_of(table(2, f"{AT_4} 0d", files=OLD_FILES, opcodes=short))[4]
    assert row[::2] == (0x20, 1)
    (row,) = rows_of(table(2, f"{AT_4} 08 01", files=OLD_FILES, opcodes=short, step=1))[4]
    assert row.offset == 0x20 + (255 - 10) // 12
    (row,) = rows_of(table(2, f"{AT_4} 19", files=OLD_FILES, opcodes=short, step=4))[4]  # 25 - 10 = 15
    assert row[::2] == (0x24, 1)


def test_a_file_that_is_none_has_no_rows() -> None:
    found = rows_of(table(4, f"{AT_4} 04 04 01 04 03 01", files=OLD_FILES))
    assert [row.file.path for row in found[4]] == ["/c.h"]


def test_files_of_version_5() -> None:
    """Directories as line_strp and string; files by path, directory (udata, data1) and MD5, with a form more that
    nobody asks for."""
    md5 = bytes(range(16))
    directories = "01 01 1f  02 00000000 05000000"
    files = "04 01 08 02 0b 05 1e 04 06  03" + "".join(
        f"{name.encode().hex()}00 {directory:02x} {md5.hex()} 11223344"
        for name, directory in (("a.c", 0), ("b.h", 1), ("c.h", 2))
    )
    found = rows_of(
        table(5, f"{AT_4} 04 00 01 04 01 01 04 02 01 04 03 01", files=directories + files),
        debug_line_str=b"/src\0inc\0",
    )
    assert [row.file for row in found[4]] == [
        SourceFile("/src/a.c", md5),
        SourceFile("/src/inc/b.h", md5),
        SourceFile("/src/c.h", md5),  # there is no third directory
    ]


def test_what_is_no_checksum_is_none() -> None:
    """Of content that only another compiler knows, a text is no path, a number no directory, a block no checksum."""
    directories = "01 01 08  02 2f00 6900"
    files = "04 8140 08 8240 0f 8340 1e 01 08  01 7800 01" + "ab" * 16 + "6100"
    (row,) = rows_of(table(5, f"{AT_4} 04 00 01", files=directories + files))[4]
    assert row.file == SourceFile("/a", b"")


@pytest.mark.parametrize(
    ("form", "raw"),
    [
        ("0b", "01"),  # data1
        ("05", "0100"),  # data2
        ("06", "01000000"),  # data4
        ("07", "0100000000000000"),  # data8
        ("0f", "8100"),  # udata
        ("09", "02aabb"),  # block
        ("0e", "01000000"),  # strp
    ],
)
def test_forms_of_a_file(form: str, raw: str) -> None:
    """What stands behind a number, a text or a block is read from the right place; only a number is a directory."""
    directories = "01 01 08  02 2f00 6900"
    files = f"02 02 {form} 01 08  01 {raw} 6100"
    (row,) = rows_of(table(5, f"{AT_4} 04 00 01", files=directories + files), debug_str=b"\0x\0")[4]
    assert row.file.path == ("/a" if form in ("09", "0e") else "/i/a")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (table(1, "", files=OLD_FILES), "version 1 of line tables is not known"),
        (table(6, "", files="00 00 00 00"), "version 6 of line tables is not known"),
        (table(5, "", files="01 01 2d 01 00"), "form 0x2d in a line table is not known"),
        (table(5, "", files="00 01"), "its line table claims 1 files"),
        (table(5, "", files="01 01 08 81 80 04"), "its line table claims 65537 files"),
        (table(4, "", files=OLD_FILES, opcodes="00"), "its line table has a range of 0 lines or no opcodes"),
        (table(4, f"{AT_4} 01", files=OLD_FILES)[:-1], "it is cut off"),
    ],
)
def test_damage(raw: bytes, reason: str) -> None:
    with pytest.raises(ObjectError, match=reason):
        rows_of(raw)


def test_a_table_of_too_many_rows_has_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpftui.core.dwarf.line._MAX_ROWS", 3)
    sections = Made({".debug_line": table(4, f"{AT_4} 01 01 01", files=OLD_FILES)})
    found: dict[int, list[LineRow]] = {}
    read_lines(sections, 0, "", found)
    assert len(found[4]) == 3
    found = {}
    with pytest.raises(ObjectError, match="its line table has more than 3 rows: the rest is left out"):
        read_lines(Made({".debug_line": table(4, f"{AT_4} 01 01 01 01", files=OLD_FILES)}), 0, "", found)
    assert len(found[4]) == 3
