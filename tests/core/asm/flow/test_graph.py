"""Basic blocks, edges, reachability and what is reported of broken code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpftui.core.asm import Instruction, instructions
from bpftui.core.asm.flow import Block, CodeFlow, Edge, EdgeKind, FlowGraph, Problem
from bpftui.core.spec import CollectionSpec
from tests.core.asm.flow.code import EXIT, NOP, WIDE, assemble, branch, call, goto, gotol, may_goto

if TYPE_CHECKING:
    from bpftui.core.asm import ByteOrder

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("order", ["little", "big"])
def test_blocks_and_edges(order: ByteOrder) -> None:
    """if … else …, then a loop; a 64-bit load has two slots."""
    code = assemble(branch(3), WIDE, goto(1), NOP, may_goto(1), gotol(-2), EXIT, byte_order=order)
    graph = FlowGraph(code, order)
    assert graph.blocks == (
        Block(0, 1, (1, 2)),
        Block(1, 4, (3,)),
        Block(4, 5, (3,)),
        Block(5, 6, (4, 5)),
        Block(6, 7, (3,)),
        Block(7, 8, ()),
    )
    assert graph.edges == [
        Edge(0, 1, EdgeKind.FALL),
        Edge(0, 4, EdgeKind.BRANCH),
        Edge(3, 5, EdgeKind.GOTO),
        Edge(4, 5, EdgeKind.FALL),
        Edge(5, 6, EdgeKind.FALL),
        Edge(5, 7, EdgeKind.MAY_GOTO),
        Edge(6, 5, EdgeKind.GOTO),
    ]
    assert graph.predecessors == [(), (0,), (0,), (1, 2, 4), (3,), (3,)]
    assert graph.targets == {4: (0,), 5: (3, 6), 7: (5,)}
    assert graph.exits == [7]
    assert graph.problems == []
    assert graph.unreachable == []
    assert [graph.loop_depth(slot) for slot in range(8)] == [0, 0, 0, 0, 0, 1, 1, 0]
    assert [(loop.header, loop.back, loop.is_natural) for loop in graph.loops] == [(3, (4,), True)]
    assert [graph.block_at(slot) for slot in range(8)] == [0, 1, 1, 1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="slot 8"):
        graph.block_at(8)


def test_jumps_of_an_instruction_are_those_that_arrows_are_drawn_of() -> None:
    code = assemble(branch(3), WIDE, goto(1), NOP, may_goto(1), gotol(-2), EXIT)
    graph = FlowGraph(code, "little")
    slots = range(len(code) // 8)
    assert [edge for slot in slots for edge in graph.jumps_at(slot)] == graph.jumps
    assert {slot for slot in slots if graph.jumps_at(slot)} == {0, 3, 5, 6}


def test_slots_of_a_function_within_code() -> None:
    code = assemble(EXIT, NOP, branch(1), goto(-2), EXIT, NOP)
    graph = FlowGraph(code, "little", 2, 5)
    assert [(block.start, block.stop) for block in graph.blocks] == [(2, 3), (3, 4), (4, 5)]
    assert graph.problems == []
    assert [(e.source, e.target) for e in graph.jumps] == [(2, 4), (3, 2)]


def test_what_cannot_be_reached() -> None:
    graph = FlowGraph(assemble(goto(3), NOP, branch(-2), NOP, EXIT, NOP, EXIT), "little")
    assert graph.unreachable == [(1, 4), (5, 7)]
    # a loop that nothing enters is none
    assert graph.loops == []


def test_broken_code_is_reported() -> None:
    graph = FlowGraph(
        assemble(
            branch(-2),
            goto(100),
            WIDE,
            branch(-2),
            gotol(-0x8000_0000),
            Instruction(0x8D, imm=3),
            Instruction(0x0D, 2),
            Instruction(0xE5, src=1, offset=99),
            NOP,
        ),
        "little",
    )
    assert graph.problems == [
        Problem(0, "it jumps to -1, outside of the function"),
        Problem(1, "it jumps to 102, outside of the function"),
        Problem(4, "it jumps to 3, into the middle of a 64-bit load"),
        Problem(5, "it jumps to -2147483642, outside of the function"),
        Problem(6, "it calls an address in a register, which is not followed"),
        Problem(7, "it jumps through a table that is not known"),
        Problem(9, "the function ends here without an exit or a jump"),
    ]
    assert [block.successors for block in graph.blocks] == [(1,), (), (3,), (), (), ()]
    assert FlowGraph(b"", "little").blocks == ()
    half = FlowGraph(assemble(branch(0), Instruction(0x18)), "little")
    assert half.problems == [Problem(1, "the function ends here without an exit or a jump")]


def test_jump_tables_and_calls_that_do_not_return() -> None:
    code = assemble(Instruction(0x0D, 1), NOP, EXIT, WIDE, Instruction(0x85, src=2, imm=-1))
    graph = FlowGraph(code, "little", tables={0: [3, 1, 3, 4]}.get, no_return={5})
    assert graph.blocks == (Block(0, 1, (2, 1)), Block(1, 3, ()), Block(3, 6, ()))
    assert graph.jumps == [Edge(0, 3, EdgeKind.GOTOX), Edge(0, 1, EdgeKind.GOTOX)]
    assert graph.exits == [2, 5]
    assert graph.problems == [Problem(0, "it jumps to 4, into the middle of a 64-bit load")]


def test_functions_by_their_calls() -> None:
    address = Instruction(0x18, 2, src=4, imm=5, next_imm=0)
    code = assemble(call(1), EXIT, call(6), address, EXIT, NOP, goto(-2), EXIT, EXIT, EXIT)
    flow = CodeFlow(code, "little")
    assert flow.functions == [0, 2, 9]
    assert [(c.slot, c.target, c.is_address) for c in flow.calls] == [(0, 2, False), (2, 9, False), (3, 9, True)]
    assert [c.slot for c in flow.callers(9)] == [2, 3]
    assert flow.graph_at(8) is flow.graph_at(2)
    assert flow.label(6) == "L6"
    assert flow.label(5) is None
    assert flow.label(99) is None
    # a word that is the second half of a load is no call
    assert CodeFlow(assemble(WIDE)[:8] + assemble(call(3)), "little").calls == []
    # one that leads outside begins no function
    assert CodeFlow(assemble(call(99), EXIT), "little").functions == [0]


OBJECTS = [*sorted(ROOT.glob("tests/objects/*.o")), *sorted(ROOT.glob("bpf/*.o"))]


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.name)
def test_compiled_code_makes_sense(path: Path) -> None:
    """A compiler's code has no broken jumps, and what it leaves is reachable."""
    for program in CollectionSpec.from_file(path).programs.values():
        for function in program.functions:
            graph = program.flow.graph_at(function.start)
            if "isa" not in path.name and path.name != "tail_calls.o":  # a function of it is refused on purpose
                assert [p for p in graph.problems if "register" not in p.text] == []
            assert [slot for block in graph.blocks for slot in range(block.start, block.stop)] == list(
                range(graph.start, graph.stop)
            )


@st.composite
def some_code(draw: st.DrawFn) -> bytes:
    distance = st.integers(-12, 12)
    insn = st.one_of(
        st.sampled_from([NOP, EXIT, WIDE]),
        distance.map(branch),
        distance.map(goto),
        distance.map(gotol),
        st.tuples(st.integers(0, 255), *[st.integers(0, 15)] * 2, distance, distance).map(lambda f: Instruction(*f)),
    )
    return assemble(*draw(st.lists(insn, max_size=24)))


@given(some_code())
def test_the_same_as_one_instruction_at_a_time(code: bytes) -> None:
    """Whatever the bytes are: reachability is that of a walk over single instructions."""
    graph = FlowGraph(code, "little")
    insns = dict(instructions(code, "little"))
    reached, waiting = set[int](), [0] if insns else []
    while waiting:
        slot = waiting.pop()
        if slot in reached or slot not in insns:
            continue
        reached.add(slot)
        insn = insns[slot]
        if insn.falls_through:
            waiting.append(slot + insn.slots)
        if (target := insn.jump_target(slot)) is not None:
            waiting.append(target)
    assert {slot for slot in insns if graph.reachable[graph.block_at(slot)]} == reached
    lost = {p.slot for p in graph.problems if "jumps to" in p.text}
    assert lost == {s for s, i in insns.items() if (t := i.jump_target(s)) is not None and t not in insns}
