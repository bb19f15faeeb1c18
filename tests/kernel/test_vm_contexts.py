"""The built-in machine against the kernel: random programs on random packets and contexts, of each type in turn.

`python -m tests.fuzz.contexts` does the same for long.
"""

from __future__ import annotations

import pytest

from tests.fuzz.contexts import KINDS, Kind, compare

pytestmark = pytest.mark.kernel

PROGRAMS = 5


def named(kind: Kind) -> str:
    return f"{kind.type.label}-{kind.hook.label}" if kind.hook else kind.type.label


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_the_same_return_value_packet_context_and_maps(kind: Kind) -> None:
    runs = [run for seed in range(PROGRAMS) for run in compare(kind, seed)]
    if not runs:
        pytest.xfail(f"this kernel has no test runs of programs of type {kind.type.label}")
    different = [text for text, same in runs if not same]
    assert not different, different[0]
