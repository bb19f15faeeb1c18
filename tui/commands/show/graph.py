"""`bpftui show --graph`: who calls, reads and writes what, and the control flow of programs, in three formats."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from ....core.errors import LimitError, ObjectError
from ...terminal.output import write_line, write_lines, write_text
from ...text.charset import is_writable
from ..common import applied, warn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....core.listing.block_texts import BlockTexts
    from ....core.spec import CollectionSpec

__all__ = ["graph_text", "print_blocks"]

_MERMAID_EDGES: Final = 500
_MERMAID_TEXT: Final = 50_000
"""What Mermaid draws unless it is told otherwise: `maxEdges` and `maxTextSize` of its configuration."""


def graph_text(spec: CollectionSpec, form: str) -> str:
    """Return the graph of programs and maps in one of the formats."""
    from ....core.analysis import call_graph
    from ...text.colors import visible

    found = call_graph.graph_of(spec, applied(spec.programs.values()))
    found = found._replace(
        nodes=[node._replace(name=visible(node.name), detail=visible(node.detail)) for node in found.nodes]
    )
    if form == "text":
        return call_graph.to_text(found, ascii_only=not is_writable("├─"))
    return call_graph.to_dot(found) if form == "dot" else call_graph.to_mermaid(found)


def print_blocks(spec: CollectionSpec, names: Sequence[str] | None, form: str) -> None:
    """Print the control flow of programs, of all or those that are named, in one of the formats.

    Raises:
        UnknownNameError: There is no program of such a name.
        ObjectError: The code of all of them, or of one that is named, is damaged.
    """
    from ....core.listing.block_graph import blocks_to_dot, blocks_to_mermaid, functions_of

    programs = [spec.program(name) for name in names] if names else list(spec.programs.values())
    damaged: dict[str, ObjectError] = {}
    found = functions_of(
        spec, programs, None if names else lambda program, error: damaged.setdefault(program.name, error)
    )
    first = next(found, None)
    if first is None and damaged:
        raise next(iter(damaged.values()))
    functions = chain(() if first is None else (first,), found)
    if form == "text":
        _print_pictures(functions)
    elif form == "dot":
        write_text(blocks_to_dot(functions))
    else:
        _print_mermaid(blocks_to_mermaid(functions))
    for name, error in damaged.items():
        warn(f"{name} is left out: {error.message}")


def _print_mermaid(text: str) -> None:
    """Print a flowchart, and say so where it is larger than Mermaid draws."""
    write_text(text)
    ways = sum("> n" in line for line in text.splitlines())
    larger = [
        f"{number:,} {what}, {name} is {limit:,}"
        for number, what, name, limit in (
            (ways, "ways", "maxEdges", _MERMAID_EDGES),
            (len(text), "characters", "maxTextSize", _MERMAID_TEXT),
        )
        if number > limit
    ]
    if larger:
        warn(f"Mermaid draws no more than it is configured for: {'; '.join(larger)} (--program NAME prints less)")


def _print_pictures(functions: Iterator[tuple[str, BlockTexts]]) -> None:
    """Print functions as boxes and lines."""
    from ....core.listing.flow_picture import FlowPicture

    ascii_only = not is_writable("┏▼…∅")
    for number, (title, texts) in enumerate(functions):
        if number:
            write_line()
        write_line(title)
        try:
            picture = FlowPicture(texts.listing, texts.graph.start, whole=True, ascii_only=ascii_only)
        except LimitError as error:
            warn(f"{title}: {error.message}")
            continue
        write_lines(picture.drawing.text(row) for row in range(len(picture.drawing)))
        for remark in picture.remarks:
            warn(f"{title}: {remark} (--format dot has all)")
