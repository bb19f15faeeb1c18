"""A comparison as one page of HTML that needs nothing else, with both sides of the code beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..page import html_text, page_head
from .changes import Change
from .functions import CONTEXT, What

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .changes import Fact, Item
    from .functions import FunctionDiff, Row, Side
    from .objects import ObjectDiff

__all__ = ["html"]

_STYLE: Final = """
body { max-width: 180ch }
.facts td { text-align: left } .facts td.mark { width: 1ch; font-weight: bold } .facts div { padding-left: 2ch }
del, ins { text-decoration: none }
.added td.mark { color: var(--good) } .removed td.mark { color: var(--bad) } .changed td.mark { color: var(--some) }
.breaks { color: var(--bad); font-weight: 600 } del { color: var(--bad) } ins { color: var(--good) }
.code { table-layout: fixed } .code td { text-align: left; overflow-wrap: anywhere }
.code td.number { text-align: right; width: 5ch }
.code .source td { font-style: italic; color: var(--dim) } .code .label td { color: var(--link) }
tr.changed td.old, tr.removed td.old { color: var(--bad); background: color-mix(in srgb, var(--bad) 8%, transparent) }
tr.changed td.new, tr.added td.new { color: var(--good); background: color-mix(in srgb, var(--good) 8%, transparent) }
tr.renamed td { color: var(--some) } .dim { color: var(--dim) }
""".strip()
_MARKS: Final = {Change.CHANGED: "~", Change.ADDED: "+", Change.REMOVED: "−"}


def html(found: ObjectDiff, *, context: int = CONTEXT) -> Iterator[str]:
    """Yield the lines of the page.

    Args:
        found: The comparison.
        context: How many rows of code that are the same stand around those that differ.
    """
    yield from page_head(f"{found.old.file} → {found.new.file}", _STYLE)
    if found.same:
        yield "<p>They are the same.</p>"
    for sentence in found.not_compared:
        yield f'<p class="breaks">{html_text(sentence)}</p>'
    for remark in found.remarks:
        yield f'<p class="dim">{html_text(remark)}</p>'
    yield '<table class="facts">'
    for fact in found.facts:
        yield f'<tr class="changed"><td class="mark">~<td>{_fact(fact)}</tr>'
    for program in found.programs:
        # The functions in which it differs are said below, where they are.
        where = [each.name for each in program.changed] if program.change is Change.CHANGED else []
        yield from _thing("program", program.name, program.change, program.facts, where)
    for kind, items in (
        ("map", found.maps),
        ("variable", found.variables),
        ("", found.types),
        ("CO-RE", found.relocations),
        ("", found.externs),
        ("section", found.sections),
    ):
        for each in items:
            yield from _item(kind, each)
    for cost in found.costs:
        if cost.differs:
            old, new = (
                f"{each.verified:,}" if each is not None and each.verified else "–" for each in (cost.old, cost.new)
            )
            name = html_text(cost.name)
            told = f"<del>{old}</del> → <ins>{new}</ins> verified instructions"
            yield f'<tr class="changed"><td class="mark">~<td>cost <strong>{name}</strong> {told}</tr>'
    yield "</table>"
    for function in found.functions:
        if function.change is not Change.SAME:
            yield from _function(function, context)
    yield "</html>"


def _thing(kind: str, name: str, change: Change, facts: Sequence[Fact], functions: Sequence[str]) -> Iterator[str]:
    if change is Change.SAME:
        return
    where = f' <span class="dim">in {html_text(", ".join(functions))}</span>' if functions else ""
    yield f'<tr class="{change}"><td class="mark">{_MARKS[change]}<td>{kind} <strong>{html_text(name)}</strong>{where}'
    yield from (f"<div>{_fact(fact)}</div>" for fact in facts)
    yield "</tr>"


def _item(kind: str, item: Item) -> Iterator[str]:
    if item.change is Change.SAME:
        return
    name = html_text(item.name)
    yield f'<tr class="{item.change}"><td class="mark">{_MARKS[item.change]}<td>{kind} <strong>{name}</strong>'
    yield from (f"<div>{_fact(fact)}</div>" for fact in item.facts)
    yield from (f'<div class="breaks">breaks: {html_text(text)}</div>' for text in item.breaks)
    yield "</tr>"


def _fact(fact: Fact) -> str:
    sides = (f"<del>{html_text(fact.old)}</del>" * bool(fact.old), f"<ins>{html_text(fact.new)}</ins>" * bool(fact.new))
    return f"{html_text(fact.what)}: {' → '.join(filter(None, sides))}"


def _function(function: FunctionDiff, context: int) -> Iterator[str]:
    where = f'<small class="dim">{html_text(function.section)}, {function.change}</small>'
    yield f"<h2>{html_text(function.name)} {where}</h2>"
    if function.problem:
        yield f'<p class="breaks">{html_text(function.problem)}</p>'
    if function.only_renamed:
        pairs = ", ".join(f"{old} → {new}" for old, new in function.renamings)
        yield f"<p>It does the same, with values in other registers: {pairs}</p>"
    yield '<table class="code"><colgroup><col style="width: 7ch"><col><col style="width: 7ch"><col></colgroup>'
    for number, hunk in enumerate(function.hunks(context)):
        if number:
            yield '<tr class="dim"><td class="number">⋮<td><td class="number">⋮<td></tr>'
        if hunk.source is not None:
            yield from _rows([hunk.source])
        yield from _rows(hunk.rows)
    yield "</table>"


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        cells = (_cell(row, row.old, "old"), _cell(row, row.new, "new"))
        yield f'<tr class="{row.kind} {row.what}">{"".join(cells)}</tr>'


def _cell(row: Row, side: Side | None, which: str) -> str:
    if side is None:
        return f'<td class="number"><td class="{which}">'
    number = side.slot if row.what is What.INSN else ""
    text = f"{side.text}:" if row.what is What.LABEL else side.text
    comment = f' <span class="dim">{html_text(side.comment)}</span>' if side.comment else ""
    return f'<td class="number">{number}<td class="{which}">{html_text(text)}{comment}'
