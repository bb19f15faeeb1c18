"""What gcc's objects do otherwise: code and debug information that have the place of their symbol in them as well."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bpftui.core.spec import CollectionSpec
from tests.core.spec.test_legacy import EXIT, FUNC, Maker

CALL = 0x85
OBJECTS = Path(__file__).parents[2] / "objects"
PLACES = {
    # llvm-readelf -s: local and seen are referred to by their sections' symbols
    "local": (".data", 0),
    "table": (".data", 4),
    "limit": (".data", 24),
    "threshold": (".data", 32),
    "seen": (".bss", 0),
}


def test_a_call_by_a_symbol_that_is_not_at_the_start_of_its_section() -> None:
    """gcc 12: the immediate is the symbol's offset in bytes less 1, where clang and the kernel's tools want -1."""
    maker = Maker()
    text = maker.section(".text", EXIT + EXIT, code=True)
    maker.symbols.append(("first", 16 + FUNC, text, 0, 16))
    maker.symbols.append(("second", 16 + FUNC, text, 16, 16))
    code = struct.pack("<BBhi", CALL, 0x10, 0, 15) + EXIT[8:]
    entry = maker.section("xdp", code, code=True)
    maker.symbols.append(("entry", 16 + FUNC, entry, 0, 16))
    maker.section(".relxdp", struct.pack("<QQ", 0, 2 << 32 | 10))
    raw = bytearray(maker.build())
    # Maker makes sections of bits: this one is a relocation table (REL) of the entry's.
    (table,) = struct.unpack_from("<Q", raw, 40)
    struct.pack_into("<I", raw, table + 64 * 3 + 4, 9)
    struct.pack_into("<I", raw, table + 64 * 3 + 44, entry)
    program = CollectionSpec.from_bytes(bytes(raw)).programs["entry"]
    assert program.problem is None
    assert [function.name for function in program.functions] == ["entry", "second"]
    assert program.insns == 4


def places(raw: bytes) -> dict[str, tuple[str | None, int]]:
    found = CollectionSpec.from_bytes(raw).programs["gcc_calls"].linked.references.values()
    return {ref.name: (ref.map, ref.offset) for ref in found if ref.map is not None}


@pytest.mark.parametrize("name", ["gcc_calls.o", "gcc_calls.dwarf.o"])
def test_data_is_where_its_symbol_is_and_not_twice_as_far(name: str) -> None:
    assert places((OBJECTS / name).read_bytes()) == PLACES


def test_later_versions_of_binutils_write_what_clang_does() -> None:
    raw = bytearray((OBJECTS / "gcc_calls.o").read_bytes())
    for place in (4, 24, 32):  # the immediates of table, limit and threshold
        head = raw.find(struct.pack("<i", place) + bytes(4), 0x40)
        while raw[head - 4] != 0x18:
            head = raw.find(struct.pack("<i", place) + bytes(4), head + 1)
        raw[head : head + 4] = bytes(4)
    assert places(bytes(raw)) == PLACES


def test_debug_information_of_binutils_2_40() -> None:
    variables = CollectionSpec.from_file(OBJECTS / "gcc_calls.dwarf.o").variables
    assert {name: v.get() for name, v in variables.items()} == {
        "table": [1, 2, 3, 4],
        "limit": 1000,
        "threshold": 3,
        "seen": 0,
    }
    assert variables["limit"].type is not None
    assert variables["limit"].type.c_text == "volatile const __u64"


def test_a_damaged_comment_is_no_reason_to_refuse_programs() -> None:
    raw = bytearray((OBJECTS / "gcc_calls.o").read_bytes())
    (table,) = struct.unpack_from("<Q", raw, 40)
    struct.pack_into("<Q", raw, table + 64 * 10 + 24, 1 << 40)  # sh_offset of .comment, the tenth section
    program = CollectionSpec.from_bytes(bytes(raw)).programs["other"]
    assert (program.problem, program.insns) == (None, 11)
