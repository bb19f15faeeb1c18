"""The graph of an object in its three formats."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.core.analysis.call_graph import (
    Edge,
    Graph,
    Node,
    NodeKind,
    graph_of,
    mermaid_text,
    to_dot,
    to_mermaid,
    to_text,
)
from bpftui.core.spec import CollectionSpec
from bpftui.tui.__main__ import main

ROOT = Path(__file__).parents[3]
NAMES = ROOT / "tests/objects/names.o"
STRANGE = Graph(
    [
        Node(NodeKind.PROGRAM, 'a"b\\c', "xdp"),
        Node(NodeKind.MAP, "x#<y>", "hash"),
        Node(NodeKind.DATA, ".data", ""),
        Node(NodeKind.SUBPROGRAM, "sub", ""),
    ],
    [
        Edge(0, 1, "unknown", is_certain=False),
        Edge(0, 2, "reads, perhaps more", reads=True, is_certain=False),
        Edge(0, 1, "takes the address"),
        Edge(3, 2, "reads and writes, perhaps more", reads=True, writes=True, is_certain=False),
        Edge(0, 3, "has as callback"),
    ],
)


def test_text() -> None:
    graph = graph_of(CollectionSpec.from_file(NAMES))
    assert (
        to_text(graph)
        == """\
second (xdp)
└─ reads and writes nested
first (xdp)
├─ calls length
├─ reads and writes stats
├─ reads and writes .data
├─ reads and writes .bss
├─ reads .rodata.str1.1
└─ tail calls jumps
length (subprogram)
only (array)
└─ in nested [0]
nested (array_of_maps)
├─ [0] only
└─ second reads and writes
jumps (prog_array)
├─ [1] second
└─ first tail calls
stats (hash)
└─ first reads and writes
.data (data)
└─ first reads and writes
.bss (data)
└─ first reads and writes
.rodata.str1.1 (data)
└─ first reads
"""
    )
    assert to_text(graph, ascii_only=True).splitlines()[2:4] == ["first (xdp)", "|- calls length"]
    assert to_text(Graph([], [])) == "no programs and no maps\n"


def test_dot() -> None:
    assert (
        to_dot(graph_of(CollectionSpec.from_file(NAMES)))
        == """\
digraph bpf {
  rankdir=LR;
  node [fontname=monospace];
  n0 [label="second\\nxdp", shape=box, style=bold];
  n1 [label="first\\nxdp", shape=box, style=bold];
  n2 [label="length", shape=box, style=rounded];
  n3 [label="only\\narray", shape=cylinder];
  n4 [label="nested\\narray_of_maps", shape=cylinder];
  n5 [label="jumps\\nprog_array", shape=cylinder];
  n6 [label="stats\\nhash", shape=cylinder];
  n7 [label=".data", shape=note];
  n8 [label=".bss", shape=note];
  n9 [label=".rodata.str1.1", shape=note];
  n0 -> n4 [label="reads and writes", dir=both];
  n1 -> n2 [label="calls"];
  n1 -> n6 [label="reads and writes", dir=both];
  n1 -> n7 [label="reads and writes", dir=both];
  n1 -> n8 [label="reads and writes", dir=both];
  n1 -> n9 [label="reads", dir=back];
  n1 -> n5 [label="tail calls"];
  n4 -> n3 [label="[0]"];
  n5 -> n0 [label="[1]"];
}
"""
    )


def test_mermaid() -> None:
    assert (
        to_mermaid(graph_of(CollectionSpec.from_file(NAMES)))
        == """\
flowchart LR
  n0["second<br>xdp"]
  n1["first<br>xdp"]
  n2("length")
  n3[("only<br>array")]
  n4[("nested<br>array_of_maps")]
  n5[("jumps<br>prog_array")]
  n6[("stats<br>hash")]
  n7[/".data"/]
  n8[/".bss"/]
  n9[/".rodata.str1.1"/]
  n0 <-- "reads and writes" --> n4
  n1 -- "calls" --> n2
  n1 <-- "reads and writes" --> n6
  n1 <-- "reads and writes" --> n7
  n1 <-- "reads and writes" --> n8
  n9 -- "reads" --> n1
  n1 -- "tail calls" --> n5
  n4 -- "[0]" --> n3
  n5 -- "[1]" --> n0
"""
    )


def test_what_is_not_certain_and_strange_names() -> None:
    assert to_mermaid(STRANGE).splitlines()[1:] == [
        '  n0["a#34;b#92;c<br>xdp"]',
        '  n1[("x#35;#60;y#62;<br>hash")]',
        '  n2[/".data"/]',
        '  n3("sub")',
        '  n0 -. "unknown" .- n1',
        '  n2 -. "reads, perhaps more" .-> n0',
        '  n0 -- "takes the address" --> n1',
        '  n3 <-. "reads and writes, perhaps more" .-> n2',
        '  n0 -- "has as callback" --> n3',
    ]
    dot = to_dot(STRANGE).splitlines()
    assert dot[3] == '  n0 [label="a\\"b\\\\c\\nxdp", shape=box, style=bold];'
    assert dot[7:9] == [
        '  n0 -> n1 [label="unknown", style=dashed, dir=none];',
        '  n0 -> n2 [label="reads, perhaps more", style=dashed, dir=back];',
    ]


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_takes_it() -> None:
    for graph in (STRANGE, graph_of(CollectionSpec.from_file(NAMES))):
        done = subprocess.run(["dot", "-Tsvg"], input=to_dot(graph), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count('class="node"') == len(graph.nodes)
        assert done.stdout.count('class="edge"') == len(graph.edges)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(NAMES), "--graph"]) == 0
    assert capsys.readouterr().out.startswith("second (xdp)\n└─ reads and writes nested\n")
    assert main(["show", str(NAMES), "--graph", "--format", "mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart LR\n")
    assert main(["show", str(NAMES), "--format", "dot"]) == 2
    assert "--format is that of --graph" in capsys.readouterr().err
    assert main(["show", str(NAMES), "--graph", "--json"]) == 2


def test_text_that_means_something_to_mermaid() -> None:
    assert mermaid_text("%%{init: {}}%% $$x$$") == "#37;#37;{init#58; {}}#37;#37; #36;#36;x#36;#36;"
    assert mermaid_text("*(u64 *)(r10 -8) = __x__") == "#42;(u64 #42;)(r10 -8) = #95;#95;x#95;#95;"
    assert [mermaid_text(text) for text in ("- x", "+ x", "12. x", "1) x", "1x", "-1")] == [
        "#45; x",
        "#43; x",
        "#49;2. x",
        "#49;) x",
        "1x",
        "#45;1",
    ]
    assert mermaid_text("array_of_maps") == "array_of_maps"
