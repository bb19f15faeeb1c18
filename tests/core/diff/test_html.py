"""A diff as a page: what stands in the cells of its rows."""

from __future__ import annotations

import pytest

from bpftui.core.diff import Change, Item, Kind, ObjectDiff, What, diff
from bpftui.core.diff.changes import Fact
from bpftui.core.diff.costs import Cost, CostDiff
from bpftui.core.diff.functions import Row, Side
from bpftui.core.diff.html import _rows
from bpftui.core.diff.html import html as page
from bpftui.core.spec import CollectionSpec
from tests.core.diff.listings import spec_of


@pytest.mark.parametrize(
    ("row", "html"),
    [
        (
            Row(Kind.CHANGED, What.INSN, Side("r0 = 1", 3), Side("r0 < 2", 4, "the <limit>")),
            '<tr class="changed insn"><td class="number">3<td class="old">r0 = 1'
            '<td class="number">4<td class="new">r0 &lt; 2 <span class="dim">the &lt;limit&gt;</span></tr>',
        ),
        (
            Row(Kind.ADDED, What.LABEL, None, Side("L1", 4)),
            '<tr class="added label"><td class="number"><td class="old"><td class="number"><td class="new">L1:</tr>',
        ),
        (
            Row(Kind.REMOVED, What.SOURCE, Side("return x;", 4), None),
            '<tr class="removed source"><td class="number"><td class="old">return x;'
            '<td class="number"><td class="new"></tr>',
        ),
    ],
)
def test_rows_have_numbers_where_there_are_instructions(row: Row, html: str) -> None:
    assert list(_rows([row])) == [html]


def body(found: ObjectDiff, context: int = 0) -> str:
    """Return what stands on a page below its head."""
    lines = [*page(found, context=context)]
    start = next(number for number, line in enumerate(lines) if line.startswith(("<p", "<table")))
    return "\n".join(lines[start:])


def empty(**parts: object) -> ObjectDiff:
    """Return a comparison of two objects that hold nothing but what is given."""
    return ObjectDiff(CollectionSpec("old.o"), CollectionSpec("new.o"), **parts)  # pyright: ignore[reportArgumentType]


def test_a_page_of_two_versions() -> None:
    old, new = (CollectionSpec.from_file(f"tests/objects/versions{each}.o") for each in ("", ".new"))
    text = body(diff(old, new))
    assert text.startswith(
        """\
<table class="facts">
<tr class="changed"><td class="mark">~<td>license: <del>&#x27;GPL&#x27;</del> → <ins>&#x27;Dual MIT/GPL&#x27;</ins></tr>
<tr class="changed"><td class="mark">~<td>program <strong>count</strong> <span class="dim">in count, weigh</span>
<div>instructions: <del>38</del> → <ins>42</ins></div>
</tr>
<tr class="removed"><td class="mark">−<td>program <strong>gone</strong>
</tr>
<tr class="added"><td class="mark">+<td>program <strong>fresh</strong>
</tr>
<tr class="changed"><td class="mark">~<td>map <strong>counts</strong>
<div>value_size: <del>16 bytes</del> → <ins>24 bytes</ins></div>
<div>max_entries: <del>1,024</del> → <ins>2,048</ins></div>
<div class="breaks">breaks: max_entries is 2,048 instead of 1,024</div>
"""
    )
    line = '<td class="number"><td class="{}">stats-&gt;bytes += length; <span class="dim">versions.c:72</span>'.format
    both = f'<tr class="same source">{line("old")}{line("new")}</tr>'
    assert (
        f"""\
<h2>weigh <small class="dim">.text, changed</small></h2>
<table class="code"><colgroup><col style="width: 7ch"><col><col style="width: 7ch"><col></colgroup>
{both}
<tr class="changed insn"><td class="number">4<td class="old">r3 = *(u64 *)(r1 +8)<td class="number">4<td class="new">\
r3 = *(u64 *)(r1 +16)</tr>
<tr class="dim"><td class="number">⋮<td><td class="number">⋮<td></tr>
{both}
<tr class="changed insn"><td class="number">6<td class="old">*(u64 *)(r1 +8) = r3<td class="number">6<td class="new">\
*(u64 *)(r1 +16) = r3</tr>
</table>
"""
        in text
    )
    assert "<h2>same" not in text
    assert "They are the same" not in text
    assert text.count("<strong>.rodata</strong>") == 0, "a map that is the same is not there"
    assert text.endswith("</table>\n</html>")


def test_a_page_of_the_same() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    assert body(diff(spec, spec)) == '<p>They are the same.</p>\n<table class="facts">\n</table>\n</html>'


def test_what_is_said_beside() -> None:
    costs = (
        CostDiff("same", Cost(ok=True, verified=7), Cost(ok=True, verified=7)),
        CostDiff("p<", Cost(ok=True, verified=1000), Cost(ok=False)),
        CostDiff("q", None, Cost(ok=True, verified=12)),
    )
    found = empty(
        not_compared=("a & b",),
        remarks=("another <compiler>",),
        facts=(Fact("license", "", "GPL"), Fact("name", "old", "")),
        externs=(Item("kfunc f", Change.REMOVED), Item("kfunc g", Change.SAME)),
        costs=costs,
    )
    assert (
        body(found)
        == """\
<p class="breaks">a &amp; b</p>
<p class="dim">another &lt;compiler&gt;</p>
<table class="facts">
<tr class="changed"><td class="mark">~<td>license: <ins>GPL</ins></tr>
<tr class="changed"><td class="mark">~<td>name: <del>old</del></tr>
<tr class="removed"><td class="mark">−<td> <strong>kfunc f</strong>
</tr>
<tr class="changed"><td class="mark">~<td>cost <strong>p&lt;</strong> <del>1,000</del> → <ins>–</ins> \
verified instructions</tr>
<tr class="changed"><td class="mark">~<td>cost <strong>q</strong> <del>–</del> → <ins>12</ins> \
verified instructions</tr>
</table>
</html>"""
    )


def test_only_registers_differ() -> None:
    text = body(diff(spec_of("r6 = r1; r0 = r6; exit"), spec_of("r8 = r1; r0 = r8; exit")))
    assert "<p>It does the same, with values in other registers: r6 → r8</p>" in text
    assert '<tr class="renamed insn"><td class="number">0<td class="old">r6 = r1<td class="number">0' in text
    changed = body(diff(spec_of("r0 = 1; exit"), spec_of("r0 = 2; exit")))
    assert "It does the same" not in changed
