"""Which registers instructions change and use: what looks like a register in a field, and is none."""

from __future__ import annotations

import pytest

from bpftui.core.asm.registers import clobbered, def_use, register_numbers, written


@pytest.mark.parametrize(
    ("opcode", "dst", "src", "imm", "changed", "used"),
    [
        (0x0F, 1, 2, 0, {1}, {1, 2}),  # r1 += r2
        (0xBF, 1, 2, 0, {1}, {2}),  # r1 = r2
        (0xB4, 1, 0, 7, {1}, set[int]()),  # w1 = 7
        (0x79, 1, 2, 0, {1}, {2}),  # r1 = *(u64 *)(r2 + 0)
        (0x7A, 10, 0, 7, set[int](), {10}),  # *(u64 *)(r10 - 8) = 7
        (0x7B, 10, 3, 0, set[int](), {3, 10}),  # *(u64 *)(r10 - 8) = r3
        (0xDB, 10, 3, 0x00, set[int](), {3, 10}),  # lock *(u64 *)(r10 - 8) += r3
        (0xDB, 10, 3, 0x01, {3}, {3, 10}),  # r3 = atomic64_fetch_add(…, r3)
        (0xDB, 10, 3, 0xF1, {0}, {0, 3, 10}),  # r0 = cmpxchg_64(…, r0, r3)
        (0xDB, 3, 6, 0x100, {3}, {6}),  # r3 = load_acquire((u64 *)(r6 + 0))
        (0xDB, 6, 3, 0x110, set[int](), {3, 6}),  # store_release((u64 *)(r6 + 0), r3)
        (0x18, 1, 0, 7, {1}, set[int]()),  # r1 = 7 ll
        (0x18, 1, 1, 7, {1}, set[int]()),  # r1 = map[fd:7]
        (0x85, 0, 0, 5, {0, 1, 2, 3, 4, 5}, set[int]()),  # call bpf_ktime_get_ns
        (0x85, 0, 0, 1, {0, 1, 2, 3, 4, 5}, {1, 2}),  # call bpf_map_lookup_elem
        (0x85, 0, 0, 6, {0, 1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}),  # call bpf_trace_printk
        (0x85, 0, 1, 9, {0, 1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}),  # call pc+9
        (0x15, 4, 0, 7, set[int](), {4}),  # if r4 == 7
        (0x1D, 4, 3, 0, set[int](), {3, 4}),  # if r4 == r3
        (0x95, 0, 0, 0, set[int](), {0}),  # exit
        (0x05, 0, 0, 0, set[int](), set[int]()),  # goto
        (0x06, 0, 0, 7, set[int](), set[int]()),  # gotol
        # The bit that means a register elsewhere is the byte order here: r0 is not read.
        (0xDC, 3, 0, 16, {3}, {3}),  # r3 = be16 r3
        (0x0D, 3, 0, 0, set[int](), {3}),  # gotox r3
        # It compares nothing.
        (0xE5, 0, 0, 0, set[int](), set[int]()),  # may_goto
        # The packet is where r6 says; only the second has a register.
        (0x20, 0, 0, 12, {0, 1, 2, 3, 4, 5}, {6}),  # r0 = *(u32 *)skb[12]
        (0x40, 0, 7, 12, {0, 1, 2, 3, 4, 5}, {6, 7}),  # r0 = *(u32 *)skb[r7 + 12]
        # The register is in the destination; in code of older compilers it is in the immediate.
        (0x8D, 8, 0, 0, {0, 1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 8}),  # callx r8
        (0x8D, 0, 0, 8, {0, 1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 8}),
    ],
)
def test_changed_and_used(opcode: int, dst: int, src: int, imm: int, changed: set[int], used: set[int]) -> None:
    found = def_use(opcode, dst, src, imm)
    assert [set(register_numbers(bits)) for bits in found] == [changed, used]


def test_a_call_leaves_something_in_r0_only() -> None:
    assert (register_numbers(written(0x85, 0, 0, 5)), register_numbers(clobbered(0x85))) == ((0,), (1, 2, 3, 4, 5))
    assert (register_numbers(written(0x20, 0, 0, 5)), register_numbers(clobbered(0x20))) == ((0,), (1, 2, 3, 4, 5))
    assert (register_numbers(written(0x18, 3, 0, 5)), register_numbers(clobbered(0x18))) == ((3,), ())
