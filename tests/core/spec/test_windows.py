"""Objects for ebpf-for-windows: other numbers for map types, hooks that Linux does not have."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

import pytest

from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec, MapType
from bpftui.tui.__main__ import main
from tests.core.btf.blob import Blob
from tests.core.spec.test_legacy import EXIT, FUNC, Maker

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = [
    (1, MapType.HASH, ""),
    (4, MapType.PERCPU_HASH, "type 4 of ebpf-for-windows"),
    (6, MapType.HASH_OF_MAPS, "type 6 of ebpf-for-windows"),
    (9, MapType.LPM_TRIE, "type 9 of ebpf-for-windows"),
    (13, MapType.RINGBUF, "type 13 of ebpf-for-windows"),
]


def made(number: int, *, context: str) -> CollectionSpec:
    """Return an object with one map of that type and a program of the hook `bind` that gets *context*."""
    maker, blob = Maker(), Blob()
    integer = blob.integer("unsigned int", 4, signed=False)

    def attribute(value: int) -> int:
        return blob.pointer(blob.array(integer, value))

    blob.struct(context, 4, [("value", integer, 0)])
    value = blob.pointer(blob.array(integer, 4))
    members = (("type", attribute(number)), ("value", value), ("max_entries", attribute(64)))
    definition = blob.struct("", 24, [(name, type_id, 64 * i) for i, (name, type_id) in enumerate(members)])
    variable = blob.add("found", 14, definition, 1)
    blob.add(".maps", 15, 24, variable, 0, 24, vlen=1)
    maker.section(".BTF", blob.bytes())
    maker.maps(".maps", ("found", bytes(24)))
    maker.program("bind", "on_bind")
    return maker.spec()


@pytest.mark.parametrize(("number", "type_", "remark"), NUMBERS)
def test_map_types_are_those_of_windows(number: int, type_: MapType, remark: str) -> None:
    found = made(number, context="bind_md").maps["found"]
    assert (found.type, found.remark, found.unusable) == (type_, remark, None)
    # Only a ring buffer's records are no values; 4 would be a perf event array's on Linux.
    assert found.value_size == (0 if type_ is MapType.RINGBUF else 16)


def test_what_linux_does_not_have() -> None:
    spec = made(15, context="_bind_md")
    assert spec.maps["found"].problem == "map type 15 of ebpf-for-windows has no counterpart on Linux"
    reason = "section bind is no hook that Linux has: the object is for ebpf-for-windows"
    assert spec.programs["on_bind"].problem == reason
    assert "for Windows" in spec.producer


def test_an_object_for_linux_keeps_its_numbers() -> None:
    spec = made(6, context="rebind_md")
    assert spec.maps["found"].type is MapType.PERCPU_ARRAY
    assert spec.programs["on_bind"].problem == "section bind names no program type that is known"


def test_legacy_definitions_have_no_flags() -> None:
    maker, blob = Maker(), Blob()
    blob.struct("_ebpf_map_definition_in_file", 0, [])
    maker.section(".BTF", blob.bytes())
    maker.maps("maps", ("inner", maker.words(8, 4, 8, 10, 0, 2, 7, 0)))
    found = maker.spec().maps["inner"]
    assert (found.type, found.key_size, found.value_size, found.flags) == (MapType.LRU_HASH, 4, 8, 0)
    assert found.remark == "pinning 2, id 7, type 8 of ebpf-for-windows"


def calling(*helpers: int, order: Literal["<", ">"] = "<") -> Maker:
    """Return an object with a program that calls these helpers, by Windows' numbers."""
    maker, blob = Maker(order), Blob(order=order)
    blob.struct("_bind_md", 4, [("value", blob.integer("unsigned int", 4, signed=False), 0)])
    maker.section(".BTF", blob.bytes())
    code = b"".join(struct.pack(f"{order}BBhi", 0x85, 0, 0, number) for number in helpers) + EXIT
    index = maker.section("xdp", code, code=True)
    maker.symbols.append(("caller", 16 + FUNC, index, 0, len(code)))
    return maker


@pytest.mark.parametrize("order", ["<", ">"])
def test_helpers_have_the_names_of_windows_and_the_numbers_of_linux(order: Literal["<", ">"]) -> None:
    spec = calling(1, 5, 7, 9, 14, order=order).spec()
    program = spec.programs["caller"]
    assert program.problem is None
    byte_order = "little" if order == "<" else "big"
    assert [int.from_bytes(program.code[at + 4 : at + 8], byte_order) for at in range(0, 40, 8)] == [1, 12, 125, 5, 6]
    rows = Listing(program, spec).rows(1, 6)
    assert [row.text for row in rows] == [
        "call bpf_map_lookup_elem#1",
        "call bpf_tail_call#5",
        "call bpf_ktime_get_boot_ns#7",
        "call bpf_ktime_get_ns#9",
        "call bpf_trace_printk4#14",
    ]
    assert rows[2].comment.startswith("by its number on Windows")


def test_helpers_that_linux_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    maker = calling(22, 65536)
    program = maker.spec().programs["caller"]
    assert program.problem is not None
    assert "it calls bpf_memcpy_s, helper 22 of ebpf-for-windows, which Linux does not have" in program.problem
    listing = Listing(program)
    assert [listing.text(slot) for slot in (0, 1)] == ["call bpf_memcpy_s#22", "call unknown#65536"]
    # No number of Linux's may be taken for it: 22 is bpf_perf_event_read.
    assert int.from_bytes(program.code[4:8], "little", signed=True) == -22
    path = tmp_path / "windows.o"
    path.write_bytes(maker.build())
    assert main(["disasm", "--raw", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0: call bpf_memcpy_s#22",
        "1: call unknown#65536",
        "2: r0 = 0",
        "3: exit",
    ]
