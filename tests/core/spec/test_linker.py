"""Linked programs: what instructions refer to, in which order subprograms are appended, where calls go."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.core.asm import decode
from bpftui.core.elf import Elf
from bpftui.core.spec import CollectionSpec, Difference, Function, ProgramSpec, Reference, ReferenceKind
from bpftui.core.spec.program import LinkedCode

ROOT = Path(__file__).parents[3]
ORDERS = ["", ".eb"]


def programs(path: str) -> dict[str, ProgramSpec]:
    return CollectionSpec.from_file(ROOT / path).programs


@pytest.mark.parametrize("order", ORDERS)
def test_subprograms_follow_their_callers_in_the_order_of_the_calls(order: str) -> None:
    found = programs(f"tests/objects/subprograms{order}.o")
    # Sizes are those of `llvm-readelf -s` / 8; offsets the symbols' values.
    assert [(f.name, f.start, f.size, f.section, f.section_offset) for f in found["first"].functions] == [
        ("first", 0, 11, "xdp", 0),
        ("weak_answer", 11, 9, ".text", 0x90),
        ("global_sum", 20, 10, ".text", 0),
        ("twice", 30, 8, ".text", 0x50),
    ]
    assert [f.name for f in found["second"].functions] == ["second", "hidden_helper"]
    assert [f.name for f in found["third"].functions] == ["third"]
    assert [f.name for f in found["other_section"].functions] == ["other_section", "weak_answer", "twice"]
    assert [f.is_global for f in found["first"].functions] == [True, True, True, False]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["first", "second", "other_section"])
def test_each_call_lands_on_the_function_it_names(order: str, name: str) -> None:
    program = programs(f"tests/objects/subprograms{order}.o")[name]
    starts = {function.name: function.start for function in program.functions}
    calls = {slot: r for slot, r in program.linked.references.items() if r.kind is ReferenceKind.CALL}
    assert {r.name for r in calls.values()} == set(starts) - {name}
    for slot, reference in calls.items():
        insn = decode(program.code, slot, program.byte_order)
        assert insn.call_target(slot) == starts[reference.name] == reference.offset


def test_calls_by_name_and_calls_within_a_section() -> None:
    """From `llvm-objdump -dr`: instructions 1 and 4 of first, 7 of global_sum (resolved by the compiler)."""
    references = programs("tests/objects/subprograms.o")["first"].linked.references
    calls = {slot: r.name for slot, r in references.items() if r.kind is ReferenceKind.CALL}
    assert calls == {1: "weak_answer", 4: "global_sum", 20 + 7: "twice"}
    data = {slot: r for slot, r in references.items() if r.kind is ReferenceKind.DATA}
    assert data == {slot: Reference(ReferenceKind.DATA, "calls", ".bss", 0) for slot in (11, 20 + 1, 30 + 1)}


def test_callbacks_are_addresses_of_subprograms() -> None:
    found = programs("tests/objects/callbacks.o")
    loop, each = found["loop"], found["each"]
    assert [f.name for f in loop.functions] == ["loop", "add_index"]
    callback = loop.linked.references[7]  # offset 0x38
    assert callback == Reference(ReferenceKind.FUNCTION, "add_index", offset=loop.functions[1].start)
    insn = decode(loop.code, 7, "little")
    assert (insn.src, insn.imm, insn.next_imm) == (4, loop.functions[1].start - 8, 0)
    assert loop.linked.references[2] == Reference(ReferenceKind.DATA, "rounds", ".data", 0)
    assert loop.linked.references[11] == Reference(ReferenceKind.DATA, "sum", ".bss", 0)
    # each begins at 0x80: numbers at 0xa0, add_value at 0xb0
    assert each.linked.references[4] == Reference(ReferenceKind.MAP, "numbers", "numbers")
    assert each.linked.references[6] == Reference(ReferenceKind.FUNCTION, "add_value", offset=each.functions[1].start)


def test_what_the_shipped_program_refers_to() -> None:
    """In the order of `llvm-objdump -dr bpf/traffic.o`."""
    program = programs("bpf/traffic.o")["count_traffic"]
    found = {slot * 8: (r.kind.value, r.name) for slot, r in program.linked.references.items()}
    assert found == {
        0x038: ("data", "counting"),
        0x200: ("data", "total_packets"),
        0x220: ("data", "total_bytes"),
        0x248: ("map", "traffic"),
        0x2A0: ("map", "traffic"),
        0x2C8: ("map", "traffic"),
        0x330: ("data", "track_sources"),
        0x368: ("map", "sources"),
        0x3C8: ("map", "sources"),
        0x420: ("data", "sample_every"),
        0x460: ("map", "events"),
        0x4A0: ("data", "lost_events"),
        0x4E8: ("call", "fill"),
    }
    at = {r.name: (r.map, r.offset) for r in program.linked.references.values() if r.kind is ReferenceKind.DATA}
    assert at["total_bytes"] == (".bss", 8)
    assert at["lost_events"] == (".bss", 16)
    assert at["track_sources"] == (".rodata", 4)


def test_static_data_is_found_through_its_section() -> None:
    """The relocation names the section; which variable it is, the immediate tells."""
    program = programs("tests/objects/symbols.o")["symbols"]
    data = {
        r.name: (r.map, r.offset, r.inside) for r in program.linked.references.values() if r.map and r.name != r.map
    }
    assert data["static_var"] == (".data", 16, 0)
    assert data["static_const"] == (".rodata", 8, 0)
    assert data["static_zero"] == (".bss", 8, 0)
    assert data["hidden_var"] == (".data", 8, 0)


def test_externs_by_kind() -> None:
    found = programs("tests/objects/externs.o")
    kconfig = found["kconfig"].linked.references
    assert kconfig[0] == Reference(ReferenceKind.DATA, "CONFIG_THAT_IS_NOT_THERE", ".kconfig", 0, 0, weak=True)
    assert kconfig[5] == Reference(ReferenceKind.DATA, "LINUX_KERNEL_VERSION", ".kconfig", 4, 0)
    ksyms = found["ksyms"].linked.references
    assert ksyms[2] == Reference(ReferenceKind.KSYM, "init_task", weak=True)
    kfuncs = found["kfuncs"].linked.references
    assert {r.kind for r in kfuncs.values()} == {ReferenceKind.KFUNC}
    assert kfuncs[6] == Reference(ReferenceKind.KFUNC, "bpf_rcu_read_lock", weak=True)


def test_legacy_maps_are_referred_to_by_symbol() -> None:
    program = programs("tests/objects/legacy_maps.o")["legacy"]
    assert [r.name for r in program.linked.references.values()] == ["legacy_hash", "legacy_array"]


@pytest.mark.parametrize("order", ORDERS)
def test_initial_entries_of_maps(order: str) -> None:
    maps = CollectionSpec.from_file(ROOT / f"tests/objects/nested_maps{order}.o").maps
    assert [(e.key, e.target) for e in maps["outer_array"].contents] == [(0, "inner_a"), (2, "inner_b")]
    assert [(e.key, e.target) for e in maps["jumps"].contents] == [(1, "target")]
    assert maps["sizes_only"].tags == ("kept for tests",)


@pytest.mark.parametrize("order", ORDERS)
def test_lines_and_relocations_are_counted_in_linked_slots(order: str) -> None:
    program = programs(f"tests/objects/subprograms{order}.o")["first"]
    infos = program.linked.line_infos
    assert [info.slot for info in infos] == sorted(info.slot for info in infos)
    by_function: dict[str, set[int]] = {}
    for info in infos:
        function = next(f for f in program.functions if f.start <= info.slot < f.stop)
        by_function.setdefault(function.name, set()).add(info.line)
    # Lines of subprograms.c.
    assert by_function["twice"] <= set(range(10, 15))
    assert by_function["global_sum"] <= set(range(16, 21))
    assert by_function["weak_answer"] <= set(range(22, 27))
    assert by_function["first"] <= set(range(34, 40))
    assert all(info.source.strip() for info in infos)


@pytest.mark.parametrize("name", ["subprograms", "core", "names", "gcc_calls"])
def test_records_for_the_kernel_are_those_that_are_read(name: str) -> None:
    for program in programs(f"tests/objects/{name}.o").values():
        linked = program.linked
        by_hand = LinkedCode(line_infos=linked.line_infos, core_relocations=linked.core_relocations)
        assert (linked.line_records, linked.core_records) == (by_hand.line_records, by_hand.core_records)
        assert (len(linked.line_records) // 16, len(linked.core_records) // 16) == linked.counts


def test_a_function_knows_its_type() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    assert spec.btf is not None
    functions: tuple[Function, ...] = spec.programs["first"].functions
    assert [spec.btf.type_name(function.type_id) for function in functions] == [f.name for f in functions]


def test_a_subset_takes_along_what_its_programs_need() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/nested_maps.o")
    part = spec.subset(maps=set(), programs={"entry"}, variables=set())
    assert list(part.programs) == ["target", "entry"]  # the tail call's target is needed as well
    assert list(part.maps) == ["jumps"]
    part = spec.subset(maps={"outer_array"}, programs=set(), variables=set())
    assert list(part.maps) == ["inner_a", "inner_b", "outer_array"]
    assert not part.programs


def test_a_subset_takes_along_the_struct_ops_map_of_a_function_but_not_its_other_functions() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/congestion.o")
    part = spec.subset(maps=set(), programs={"half"}, variables=set())
    assert (list(part.programs), list(part.maps)) == (["half"], ["bpftui_half"])
    part = spec.subset(maps={"bpftui_half"}, programs=set(), variables=set())
    assert list(part.programs) == ["half", "avoid", "undo", "dreaming"]


def test_a_copy_can_be_changed_without_touching_the_original() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    twin = spec.copy()
    twin.set("sample_every", 5)
    twin.maps["traffic"].max_entries = 1
    assert spec.variables["sample_every"].get() == 1000
    assert spec.maps["traffic"].max_entries == 256
    assert twin.variables["sample_every"].changed
    twin.variables["sample_every"].reset()
    assert not twin.variables["sample_every"].changed


def test_what_differs_from_the_file() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/constants.o")
    assert spec.diff() == []
    spec.set_text("cfg.limits[2].rate", "5")
    spec.set_text("mode", "MODE_DROP")
    spec.set_text("name", "eth0")
    assert spec.diff() == [
        Difference("mode", "MODE_COUNT", "MODE_DROP"),
        Difference("name", "default", "eth0"),
        Difference("cfg.limits[2].rate", 250, 5),
    ]
    spec.variables["mode"].reset()
    assert [found.path for found in spec.diff()] == ["name", "cfg.limits[2].rate"]
    spec.reset()
    assert spec.diff() == []


def test_what_differs_where_no_type_is_known() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.nobtf.o")
    spec.set("calls", bytes(7) + b"\1")
    assert spec.diff() == [Difference("calls", bytes(8), bytes(7) + b"\1")]


@pytest.mark.skipif(shutil.which("clang-19") is None, reason="clang-19 is not installed")
def test_programs_that_all_call_all_functions_end(tmp_path: Path) -> None:
    """500 programs and 500 functions are 250,500 of them once they are linked: square in the size of the file."""
    count = 500
    lines = ['.section xdp,"ax",@progbits']
    for at in range(count):
        lines += [f".globl p{at}", f".type p{at},@function", f"p{at}:", "call f0", "exit", f".size p{at}, .-p{at}"]
    lines.append('.section .text,"ax",@progbits')
    for at in range(count):
        following = f"call f{at + 1}" if at < count - 1 else "r0 = 0"
        lines += [f".type f{at},@function", f"f{at}:", following, "exit", f".size f{at}, .-f{at}"]
    command = ["clang-19", "-target", "bpf", "-x", "assembler", "-c", "-", "-o", str(tmp_path / "many.o")]
    subprocess.run(command, input="\n".join([*lines, ""]), text=True, check=True)
    spec = CollectionSpec.from_file(tmp_path / "many.o")
    sizes = [len(program.functions) for program in spec.programs.values()]
    assert sizes[0] == 501
    assert sizes[-1] == 1  # itself alone
    assert spec.programs["p0"].problem is None
    told = "the functions of all programs: given up after 195,200 steps, more than anything sound takes"
    assert spec.programs["p499"].problem == f"{tmp_path}/many.o: {told}"
    assert sum(sizes) == count + 195_200


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (0, None),
        (56, None),
        (72, None),  # behind the last byte: the end of an array
        (73, "it refers to offset 0x49, which is outside of section .bss"),
        (-1, "it refers to offset -0x1, which is outside of section .bss"),
    ],
)
def test_an_address_lies_within_its_section_or_at_its_end(place: int, problem: str | None) -> None:
    raw = bytearray((ROOT / "tests/objects/names.o").read_bytes())
    before = CollectionSpec.from_bytes(bytes(raw), file="names.o").programs["first"]
    slot = next(slot for slot, each in before.linked.references.items() if (each.map, each.name) == (".bss", "table"))
    function = before.functions[0]
    elf = Elf(bytes(raw))
    at = elf.by_name[function.section].offset + function.section_offset + slot * 8 + 4
    raw[at : at + 4] = place.to_bytes(4, "little", signed=True)
    program = CollectionSpec.from_bytes(bytes(raw), file="names.o").programs["first"]
    if problem is None:
        assert program.problem is None
        assert program.linked.references[slot].offset == place
    else:
        assert program.problem is not None
        assert problem in program.problem


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (0xFFF1, "it refers to table, which is a number (0x0) and no address"),  # SHN_ABS
        (0xFFF2, "it refers to table, which has no place in the object (a common symbol)"),  # SHN_COMMON
    ],
)
def test_symbols_that_are_in_no_section(section: int, problem: str) -> None:
    raw = bytearray((ROOT / "tests/objects/names.o").read_bytes())
    elf = Elf(bytes(raw))
    number = next(at for at, symbol in enumerate(elf.symbols) if symbol.name == "table")
    at = elf.by_name[".symtab"].offset + 24 * number + 6
    raw[at : at + 2] = section.to_bytes(2, "little")
    program = CollectionSpec.from_bytes(bytes(raw), file="names.o").programs["first"]
    assert program.problem is not None
    assert problem in program.problem


@pytest.mark.skipif(shutil.which("clang-19") is None, reason="clang-19 is not installed")
def test_functions_that_others_call_are_a_library_and_those_behind_them_programs(tmp_path: Path) -> None:
    lines = ['.section mine,"ax",@progbits']
    for name in ("called", "lone"):
        lines += [f".globl {name}", f".type {name},@function", f"{name}:", "r0 = 0", "exit", f".size {name}, .-{name}"]
    lines += ['.section xdp,"ax",@progbits', ".globl first", ".type first,@function", "first:", "call called", "exit"]
    lines.append(".size first, .-first")
    command = ["clang-19", "-target", "bpf", "-x", "assembler", "-c", "-", "-o", str(tmp_path / "library.o")]
    subprocess.run(command, input="\n".join([*lines, ""]), text=True, check=True)
    spec = CollectionSpec.from_file(tmp_path / "library.o")
    assert sorted(spec.programs) == ["first", "lone"]
    assert [function.name for function in spec.programs["first"].functions] == ["first", "called"]
