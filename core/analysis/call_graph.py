"""The graph of an object: which program calls, reads and writes what; as text, for Graphviz and for Mermaid."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..spec.program import ReferenceKind
from ..uapi import MapType
from .xrefs import Uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec
    from ..spread import Apply
    from .xrefs import ProgramUses

__all__ = [
    "Edge",
    "Graph",
    "Node",
    "NodeKind",
    "dot_text",
    "graph_of",
    "mermaid_text",
    "to_dot",
    "to_mermaid",
    "to_text",
]


class NodeKind(enum.StrEnum):
    """What a node stands for."""

    PROGRAM = "program"
    SUBPROGRAM = "subprogram"
    MAP = "map"
    DATA = "data"
    """A data section."""


class Node(NamedTuple):
    """Something that programs consist of or use."""

    kind: NodeKind
    name: str
    detail: str
    """The type of a program or a map; empty for others."""


class Edge(NamedTuple):
    """What one node has to do with another; both by their places in `Graph.nodes`."""

    source: int
    target: int
    label: str
    """`calls`, `tail calls`, `[1]` for what a map holds; `reads`, `writes`, `reads and writes`, `unknown` and what
    `Summary.text` says beside."""
    reads: bool = False
    writes: bool = False
    is_certain: bool = True


class Graph(NamedTuple):
    """What `graph_of` returns."""

    nodes: list[Node]
    """Programs, then subprograms, then maps and data sections, each in file order."""
    edges: list[Edge]


def graph_of(spec: CollectionSpec, apply: Apply = map) -> Graph:
    """Return which programs and subprograms of an object call each other, and what they do with its maps.

    Args:
        spec: The object.
        apply: What looks into each program: `map`, or `spread`, which does it in several processes.
    """
    nodes = [Node(NodeKind.PROGRAM, program.name, program.type.label) for program in spec.programs.values()]
    at: dict[tuple[str, str, int], int] = {}
    for number, program in enumerate(spec.programs.values()):
        if program.functions:
            at[_key(program, 0)] = number
    for program in spec.programs.values():
        for number, function in enumerate(program.functions):
            if _key(program, number) not in at:
                at[_key(program, number)] = len(nodes)
                nodes.append(Node(NodeKind.SUBPROGRAM, function.name, ""))
    maps: dict[str, int] = {}
    for name, found in spec.maps.items():
        maps[name] = len(nodes)
        kind = NodeKind.DATA if found.is_data else NodeKind.MAP
        nodes.append(Node(kind, name, "" if found.is_data else found.type.label))
    edges: list[Edge] = []
    uses, listed = Uses(spec), list(spec.programs.values())

    def edges_of(number: int) -> list[Edge]:
        program = listed[number]
        return [*_calls(program, at), *_map_uses(program, uses.program(program.name), number, maps)]

    for found in apply(edges_of, range(len(listed))):
        edges += found
    programs = {program.name: number for number, program in enumerate(spec.programs.values())}
    for name, found in spec.maps.items():
        for entry in found.contents:
            target = maps.get(entry.target, programs.get(entry.target))
            if target is not None:
                edges.append(Edge(maps[name], target, f"[{entry.key}]"))
    return Graph(nodes, list(dict.fromkeys(edges)))


def _key(program: ProgramSpec, number: int) -> tuple[str, str, int]:
    """Return what tells a function from all others of the object: programs share subprograms."""
    function = program.functions[number]
    return function.name, function.section, function.section_offset


def _calls(program: ProgramSpec, at: dict[tuple[str, str, int], int]) -> Iterator[Edge]:
    starts = {function.start: number for number, function in enumerate(program.functions)}
    for slot, reference in program.linked.references.items():
        if reference.kind in (ReferenceKind.CALL, ReferenceKind.FUNCTION) and reference.offset in starts:
            caller = starts[program.flow.function_at(slot)]
            label = "calls" if reference.kind is ReferenceKind.CALL else "has as callback"
            yield Edge(at[_key(program, caller)], at[_key(program, starts[reference.offset])], label)


def _map_uses(program: ProgramSpec, uses: ProgramUses, number: int, maps: dict[str, int]) -> Iterator[Edge]:
    tails = _tail_call_maps(uses)
    for name, summary in uses.summaries.items():
        if name not in maps:
            continue
        if name in tails:
            yield Edge(number, maps[name], "tail calls", is_certain=summary.is_certain)
            continue
        use = summary.use
        yield Edge(number, maps[name], summary.text, use.reads, use.writes, is_certain=summary.is_certain)


def _tail_call_maps(uses: ProgramUses) -> set[str]:
    """Return the program arrays through which a program calls others."""
    maps = uses.spec.maps
    return {name for name in uses.tail_called if name in maps and maps[name].type is MapType.PROG_ARRAY}


# Text


def to_text(graph: Graph, *, ascii_only: bool = False) -> str:
    """Return the graph as lines: each program and subprogram with what it has to do with others, then the maps."""
    branch, last = ("|- ", "`- ") if ascii_only else ("├─ ", "└─ ")
    below: dict[int, list[str]] = {number: [] for number in range(len(graph.nodes))}
    used: dict[int, list[str]] = {number: [] for number in below}
    for edge in graph.edges:
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        below[edge.source].append(f"{edge.label} {target.name}")
        used[edge.target].append(f"{'in ' if edge.label.startswith('[') else ''}{source.name} {edge.label}")
    lines: list[str] = []
    for number, node in enumerate(graph.nodes):
        lines.append(f"{node.name} ({node.detail or node.kind})")
        texts = below[number]
        if node.kind in (NodeKind.MAP, NodeKind.DATA):
            texts += used[number] or ["nobody uses it"]
        lines += [branch + text for text in texts[:-1]] + [last + text for text in texts[-1:]]
    return "\n".join(lines) + "\n" if lines else "no programs and no maps\n"


# Graphviz

_DOT_SHAPES: Final = {
    NodeKind.PROGRAM: "shape=box, style=bold",
    NodeKind.SUBPROGRAM: "shape=box, style=rounded",
    NodeKind.MAP: "shape=cylinder",
    NodeKind.DATA: "shape=note",
}


def to_dot(graph: Graph) -> str:
    """Return the graph in DOT, for Graphviz. Data flows along the arrows of reads and writes."""
    lines = ["digraph bpf {", "  rankdir=LR;", "  node [fontname=monospace];"]
    for number, node in enumerate(graph.nodes):
        label = dot_text(node.name) + (f"\\n{dot_text(node.detail)}" if node.detail else "")
        lines.append(f'  n{number} [label="{label}", {_DOT_SHAPES[node.kind]}];')
    for edge in graph.edges:
        style = "" if edge.is_certain else ", style=dashed"
        if edge.reads or edge.writes:
            direction = "both" if edge.reads and edge.writes else "back" if edge.reads else "forward"
            style += f", dir={direction}"
        elif edge.label == "unknown" or not edge.is_certain:
            style += ", dir=none"
        lines.append(f'  n{edge.source} -> n{edge.target} [label="{dot_text(edge.label)}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def dot_text(text: str) -> str:
    """Return visible text for a quoted label, in which a backslash escapes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


# Mermaid

_MERMAID_SHAPES: Final = {
    NodeKind.PROGRAM: ('["', '"]'),
    NodeKind.SUBPROGRAM: ('("', '")'),
    NodeKind.MAP: ('[("', '")]'),
    NodeKind.DATA: ('[/"', '"/]'),
}


def to_mermaid(graph: Graph) -> str:
    """Return the graph as a Mermaid flowchart, as GitHub shows it. Data flows along the arrows of reads and writes."""
    lines = ["flowchart LR"]
    for number, node in enumerate(graph.nodes):
        left, right = _MERMAID_SHAPES[node.kind]
        label = mermaid_text(node.name) + (f"<br>{mermaid_text(node.detail)}" if node.detail else "")
        lines.append(f"  n{number}{left}{label}{right}")
    for edge in graph.edges:
        source, target = edge.source, edge.target
        line = "--" if edge.is_certain else "-."
        back = "--" if edge.is_certain else ".-"
        head = f"{back}>"
        if edge.reads and edge.writes:
            line = f"<{line}"
        elif edge.reads:
            source, target = target, source
        elif edge.label == "unknown" or not edge.is_certain:
            head = "---" if edge.is_certain else back
        lines.append(f'  n{source} {line} "{mermaid_text(edge.label)}" {head} n{target}')
    return "\n".join(lines) + "\n"


_MERMAID_SPECIAL: Final = re.compile(
    # Entities, quotes, tags and what is code in Markdown; `%%{` and `$$`, which are directives and formulas wherever
    # they stand; a colon, behind which Mermaid looks for colours; emphasis; lists.
    r'[#"<>&`\\*~$%:]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^(?:[-+]|[0-9](?=[0-9]*[.)](?: |$)))'
)


def mermaid_text(text: str) -> str:
    """Return visible text for a quoted label, in which `#` begins a character's number."""
    return _MERMAID_SPECIAL.sub(lambda match: f"#{ord(match[0])};", text)
