"""The tables of .BTF.ext, made by hand: which record belongs to which instruction (libbpf's libbpf_internal.h)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf.ext import BtfExt, CoreRecord, FunctionRecord, LineRecord
from bpftui.core.errors import ObjectError
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Sequence

FUNCTIONS = [(0, 5), (24, 6), (64, 7)]
LINES = [(0, 1, 2, 7 << 10 | 3), (8, 1, 4, 8 << 10), (8, 1, 4, 8 << 10 | 9), (24, 1, 6, 12 << 10 | 1)]
CORE = [(8, 9, 3, 0), (24, 9, 4, 5)]


class Made:
    """A section whose three tables have the records of the sections `xdp` and `tc`."""

    def __init__(self, order: str = "<") -> None:
        self.order = order
        blob = Blob(order=order)
        self.names = {name: blob.name(name) for name in ("xdp", "tc")}
        self.btf = Btf(blob.bytes(), "little" if order == "<" else "big", file="prog.o")

    def table(self, records: Sequence[Sequence[int]], width: int, *, count: int | None = None, more: int = 0) -> bytes:
        words = [width * 4]
        for name, rows in (("xdp", records), ("tc", records[:1])):
            words += [self.names[name], len(rows) if count is None else count]
            words += [word for row in rows for word in (*row, *[0xDEAD] * more)]
        return struct.pack(f"{self.order}{len(words)}I", *words)

    def section(self, *tables: bytes, header: int = 32, magic: int = 0xEB9F) -> bytes:
        at, places = 0, list[int]()
        for table in tables:
            places += [at, len(table)]
            at += len(table)
        places += [0] * (6 - len(places))
        words = struct.pack(f"{self.order}HBBI6I", magic, 1, 0, header, *places)[:header]
        return words + b"".join(tables)

    def whole(self) -> BtfExt:
        return BtfExt(
            self.section(self.table(FUNCTIONS, 2), self.table(LINES, 4), self.table(CORE, 4)),
            self.btf,
        )


@pytest.mark.parametrize("order", ["<", ">"])
def test_records_of_a_section(order: str) -> None:
    ext = Made(order).whole()
    assert ext.functions("xdp", 0, 72) == [FunctionRecord(*row) for row in FUNCTIONS]
    assert ext.lines("xdp", 0, 72) == [LineRecord(*row) for row in LINES]
    assert ext.core("xdp", 0, 72) == [CoreRecord(*row) for row in CORE]
    assert ext.functions("tc", 0, 72) == [FunctionRecord(*FUNCTIONS[0])]
    assert (ext.functions("none", 0, 72), ext.lines("none", 0, 72), ext.core("none", 0, 72)) == ([], [], [])
    assert [(each.line, each.column) for each in ext.lines("xdp", 0, 72)] == [(7, 3), (8, 0), (8, 9), (12, 1)]


@pytest.mark.parametrize(
    ("start", "stop", "functions", "lines", "core"),
    [
        (0, 24, 1, 3, 1),
        (0, 25, 2, 4, 2),
        (1, 24, 0, 2, 1),
        (8, 9, 0, 2, 1),
        (9, 24, 0, 0, 0),
        (24, 64, 1, 1, 1),
        (64, 72, 1, 0, 0),
        (65, 72, 0, 0, 0),
    ],
)
def test_records_between_two_places(start: int, stop: int, functions: int, lines: int, core: int) -> None:
    ext = Made().whole()
    assert len(ext.functions("xdp", start, stop)) == functions
    assert len(ext.lines("xdp", start, stop)) == ext.count_lines("xdp", start, stop) == lines
    assert len(ext.core("xdp", start, stop)) == ext.count_core("xdp", start, stop) == core
    assert (ext.count_lines("none", start, stop), ext.count_core("none", start, stop)) == (0, 0)


def test_records_that_are_in_no_order_are_found_all_the_same() -> None:
    made = Made()
    mixed = [LINES[3], LINES[1], LINES[0], LINES[2]]
    ext = BtfExt(made.section(made.table(FUNCTIONS[::-1], 2), made.table(mixed, 4)), made.btf)
    assert ext.functions("xdp", 0, 72) == [FunctionRecord(*row) for row in FUNCTIONS]
    assert ext.lines("xdp", 0, 24) == [LineRecord(*row) for row in LINES[:3]]
    assert ext.count_lines("xdp", 8, 72) == 3


def test_longer_records_of_a_later_version() -> None:
    made = Made()
    ext = BtfExt(made.section(made.table(FUNCTIONS, 3, more=1), made.table(LINES, 6, more=2)), made.btf)
    assert ext.functions("xdp", 0, 72) == [FunctionRecord(*row) for row in FUNCTIONS]
    assert ext.lines("xdp", 8, 72) == [LineRecord(*row) for row in LINES[1:]]
    assert ext.core("xdp", 0, 72) == []


def test_a_header_from_before_core() -> None:
    made = Made()
    ext = BtfExt(made.section(made.table(FUNCTIONS, 2), made.table(LINES, 4), header=24), made.btf)
    assert ext.functions("xdp", 0, 72) == [FunctionRecord(*row) for row in FUNCTIONS]
    assert len(ext.lines("xdp", 0, 72)) == 4
    assert ext.core("xdp", 0, 72) == []


def test_what_is_damaged_says_where() -> None:
    made = Made()
    functions = made.table(FUNCTIONS, 2)
    for raw, said in (
        (bytes(23), "offset 0x0: 23 bytes are too few for its header"),
        (made.section(functions, magic=0xEB9E), "offset 0x0: no BTF magic: 0xeb9e instead of 0xeb9f"),
        (made.section(functions)[:-1], "offset 0x8: the header points outside of the section"),
        (made.section(b"\0\0"), "offset 0x8: the header points outside of the section"),
        (made.section(made.table(FUNCTIONS, 1)), "offset 0x20: records of 4 bytes are too short"),
        (made.section(b"", made.table(LINES, 3)), "offset 0x20: records of 12 bytes are too short"),
        (made.section(made.table(FUNCTIONS, 2, count=9)), "offset 0x2c: the records of section xdp are cut off"),
    ):
        with pytest.raises(ObjectError) as error:
            BtfExt(raw, made.btf)
        assert error.value.message == f"prog.o: section .BTF.ext: {said}"
    assert BtfExt(made.section(functions + b"\0"), made.btf).functions("xdp", 0, 1) == [FunctionRecord(0, 5)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("more", [0, 2])
def test_records_are_moved_to_where_their_code_is_now(order: str, more: int) -> None:
    made = Made(order)
    tables = (made.table(FUNCTIONS, 2), made.table(LINES, 4 + more, more=more), made.table(CORE, 4 + more, more=more))
    ext = BtfExt(made.section(*tables), made.btf)
    assert struct.unpack("=8I", ext.line_records("xdp", 8, 24, 10, unit=1)) == (
        *(11, 1, 4, 8 << 10),
        *(11, 1, 4, 8 << 10 | 9),
    )
    assert struct.unpack("=4I", ext.core_records("xdp", 24, 72, -3, unit=8)) == (0, 9, 4, 5)
    assert ext.line_records("xdp", 32, 72, 0, unit=1) == ext.core_records("nowhere", 0, 72, 0, unit=8) == b""
