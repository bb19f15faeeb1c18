"""The control flow of programs for Graphviz and for Mermaid: their functions, each as its blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..analysis.call_graph import dot_text, mermaid_text
from ..errors import ObjectError
from ..visible import visible
from .block_texts import BlockTexts
from .listing import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..spec.collection import CollectionSpec
    from ..spec.program import ProgramSpec

__all__ = ["blocks_to_dot", "blocks_to_mermaid", "functions_of"]

_TITLED: Final = " · "


def functions_of(
    spec: CollectionSpec,
    programs: Iterable[ProgramSpec],
    damaged: Callable[[ProgramSpec, ObjectError], object] | None = None,
) -> Iterator[tuple[str, BlockTexts]]:
    """Iterate over the functions of programs, those that they share once: each with a title, `first(), xdp`.

    Args:
        spec: The object.
        programs: Its programs that are meant.
        damaged: Is told of a program whose code is damaged, which is left out.

    Raises:
        ObjectError: A program's code is damaged, and nobody is told.
    """
    seen: set[tuple[str, str, int]] = set()
    for program in programs:
        try:
            listing = Listing(program, spec)
        except ObjectError as error:
            if damaged is None:
                raise
            damaged(program, error)
            continue
        for function in program.functions:
            key = function.name, function.section, function.section_offset
            if key in seen or not function.size:
                continue
            seen.add(key)
            kind = f", {program.type.label}" if function is program.functions[0] else ""
            graph = program.flow.graph_at(function.start)
            yield f"{visible(function.name)}(){kind}", BlockTexts(listing, graph)


def blocks_to_dot(functions: Iterable[tuple[str, BlockTexts]]) -> str:
    """Return functions in DOT, for Graphviz: a cluster each, blocks with what they call and how they end."""
    lines = ["digraph blocks {", "  node [shape=box, fontname=monospace];", "  edge [fontname=monospace];"]
    for number, (title, texts) in enumerate(functions):
        graph = texts.graph
        lines += [f"  subgraph cluster_{number} {{", f'    label="{dot_text(title)}";', "    fontname=monospace;"]
        for block, start in enumerate(graph.starts):
            said = [f"{start}{_TITLED}{texts.size(block)}", *(line.text for line in texts.lines(block))]
            label = "".join(f"{dot_text(text)}\\l" for text in said)  # `\\l` ends a line that stands at the left
            style = "" if graph.reachable[block] else ", style=dashed"
            lines.append(f'    n{number}_{start} [label="{label}"{style}];')
        for source, target, label, is_back in _ways(texts):
            options = [f'label="{label}"'] if label else []
            options += ["style=bold"] if is_back else []
            text = f" [{', '.join(options)}]" if options else ""
            lines.append(f"    n{number}_{source} -> n{number}_{target}{text};")
        lines.append("  }")
    return "\n".join([*lines, "}"]) + "\n"


def blocks_to_mermaid(functions: Iterable[tuple[str, BlockTexts]]) -> str:
    """Return functions as a Mermaid flowchart, a subgraph each."""
    lines = ["flowchart TB"]
    for number, (title, texts) in enumerate(functions):
        lines.append(f'  subgraph f{number}["{mermaid_text(title)}"]')
        for block, start in enumerate(texts.graph.starts):
            said = [f"{start}{_TITLED}{texts.size(block)}", *(line.text for line in texts.lines(block))]
            lines.append(f'    n{number}_{start}["{"<br>".join(map(mermaid_text, said))}"]')
        for source, target, label, is_back in _ways(texts):
            arrow = "==>" if is_back else "-->"
            lines.append(f"    n{number}_{source} {arrow}{f'|{label}|' if label else ''} n{number}_{target}")
        lines.append("  end")
    return "\n".join(lines) + "\n"


def _ways(texts: BlockTexts) -> Iterator[tuple[int, int, str, bool]]:
    """Iterate over the ways between blocks: their slots, whether a jump is taken, whether they lead back."""
    graph = texts.graph
    for block, start in enumerate(graph.starts):
        for to in graph.successors[block]:
            yield start, graph.starts[to], texts.label(block, to), graph.starts[to] <= start
