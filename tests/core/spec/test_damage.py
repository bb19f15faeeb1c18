"""Damaged objects: one of our errors, or a spec that says what is wrong; nothing else, no hang, no big allocation."""

from __future__ import annotations

import random
import resource
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpftui.core.btf import Btf, CType
from bpftui.core.btf.types import Var
from bpftui.core.elf import Elf
from bpftui.core.errors import BpftuiError, ObjectError
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.common import print_json
from bpftui.tui.commands.show.spec_json import spec_json
from tests.waiting import Effort

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SEEDS = [
    path.read_bytes()
    for path in [*sorted(ROOT.glob("tests/objects/*.o")), *sorted(ROOT.glob("bpf/*.o"))]
    if path.stat().st_size < 40_000
]
MUTANTS = 250
"""For one seed of chance."""
PATIENCE = 2.0
"""For one object: seconds of a processor."""


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """Let what asks for much more memory than there is now fail."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def look_at_all(data: bytes) -> CollectionSpec | None:
    """Read an object and everything in it, as `show --json` and the explorer do; None where it is refused."""
    effort = Effort()
    try:
        spec = CollectionSpec.from_bytes(data, file="mutant")
        spec_json(spec)
        for program in spec.programs.values():
            rows = Listing(program, spec)
            rows.rows(0, len(rows))
    except BpftuiError:
        return None
    finally:
        assert effort.within(PATIENCE)
    return spec


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return *data* with some bytes, or numbers of 2, 4 or 8 bytes, replaced by odd ones."""
    mutant = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 8, 30])):
        at, width = rng.randrange(len(mutant)), rng.choice([1, 1, 2, 4, 8])
        bits = 8 * width
        number = rng.choice([0, 1, (1 << bits) - 1, 1 << bits - 1, (1 << bits - 1) - 1, rng.getrandbits(bits)])
        mutant[at : at + width] = number.to_bytes(width, rng.choice(["little", "big"]))  # type: ignore[arg-type]
    return bytes(mutant)


def test_cut_off_at_every_64th_byte() -> None:
    for name in ("traffic.o", "constants.eb.o"):
        data = (ROOT / "bpf" / name).read_bytes()
        for end in range(0, len(data), 64):
            # the section table comes last, so nothing that is cut off can be opened
            assert look_at_all(data[:end]) is None, end
        assert look_at_all(data) is not None


@pytest.mark.parametrize("chance", range(4))
def test_mutants(chance: int) -> None:
    rng = random.Random(20240229 + chance)
    opened = sum(look_at_all(mutate(rng.choice(SEEDS), rng)) is not None for _ in range(MUTANTS))
    # Most damage is local, and does not keep the rest from being shown.
    assert opened > MUTANTS * 0.8


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6),
)
def test_mutants_by_hypothesis(seed: bytes, changes: list[tuple[int, bytes]]) -> None:
    mutant = bytearray(seed)
    for at, patch in changes:
        at %= len(mutant)
        mutant[at : at + len(patch)] = patch
    look_at_all(bytes(mutant[: len(seed)]))


@pytest.mark.parametrize("part", range(4))
def test_mutants_of_types(part: int) -> None:
    """BTF alone, where chance in the whole file seldom strikes: every word of it in turn."""
    data = (ROOT / "tests/objects/values.o").read_bytes()
    section = Elf(data).by_name[".BTF"]
    rng = random.Random(7 + part)
    first = section.offset + 24 + 500 * part
    for at in range(first, first + 500, 4):
        number = rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, rng.randrange(100), rng.getrandbits(32)])
        look_at_all(data[:at] + struct.pack("<I", number) + data[at + 4 :])


class Patched:
    """An object whose headers can be changed by section name."""

    def __init__(self, path: str) -> None:
        self.data = bytearray((ROOT / path).read_bytes())
        self.elf = Elf(bytes(self.data))
        self.table = struct.unpack_from("<Q", self.data, 40)[0]

    def header(self, name: str, field: int, value: int) -> Patched:
        """Set a 64-bit field of a section header, by its offset in there: 24 offset, 32 size."""
        struct.pack_into("<Q", self.data, self.table + 64 * self.elf.by_name[name].number + field, value)
        return self

    def btf_word(self, type_id: int, index: int, value: int) -> Patched:
        """Set a word of a type's record: 0 name, 1 info, 2 size or type, 3 and up what its kind has."""
        section = self.elf.by_name[".BTF"]
        btf = Btf(self.elf.contents(section))
        struct.pack_into("<I", self.data, section.offset + btf.word_offset(type_id) + 4 * index, value)
        return self

    def find(self, name: str) -> int:
        """Return the id of the type of that name."""
        found = Btf(self.elf.contents(self.elf.by_name[".BTF"])).find(name)
        assert found is not None
        return found

    def read(self) -> CollectionSpec:
        """Read all of it."""
        spec = look_at_all(bytes(self.data))
        assert spec is not None
        return spec


@pytest.mark.parametrize("size", [1 << 60, (1 << 64) - 1, 1 << 32])
def test_a_section_without_contents_that_claims_exabytes(size: int) -> None:
    spec = Patched("bpf/traffic.o").header(".bss", 32, size).read()
    assert ".bss" not in spec.maps
    assert "total_packets" not in spec.variables
    (why,) = [hidden.reason for hidden in spec.hidden if hidden.name == ".bss"]
    assert why == f"its {size:,} bytes do not fit into a map (32 bits)"
    assert "sample_every" in spec.variables


def test_sections_without_contents_may_be_large() -> None:
    patched = Patched("tests/objects/data_sections.o")
    spec = patched.header(".bss", 32, 60 << 20).header(".bss.big", 32, (64 << 20) + 1).read()
    assert spec.maps[".bss"].value_size == 60 << 20
    assert spec.maps[".bss.big"].value_size == (64 << 20) + 1


@pytest.mark.parametrize("name", [".symtab", ".strtab", ".BTF", ".BTF.ext", ".maps", "license", ".rodata", ".relxdp"])
@pytest.mark.parametrize("field", [24, 32], ids=["offset", "size"])
@pytest.mark.parametrize("value", [(1 << 64) - 1, 1 << 40, 0, 7])
def test_a_part_that_lies_elsewhere(name: str, field: int, value: int) -> None:
    look_at_all(bytes(Patched("bpf/traffic.o").header(name, field, value).data))


def test_a_part_beyond_the_end_is_named_and_the_rest_stays() -> None:
    spec = Patched("bpf/traffic.o").header(".BTF", 24, 1 << 40).read()
    assert any(h.name == ".BTF" and "beyond the end of the file" in h.reason for h in spec.hidden)
    assert spec.variables["sample_every"].raw == struct.pack("<I", 1000)
    assert spec.programs["count_traffic"].insns == 183


@pytest.mark.parametrize(("offset", "layout"), [(58, "<H"), (60, "<H"), (62, "<H"), (40, "<Q")])
@pytest.mark.parametrize("value", [0, 1, 0xFFFF])
def test_the_elf_header_lies(offset: int, layout: str, value: int) -> None:
    patched = Patched("bpf/traffic.o")
    struct.pack_into(layout, patched.data, offset, value)
    look_at_all(bytes(patched.data))


def test_a_struct_that_contains_itself() -> None:
    patched = Patched("tests/objects/values.o")
    node = patched.find("node")
    spec = patched.btf_word(node, 4, node).read()
    assert spec.variables["node"].type is None
    assert isinstance(spec.variables["node"].get(), bytes)
    assert any("contains itself" in hidden.reason for hidden in spec.hidden)
    assert spec.variables["points"].get() == [{"x": 1, "y": -1}, {"x": 2, "y": -2}, {"x": 3, "y": -3}]


def test_a_member_outside_of_its_struct() -> None:
    patched = Patched("tests/objects/values.o")
    spec = patched.btf_word(patched.find("point"), 5, 1 << 20).read()
    assert spec.variables["points"].type is None
    assert any("ends before its member x does" in hidden.reason for hidden in spec.hidden)


def test_a_type_that_is_not_there() -> None:
    patched = Patched("tests/objects/values.o")
    spec = patched.btf_word(patched.find("u16"), 2, 9999).read()
    assert spec.variables["u16"].type is None
    assert spec.variables["u16"].get() == b"\xff\xff"
    assert any("there is no type 9999" in hidden.reason for hidden in spec.hidden)


def test_a_typedef_of_itself() -> None:
    patched = Patched("tests/objects/values.o")
    alias = patched.find("alias_t")
    spec = patched.btf_word(alias, 2, alias).read()
    assert spec.variables["alias"].type is None
    assert spec.variables["alias"].raw == struct.pack("<I", 12)


def test_an_array_of_billions() -> None:
    patched = Patched("tests/objects/externs.o")
    spec = patched.btf_word(patched.find("CONFIG_THAT_IS_NOT_THERE"), 2, big_array(patched)).read()
    assert spec.maps[".kconfig"].value_size < 100
    assert any("is no kernel configuration value" in hidden.reason for hidden in spec.hidden)


def big_array(patched: Patched) -> int:
    """Make the array type of the license 2 GiB long, and return its id."""
    btf = Btf(patched.elf.contents(patched.elf.by_name[".BTF"]))
    variable = btf.type(patched.find("_license"))
    assert isinstance(variable, Var)
    array = variable.type_id
    patched.btf_word(array, 5, 1 << 31)
    return array


def test_lines_out_of_order_are_put_in_order() -> None:
    path = ROOT / "bpf/count_packets.o"
    data = bytearray(path.read_bytes())
    ext = Elf(bytes(data)).by_name[".BTF.ext"]
    header, line_offset = (struct.unpack_from("<I", data, ext.offset + at)[0] for at in (4, 16))
    first = ext.offset + header + line_offset + 12
    data[first : first + 32] = data[first + 16 : first + 32] + data[first : first + 16]
    spec = look_at_all(bytes(data))
    assert spec is not None
    assert (
        spec.programs["count_packets"].linked.line_infos
        == CollectionSpec.from_file(path).programs["count_packets"].linked.line_infos
    )


def test_types_that_nest_without_end_are_declared_in_no_time() -> None:
    """An anonymous union of two of itself would have 2^N parts."""
    strings = b"\0"
    words = [
        [0, 5 << 24 | 2, 8, 0, 1, 0, 0, 1, 0],  # 1: union { 1; 1; }
        [0, 2 << 24, 3],  # 2: pointer to 3
        [0, 13 << 24 | 2, 0, 0, 2, 0, 2],  # 3: void (2, 2)
        [0, 2 << 24, 4],  # 4: pointer to itself
    ]
    body = b"".join(struct.pack(f"<{len(record)}I", *record) for record in words)
    raw = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(body), len(body), len(strings)) + body + strings
    btf = Btf(raw)
    for type_id in range(1, 5):
        effort = Effort()
        assert "…" in CType(btf, type_id).c_text
        assert CType(btf, type_id).definition
        assert effort.within(PATIENCE)
    with pytest.raises(ObjectError, match="type 1 contains itself"):
        CType(btf, 1).check()


def test_names_without_an_end() -> None:
    """A string table without NULs: each name is cut, not the whole table once for each symbol."""
    patched = Patched("bpf/traffic.o")
    for section in (patched.elf.by_name[".strtab"],):
        table = slice(section.offset, section.offset + section.size)
        patched.data[table] = b"x" * section.size
    elf = Elf(bytes(patched.data) + b"x" * (1 << 20))
    assert all(len(symbol.name) <= 4096 for symbol in elf.symbols)


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_relocation_outside_of_its_section_is_a_problem_of_the_program(order: str) -> None:
    name = "count_packets.o" if order == "little" else "count_packets.eb.o"
    data = bytearray((ROOT / "bpf" / name).read_bytes())
    elf = Elf(bytes(data))
    table = elf.relocated[elf.by_name["xdp"].number][0]
    end = "<" if order == "little" else ">"
    struct.pack_into(end + "Q", data, table.offset, 4)  # not on an instruction
    spec = CollectionSpec.from_bytes(bytes(data), file="x.o")
    problem = spec.programs["count_packets"].problem
    assert problem == "x.o: section xdp: offset 0x4: a relocation points to no instruction"
    struct.pack_into(end + "Q", data, table.offset, elf.by_name["xdp"].size)
    spec = CollectionSpec.from_bytes(bytes(data), file="x.o")
    problem = spec.programs["count_packets"].problem
    assert problem is not None
    assert "a relocation lies beyond the end of the section" in problem


def test_numbers_that_json_lacks_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/values.o")
    spec.set("f32", float("nan"))
    spec.set("f64", float("-inf"))
    print_json(spec_json(spec), indent=None)
    text = capsys.readouterr().out
    assert '"name": "f32"' in text
    assert '"value": "nan"' in text
    assert '"value": "-inf"' in text
