"""Searching a listing: what is found is what its rows say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpftui.core.asm import Syntax
from bpftui.core.listing import search
from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.listing.search import ListingSearch, Matches
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[3]
PATTERNS = ["call", r"map\[traffic\]", "goto L16", r"L\d+$", "r10 -", "->", "exit", "^r[67] =", "packet", "fill", "zzz"]


def check_places(matches: Matches, expected: list[int], rows: int) -> None:
    """Each row's nearest matches, and which match it is; rows beside the listing too."""
    assert len(matches) == len(expected)
    for row in range(-1, rows + 1):
        assert matches.nearest(row, 1) == next((at for at in expected if at >= row), None)
        assert matches.nearest(row, -1) == next((at for at in reversed(expected) if at <= row), None)
        if 0 <= row < rows:
            assert matches.number(row) == (expected.index(row) + 1 if row in expected else 0)


@pytest.mark.parametrize("syntax", list(Syntax))
@pytest.mark.parametrize("path", ["bpf/traffic.o", "tests/objects/isa.eb.o", "tests/objects/callbacks.o"])
def test_large_programs_are_searched_by_their_different_instructions(
    path: str, syntax: Syntax, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in CollectionSpec.from_file(ROOT / path).programs.values():
        found = Listing(program, syntax=syntax)
        rows = found.rows(0, len(found))
        for pattern in map(re.compile, PATTERNS):
            monkeypatch.setattr(search, "_SMALL", 0)
            expected = [at for at, row in enumerate(rows) if pattern.search(row.text)]
            matches = ListingSearch(found).find(pattern)
            assert list(matches) == expected, pattern
            check_places(matches, expected, len(rows))


def test_small_programs_are_searched_with_their_comments() -> None:
    found = Listing(CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs["count_traffic"])
    assert [found.row(at).text for at in ListingSearch(found).find(re.compile(r"map\[sources\]"))] == [
        "r1 = map[sources]",
        "r1 = map[sources]",
    ]
    headers = [at for at in ListingSearch(found).find(re.compile("^fill:$")) if found.row(at).kind is RowKind.FUNCTION]
    assert len(headers) == 1
    externs = Listing(CollectionSpec.from_file(ROOT / "tests/objects/externs.o").programs["kfuncs"])
    assert len(ListingSearch(externs).find(re.compile("may be missing"))) == 6
