"""What a walk certainly comes to: every question that decides is followed, and what is not certain does not count."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from bpftui.core.analysis.reachability import reached
from bpftui.core.asm.assembler import assemble
from bpftui.core.spec import CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode, Reference, ReferenceKind

CONFIG = Reference(ReferenceKind.DATA, "cfg", ".rodata", 4)
WEAK = Reference(ReferenceKind.KSYM, "symbol", weak=True)


def walked(
    text: str,
    references: dict[int, Reference] | None = None,
    *,
    constants: bytes = b"",
    missing: tuple[str, ...] = (),
    functions: tuple[int, ...] = (0,),
    wanted: set[int] | None = None,
    order: Literal["little", "big"] = "little",
) -> list[int]:
    code = assemble(text, order)
    stops = [*functions[1:], len(code) // 8]
    parts = tuple(Function(f"f{a}", a, b - a, "xdp", 0) for a, b in zip(functions, stops, strict=True))
    linked = LinkedCode(code, parts, references or {})
    program = ProgramSpec("f", "xdp", ProgramType.XDP, byte_order=order, link=lambda: linked)
    return sorted(reached(program, code, {".rodata": constants}, missing, wanted))


def result(text: str, order: Literal["little", "big"] = "little") -> int | None:
    """Return what a program leaves in r0 where that is certain, by asking for each of some numbers."""
    for number in (0, 1, 2, 3, 7, 8, 0x100, 0x102, 0x201, 0x700, 0xFFFF, 0x1_0000, -1, -2, -8):
        found = walked(f"{text}\nif r0 == {number} goto there\nexit\nthere:\nexit", order=order)
        steps = len(assemble(text)) // 8
        if steps + 2 in found and steps + 1 not in found:
            return number
    return None


@pytest.mark.parametrize(
    ("comparison", "left", "is_taken"),
    [
        ("r1 == 5", 5, True),
        ("r1 != 5", 5, False),
        ("r1 > 5", 6, True),
        ("r1 > 5", 5, False),
        ("r1 >= 5", 5, True),
        ("r1 < 5", -1, False),
        ("r1 s< 5", -1, True),
        ("r1 s<= -1", -1, True),
        ("r1 s> -1", -1, False),
        ("r1 s>= 5", -1, False),
        ("r1 <= 5", 6, False),
        ("r1 & 5", 2, False),
        ("r1 & 5", 1, True),
        ("w1 == 5", 5, True),
        ("w1 s< 0", -1, True),
    ],
)
def test_a_constant_decides(comparison: str, left: int, is_taken: bool) -> None:
    found = walked(f"r1 = {left}\nif {comparison} goto there\nr0 = 0\nexit\nthere:\nr0 = 1\nexit")
    assert found == ([0, 1, 4, 5] if is_taken else [0, 1, 2, 3])


def test_what_is_not_known_decides_nothing() -> None:
    code = "r2 = *(u32 *)(r1 +0)\nif r2 == 0 goto there\nr0 = 0\nexit\nthere:\nr0 = 1\nexit"
    assert walked(code) == [0, 1, 2, 3, 4, 5]


def test_two_ways_that_disagree_decide_nothing() -> None:
    code = """
        r3 = 0
        r2 = *(u32 *)(r1 +0)
        if r2 == 0 goto join
        r3 = 1
    join:
        if r3 == 0 goto out
        r0 = 1
    out:
        r0 = 0
        exit
    """
    assert walked(code) == list(range(8))


def test_read_only_data_is_read() -> None:
    code = "r2 = 0 ll\nr2 = *(u8 *)(r2 +1)\nif w2 == 7 goto there\nr0 = 0\nexit\nthere:\nr0 = 1\nexit"
    assert walked(code, {0: CONFIG}, constants=bytes([0, 0, 0, 0, 0, 7])) == [0, 1, 2, 3, 6, 7]
    assert walked(code, {0: CONFIG}, constants=bytes([0, 0, 0, 0, 0, 8])) == [0, 1, 2, 3, 4, 5]
    assert walked(code, {0: CONFIG}, constants=bytes(5)) == [0, 1, 2]  # where there is nothing to read, it is refused


def test_a_weak_symbol_that_is_missing_is_null_and_one_that_is_there_is_not() -> None:
    code = "r2 = 0 ll\nif r2 == 0 goto there\nr0 = 0\nexit\nthere:\nr0 = 1\nexit"
    assert walked(code, {0: WEAK}, missing=("symbol",)) == [0, 1, 2, 5, 6]
    assert walked(code, {0: WEAK}) == [0, 1, 2, 3, 4]


def test_a_subprogram_is_given_what_all_its_callers_give() -> None:
    code = """
        r1 = {first}
        call sub
        r1 = {second}
        call sub
        r0 = 0
        exit
    sub:
        if r1 == 1 goto there
        r0 = 0
        exit
    there:
        r0 = 1
        exit
    """
    whole = list(range(11))
    assert walked(code.format(first=1, second=1), functions=(0, 6)) == [0, 1, 2, 3, 4, 5, 6, 9, 10]
    assert walked(code.format(first=0, second=0), functions=(0, 6)) == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert walked(code.format(first=0, second=1), functions=(0, 6)) == whole


def test_a_function_that_is_only_called_from_dead_code_is_dead() -> None:
    code = "r1 = 0\nif r1 == 0 goto out\ncall sub\nout:\nr0 = 0\nexit\nsub:\nr0 = 1\nexit"
    assert walked(code, functions=(0, 5)) == [0, 1, 3, 4]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("r0 = 65543\nr0 = le16 r0", 7),
        ("r0 = 1792\nr0 = be16 r0", 7),
        ("r0 = 1792\nr0 = bswap16 r0", 7),
        ("r0 = 3\nr0 += -4", -1),
        ("r0 = 3\nr0 = -r0\nr0 += 1", -2),
        ("w0 = -1\nr0 += 1\nr0 >>= 16", 0x1_0000),
        ("r0 = 7\nr2 = 5\nr0 -= r2", 2),
        ("r0 = 0x700000000 ll\nr0 >>= 32", 7),
        ("r2 = 248\nr0 = (s8)r2", -8),
        # the stack, in bytes
        ("r2 = 513\n*(u64 *)(r10 -8) = r2\nr0 = *(u8 *)(r10 -7)", 2),
        ("*(u16 *)(r10 -8) = 258\nr0 = *(u16 *)(r10 -8)", 0x102),
        ("*(u16 *)(r10 -8) = 65535\nr0 = *(s16 *)(r10 -8)", -1),
        ("*(u32 *)(r10 -8) = 7\n*(u32 *)(r10 -8) = 8\nr0 = *(u32 *)(r10 -8)", 8),
        ("*(u64 *)(r10 -8) = 0\n*(u8 *)(r10 -7) = 1\nr0 = *(u64 *)(r10 -8)", 0x100),
        ("r2 = 3\n*(u64 *)(r10 -8) = 1\n*(u64 *)(r10 -16) = r2\nr0 = *(u64 *)(r10 -8)", 1),
        # addresses: their distance, and one that is put away
        ("r2 = r10\nr2 += -8\nr0 = r10\nr0 -= r2", 8),
        ("r2 = r10\nr2 += -8\n*(u64 *)(r2 +0) = 7\nr0 = *(u64 *)(r10 -8)", 7),
        ("r2 = r10\n*(u64 *)(r10 -8) = r2\nr3 = *(u64 *)(r10 -8)\nr0 = r10\nr0 -= r3", 0),
        # what something may have changed is not certain
        ("*(u64 *)(r10 -8) = 7\nr2 = r10\nr2 += -8\nlock *(u64 *)(r2 +0) += r1\nr0 = *(u64 *)(r10 -8)", None),
        ("r1 = r10\nr1 += -8\n*(u64 *)(r10 -8) = 7\nr2 = 8\nr3 = 0\ncall bpf_probe_read\nr0 = *(u64 *)(r10 -8)", None),
        ("*(u64 *)(r10 -8) = 7\ncall bpf_ktime_get_ns\nr0 = *(u64 *)(r10 -8)", 7),
        ("r0 = *(u32 *)(r1 +0)", None),
    ],
)
def test_what_is_computed_is_certain_or_not_known(text: str, number: int | None) -> None:
    assert result(text) == number


def test_bytes_of_a_big_endian_machine() -> None:
    assert result("r2 = 513\n*(u64 *)(r10 -8) = r2\nr0 = *(u8 *)(r10 -1)", "big") == 1
    assert result("r0 = 1792\nr0 = le16 r0", "big") == 7
    assert result("r0 = 65544\nr0 = be16 r0", "big") == 8


@pytest.mark.parametrize(
    ("call", "may_be_null"),
    [
        ("call bpf_map_lookup_elem", True),
        ("call bpf_get_current_task_btf", False),
        ("call bpf_get_smp_processor_id", True),
        ("r1 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r1 +0)", True),
        ("r1 = *(u64 *)(r1 +0)\nr0 = *(u64 *)(r1 +0)", False),
    ],
)
def test_what_can_be_null(call: str, may_be_null: bool) -> None:
    at = call.count("\n") + 2
    found = walked(f"{call}\nif r0 == 0 goto there\nexit\nthere:\nexit")
    assert (at + 1 in found) is may_be_null


def test_a_helper_of_which_the_range_is_known() -> None:
    code = "call {}\nif r0 == 5 goto there\nexit\nthere:\nexit"
    assert walked(code.format("bpf_get_smp_processor_id")) == [0, 1, 2]
    assert walked(code.format("bpf_get_prandom_u32")) == [0, 1, 2, 3]


def test_a_callback_is_walked_over_where_there_are_rounds() -> None:
    code = "r1 = {}\nr2 = 0 ll\nr3 = 0\nr4 = 0\ncall bpf_loop\nr0 = 0\nexit\nback:\nr0 = 1\nexit"
    back = Reference(ReferenceKind.FUNCTION, "back", offset=8)
    whole = list(range(10))
    assert walked(code.format(1), {1: back}, functions=(0, 8)) == whole
    assert walked(code.format(0), {1: back}, functions=(0, 8)) == whole[:8]


def test_what_is_asked_for_is_found_behind_many_questions() -> None:
    """Going both ways of each jump in turn does not come so far: it goes on where something was not seen yet."""
    questions = "\n".join(f"r2 = *(u32 *)(r1 +{4 * at})\nif r2 == {at + 7} goto out" for at in range(40))
    code = f"{questions}\nr0 = 1\nout:\nexit"
    assert 80 in walked(code, wanted={80})


def test_both_ways_of_a_jump_that_only_one_way_of_another_leads_to() -> None:
    code = """
    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +4)
    if r2 == 7 goto inner
    exit
    inner:
    if r3 == 9 goto out
    r0 = 1
    exit
    out:
    r0 = 2
    exit
    """
    assert walked(code) == list(range(9))


def test_as_many_functions_on_the_stack_as_the_kernel_allows() -> None:
    def chain(depth: int) -> list[int]:
        lines = "\n".join("call pc+1\nexit" for _ in range(depth))
        return walked(f"{lines}\nr0 = 0\nexit", functions=tuple(range(0, 2 * depth + 1, 2)))

    assert chain(7) == list(range(16))
    assert chain(8) == list(range(0, 16, 2))[:8]


def test_memory_of_the_programs_own_constants_is_compared_by_its_address() -> None:
    code = "r2 = 0 ll\nr3 = r2\nr3 += 4\nif r2 == r3 goto there\nr0 = 0\nexit\nthere:\nr0 = 1\nexit"
    assert walked(code, {0: CONFIG}, constants=bytes(9)) == [0, 1, 2, 3, 4, 5, 6]
    assert walked(code.replace("==", "!="), {0: CONFIG}, constants=bytes(9)) == [0, 1, 2, 3, 4, 7, 8]


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("multiplied", [0, 1, 2, 3, 4, 7, 8]),
        ("negated", [0, 1, 2, 3, 6, 7]),
        ("swapped", [0, 1, 2, 3, 6, 7]),
        ("getter", [0, 1, 2, 5, 6, 7, 8, 9, 10]),
        ("referenced", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16]),
        ("between", [0, 1, 2, 3, 4, 8]),
        ("global", list(range(9))),
        ("reached", list(range(14))),
    ],
)
def test_what_constants_make_dead(name: str, slots: list[int]) -> None:
    spec = CollectionSpec.from_file(Path(__file__).parents[2] / "objects/dead_by_constants.o")
    data = bytes(spec.maps[".rodata"].data or b"")
    assert sorted(reached(spec.programs[name], spec.programs[name].code, {".rodata": data})) == slots


def test_what_an_atomic_operation_leaves_in_memory_is_not_what_it_adds() -> None:
    text = """
    *(u64 *)(r10 -8) = 5
    r1 = 1
    lock *(u64 *)(r10 -8) += r1
    r0 = *(u64 *)(r10 -8)
    if r0 == 1 goto there
    exit
    there:
    exit
    """
    assert walked(text) == [0, 1, 2, 3, 4]  # where to, nobody knows
