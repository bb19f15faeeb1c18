"""Functions of files that are anybody's: what a symbol table may cost, and what is wrong with a damaged one."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import LimitError, UsageError
from bpftui.core.kernel.attach.binary import FunctionPlace, function_places, open_elf

if TYPE_CHECKING:
    from pathlib import Path

COMPRESSED = 0x800


def symbol(name: int, address: int, size: int = 16) -> bytes:
    """Return an `Elf64_Sym` of a function."""
    return struct.pack("<IBBHQQ", name, 2, 0, 1, address, size)


def executable(symbols: bytes, names: bytes, *, flags: int = 0, names_size: int = -1) -> bytes:
    """Return a file with one segment, at 0x400000 from the file's start on, a symbol table and the names in it."""
    section_names = b"\0.symtab\0.strtab\0.shstrtab\0"
    at = 64 + 56
    places = (at, at + len(symbols), at + len(symbols) + len(names))
    table = places[2] + len(section_names)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0x400000, 64, table, 0, 64, 56, 1, 64, 4, 3)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x100000, 0x100000, 0x1000)
    size = len(names) if names_size < 0 else names_size
    sections = (
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (1, 2, flags, 0, places[0], len(symbols), 2, 0, 8, 24),
        (9, 3, 0, 0, places[1], size, 0, 0, 1, 0),
        (17, 3, 0, 0, places[2], len(section_names), 0, 0, 1, 0),
    )
    headers = b"".join(struct.pack("<IIQQQQIIQQ", *each) for each in sections)
    return head + segment + symbols + names + section_names + headers


def test_functions_by_their_places(tmp_path: Path) -> None:
    file = tmp_path / "sound"
    file.write_bytes(executable(symbol(6, 0x401020) + symbol(1, 0x401000), b"\0main\0work@@V1\0"))
    assert function_places(str(file)) == [FunctionPlace(0x1000, 16, "main"), FunctionPlace(0x1020, 16, "work")]


def test_a_table_of_names_of_100_gb_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "sparse"
    file.write_bytes(executable(symbol(1, 0x401000), b"\0main\0", names_size=100 << 30))
    os.truncate(file, 101 << 30)
    assert function_places(str(file)) == []


def test_a_compressed_table_is_left_out_whatever_it_says_of_its_size(tmp_path: Path) -> None:
    file = tmp_path / "compressed"
    file.write_bytes(
        executable(struct.pack("<IIQQ", 1, 0, 1 << 40, 8) + b"no stream".ljust(24), b"\0main\0", flags=COMPRESSED)
    )
    assert function_places(str(file)) == []


def test_a_broken_stream_is_said(tmp_path: Path) -> None:
    file = tmp_path / "broken"
    file.write_bytes(
        executable(struct.pack("<IIQQ", 1, 0, 48, 8) + b"no stream".ljust(24), b"\0main\0", flags=COMPRESSED)
    )
    expected = r"cannot look for functions in .*broken: Error -3 while decompressing data"
    with pytest.raises(UsageError, match=expected), open_elf(str(file), "functions") as elf:
        elf.get_section_by_name(".symtab").data()


def test_names_that_do_not_end_are_cut(tmp_path: Path) -> None:
    file = tmp_path / "endless"
    file.write_bytes(executable(symbol(0, 0x401000), b"a" * 1000))
    assert function_places(str(file)) == [FunctionPlace(0x1000, 16, "a" * 512)]


def test_names_that_are_longer_all_together_than_their_table_allows(tmp_path: Path) -> None:
    file = tmp_path / "many"
    file.write_bytes(executable(b"".join(symbol(0, 0x401000 + each) for each in range(3000)), b"a" * 600))
    with pytest.raises(LimitError, match="the names of its functions: given up after 1,050,976 steps"):
        function_places(str(file))
