"""A short run of the machine's fuzzer: the same numbers each time."""

from __future__ import annotations

import contextlib
import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bpftui.core.errors import BpftuiError
from bpftui.core.vm import Machine
from tests.fuzz import functions
from tests.fuzz.machines import compare, program

PROGRAMS = 1200


def test_engines_agree() -> None:
    counts: dict[str, int] = {}
    for number in range(PROGRAMS):
        kind = compare(program(random.Random(number)))
        counts[kind] = counts.get(kind, 0) + 1
    # Programs that are always refused, or always fail, would test little.
    assert min(counts["ran"], counts["stopped"]) > PROGRAMS // 6
    assert counts["limited"] > 5


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_engines_agree_on_what_hypothesis_finds(rng: random.Random) -> None:
    compare(program(rng))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.binary(max_size=40))
@example(b"\x05\x00\xff\xff" + bytes(4), b"")
def test_bytes_that_are_no_program(code: bytes, memory: bytes) -> None:
    with contextlib.suppress(BpftuiError):
        assert 0 <= Machine(code, {}).run(memory) < 1 << 64


def test_functions_are_called_with_anything() -> None:
    counts: dict[str, int] = {}
    for number in range(300):
        kind = functions.run(number)
        counts[kind] = counts.get(kind, 0) + 1
    assert min(counts["ran"], counts["stopped"]) > 20
