"""Where a jump through a table leads: to the entries of the one whose address goes into it."""

from __future__ import annotations

from bpftui.core.asm.assembler import assemble
from bpftui.core.asm.flow.graph import FlowGraph
from bpftui.core.asm.flow.tables import gotox_targets

TABLES = {0: [12, 13], 2: [14, 15]}


def leads(jump: str) -> list[int]:
    """Return where the jump at its end leads, in a function with one table in r1 and another in r2."""
    code = assemble(f"r1 = 0 ll\nr2 = 0 ll\n{jump}")
    slot = len(code) // 8 - 1
    code += assemble("exit\n" * 8)
    return list(gotox_targets(code, "little", FlowGraph(code, "little"), TABLES, slot) or ())


def test_the_table_is_the_one_whose_address_is_used() -> None:
    for register, targets in (("r1", [12, 13]), ("r2", [14, 15])):
        assert leads(f"r3 = r0\nr3 <<= 3\nr3 += {register}\nr3 = *(u64 *)(r3 +0)\nr4 = 0\ngotox r3") == targets
        assert leads(f"{register} += r0\nr3 = *(u64 *)({register} +0)\ngotox r3") == targets
        assert leads(f"r5 = {register}\nr5 = *(u64 *)(r5 +8)\nr6 = r5\ngotox r6") == targets


def test_where_that_is_not_certain_it_can_be_any() -> None:
    either = "r3 = r1\nif r0 == 0 goto pc+1\nr3 = r2\nr3 = *(u64 *)(r3 +0)\ngotox r3"
    assert leads(either) == [12, 13, 14, 15]
    assert leads("r3 = *(u64 *)(r10 -8)\ngotox r3") == [12, 13, 14, 15]
    assert leads("r3 = r1\nr3 ^= r0\nr3 = 4\ngotox r3") == [12, 13, 14, 15]


def test_a_table_of_another_function_is_none() -> None:
    code = assemble("r1 = 0 ll\nexit\nr3 = 0\ngotox r3")
    assert gotox_targets(code, "little", FlowGraph(code, "little", 3, 5), {0: [3]}, 4) is None
