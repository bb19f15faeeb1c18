"""Several programs in a sandbox: which packets come to each, and as what (of the kernel: tests/kernel)."""

from __future__ import annotations

import pytest

from bpftui.core.context.passage import Stage, next_stop
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import make_frames
from bpftui.core.vm.runtime import MachineRuntime

FRAMES = make_frames(1024)[:100]
DATAGRAMS = sum(frame[12:14] == b"\x08\x00" and frame[23] == 17 for frame in FRAMES)
PASSED = len(FRAMES) - DATAGRAMS


CASES = [
    ((2, -1, 0), (100, PASSED, PASSED, PASSED)),
    ((2, 0, 0), (100, PASSED, 0, PASSED)),  # TCX_PASS: no other program of tcx, but it goes on
    ((2, 3, 0), (100, PASSED, 0, PASSED)),  # an unknown code ends tcx as TCX_PASS does
    ((2, -1, 2), (100, PASSED, PASSED, 0)),  # TCX_DROP
    ((2, 7, 0), (100, PASSED, 0, 0)),  # TCX_REDIRECT
    ((1, -1, 0), (100, 0, 0, 0)),  # XDP_DROP
    ((3, -1, 0), (100, 0, 0, 0)),  # XDP_TX
]
"""What gate, first and second return, and how many packets come to each, and to who is behind them."""


@pytest.mark.parametrize(("verdicts", "seen"), CASES)
def test_a_packet_comes_as_far_as_programs_let_it(verdicts: tuple[int, ...], seen: tuple[int, ...]) -> None:
    spec = CollectionSpec.from_file("tests/objects/passage.o")
    spec.variables["verdicts"].set(list(verdicts))
    runtime = MachineRuntime()
    with runtime.load(spec) as loaded, runtime.sandbox() as sandbox:
        for name in ("behind", "tap", "first", "gate", "second"):  # of those of one place the order counts
            loaded.programs[name].attach(sandbox.target())
        sandbox.give(FRAMES)
        assert tuple(loaded.variables["seen"].get()) == seen
        assert loaded.variables["tapped"].get() == (PASSED if verdicts[0] == 2 else 0)  # whatever tcx says
        # What gate wrote into a packet is there for whoever comes behind it.
        assert tuple(loaded.variables["marked"].get()) == (0, *seen[1:3], 0)


def test_where_a_packet_comes_to_next() -> None:
    path = [Stage.XDP, Stage.XDP, Stage.INGRESS, Stage.INGRESS, Stage.CGROUP, Stage.CGROUP]
    assert next_stop(path, 0, 2) == 1
    assert next_stop(path, 1, 0xFFFF_FFFF_0000_0002) == 2
    assert next_stop(path, 0, 1) is None
    assert next_stop(path, 2, -1) == 3
    assert next_stop(path, 2, 0) == 4
    assert [next_stop(path, 2, code) for code in (2, 7)] == [None, None]
    assert next_stop(path, 4, 0) == 5
    assert next_stop(path, 5, 1) is None
    assert [next_stop([Stage.XDP, Stage.TAP, Stage.INGRESS], 1, code) for code in (0, 2, 60)] == [2, 2, 2]
