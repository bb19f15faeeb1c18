"""A diff as a page: what stands in the cells of its rows."""

from __future__ import annotations

import pytest

from bpftui.core.diff import Kind, What
from bpftui.core.diff.functions import Row, Side
from bpftui.core.diff.html import _rows


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
