"""What is found before a run."""

from __future__ import annotations

import pytest

from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.lint.checks import check
from tests.core.vm import programs as p
from tests.core.vm.programs import EXIT, R0, R1, R2, R3, R6, R10

OK = p.mov(R0, 0) + EXIT


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (OK, []),
        (b"", [(0, "there is no instruction")]),
        (OK + b"123", [(2, "the code ends with 3 stray bytes")]),
        (
            p.insn(0xFF) + p.mov(R10, 1) + p.ja(5) + OK,
            [
                (0, "no such instruction: opcode 0xff, dst 0, src 0, offset 0, imm 0"),
                (1, "r10 is written to, which is read-only"),
                (2, "the jump leads to slot 8, outside of the code"),
            ],
        ),
        (p.ja(1) + p.lddw(R0, 0) + EXIT, [(0, "the jump leads to slot 2, the middle of a 64-bit load")]),
        (p.mov(R0, 0), [(0, "the last instruction is no exit: the run goes off the end")]),
        (p.mov(R0, 0) + p.ja(-1), [(0, "the function has no exit that can be reached: it never ends")]),
        (OK + p.mov(R0, 1) + EXIT, [(2, "2 instructions are never reached")]),
        (p.ja(1) + p.mov(R1, 1) + OK, [(1, "the instruction is never reached")]),
        # A function that nothing calls.
        (OK + p.mov(R0, 0) + EXIT, [(2, "2 instructions are never reached")]),
        (p.call(500) + EXIT, [(0, "there is no helper 500")]),
        (p.call(5) + EXIT, []),
    ],
)
def test_control_flow_and_helpers(code: bytes, found: list[tuple[int, str]]) -> None:
    assert check(code) == found


def test_helpers_of_a_runtime() -> None:
    assert check(p.call(5) + EXIT, helpers={5}) == []
    assert check(p.call(5) + EXIT, helpers={1}) == [
        (0, "the built-in machine does not have bpf_ktime_get_ns (helper 5)")
    ]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (EXIT, [(0, "the program may end with nothing in r0")]),
        (p.mov_x(R0, R6) + EXIT, [(0, "r6 is read, though nothing may have been written to it")]),
        (p.mov_x(R0, R1) + EXIT, []),
        # A legacy load, which takes the context from r6.
        (p.insn(0x20, imm=4) + EXIT, [(0, "r6 is read, though nothing may have been written to it")]),
        (p.mov_x(R6, R1) + p.insn(0x20, imm=4) + EXIT, []),
        (p.mov_x(R0, R2) + EXIT, [(0, "r2 is read, though nothing may have been written to it")]),
        # On one path only.
        (
            p.jump(p.JEQ, R1, 0, 1) + p.mov(R3, 1) + p.mov_x(R0, R3) + EXIT,
            [(2, "r3 is read, though nothing may have been written to it")],
        ),
        (p.jump(p.JEQ, R1, 0, 2) + p.mov(R3, 1) + p.ja(1) + p.mov(R3, 2) + p.mov_x(R0, R3) + EXIT, []),
        # In a loop: the second time it is written.
        (
            p.mov_x(R6, R6) + p.jump(p.JNE, R6, 5, -2) + OK,
            [(0, "r6 is read, though nothing may have been written to it")],
        ),
        # A call leaves r1 to r5 behind.
        (p.call(5) + p.mov_x(R0, R1) + EXIT, [(1, "r1 is read, though nothing may have been written to it")]),
        (
            p.mov(R1, 0) + p.call(1) + EXIT,
            [(1, "nothing may have been written to r2, which bpf_map_lookup_elem takes")],
        ),
        # What a function gets is not known, and it need not return anything.
        (p.call_local(2) + p.mov(R0, 0) + EXIT + p.mov_x(R6, R3) + EXIT, []),
        (
            p.call_local(2) + p.mov(R0, 0) + EXIT + p.mov_x(R1, R6) + EXIT,
            [(3, "r6 is read, though nothing may have been written to it")],
        ),
    ],
)
def test_registers(code: bytes, found: list[tuple[int, str]]) -> None:
    assert check(code) == found


def test_a_program_that_returns_nothing() -> None:
    assert check(EXIT, returns=False) == []
    assert check(p.mov_x(R0, R2) + EXIT, arguments=2) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (p.store_imm(p.DW, R10, -512, 0) + p.store_imm(p.B, R10, -1, 0) + OK, []),
        (p.store_imm(p.DW, R10, -520, 0) + OK, [(0, "8 bytes at r10-520: outside of the stack frame's 512 bytes")]),
        (p.load(p.W, R0, R10, -2) + EXIT, [(0, "4 bytes at r10-2: outside of the stack frame's 512 bytes")]),
        (
            p.mov_x(R2, R10) + p.alu(p.ADD, R2, 16) + p.store_imm(p.B, R2, -16, 0) + OK,
            [(2, "1 byte at r10: outside of the stack frame's 512 bytes")],
        ),
        # r0 = load_acquire((u64 *)(r10 - 520)): what is read is where the source says.
        (
            p.insn(0xDB, R0, R10, -520, 0x100) + EXIT,
            [(0, "8 bytes at r10-520: outside of the stack frame's 512 bytes")],
        ),
        # store_release((u64 *)(r10 - 520), r1)
        (
            p.insn(0xDB, R10, R1, -520, 0x110) + OK,
            [(0, "8 bytes at r10-520: outside of the stack frame's 512 bytes")],
        ),
    ],
)
def test_stack_accesses(code: bytes, found: list[tuple[int, str]]) -> None:
    expected = [(0, found[0][1])] if found and found[0][0] == 0 else found
    got = [finding for finding in check(code) if "take" not in finding.text]
    assert got == expected


def test_stacks_of_nested_calls() -> None:
    main = p.store_imm(p.DW, R10, -256, 0) + p.call_local(2) + p.mov(R0, 0) + EXIT
    assert check(main + p.store_imm(p.DW, R10, -256, 0) + EXIT) == []
    assert check(main + p.store_imm(p.DW, R10, -264, 0) + EXIT) == [
        (4, "the frames of the functions at 0 → 4 take 544 bytes of stack, of 512")
    ]


def test_recursion_and_depth() -> None:
    recursive = p.call_local(1) + EXIT + p.call_local(-1) + EXIT
    assert check(recursive) == [(2, "the call leads back to a function that it is called from: recursion")]
    # Nine functions, each of which calls the next one twice.
    chain = (p.call_local(2) + p.call_local(1) + EXIT) * 8 + p.mov(R0, 0) + EXIT
    assert check(chain) == [
        (21, "the call is more than 8 frames deep"),
        (22, "the call is more than 8 frames deep"),
    ]


@pytest.mark.parametrize("name", ["bpf/traffic.o", "tests/objects/subprograms.o", "tests/objects/isa.v4.o"])
def test_nothing_is_found_in_good_programs(name: str) -> None:
    from pathlib import Path

    spec = CollectionSpec.from_file(Path(__file__).parents[4] / name)
    assert spec.programs
    for program in spec.programs.values():
        assert check(program.code, program.byte_order) == []


def test_kernel_functions_look_like_calls_before_the_load() -> None:
    code = p.call_local(-1) + EXIT
    assert check(code, kfuncs={0}) == []
    assert "recursion" in check(code)[0].text


READ_R6 = p.alu_x(p.ADD, R0, R6)
"""r6 holds nothing at the start."""


@pytest.mark.parametrize(
    ("code", "slots"),
    [
        # r6 is set on one way only, and read on both.
        ([p.mov(R0, 0), p.load(p.W, R1, R1), p.jump(p.JEQ, R1, 5, 1), p.mov(R6, 1), READ_R6, EXIT], [4]),
        # The second test of the same value goes the same way.
        (
            [
                p.mov(R0, 0),
                p.load(p.W, R1, R1),
                p.jump(p.JEQ, R1, 5, 1),
                p.mov(R6, 1),
                p.jump(p.JEQ, R1, 5, 1),
                READ_R6,
                EXIT,
            ],
            [],
        ),
        # So does that of a copy of it, from the stack.
        (
            [
                p.mov(R0, 0),
                p.load(p.W, R1, R1),
                p.store(p.DW, R10, -8, R1),
                p.jump(p.JLT, R1, 5, 1),
                p.mov(R6, 1),
                p.load(p.DW, R2, R10, -8),
                p.jump(p.JLT, R2, 5, 1),
                READ_R6,
                EXIT,
            ],
            [],
        ),
        # That of a value made of it may; what is not certain is not said.
        (
            [
                p.mov(R0, 0),
                p.load(p.W, R1, R1),
                p.mov_x(R2, R1),
                p.alu(p.XOR, R2, 9),
                p.jump(p.JEQ, R1, 5, 1),
                p.mov(R6, 1),
                p.jump(p.JEQ, R2, 12, 1),
                READ_R6,
                EXIT,
            ],
            [],
        ),
        # A value that was loaded anew can be another one.
        (
            [
                p.mov(R0, 0),
                p.load(p.W, R2, R1),
                p.jump(p.JEQ, R2, 5, 1),
                p.mov(R6, 1),
                p.load(p.W, R2, R1),
                p.jump(p.JEQ, R2, 5, 1),
                READ_R6,
                EXIT,
            ],
            [6],
        ),
        # A branch that is never taken.
        ([p.mov(R0, 0), p.mov(R2, 1), p.jump(p.JGT, R2, 3, 1), EXIT, READ_R6, EXIT], []),
    ],
)
def test_only_what_certainly_happens_is_read_unwritten(code: list[bytes], slots: list[int]) -> None:
    found = [finding.slot for finding in check(b"".join(code)) if "r6 is read" in finding.text]
    assert found == slots


SEVEN = [p.mov(R0, 0), p.store_imm(p.DW, R10, -16, 7)]
IS_SEVEN = [p.jump(p.JEQ, R2, 7, 1), READ_R6, EXIT]
"""r6 is read where r2 may be another number."""


@pytest.mark.parametrize(
    ("code", "certain"),
    [
        ([p.load(p.DW, R2, R10, -16)], True),
        ([p.load(p.W, R2, R10, -16)], True),
        ([p.load(p.B, R2, R10, -16)], True),
        # of what is not stored as such nothing is known
        ([p.load(p.B, R2, R10, -15)], False),
        ([p.load(p.DW, R2, R10, -8)], False),
        ([p.store_imm(p.W, R10, -16, 7), p.load(p.DW, R2, R10, -16)], False),
        # what is stored beside it leaves it alone
        ([p.store_imm(p.B, R10, -17, 1), p.load(p.DW, R2, R10, -16)], True),
        ([p.store_imm(p.DW, R10, -24, 1), p.load(p.DW, R2, R10, -16)], True),
        ([p.store_imm(p.B, R10, -8, 1), p.load(p.DW, R2, R10, -16)], True),
        # what is stored over any part of it does not
        ([p.store_imm(p.B, R10, -16, 7), p.load(p.DW, R2, R10, -16)], False),
        ([p.store_imm(p.B, R10, -9, 0), p.load(p.DW, R2, R10, -16)], False),
        ([p.store_imm(p.W, R10, -18, 0), p.load(p.DW, R2, R10, -16)], False),
        # registers are stored with what they hold
        ([p.mov(R3, 7), p.store(p.DW, R10, -8, R3), p.load(p.DW, R2, R10, -8)], True),
        ([p.mov(R3, 0x107), p.store(p.B, R10, -8, R3), p.load(p.B, R2, R10, -8)], False),
        ([p.mov(R3, 7), p.store(p.B, R10, -8, R3), p.load(p.B, R2, R10, -8)], True),
        # a call may change what it is given the address of
        ([p.call(5), p.load(p.DW, R2, R10, -16)], False),
        # another address of the same place
        ([p.mov_x(R3, R10), p.alu(p.ADD, R3, -16), p.load(p.DW, R2, R3)], True),
        ([p.mov_x(R3, R10), p.alu(p.ADD, R3, -12), p.store_imm(p.W, R3, 0, 0), p.load(p.DW, R2, R10, -16)], False),
    ],
)
def test_what_was_stored_is_known(code: list[bytes], certain: bool) -> None:
    given = SEVEN + code
    found = [finding.slot for finding in check(b"".join(given + IS_SEVEN)) if "r6 is read" in finding.text]
    assert found == ([] if certain else [len(given) + 1])


@pytest.mark.parametrize(
    ("size", "number", "stored"), [(p.B, -1, 0xFF), (p.H, -2, 0xFFFE), (p.W, -1, 0xFFFF_FFFF), (p.B, 0x1234, 0x34)]
)
def test_a_number_is_stored_in_so_many_bytes(size: int, number: int, stored: int) -> None:
    code = [p.mov(R0, 0), p.store_imm(size, R10, -8, number), p.load(size, R2, R10, -8)]
    for limit, found in ((stored - 1, []), (stored, [6])):
        end = [p.lddw(R3, limit), p.jump_x(p.JGT, R2, R3, 1), READ_R6, EXIT]
        assert [each.slot for each in check(b"".join(code + end)) if "r6 is read" in each.text] == found
