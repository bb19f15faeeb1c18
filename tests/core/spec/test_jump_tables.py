"""Jump tables: what LLVM 22 writes, where each gotox can lead, and that the built-in machine goes there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.flow import EdgeKind
from bpftui.core.elf import Symbol
from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.spec import CollectionSpec, Function, LinkedCode, ProgramSpec, ProgramType, Reference, ReferenceKind
from bpftui.core.spec.jump_tables import SECTION, table_map, table_reference, table_value
from bpftui.core.spec.object import ObjectFile
from bpftui.core.vm.runtime import MachineRuntime

OBJECT = Path(__file__).parents[2] / "objects" / "jump_tables.o"
U64 = (1 << 64) - 1


@pytest.fixture
def spec() -> CollectionSpec:
    return CollectionSpec.from_file(OBJECT)


def test_entries_are_instructions_of_the_linked_program(spec: CollectionSpec) -> None:
    tables = spec.programs["in_subprograms"].linked.tables
    # run() begins at slot 21; in .text, which it begins as well, the entries are 0x48, 0x70 and 0xa8
    assert tables["BPF.JT.2.0"] == (21 + 0x48 // 8, 21 + 0x70 // 8, 21 + 0xA8 // 8)
    assert len(tables["BPF.JT.3.0"]) == 14
    assert {name: len(slots) for name, slots in spec.programs["by_switch"].linked.tables.items()} == {
        "BPF.JT.0.0": 14,
        "BPF.JT.0.1": 14,
    }
    assert spec.programs["by_switch"].problem is None


@pytest.mark.parametrize("name", ["by_switch", "in_subprograms"])
def test_control_flow_goes_through_the_tables(spec: CollectionSpec, name: str) -> None:
    program = spec.programs[name]
    tables = sorted(sorted(set(slots)) for slots in program.linked.tables.values())
    jumps: dict[int, list[int]] = {}
    for start in program.flow.functions:
        graph = program.flow.graph_at(start)
        assert graph.problems == []
        assert graph.unreachable == []
        for edge in graph.jumps:
            if edge.kind is EdgeKind.GOTOX:
                jumps.setdefault(edge.source, []).append(edge.target)
    # each of the two has its own table
    assert sorted(sorted(targets) for targets in jumps.values()) == tables


def test_the_listing_says_what_a_table_is_and_where_it_leads(spec: CollectionSpec) -> None:
    listing = Listing(spec.programs["in_subprograms"], spec, source=False)
    rows = {row.slot: row for row in listing.rows(0, len(listing)) if row.kind is RowKind.INSN}
    assert (rows[25].text, rows[25].comment) == ("r2 = table[BPF.JT.2.0]", "3 entries")
    assert (rows[29].text, rows[29].comment) == ("gotox r1", "to L30, L35, L42")
    assert [rows[slot].comment for slot in (30, 35, 42)] == [f"BPF.JT.2.0[{number}]" for number in range(3)]
    # the default of the switch has several entries
    assert any(row.comment.endswith("BPF.JT.3.0[10]") for row in rows.values())


def test_where_two_ways_bring_two_tables_either_is_possible() -> None:
    raw = assemble(
        "r6 = 0x100000000\nif r1 == 0x0 goto pc+2\nr6 = 0x200000000\nr6 += r2\nr3 = *(u64 *)(r6 +0)\ngotox r3\n"
        "r0 = 1\nexit\nr0 = 2\nexit\nr0 = 3\nexit"
    )
    references = {slot: Reference(ReferenceKind.TABLE, name, inside=1) for slot, name in ((0, "a"), (3, "b"))}
    linked = LinkedCode(raw, (Function("p", 0, 14, "xdp", 0),), references)
    linked.tables = {"a": (8,), "b": (10,)}
    program = ProgramSpec("p", "xdp", ProgramType.XDP, link=lambda: linked)
    graph = program.flow.graph_at(0)
    assert [edge.target for edge in graph.jumps if edge.kind is EdgeKind.GOTOX] == [8, 10]
    assert graph.unreachable == [(12, 14)]


@pytest.mark.parametrize(
    ("value", "size", "imm"), [(0, 12, 0), (4, 8, 0), (0, 4096, 0), (0, 8, 8), (1 << 20, 0, 0)], ids=str
)
def test_what_is_no_table(value: int, size: int, imm: int) -> None:
    obj = ObjectFile(OBJECT.read_bytes(), "x.o")
    section = obj.elf.by_name[SECTION]
    symbol = Symbol("odd", 1, 1, 0, section.number, value, size)
    found = table_reference(obj, section, symbol, imm)
    assert isinstance(found, str)
    assert found.startswith("it refers to odd, which is no jump table")


def test_a_symbol_without_a_size_goes_on_to_the_next() -> None:
    obj = ObjectFile(OBJECT.read_bytes(), "x.o")
    section = obj.elf.by_name[SECTION]
    found = table_reference(obj, section, Symbol("", 0, 0, 0, section.number, 0xE0, 0), 0)
    assert found == Reference(ReferenceKind.TABLE, ".jumptables+0xe0", offset=0xE0, inside=3)


def test_the_map_of_a_table() -> None:
    """What libbpf 1.7 creates: `struct bpf_insn_array_value` begins with the instruction."""
    made = table_map((4, 5, 9))
    assert (made.type.label, made.key_size, made.value_size, made.max_entries) == ("insn_array", 4, 16, 3)
    assert table_value(9, "little") == bytes([9, *[0] * 15])


def cases(what: int, seen: int, steps: int) -> tuple[int, int]:
    """Do what CASES of the source does, but for case 2, which is random."""
    table = {
        0: (seen + 5, steps),
        1: (seen * 3, steps),
        3: (seen - 11, steps),
        4: (seen << 2, steps),
        5: (77, steps),
        6: (seen, steps + 1),
        7: (seen, steps * 7),
        8: (seen, steps ^ seen),
        9: (seen | 64, steps),
        11: (seen // 3, steps),
        12: (seen, seen),
        13: (seen % 10, steps),
    }
    seen, steps = table.get(what, (seen, steps))
    return seen & U64, steps & U64


@pytest.mark.parametrize("length", [length for length in range(14, 30) if length & 15 != 2])
def test_the_built_in_machine_runs_them(spec: CollectionSpec, length: int) -> None:
    spec.set("seen", 1000)
    spec.set("steps", 6)
    seen, steps = cases(length & 15, 1000, 6)
    is_default = length & 15 in (10, 14, 15)
    with MachineRuntime().load(spec) as loaded:
        retval = loaded.programs["by_switch"].run(bytes(length)).retval
        # behind the first switch comes the second, for queue 0
        seen, steps = (seen, steps) if is_default else cases(0, seen, steps)
        assert retval == (2 if is_default else 1)
        assert (loaded.variables["seen"].get(), loaded.variables["steps"].get()) == (seen, steps)
