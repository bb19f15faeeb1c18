"""Legacy map definitions in every layout, iproute2's tail calls, and objects without names: assembled here."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Literal

import pytest

from bpftui.core.spec import CollectionSpec, MapEntry, MapSpec, MapType, ProgramType

# r0 = 0; exit: the same bytes in both byte orders.
EXIT = bytes.fromhex("b700000000000000 9500000000000000")
FUNC, OBJECT, NOTYPE = 2, 1, 0


@dataclass
class Maker:
    """Assembles an object of bare sections and symbols."""

    order: Literal["<", ">"] = "<"
    sections: list[tuple[str, int, int, bytes]] = field(default_factory=list[tuple[str, int, int, bytes]])
    """Name, type, flags, contents."""
    symbols: list[tuple[str, int, int, int, int]] = field(default_factory=list[tuple[str, int, int, int, int]])
    """Name, info, section, value, size."""

    def section(self, name: str, contents: bytes, *, code: bool = False) -> int:
        """Add a section, and return its index."""
        self.sections.append((name, 1, 6 if code else 3, contents))
        return len(self.sections)

    def program(self, section: str, name: str, *, static: bool = False) -> None:
        """Add a program that returns at once."""
        index = self.section(section, EXIT, code=True)
        self.symbols.append((name, (0 if static else 16) + FUNC, index, 0, len(EXIT)))

    def maps(self, section: str, *definitions: tuple[str, bytes], sized: bool = True) -> None:
        """Add a section of legacy definitions; one without a name gets no symbol."""
        index = self.section(section, b"".join(raw for _, raw in definitions))
        at = 0
        for name, raw in definitions:
            if name:
                self.symbols.append((name, 16 + OBJECT, index, at, len(raw) if sized else 0))
            at += len(raw)

    def build(self, *, names: bool = True, symbols: bool = True) -> bytes:
        """Return the object; without *names* its symbols' string table is missing."""
        strings = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in self.symbols)
        table, at = bytes(24), 1
        for name, info, section, value, size in self.symbols:
            table += struct.pack(self.order + "IBBHQQ", at, info, 0, section, value, size)
            at += len(name.encode()) + 1
        sections = list(self.sections)
        strtab = len(sections) + 2
        if symbols:
            sections += [(".symtab", 2, 0, table), (".strtab", 3, 0, strings if names else b"")]
        titles = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in sections) + b".names\0"
        sections.append((".names", 3, 0, titles))
        body, headers, title = b"", bytes(64), 1
        for name, kind, flags, contents in sections:
            link = (strtab if names else 0) if kind == 2 else 0
            place = (title, kind, flags, 0, 64 + len(body), len(contents), link, 1, 8, 24 if kind == 2 else 0)
            headers += struct.pack(self.order + "IIQQQQIIQQ", *place)
            body += contents + bytes(-len(contents) % 8)
            title += len(name.encode()) + 1
        ident = b"\x7fELF\x02" + (b"\x01" if self.order == "<" else b"\x02") + b"\x01" + bytes(9)
        count = len(sections) + 1
        rest = (1, 247, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, count, count - 1)
        return ident + struct.pack(self.order + "HHIQQQIHHHHHH", *rest) + body + headers

    def spec(self, *, names: bool = True, symbols: bool = True) -> CollectionSpec:
        """Return what is read of the object."""
        return CollectionSpec.from_bytes(self.build(names=names, symbols=symbols))

    def words(self, *numbers: int) -> bytes:
        """Return 32-bit words."""
        return struct.pack(f"{self.order}{len(numbers)}I", *numbers)


def shape(spec: MapSpec) -> tuple[MapType, int, int, int, int]:
    return spec.type, spec.key_size, spec.value_size, spec.max_entries, spec.flags


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("size", [4, 5, 6, 7, 9, 70])
@pytest.mark.parametrize("sized", [True, False])
def test_every_layout(order: Literal["<", ">"], size: int, sized: bool) -> None:
    maker = Maker(order)
    first, second = [1, 4, 8, 100, 1], [2, 4, 16, 2, 0]
    maker.maps(
        "maps",
        *((name, maker.words(*(values + [0] * 70)[:size])) for name, values in (("one", first), ("two", second))),
        sized=sized,
    )
    maps = maker.spec().maps
    flags = 1 if size > 4 else 0
    assert shape(maps["one"]) == (MapType.HASH, 4, 8, 100, flags)
    assert shape(maps["two"]) == (MapType.ARRAY, 4, 16, 2, 0)
    assert (maps["one"].section, maps["one"].remark, maps["one"].problem) == ("maps", "", None)


def test_sections_of_one_map() -> None:
    maker = Maker()
    maker.maps("maps/counts", ("counts", maker.words(1, 4, 8, 10, 0)))
    maker.maps("lirc_mode2/maps", ("state", maker.words(2, 4, 16, 1, 0, 0, 0)))
    maps = maker.spec().maps
    assert {name: item.section for name, item in maps.items()} == {"counts": "maps/counts", "state": "lirc_mode2/maps"}


def test_gobpf_and_iproute2_tell_their_loaders_more() -> None:
    maker = Maker()
    maker.maps("maps/g", ("g", maker.words(2, 4, 4, 128, 0, 3) + b"somewhere".ljust(256, b"\0")))
    maker.maps("maps", ("old", maker.words(1, 4, 4, 8, 0, 7, 2)), ("new", maker.words(1, 4, 4, 8, 0, 8, 1, 0, 0)))
    maps = maker.spec().maps
    assert maps["g"].remark == "gobpf: pinned, kind 3, in somewhere"
    assert maps["old"].remark == "iproute2: id 7, pinned for all objects"
    assert maps["new"].remark == "iproute2: id 8, pinned for this object"


def test_maps_in_maps_of_samples_and_iproute2() -> None:
    maker = Maker()
    maker.maps("maps", ("inner", maker.words(1, 4, 8, 9, 0, 0, 0)), ("outer", maker.words(12, 4, 4, 2, 0, 0, 0)))
    maker.maps(
        "maps/more",
        ("template", maker.words(2, 4, 2, 3, 0, 42, 0, 0, 1)),
        ("slots", maker.words(13, 4, 4, 5, 0, 0, 0, 42, 0)),
    )
    maps = maker.spec().maps
    outer, slots = maps["outer"].inner, maps["slots"].inner
    assert outer is not None
    assert (outer.name, shape(outer)) == ("outer.inner", (MapType.HASH, 4, 8, 9, 0))
    assert slots is not None
    assert (slots.name, shape(slots)) == ("slots.inner", (MapType.ARRAY, 4, 2, 3, 0))
    assert maps["slots"].contents == [MapEntry(1, "template")]


def test_numa_node() -> None:
    maker = Maker()
    maker.maps("maps", ("near", maker.words(1, 4, 8, 9, 4, 0, 1)))
    assert maker.spec().maps["near"].numa_node == 1


def test_an_unknown_type_and_too_short_a_definition_are_told() -> None:
    maker = Maker()
    maker.maps("maps", ("odd", maker.words(99, 4, 8, 9, 0)), ("short", maker.words(1, 4)))
    spec = maker.spec()
    assert spec.maps["odd"].problem == "map type 99 is not known"
    assert [(h.name, h.kind, h.reason) for h in spec.hidden] == [
        ("short", "map", "its definition of 8 bytes is too short")
    ]


def test_tail_calls_of_iproute2() -> None:
    maker = Maker()
    jumps = maker.words(3, 4, 4, 8, 0, 2, 0, 0, 0)
    maker.maps("maps", ("jumps", jumps))
    maker.program("classifier", "entry")
    maker.program("2/5", "five")
    maker.program("2/0x6", "six")
    spec = maker.spec()
    assert spec.maps["jumps"].contents == [MapEntry(5, "five"), MapEntry(6, "six")]
    assert {name: (p.type, p.problem) for name, p in spec.programs.items()} == {
        "entry": (ProgramType.SCHED_CLS, None),
        "five": (ProgramType.SCHED_CLS, None),
        "six": (ProgramType.SCHED_CLS, None),
    }


def test_tail_calls_without_an_entry_have_no_type() -> None:
    maker = Maker()
    maker.program("2/5", "five")
    program = maker.spec().programs["five"]
    assert program.type is ProgramType.UNSPEC
    assert program.problem is not None
    assert program.problem.startswith("section 2/5 says which slot of a program array it is for, and no type")


def test_static_functions_are_programs_except_in_text() -> None:
    maker = Maker()
    maker.program(".text", "library")
    maker.program("prog", "filter", static=True)
    maker.program("action", "filter")
    spec = maker.spec()
    assert [(p.name, p.type) for p in spec.programs.values()] == [("filter", ProgramType.XDP)]
    assert [(h.name, h.reason) for h in spec.hidden] == [
        ("filter", "in section action: there is another one of that name")
    ]


def test_text_alone_holds_no_program() -> None:
    maker = Maker()
    maker.program(".text", "library")
    spec = maker.spec()
    assert spec.programs == {}
    assert [(h.name, h.kind) for h in spec.hidden] == [("library", "function")]


def test_without_a_string_table_places_are_kept_and_names_are_made() -> None:
    maker = Maker()
    maker.maps("maps", ("one", maker.words(1, 4, 8, 100, 0)), ("two", maker.words(2, 4, 8, 1, 0)))
    maker.program("xdp", "lost")
    spec = maker.spec(names=False)
    assert list(spec.maps) == ["maps_0x0", "maps_0x14"]
    assert list(spec.programs) == ["xdp"]
    assert [h.reason for h in spec.hidden] == ["<bytes>: section .symtab: it has no string table, so names are lost"]


def test_without_symbols_definitions_are_told_apart_where_only_one_size_fits() -> None:
    maker = Maker()
    maker.maps("maps", ("", maker.words(1, 4, 8, 100, 0)), ("", maker.words(2, 4, 8, 1, 0)))
    maker.program("xdp", "lost")
    spec = maker.spec(symbols=False)
    assert {name: shape(item) for name, item in spec.maps.items()} == {
        "maps_0x0": (MapType.HASH, 4, 8, 100, 0),
        "maps_0x14": (MapType.ARRAY, 4, 8, 1, 0),
    }
    assert [h.name for h in spec.hidden] == [".symtab"]


def test_without_symbols_what_cannot_be_told_apart_is_said() -> None:
    maker = Maker()
    maker.maps("maps", ("", maker.words(1, 4, 8, 100, 0)), ("", maker.words(99, 4, 8, 1, 0)))
    maker.program("xdp", "lost")
    spec = maker.spec(symbols=False)
    assert spec.maps == {}
    assert ("maps", "section") in [(h.name, h.kind) for h in spec.hidden]


def test_an_index_of_0_alone_is_not_taken_for_an_inner_map() -> None:
    """24 bytes are samples/bpf's with inner_map_idx, or somebody else's with a number of their own."""
    maker = Maker()
    inner, outer = maker.words(1, 4, 8, 100, 0, 0), maker.words(13, 4, 4, 10, 0, 0)
    maker.maps("maps", ("inner", inner), ("outer", outer))
    assert maker.spec().maps["outer"].inner is None
    maker = Maker()
    maker.maps("maps", ("inner", inner), ("outer", outer), ("second", maker.words(12, 4, 4, 10, 0, 1)))
    found = maker.spec().maps
    assert found["outer"].inner is not None
    assert shape(found["outer"].inner) == (MapType.HASH, 4, 8, 100, 0)


def test_another_type_of_the_entry_is_that_of_its_tail_calls() -> None:
    maker = Maker()
    maker.program("from-netdev", "entry")
    maker.program("2/0", "tail")
    maker.program("2/1", "own")
    spec = maker.spec()
    assert spec.programs["tail"].unusable is not None
    spec.set_type("own", "xdp")
    spec.set_type("entry", "sched_cls")
    assert [p.type for p in spec.programs.values()] == [ProgramType.SCHED_CLS, ProgramType.SCHED_CLS, ProgramType.XDP]
    assert spec.programs["tail"].unusable is None
    spec.set_type("entry", "sched_act")
    assert [p.type for p in spec.programs.values()] == [ProgramType.SCHED_ACT, ProgramType.SCHED_ACT, ProgramType.XDP]
