"""Intervals of arithmetic: no result may lie outside, or translated code would not cut it."""

from __future__ import annotations

import pytest

from bpftui.core.asm import decode
from bpftui.core.asm.assembler import assemble
from bpftui.core.vm.engine.ranges import ANY, State, bounds, pointer_arithmetic

U64 = (1 << 64) - 1


def state(dst: tuple[int, int], src: tuple[int, int]) -> State:
    """Return one with dst in r1 and src in r2."""
    return [ANY, (*dst, False), (*src, False), *[ANY] * 7, (0, 0, True)]


@pytest.mark.parametrize(
    ("text", "dst", "src", "result"),
    [
        ("r1 += r2", (1, 5), (10, 20), (11, 25)),
        ("r1 -= r2", (1, 5), (10, 20), (-19, -5)),
        ("r1 *= r2", (2, 5), (10, 20), (20, 100)),
        ("r1 /= r2", (10, 50), (2, 5), (2, 25)),
        ("r1 /= r2", (10, 50), (0, 5), (0, 50)),
        ("r1 %= r2", (10, 50), (2, 5), (0, 4)),
        ("r1 %= r2", (10, 50), (0, 5), (0, 50)),
        ("r1 %= r2", (1, 3), (9, 9), (0, 3)),
        ("r1 |= r2", (1, 4), (2, 3), (2, 7)),
        ("r1 &= r2", (1, 4), (2, 3), (0, 3)),
        ("r1 &= r2", (6, 6), (3, 3), (2, 2)),
        ("r1 ^= r2", (1, 4), (2, 3), (0, 7)),
        ("r1 ^= r2", (5, 5), (5, 5), (0, 7)),
        ("r1 <<= r2", (1, 3), (1, 4), (2, 48)),
        ("r1 <<= r2", (1, 3), (65, 65), (2, 6)),
        ("r1 >>= r2", (16, 64), (1, 4), (1, 32)),
        ("r1 >>= r2", (16, 64), (66, 66), (4, 16)),
        ("r1 >>= r2", (16, 64), (1, 64), (0, 64)),
        ("r1 s>>= r2", (16, 64), (1, 4), (1, 32)),
        ("r1 s>>= r2", (1 << 63, U64), (1, 4), (0, U64)),
        ("w1 s>>= w2", (16, 1 << 31), (1, 4), (0, 0xFFFF_FFFF)),
        ("r1 = -r1", (1, 5), (0, 0), (-5, -1)),
        ("r1 = r2", (1, 5), (10, 20), (10, 20)),
        ("r1 = (s8)r2", (0, 0), (0, 127), (0, 127)),
        ("r1 = (s8)r2", (0, 0), (0, 128), (0, U64)),
        ("r1 s/= r2", (10, 50), (2, 5), (2, 25)),
        ("r1 s/= r2", (10, 1 << 63), (2, 5), (0, U64)),
        ("r1 += -3", (5, 9), (0, 0), (2, 6)),
        ("w1 += w2", (0, 1 << 32), (1, 1), (1, 0x1_0000_0000)),
    ],
)
def test_arithmetic(text: str, dst: tuple[int, int], src: tuple[int, int], result: tuple[int, int]) -> None:
    assert bounds(decode(assemble(text), 0, "little"), state(dst, src)) == result


@pytest.mark.parametrize(
    ("text", "distance", "src", "result"),
    [
        ("r1 += -8", -8, (0, 0), -16),
        ("r1 -= 8", -8, (0, 0), -16),
        ("r1 += r2", -8, (4, 4), -4),
        ("r1 += r2", -8, (U64, U64), -9),
        ("r1 += r2", -8, (4, 5), None),
        ("w1 += w2", -8, (4, 4), None),
        ("r1 *= r2", -8, (4, 4), None),
        ("r1 += 65535", 0, (0, 0), 65535),
        ("r1 += 65536", 0, (0, 0), None),
        ("r1 -= 65536", 0, (0, 0), None),
    ],
)
def test_pointers_into_the_stack_frame(text: str, distance: int, src: tuple[int, int], result: int | None) -> None:
    before = state((0, 0), src)
    before[1] = (distance, distance, True)
    found = pointer_arithmetic(decode(assemble(text), 0, "little"), before)
    assert found == (None if result is None else (result, result, True))
