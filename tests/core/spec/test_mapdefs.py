"""Maps of an object of which one is damaged: it is hidden, with the reason, and those behind it are there."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bpftui.core.btf import Kind
from bpftui.core.elf import Elf
from bpftui.core.spec import CollectionSpec, MapEntry

TAIL_CALLS = Path(__file__).parents[2] / "objects/tail_calls.o"
TRAFFIC = Path(__file__).parents[3] / "bpf/traffic.o"


def damaged(what: str) -> CollectionSpec:
    """Return traffic.o, whose `.maps` has the maps traffic, sources and events, with its first one damaged."""
    raw = bytearray(TRAFFIC.read_bytes())
    elf, btf = Elf(bytes(raw)), CollectionSpec.from_file(TRAFFIC).btf
    assert btf is not None
    section = btf.find(".maps", Kind.DATASEC)
    assert section is not None
    first = elf.by_name[".BTF"].offset + btf.record(section)[0] + 12  # behind name, info and size
    match what:
        case "no type":
            struct.pack_into("<I", raw, first, 1 << 23)
        case "no variable":
            struct.pack_into("<I", raw, first, btf.ids(Kind.INT)[0])
        case "too long":
            (at,) = (at for at, symbol in enumerate(elf.symbols) if symbol.name == "traffic")
            struct.pack_into("<Q", raw, elf.by_name[".symtab"].offset + at * 24 + 16, 1 << 20)
        case _:
            (variable,) = struct.unpack_from("<I", raw, first)
            struct.pack_into("<I", raw, elf.by_name[".BTF"].offset + btf.record(variable)[0] + 8, btf.ids(Kind.INT)[0])
    return CollectionSpec.from_bytes(bytes(raw), file="x.o")


@pytest.mark.parametrize(
    ("what", "hidden"),
    [
        ("no type", (".maps", "section", "there is no type 8388608")),
        ("no variable", ("int", "map", "its BTF says that it is in .maps, and not that it is a variable")),
        ("too long", ("traffic", "map", "its symbol reaches beyond section .maps")),
        ("no struct", ("traffic", "map", "")),
    ],
)
def test_a_map_that_is_damaged_hides_no_other(what: str, hidden: tuple[str, str, str]) -> None:
    found = damaged(what)
    names = [name for name, each in found.maps.items() if not each.is_data]
    assert names == ["sources", "events"]
    told = [(each.name, each.kind, each.reason) for each in found.hidden]
    assert next((name, kind) for name, kind, reason in told if hidden[2] in reason) == hidden[:2]


def test_the_values_of_a_map_are_told_by_what_is_stored_at_each_of_them() -> None:
    """clang stores nothing there; what a linker stores beside the symbol is added to it, of 8 bytes."""
    raw = bytearray(TAIL_CALLS.read_bytes())
    values = Elf(bytes(raw)).by_name[".maps"].offset + 24
    found = CollectionSpec.from_bytes(bytes(raw), file="x.o").maps["first_table"]
    assert (found.contents, found.unusable) == ([MapEntry(0, "middle"), MapEntry(1, "broken")], None)
    raw[values + 8] = 8  # the second value lies behind `broken`'s first instruction
    found = CollectionSpec.from_bytes(bytes(raw), file="x.o").maps["first_table"]
    assert found.contents == [MapEntry(0, "middle")]
    assert found.unusable == "its value 1 is the address of nothing that is a map or a program"
