"""What a walk certainly comes to: every question that decides is followed, and what is not certain does not count."""

from __future__ import annotations

import pytest

from bpftui.core.analysis.reachability import reached
from bpftui.core.asm.assembler import assemble
from bpftui.core.spec import ProgramSpec, ProgramType
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
) -> list[int]:
    code = assemble(text)
    stops = [*functions[1:], len(code) // 8]
    parts = tuple(Function(f"f{a}", a, b - a, "xdp", 0) for a, b in zip(functions, stops, strict=True))
    linked = LinkedCode(code, parts, references or {})
    program = ProgramSpec("f", "xdp", ProgramType.XDP, link=lambda: linked)
    return sorted(reached(program, code, {".rodata": constants}, missing))


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
