"""Searching a listing: what is found is what its rows say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpftui.core.asm import Syntax
from bpftui.core.spec import CollectionSpec, listing_search
from bpftui.core.spec.listing import Listing, RowKind
from bpftui.core.spec.listing_search import ListingSearch

ROOT = Path(__file__).parents[3]
PATTERNS = ["call", r"map\[traffic\]", "goto L16", r"L\d+$", "r10 -", "->", "exit", "^r[67] =", "packet", "fill", "zzz"]


@pytest.mark.parametrize("syntax", list(Syntax))
@pytest.mark.parametrize("path", ["bpf/traffic.o", "tests/objects/isa.eb.o", "tests/objects/callbacks.o"])
def test_large_programs_are_searched_by_their_different_instructions(
    path: str, syntax: Syntax, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in CollectionSpec.from_file(ROOT / path).programs.values():
        found = Listing(program, syntax=syntax)
        rows = found.rows(0, len(found))
        for pattern in map(re.compile, PATTERNS):
            monkeypatch.setattr(listing_search, "_SMALL", 0)
            expected = [at for at, row in enumerate(rows) if pattern.search(row.text)]
            assert ListingSearch(found).rows(pattern) == expected, pattern


def test_small_programs_are_searched_with_their_comments() -> None:
    found = Listing(CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs["count_traffic"])
    assert [found.row(at).text for at in ListingSearch(found).rows(re.compile(r"map\[sources\]"))] == [
        "r1 = map[sources]",
        "r1 = map[sources]",
    ]
    headers = [at for at in ListingSearch(found).rows(re.compile("^fill:$")) if found.row(at).kind is RowKind.FUNCTION]
    assert len(headers) == 1
    externs = Listing(CollectionSpec.from_file(ROOT / "tests/objects/externs.o").programs["kfuncs"])
    assert len(ListingSearch(externs).rows(re.compile("may be missing"))) == 6
