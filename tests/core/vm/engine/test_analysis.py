"""What registers can hold at the start of each block: loops are gone through until nothing grows any more."""

from __future__ import annotations

from bpftui.core.asm.assembler import assemble
from bpftui.core.vm.engine.analysis import analyse
from bpftui.core.vm.engine.code import Code
from bpftui.core.vm.engine.graph import Graph

LOOP = """
r6 = 5
r1 = 0
again:
r1 += 1
if r1 < 10 goto again
r0 = r6
exit
"""


def test_what_a_loop_changes_and_what_it_leaves() -> None:
    code = Code(assemble(LOOP), "little", {}, {})
    states = analyse(code, Graph(code, code.functions[0]), lambda _slot: 0)
    assert len(states) == 3
    low, high, is_pointer = states[2][1]
    assert (low <= 10 <= high, is_pointer) == (True, False)  # r1 ends at 10
    assert states[2][6] == (5, 5, False)
    assert states[2][10] == (0, 0, True)
