"""DWARF where there is no BTF: what the same source says with BTF, what pyelftools reads, and damage of every kind."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from elftools.elf.elffile import ELFFile

from bpftui.core.btf import CType, Kind
from bpftui.core.btf.header import c_header
from bpftui.core.btf.layout import layout
from bpftui.core.btf.layout_text import layout_text
from bpftui.core.dwarf import Dwarf
from bpftui.core.dwarf.dwarf import FoldedVariable
from bpftui.core.dwarf.info import At, DebugInfo, Entry, Form, Tag, Unit
from bpftui.core.dwarf.sections import DebugSections
from bpftui.core.dwarf.variables import Span
from bpftui.core.elf import Elf
from bpftui.core.errors import BpftuiError, ObjectError
from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.show.spec_json import spec_json
from tests.core.dwarf.made import Die, info_of
from tests.core.spec.expected import EXPECTED

if TYPE_CHECKING:
    from tests.core.dwarf.made import Attribute

OBJECTS = Path(__file__).parents[2] / "objects"
TWINS = [
    ("nested_maps.dwarf.o", "nested_maps.o"),
    ("subprograms.dwarf.o", "subprograms.o"),
    ("values.dwarf.o", "values.o"),
    ("values.dwarf2.o", "values.o"),
    ("values.dwarf2eb.o", "values.eb.o"),
    ("symbols.dwarf4.o", "symbols.o"),
    ("symbols.dwarfz.o", "symbols.o"),
]
NAMES = [name for name, _ in TWINS]


def spec(name: str) -> CollectionSpec:
    return CollectionSpec.from_file(OBJECTS / name)


def facts(name: str) -> dict[str, Any]:
    """Return what `show --json` says, but for what only BTF has, and what another compiler does otherwise."""
    found = spec_json(spec(name))
    del found["file"], found["types"]
    for program in found["programs"]:
        del program["line_infos"], program["insns"]
    return found


@pytest.mark.parametrize(("name", "twin"), TWINS)
def test_the_spec_is_that_of_the_same_source_with_btf(name: str, twin: str) -> None:
    assert spec(name).btf is None
    assert facts(name) == facts(twin)


def test_values_are_typed() -> None:
    variables = {name: variable.get() for name, variable in spec("values.dwarf.o").variables.items()}
    assert variables["colour"] == "BLUE"
    assert variables["large"] == "HUGE"
    assert variables["large_signed"] == "LOWEST"
    assert variables["text"] == "hello"
    assert variables["f32"] == 1.5
    assert variables["flags"] == {"one": 1, "three": 5, "minus": -3, "wide": 8589934591, "colour": "BLUE"}
    assert variables["points"] == [{"x": 1, "y": -1}, {"x": 2, "y": -2}, {"x": 3, "y": -3}]


@pytest.mark.parametrize(
    ("form", "value", "signed", "number"),
    [
        (0x0B, 0xFE, True, -2),  # DW_FORM_data1
        (0x0B, 0xFE, False, 254),
        (0x0B, 0x7F, True, 127),
        (0x05, 0x8000, True, -32768),  # DW_FORM_data2
        (0x06, 0xFFFF_FFFF, True, -1),  # DW_FORM_data4
        (0x07, 1 << 63, True, -(1 << 63)),  # DW_FORM_data8
        (0x0D, -5, True, -5),  # DW_FORM_sdata
        (0x0F, 5, True, 5),  # DW_FORM_udata
        (0x0F, 5, False, 5),
        (0x0A, b"\1", True, None),  # DW_FORM_block1
    ],
)
def test_constants_have_the_sign_of_their_type(form: int, value: int | bytes, signed: bool, number: int | None) -> None:
    entry = Entry(Unit(0, 5, 4, 8, {}, {}), 0, 0)
    entry.attributes[At.CONST_VALUE] = form, value
    assert entry.constant(At.CONST_VALUE, signed=signed) == number
    assert entry.constant(At.NAME, signed=signed) is None


def test_the_btf_that_is_made_is_as_the_kernel_wants_it() -> None:
    """An array has no size of its own (btf_array_check_meta in kernel/bpf/btf.c)."""
    types = spec("values.dwarf.o").types
    assert types is not None
    arrays = types.ids(Kind.ARRAY)
    sizes = [struct.unpack_from("<I", types.raw, types.record(array)[0] + 8)[0] for array in arrays]
    assert len(sizes) == 11
    assert set(sizes) == {0}


def test_values_are_set_by_their_members() -> None:
    old = spec("values.dwarf2eb.o")
    old.set_text("points[1].y", "-7")
    old.set_text("colour", "RED")
    assert old.variables["points"].raw.hex() == "00000001ffffffff00000002fffffff900000003fffffffd"
    assert old.variables["colour"].get() == "RED"


@pytest.mark.parametrize(("name", "twin"), TWINS)
def test_layouts_are_those_of_btf(name: str, twin: str) -> None:
    ours, theirs = spec(name).types, spec(twin).btf
    assert ours is not None
    assert theirs is not None
    shapes = [i for kind in (Kind.STRUCT, Kind.UNION) for i in theirs.ids(kind) if theirs.type_name(i)]
    assert shapes
    for type_id in shapes:
        found = ours.find(theirs.type_name(type_id), theirs.kind(type_id))
        assert found is not None
        assert layout_text(layout(CType(ours, found))) == layout_text(layout(CType(theirs, type_id)))


@pytest.mark.skipif(shutil.which("clang-19") is None, reason="clang-19 is not installed")
def test_the_header_made_of_dwarf_compiles(tmp_path: Path) -> None:
    types = spec("values.dwarf.o").types
    assert types is not None
    (tmp_path / "types.h").write_text(c_header(types))
    subprocess.run(
        ["clang-19", "-target", "bpf", "-fsyntax-only", "-x", "c", "-Wall", "-Werror", tmp_path / "types.h"], check=True
    )


def test_lines_and_where_they_come_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    alone = tmp_path / "subprograms.dwarf.o"
    alone.write_bytes((OBJECTS / "subprograms.dwarf.o").read_bytes())
    monkeypatch.chdir(OBJECTS)  # where the user is says nothing of where the source is
    listing = Listing(CollectionSpec.from_file(alone).programs["second"])
    rows = [row for row in listing.rows(0, len(listing)) if row.kind is RowKind.SOURCE]
    assert [(row.text, row.line) for row in rows[:2]] == [("./subprograms.c", 45), ("./subprograms.c", 29)]
    # DWARF 5 has a checksum: the text is shown where the file is the one that was compiled.
    monkeypatch.chdir(tmp_path)
    infos = spec("subprograms.dwarf.o").programs["second"].linked.line_infos
    assert [(info.slot, info.line, info.column, info.source.strip()) for info in infos[:2]] == [
        (0, 45, 9, "return hidden_helper(3) == 4 ? XDP_DROP : XDP_ABORTED;"),
        (4, 45, 26, "return hidden_helper(3) == 4 ? XDP_DROP : XDP_ABORTED;"),
    ]
    source = (OBJECTS / "subprograms.c").read_bytes()
    (tmp_path / "subprograms.c").write_bytes(source + b"\n")
    assert not any(info.source for info in CollectionSpec.from_file(alone).programs["second"].linked.line_infos)


def test_a_pipe_or_a_directory_in_the_place_of_a_source_file(tmp_path: Path) -> None:
    import os

    alone = tmp_path / "subprograms.dwarf.o"
    alone.write_bytes((OBJECTS / "subprograms.dwarf.o").read_bytes())
    os.mkfifo(tmp_path / "subprograms.c")
    assert not any(info.source for info in CollectionSpec.from_file(alone).programs["second"].linked.line_infos)
    (tmp_path / "subprograms.c").unlink()
    (tmp_path / "subprograms.c").mkdir()
    assert not any(info.source for info in CollectionSpec.from_file(alone).programs["second"].linked.line_infos)


def test_passing_over_what_is_not_wanted_finds_the_same() -> None:
    for path in sorted(OBJECTS.glob("*.o")):
        elf = Elf(path.read_bytes(), file=str(path))
        quick, whole = Dwarf(elf), Dwarf(elf)
        _ = whole._info
        assert quick.folded == whole.folded


def test_the_functions_that_have_code() -> None:
    path = OBJECTS / "subprograms.dwarf.o"
    elf = Elf(path.read_bytes(), file=str(path))
    found = [(place.name, elf.sections[place.section].name, place.start, place.stop) for place in Dwarf(elf).functions]
    assert ("weak_answer", ".text", 144, 216) in found
    symbols = {s.name: (elf.sections[s.section].name, s.value, s.value + s.size) for s in elf.symbols if s.type == 2}
    assert {name: (section, start, stop) for name, section, start, stop in found} == symbols


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_those_of_pyelftools(name: str) -> None:
    path = OBJECTS / name
    ours = Dwarf(Elf(path.read_bytes(), file=str(path)))
    mine = sorted((row.offset, row.line, row.column) for rows in ours._lines.values() for row in rows)
    with path.open("rb") as stream:
        theirs = ELFFile(stream).get_dwarf_info()
        programs = [theirs.line_program_for_CU(unit) for unit in theirs.iter_CUs()]
        entries = [entry.state for program in programs if program is not None for entry in program.get_entries()]
    rows = [(s.address, s.line, s.column) for s in entries if s is not None and not s.end_sequence and s.line]
    assert mine == sorted(rows)
    assert ours.problems == []


@pytest.mark.parametrize("name", NAMES)
def test_entries_are_those_of_pyelftools(name: str) -> None:
    path = OBJECTS / name
    ours = Dwarf(Elf(path.read_bytes(), file=str(path)))._info
    with path.open("rb") as stream:
        units = list(ELFFile(stream).get_dwarf_info().iter_CUs())
        dies = {die.offset: die for unit in units for die in unit.iter_DIEs() if die.tag is not None}
        names = {at: die.attributes["DW_AT_name"].value for at, die in dies.items() if "DW_AT_name" in die.attributes}
    assert set(ours.entries) <= set(dies)
    for at, entry in ours.entries.items():
        assert ours.text(entry, At.NAME) == names.get(at, b"").decode()


def with_old_relocations(raw: bytes) -> bytes:
    """Return an object whose debug sections have the relocation types of before LLVM 13."""
    elf = Elf(raw)
    found = bytearray(raw)
    for table in elf.sections:
        if table.name.startswith(".rel.debug"):
            for at in range(table.offset, table.offset + table.size, 16):
                kind = struct.unpack_from("<I", found, at + 8)[0]
                struct.pack_into("<I", found, at + 8, {2: 1, 3: 10, 4: 10}[kind])
    return bytes(found)


def test_relocation_types_of_old_compilers() -> None:
    raw = (OBJECTS / "values.dwarf.o").read_bytes()
    old = spec_json(CollectionSpec.from_bytes(with_old_relocations(raw), file="x"))
    assert old == spec_json(CollectionSpec.from_bytes(raw, file="x"))
    assert old["variables"][15]["value"] == "BLUE"


def test_gnu_compressed_sections() -> None:
    import zlib

    raw = (OBJECTS / "values.dwarf.o").read_bytes()
    elf = Elf(raw)
    section = elf.by_name[".debug_str"]
    packed = b"ZLIB" + section.size.to_bytes(8, "big") + zlib.compress(elf.contents(section))
    # The contents go to the end; the name ".debug_str" becomes ".zdebug_str" there as well.
    headers = struct.unpack_from("<Q", raw, 40)[0]
    names = elf.sections[struct.unpack_from("<H", raw, 62)[0]]
    table = elf.contents(names) + b".zdebug_str\0"
    found = bytearray(raw + packed + table)
    struct.pack_into("<QQ", found, headers + section.number * 64 + 24, len(raw), len(packed))
    struct.pack_into("<I", found, headers + section.number * 64, names.size)
    struct.pack_into("<QQ", found, headers + names.number * 64 + 24, len(raw) + len(packed), len(table))
    again = CollectionSpec.from_bytes(bytes(found), file="x")
    assert spec_json(again)["variables"] == spec_json(CollectionSpec.from_bytes(raw, file="x"))["variables"]


def test_gnu_compressed_sections_tell_their_size_in_eight_bytes() -> None:
    raw = (OBJECTS / "values.dwarf.o").read_bytes()
    found = bytearray(raw)
    elf = Elf(raw)
    section = elf.by_name[".debug_str"]
    headers = struct.unpack_from("<Q", raw, 40)[0]
    names = elf.sections[struct.unpack_from("<H", raw, 62)[0]]
    found += elf.contents(names) + b".zdebug_str\0"
    struct.pack_into("<QQ", found, headers + names.number * 64 + 24, len(raw), len(found) - len(raw))
    struct.pack_into("<I", found, headers + section.number * 64, names.size)
    found[section.offset : section.offset + 12] = b"ZLIB" + (1 << 56).to_bytes(8, "big")
    with pytest.raises(ObjectError, match="it claims 72057594037927936 bytes once decompressed"):
        DebugSections(Elf(bytes(found)))[".debug_str"]


def test_a_relocated_number_is_cut_to_its_place() -> None:
    raw = bytearray((OBJECTS / "values.dwarf.o").read_bytes())
    section = Elf(bytes(raw)).by_name[".debug_addr"]
    start = section.offset
    raw[start + 8 : start + 16] = b"\xff" * 8
    found = DebugSections(Elf(bytes(raw)))[".debug_addr"]
    assert len(found) == section.size
    assert int.from_bytes(found[8:16], "little") == (5 << 32) - 1  # a byte before where `truth` lies, in section 5


def damaged(name: str, section: str, at: int, replacement: bytes) -> CollectionSpec:
    raw = bytearray((OBJECTS / name).read_bytes())
    start = Elf(bytes(raw)).by_name[section].offset + at
    raw[start : start + len(replacement)] = replacement
    return CollectionSpec.from_bytes(bytes(raw), file="x.o")


@pytest.mark.parametrize(
    ("section", "at", "replacement", "reason"),
    [
        (".debug_info", 4, b"\x63\x00", "section .debug_info: offset 0x6: version 99 of DWARF is not known"),
        (".debug_info", 0, b"\xf0\xff\xff\x7f", "it is cut off: 2147483632 bytes are wanted"),
        (".debug_abbrev", 0, b"\x7f", "abbreviation 1 is not in .debug_abbrev"),
        (".rel.debug_info", 8, b"\x09", "relocation type 9 is not known in debug information"),
    ],
)
def test_damage_is_one_line_and_the_rest_stays(section: str, at: int, replacement: bytes, reason: str) -> None:
    found = damaged("values.dwarf.o", section, at, replacement)
    (problem,) = found.hidden
    assert problem.kind == "section"
    assert reason in problem.reason
    assert len(found.variables) == 31
    assert found.variables["colour"].get() == bytes.fromhex("07000000")
    assert found.programs["values"].insns == 8


def test_damage_that_is_found_later_is_listed_then() -> None:
    found = damaged("subprograms.dwarf.o", ".debug_line", 4, b"\x63\x00")
    assert found.hidden == []
    assert found.programs["second"].linked.line_infos == []
    assert [hidden.name for hidden in found.hidden] == [".debug_line"]


@pytest.mark.parametrize("name", ["values.dwarf.o", "subprograms.dwarf.o", "symbols.dwarf4.o"])
def test_mutants_raise_nothing_but_ours(name: str) -> None:
    raw = (OBJECTS / name).read_bytes()
    spots = [
        range(section.offset, section.offset + section.size)
        for section in Elf(raw).sections
        if ".debug" in section.name and section.size
    ]
    choose = random.Random(name)
    for _ in range(150):
        mutant = bytearray(raw)
        for _ in range(choose.randint(1, 4)):
            mutant[choose.choice(choose.choice(spots))] = choose.randrange(256)
        try:
            found = CollectionSpec.from_bytes(bytes(mutant), file="x.o")
            for program in found.programs.values():
                list(program.linked.line_infos)
            for variable in found.variables.values():
                variable.get()
            if found.types is not None:
                c_header(found.types)
        except BpftuiError:
            pass


def test_nothing_of_it_is_imported_for_an_object_with_btf() -> None:
    code = (
        "import sys; from bpftui.core.spec import CollectionSpec\n"
        f"spec = CollectionSpec.from_file({str(OBJECTS / 'values.o')!r})\n"
        "[list(p.linked.line_infos) for p in spec.programs.values()]\n"
        "assert not [name for name in sys.modules if 'dwarf' in name or 'elftools' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_expected_object_without_any_debug_information() -> None:
    assert EXPECTED["tests/objects/subprograms.nobtf.o"]["variables"][0]["type"] is None
    assert spec("subprograms.nobtf.o").types is None
    assert spec("subprograms.nobtf.o").variables["calls"].get() == bytes(8)


def test_c_variables_and_where_they_are() -> None:
    debug = spec("names.o").read_debug()
    assert debug is not None
    found = {(each.name, each.depth, each.scope[0].start): each for each in debug.locals}
    extra, fresh, j, ctx = found["extra", 1, 0], found["fresh", 1, 240], found["j", 3, 128], found["ctx", 1, 240]
    assert [(each.is_parameter, str(each.type), each.constant) for each in (extra, fresh, j, ctx)] == [
        (True, "__u32", 14),
        (False, "struct stats", None),
        (False, "__u32", None),
        (True, "struct xdp_md *", None),
    ]
    assert [(*span, raw.hex()) for span, raw in (*ctx.places, *fresh.places[:2], *j.places[:1])] == [
        (3, 240, 248, "51"),
        (3, 248, 792, "56"),
        (3, 248, 280, "7a00"),
        (3, 280, 336, "309f93087a089308"),
        (3, 128, 168, "770011041c117f1b9f"),
    ]
    assert extra.places == ()


def test_the_structures_of_variables_by_their_names() -> None:
    """Through typedefs, qualifiers, and one pointer; a pointer to a pointer is none."""
    for name, found in (
        (
            "values.dwarf.o",
            {
                "flags": {"flags"},
                "nested": {"nested"},
                "packed": {"packed"},
                "node": {"node"},
                "origin": {"point"},
                "empty": {"nested"},
                "skb": {"__sk_buff"},
            },
        ),
        ("nested_maps.dwarf.o", {"inner_a": {"inner"}, "inner_b": {"inner"}, "ctx": {"xdp_md"}}),
    ):
        debug = spec(name).read_debug()
        assert debug is not None
        assert debug.structures == found


def test_places_that_dwarf_4_lists() -> None:
    debug = spec("source_elsewhere.dwarf4.o").read_debug()
    assert debug is not None
    assert [(each.name, each.scope, each.places) for each in debug.locals] == [
        ("ctx", (Span(3, 0, 56),), ((Span(3, 0, 16), b"\x51"),))
    ]


def test_sections_that_are_compressed_in_other_ways() -> None:
    """ELF's header of what is compressed: its kind (1 zlib, 2 zstd), its size and its alignment (Elf64_Chdr)."""

    def told(kind: int, size: int | None = None) -> str:
        raw = bytearray((OBJECTS / "symbols.dwarfz.o").read_bytes())
        at = Elf(bytes(raw)).by_name[".debug_info"].offset
        raw[at : at + 4] = kind.to_bytes(4, "little")
        if size is not None:
            raw[at + 8 : at + 16] = size.to_bytes(8, "little")
        elf = Elf(bytes(raw), file="x.o")
        dwarf = Dwarf(elf)
        _ = dwarf.types
        return str(dwarf.problems[0]) if dwarf.problems else ""

    size = len(Dwarf(Elf((OBJECTS / "symbols.dwarfz.o").read_bytes()))._sections[".debug_info"])
    assert told(1) == ""
    assert told(3) == "x.o: section .debug_info: it is compressed in an unknown way, 3"
    assert "zstd" in told(2) or "it cannot be decompressed" in told(2)
    limit = 64 << 20
    assert told(1, limit + 1) == f"x.o: section .debug_info: it claims {limit + 1} bytes once decompressed"
    for wrong in (size - 1, size + 1, limit):
        assert told(1, wrong) == (
            f"x.o: section .debug_info: it has not the {wrong} bytes that it claims once decompressed"
        )


def test_limits_of_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many entries and attributes, and no more: those before are there."""
    unit = Die(Tag.COMPILE_UNIT, [(At.COUNT, Form.DATA1, b"\1")], [Die(Tag.VARIABLE, [(At.COUNT, Form.DATA1, b"\2")])])
    monkeypatch.setattr("bpftui.core.dwarf.info._MAX_ATTRIBUTES", 2)
    monkeypatch.setattr("bpftui.core.dwarf.info._MAX_ENTRIES", 2)
    info = info_of(unit)
    monkeypatch.setattr("bpftui.core.dwarf.info._MAX_ATTRIBUTES", 1)
    assert "it has more than 1 attributes: the rest is left out" in str(DebugInfo(info.sections).problem)
    monkeypatch.setattr("bpftui.core.dwarf.info._MAX_ATTRIBUTES", 2)
    monkeypatch.setattr("bpftui.core.dwarf.info._MAX_ENTRIES", 1)
    again = DebugInfo(info.sections)
    assert "it has more than 1 entries: the rest is left out" in str(again.problem)
    assert len(again.entries) == 1


def test_what_was_folded_has_its_number_or_none() -> None:
    """What has a place, is only declared, or leads to a function is none; what comes behind is read all the same."""
    prototype = Die(Tag.SUBROUTINE_TYPE)
    helper = Die(Tag.POINTER, [(At.TYPE, Form.REF_ADDR, prototype)])

    def variable(name: str, *more: Attribute) -> Die:
        return Die(Tag.VARIABLE, [(At.NAME, Form.STRING, name.encode() + b"\0"), *more])

    number = (At.CONST_VALUE, Form.SDATA, b"\x7b")
    children = [
        Die(Tag.BASE),
        variable("declared", number, (At.DECLARATION, Form.FLAG_PRESENT, b"")),
        variable("placed", (At.LOCATION, Form.EXPRLOC, b"\0")),
        variable("bpf_helper", (At.TYPE, Form.REF_ADDR, helper)),
        variable("", number),
        variable("told", number),
        variable("unread"),
        variable("text", (At.CONST_VALUE, Form.STRING, b"x\0")),
        prototype,
        helper,
    ]
    made = info_of(Die(Tag.COMPILE_UNIT, (), children)).sections
    dwarf = Dwarf(made.elf)
    dwarf._sections = made
    assert dwarf.folded == [FoldedVariable("told", -5), FoldedVariable("unread", None), FoldedVariable("text", None)]
    _ = dwarf._info
    del dwarf.folded  # from what is read for the types: the same
    assert len(dwarf.folded) == 3
