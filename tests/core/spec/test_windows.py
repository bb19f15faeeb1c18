"""Objects for ebpf-for-windows: other numbers for map types, hooks that Linux does not have."""

from __future__ import annotations

import pytest

from bpftui.core.spec import CollectionSpec, MapType
from tests.core.btf.blob import Blob
from tests.core.spec.test_legacy import Maker

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
    assert (found.type, found.remark, found.problem) == (type_, remark, None)
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
