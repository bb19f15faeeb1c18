"""C variables: where a function's stack ends, which clang's offsets count from."""

from __future__ import annotations

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.instruction import decode_at
from bpftui.core.debug.locals import _stack_size


@pytest.mark.parametrize(
    ("code", "size"),
    [
        ("r0 = 0", 0),
        ("*(u64 *)(r10 - 8) = r1", 8),
        ("*(u8 *)(r10 - 9) = 1", 16),
        ("r0 = *(u32 *)(r10 - 20)", 24),
        ("r2 = r10; r2 += -20", 24),
        ("r2 = r10; r2 += -20; r2 += -64", 24),
        ("r2 = r10; r2 = 5; r2 += -20", 0),
        ("r2 = r9; r2 += -20", 0),
        ("r1 = 5 ll; *(u64 *)(r10 - 8) = r1", 8),  # of which the second half is no instruction
        ("*(u32 *)(r10 - 4) = 1; *(u64 *)(r10 - 24) = r1; r1 = *(u64 *)(r10 - 16)", 24),
        ("*(u64 *)(r1 - 64) = r10; r1 = *(u64 *)(r2 - 64)", 0),
        ("r2 = r10; r3 = r2; r3 += -20", 0),  # a copy of a copy is not followed
    ],
)
def test_what_a_function_uses_of_its_stack(code: str, size: int) -> None:
    raw = assemble(code.replace("; ", "\n"))
    assert _stack_size([decode_at(raw, slot, "little") for slot in range(len(raw) // 8)]) == size


def test_the_second_half_of_a_number_is_no_instruction() -> None:
    assert _stack_size([None, decode_at(assemble("*(u64 *)(r10 - 8) = r1"), 0, "little")]) == 8
