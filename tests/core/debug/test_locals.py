"""C variables: where a function's stack ends, which clang's offsets count from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.instruction import decode_at
from bpftui.core.debug.locals import Locals, _cut, _stack_size
from bpftui.core.dwarf.expression import Place

if TYPE_CHECKING:
    from bpftui.core.debug.standing import Standing
    from bpftui.core.debug.walk import Activation


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


MEMORY = bytes(range(64))


def own(address: int, size: int) -> bytes | None:
    """Return what a session has of 64 bytes of memory at 0x1000."""
    at = address - 0x1000
    return MEMORY[at : at + size] if 0 <= at <= len(MEMORY) - size else None


@pytest.mark.parametrize(
    ("places", "size", "raw", "address"),
    [
        ([Place(address=0x1008)], 4, "08090a0b", 0x1008),
        ([Place(4, address=0x1008), Place(4, address=0x100C)], 8, "08090a0b0c0d0e0f", 0x1008),
        ([Place(4, address=0x1008), Place(4, address=0x1010)], 8, "08090a0b10111213", None),
        ([Place(4, address=0x1008), Place(4, address=0x1004)], 8, "08090a0b04050607", None),
        ([Place(register=1)], 4, "44332211", None),
        ([Place(register=1)], 10, "44332211000000000000", None),
        ([Place(4, register=1), Place(4, address=0x1000)], 8, "4433221100010203", None),
        ([Place(2, address=0x1000), Place(value=0x55)], 4, "00015500", None),
        ([Place(value=-1)], 2, "ffff", None),
        ([Place(value=b"abcd")], 4, "61626364", None),
        ([Place(value=b"abc")], 4, None, None),
        ([Place(4, address=0x1000), Place()], 8, None, None),  # optimised out
        ([Place(address=0x103E)], 4, None, None),
        ([Place(4, address=0x1000)], 8, None, None),
        ([Place(9, address=0x1000)], 8, None, None),
        ([Place(8, address=0x1000)], 4, None, None),
    ],
)
def test_a_value_is_put_together_of_its_parts(
    places: list[Place], size: int, raw: str | None, address: int | None
) -> None:
    """DWARF 5, section 2.6.1.2: each part is as long as DW_OP_piece says, the last one as what is left."""
    session = SimpleNamespace(memory=SimpleNamespace(own=own))
    activation = SimpleNamespace(registers=(0, 0x11223344))
    found = Locals(cast("Standing", session))._assembled(places, size, cast("Activation", activation), "little")
    assert found == (None if raw is None else bytes.fromhex(raw), address)


def test_the_lower_bytes_of_a_register() -> None:
    number = 0x1122334455667788
    assert [_cut(number, 2, order).hex() for order in ("little", "big")] == ["8877", "7788"]
    assert [_cut(number, 8, order).hex() for order in ("little", "big")] == ["8877665544332211", "1122334455667788"]
    assert [_cut(5, 10, order).hex() for order in ("little", "big")] == ["05" + "00" * 9, "00" * 9 + "05"]
