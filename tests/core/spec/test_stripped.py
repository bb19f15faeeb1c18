"""Maps whose symbols are stripped: the BTF still says what they are, and where."""

from __future__ import annotations

import struct
from pathlib import Path

from bpftui.core.elf import Elf
from bpftui.core.spec import CollectionSpec, MapType

ROOT = Path(__file__).parents[3]


def without_map_symbols() -> bytes:
    """Return bpf/traffic.o with its maps named by their section and an offset in the instruction, as gcc does it."""
    data = bytearray((ROOT / "bpf/traffic.o").read_bytes())
    elf = Elf(bytes(data))
    maps = elf.by_name[".maps"].number
    table = elf.symbol_table
    assert table is not None
    section = elf.by_name["xdp"]
    for relocation in elf.relocations(section):
        symbol = elf.symbols[relocation.symbol]
        if symbol.section == maps:
            struct.pack_into("<I", data, section.offset + relocation.offset + 4, symbol.value)
    for index, symbol in enumerate(elf.symbols):
        if symbol.section == maps:
            struct.pack_into("<IBBHQQ", data, table.offset + 24 * index, 0, 3, 0, maps, 0, 0)
    return bytes(data)


def test_maps_are_found_by_their_types_and_places() -> None:
    whole = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    spec = CollectionSpec.from_bytes(without_map_symbols())
    shapes = {n: (m.type, m.key_size, m.value_size, m.max_entries) for n, m in spec.maps.items() if not m.is_data}
    assert shapes == {
        "traffic": (MapType.PERCPU_HASH, 8, 16, 256),
        "sources": (MapType.LRU_HASH, 20, 24, 4096),
        "events": (MapType.RINGBUF, 0, 0, 262144),
    }
    assert spec.programs["count_traffic"].problem is None
    assert spec.programs["count_traffic"].maps == whole.programs["count_traffic"].maps
    references = spec.programs["count_traffic"].linked.references
    assert references == whole.programs["count_traffic"].linked.references


def test_a_place_that_no_type_tells_is_not_guessed() -> None:
    data = bytearray(without_map_symbols())
    elf = Elf(bytes(data))
    # One byte less: the definitions no longer fill the section, so where they lie is not known.
    header = struct.unpack_from("<Q", data, 40)[0] + 64 * elf.by_name[".maps"].number
    struct.pack_into("<Q", data, header + 32, elf.by_name[".maps"].size - 8)
    spec = CollectionSpec.from_bytes(bytes(data))
    assert {"traffic", "sources", "events"} <= spec.maps.keys()
    problem = spec.programs["count_traffic"].problem
    assert problem is not None
    assert "neither a map, nor data, nor a function" in problem


def test_sections_of_maps_with_a_longer_name() -> None:
    """`.maps.auto` and `.maps.print` are bumblebee's and Inspektor Gadget's."""
    # `.rodata` is as long as `.maps.x` is: the strings can be exchanged where they lie.
    raw = (ROOT / "bpf/traffic.o").read_bytes()
    taken = raw.replace(b"\0.rodata\0", b"\0.maps.x\0")
    spec = CollectionSpec.from_bytes(taken)
    assert ("sample_every", "map") in {(hidden.name, hidden.kind) for hidden in spec.hidden}
    assert "traffic" in spec.maps


def test_functions_whose_names_are_stripped_have_those_of_their_descriptions() -> None:
    """As `strip --strip-unneeded` leaves an object whose subprograms are all static."""
    data = bytearray((ROOT / "tests/objects/subprograms.o").read_bytes())
    elf = Elf(bytes(data))
    table, text = elf.symbol_table, elf.by_name[".text"].number
    assert table is not None
    stripped = [index for index, symbol in enumerate(elf.symbols) if symbol.section == text and symbol.type == 2]
    places = {elf.symbols[index].name: elf.symbols[index].value for index in stripped}
    for index in stripped:  # in their place the section's symbol, which relocations name instead
        struct.pack_into("<IBBHQQ", data, table.offset + 24 * index, 0, 3, 0, text, elf.symbols[index].value, 0)
    spec = CollectionSpec.from_bytes(bytes(data))
    whole = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    assert places.keys() == {"twice", "global_sum", "weak_answer", "hidden_helper"}
    assert list(spec.programs) == list(whole.programs)
    for name, program in spec.programs.items():
        assert program.problem is None
        assert program.code == whole.programs[name].code
        names = [(function.name, function.start, function.size) for function in program.functions]
        assert names == [(function.name, function.start, function.size) for function in whole.programs[name].functions]


def test_a_part_that_refers_to_another_says_how_parts_are_linked() -> None:
    data = bytearray((ROOT / "tests/objects/subprograms.o").read_bytes())
    elf = Elf(bytes(data))
    table = elf.symbol_table
    assert table is not None
    (index,) = [index for index, symbol in enumerate(elf.symbols) if symbol.name == "weak_answer"]
    struct.pack_into("<H", data, table.offset + 24 * index + 6, 0)  # its section: undefined
    problem = CollectionSpec.from_bytes(bytes(data), file="part.o").programs["first"].problem
    assert problem == (
        "part.o: section xdp: offset 0x8: it calls weak_answer, which is not in the object (if it is one of several "
        "parts, link them: bpftool gen object)"
    )
