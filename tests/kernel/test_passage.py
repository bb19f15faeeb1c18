"""Several programs on the packets of one interface: the kernel's answer to the cases of the built-in machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.kernel.net.sandbox import Sandbox
from bpftui.core.kernel.runtime import KernelRuntime
from bpftui.core.spec import CollectionSpec
from tests.core.vm.test_passage import CASES, FRAMES, PASSED

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects/passage.o"


@pytest.mark.parametrize(("verdicts", "seen"), CASES)
def test_packets_come_as_far_in_the_kernel(verdicts: tuple[int, ...], seen: tuple[int, ...]) -> None:
    spec = CollectionSpec.from_file(OBJECT).subset(
        maps=set(), programs={"gate", "first", "second", "tap"}, variables=set()
    )
    spec.variables["verdicts"].set(list(verdicts))
    runtime = KernelRuntime()
    with runtime.load(spec) as loaded, Sandbox() as sandbox:
        for name in ("first", "gate", "tap", "second"):
            loaded.programs[name].attach(sandbox.target())
        before, tapped = loaded.variables["seen"].get(), loaded.variables["tapped"].get()
        sandbox.give(FRAMES)
        # Hosts say hello by themselves (neighbour discovery): what is not ours comes too.
        found = [now - then for now, then in zip(loaded.variables["seen"].get(), before, strict=True)]
        assert found[:3] == list(seen[:3])
        assert loaded.variables["tapped"].get() - tapped == (PASSED if verdicts[0] == 2 else 0)
        assert loaded.variables["marked"].get()[1:3] == found[1:3]
