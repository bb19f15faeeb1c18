"""FlowPicture: what the boxes of real programs say, what is heavy, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.asm.flow.traffic import busiest_way, edge_counts
from bpftui.core.listing.block_texts import LineKind
from bpftui.core.listing.flow_picture import FlowPicture
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec, Function, LinkedCode, ProgramSpec, ProgramType
from tests.core.asm.flow.code import EXIT, NOP, assemble, branch, goto
from tests.hostile import hostile_bytes
from tests.waiting import Effort

if TYPE_CHECKING:
    from bpftui.core.asm import Instruction

ROOT = Path(__file__).parents[3]


def listing(path: str, name: str) -> Listing:
    spec = CollectionSpec.from_file(ROOT / path)
    return Listing(spec.programs[name], spec)


def made(*insns: Instruction) -> Listing:
    code = assemble(*insns)
    functions = (Function("f", 0, len(code) // 8, "xdp", 0),)
    return Listing(ProgramSpec("f", "xdp", ProgramType.XDP, link=lambda: LinkedCode(code, functions)))


def rows(picture: FlowPicture) -> list[str]:
    return [picture.drawing.text(row) for row in range(len(picture.drawing))]


def test_boxes_say_what_is_called_what_c_it_is_and_how_it_ends() -> None:
    picture = FlowPicture(listing("bpf/traffic.o", "count_traffic"))
    said = {picture.slot(node): [line.text for line in picture.lines[node]] for node in range(len(picture))}
    assert said[63] == ["call bpf_map_lookup_elem#1", "if r0 != 0x0 goto L94"]
    assert said[94] == ["volume->packets++;", "volume->bytes += packet->length;"]
    assert said[77][-1] == "if r0 == 0x0 goto L101"
    assert [line.kind for line in picture.lines[picture.node_of(95) or 0]] == [LineKind.SOURCE, LineKind.SOURCE]
    assert picture.remarks == []


def test_what_is_returned_has_its_name() -> None:
    picture = FlowPicture(listing("bpf/traffic.o", "count_traffic"))
    node = picture.node_of(161)
    assert node is not None
    assert "XDP_PASS" in "".join(line.text for line in picture.lines[node])


def test_all_code_of_a_block() -> None:
    picture = FlowPicture(listing("bpf/traffic.o", "count_traffic"), code=True)
    node = picture.node_of(94)
    assert node is not None
    assert [line.text for line in picture.lines[node]] == [
        "volume->packets++;",
        "r1 = *(u64 *)(r0 +0)",
        "r1 += 1",
        "*(u64 *)(r0 +0) = r1",
        "volume->bytes += packet->length;",
        "r1 = *(u32 *)(r10 -28)",
        "r2 = *(u64 *)(r0 +8)",
        "r2 += r1",
        "*(u64 *)(r0 +8) = r2",
    ]


def test_the_way_of_most_runs_is_heavy_and_ways_have_their_counts() -> None:
    counts = {0: 812, 1: 6, 2: 6, 3: 806, 4: 812}
    picture = FlowPicture(made(branch(2), NOP, goto(1), NOP, EXIT), counts=counts)
    assert rows(picture) == [
        "                ┏ 0 ━━━ 1 insn  812 ██ ┓",
        "                ┃ if r1 == 0x0 goto L3 ┃",
        "                ┗━━━━━┯━━━━━━━━┳━━━━━━━┛",
        "                 no 6 │        ┃ yes 806",
        "     ┌────────────────┘        ┃",
        "┌ 1 ─▼─ 2 insns  6 ▁▁ ┐   ┏ 3 ━▼━ 1 insn  806 ██ ┓",
        "│ goto L4             │   ┃ r1 = r1              ┃",
        "└────┬────────────────┘   ┗━━━━┳━━━━━━━━━━━━━━━━━┛",
        "     └─────────────────────────┨",
        "                          ┏ 4 ━▼━ 1 insn  812 ██ ┓",
        "                          ┃ exit                 ┃",
        "                          ┗━━━━━━━━━━━━━━━━━━━━━━┛",
    ]


def test_blocks_that_were_removed_are_left_out_and_counted() -> None:
    code = made(branch(2), NOP, goto(1), NOP, EXIT)
    picture = FlowPicture(code, removed={1, 2})
    assert picture.remarks == ["1 block removed ∅"]
    assert [picture.slot(node) for node in range(len(picture))] == [0, 3, 4]
    whole = FlowPicture(code, removed={1, 2}, whole=True)
    assert whole.remarks == []
    assert any("∅ removed" in row for row in rows(whole))


def test_of_a_huge_function_what_is_near_is_drawn_and_the_rest_is_said() -> None:
    code = made(*[branch(1 if slot % 7 else 40) for slot in range(20_000)], *[NOP] * 50, EXIT)
    effort = Effort()
    picture = FlowPicture(code, 10_000)
    assert effort.within(9)
    assert len(picture.graph) > 20_000
    assert len(picture.blocks) <= 400
    assert picture.node_of(10_000) is not None
    assert picture.node_of(0) is None
    assert "of 20," in picture.remarks[0]
    stubs = [node for node in range(len(picture)) if picture.is_stub(node)]
    assert stubs
    assert picture.node_of(picture.slot(stubs[0])) is None
    assert "not drawn" in picture.lines[stubs[0]][0].text


def test_counts_of_ways() -> None:
    graph = made(branch(2), NOP, goto(1), NOP, EXIT).program.flow.graph_at(0)
    ways = edge_counts(graph, {0: 10, 1: 3, 2: 3, 3: 7, 4: 10})
    assert ways == {(0, 1): 3, (0, 2): 7, (1, 3): 3, (2, 3): 7}
    assert busiest_way(graph.successors, [10, 3, 7, 10], ways) == [0, 2, 3]
    assert busiest_way(graph.successors, [0, 0, 0, 0], {}) == []


def test_foreign_text_in_boxes_is_visible() -> None:
    spec = CollectionSpec.from_bytes(hostile_bytes("bpf/traffic.o"))
    for program in spec.programs.values():
        for code in (False, True):
            picture = FlowPicture(Listing(program, spec), code=code)
            text = "".join(rows(picture))
            assert text.isprintable()
            assert "\\x1b]0;o" in text
