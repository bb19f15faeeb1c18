"""The control flow of programs in DOT and Mermaid, taken by Graphviz where it is there; the command that prints it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.listing.block_graph import blocks_to_dot, blocks_to_mermaid, functions_of
from bpftui.core.spec import CollectionSpec, LinkedCode
from bpftui.tui.__main__ import main
from bpftui.tui.commands.show.graph import print_blocks
from tests.hostile import hostile_bytes

ROOT = Path(__file__).parents[3]
COUNT = ROOT / "bpf/count_packets.o"


def test_dot() -> None:
    spec = CollectionSpec.from_file(COUNT)
    assert (
        blocks_to_dot(functions_of(spec, spec.programs.values()))
        == """\
digraph blocks {
  node [shape=box, fontname=monospace];
  edge [fontname=monospace];
  subgraph cluster_0 {
    label="count_packets(), xdp";
    fontname=monospace;
    n0_0 [label="0 · 7 insns\\lcall bpf_map_lookup_elem#1\\lif r0 == 0x0 goto L10\\l"];
    n0_8 [label="8 · 2 insns\\lif (count)\\l__sync_fetch_and_add(count, 1);\\l"];
    n0_10 [label="10 · 2 insns\\lreturn XDP_PASS;\\lw0 = 2  ; XDP_PASS\\lexit\\l"];
    n0_0 -> n0_8 [label="no"];
    n0_0 -> n0_10 [label="yes"];
    n0_8 -> n0_10;
  }
}
"""
    )


def test_mermaid() -> None:
    spec = CollectionSpec.from_file(COUNT)
    assert (
        blocks_to_mermaid(functions_of(spec, spec.programs.values()))
        == """\
flowchart TB
  subgraph f0["count_packets(), xdp"]
    n0_0["0 · 7 insns<br>call bpf_map_lookup_elem#35;1<br>if r0 == 0x0 goto L10"]
    n0_8["8 · 2 insns<br>if (count)<br>#95;#95;sync_fetch_and_add(count, 1);"]
    n0_10["10 · 2 insns<br>return XDP_PASS;<br>w0 = 2  ; XDP_PASS<br>exit"]
    n0_0 -->|no| n0_8
    n0_0 -->|yes| n0_10
    n0_8 --> n0_10
  end
"""
    )


def test_a_function_that_programs_share_is_there_once() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    titles = [title for title, _ in functions_of(spec, spec.programs.values())]
    assert titles == [
        "first(), xdp",
        "weak_answer()",
        "global_sum()",
        "twice()",
        "second(), xdp",
        "hidden_helper()",
        "third(), xdp",
        "other_section(), socket_filter",
    ]


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("path", ["bpf/traffic.o", "tests/objects/jump_tables.o", "tests/objects/subprograms.o"])
def test_graphviz_reads_what_was_meant(path: str) -> None:
    spec = CollectionSpec.from_bytes(hostile_bytes(path))
    text = blocks_to_dot(functions_of(spec, spec.programs.values()))
    done = subprocess.run(["dot", "-Tjson0"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    graph = json.loads(done.stdout)
    functions = list(functions_of(spec, spec.programs.values()))
    said = {
        f"n{number}_{start}": [f"{start} · {texts.size(block)}", *(line.text for line in texts.lines(block))]
        for number, (_, texts) in enumerate(functions)
        for block, start in enumerate(texts.graph.starts)
    }
    nodes = [each for each in graph["objects"] if not each["name"].startswith("cluster")]
    # What Graphviz keeps of a label is its source.
    read = {each["name"]: each["label"].replace("\\\\", "\0").split("\\l")[:-1] for each in nodes}
    assert {name: [line.replace("\0", "\\") for line in lines] for name, lines in read.items()} == said
    assert len(graph["edges"]) == sum(len(to) for _, texts in functions for to in texts.graph.successors)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(COUNT), "--graph", "--blocks"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("count_packets(), xdp\n")
    assert "call bpf_map_lookup_elem#1" in out
    assert "▼" in out
    assert main(["show", str(COUNT), "--graph", "--blocks", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph blocks {\n")
    assert main(["show", str(COUNT), "--graph", "--blocks", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart TB\n")
    assert main(["show", str(COUNT), "--graph", "--blocks", "--program", "count_packet"]) == 2
    assert "count_packets" in capsys.readouterr().err
    assert main(["show", str(COUNT), "--blocks"]) == 2
    assert "--blocks is that of --graph" in capsys.readouterr().err
    assert main(["show", str(COUNT), "--graph", "--program", "count_packets"]) == 2
    assert "--program is that of --graph --blocks" in capsys.readouterr().err


def test_a_program_whose_code_is_damaged_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    def link() -> LinkedCode:
        raise ObjectError("function f is no whole number of instructions", file="x.o")

    spec = CollectionSpec.from_file(COUNT)
    good = spec.programs["count_packets"]
    spec.programs["bad"] = bad = replace(good, name="bad", link=link)
    with pytest.raises(ObjectError, match="no whole number"):
        print_blocks(spec, ["bad"], "dot")
    print_blocks(spec, None, "dot")
    told = capsys.readouterr()
    assert told.out.count("subgraph") == 1
    assert "warning: bad is left out: x.o: function f is no whole number of instructions" in told.err
    assert [title for title, _ in functions_of(spec, [bad, good], lambda *_: None)] == ["count_packets(), xdp"]
    del spec.programs["count_packets"]
    with pytest.raises(ObjectError, match="no whole number"):
        print_blocks(spec, None, "text")


def test_a_flowchart_that_mermaid_does_not_draw_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(ROOT / "tests/objects/jump_tables.o"), "--graph", "--blocks", "--format", "mermaid"]) == 0
    assert capsys.readouterr().err == ""
