"""Listings as lines: how a function was printed, it is printed wherever it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.asm import Syntax
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.tui.text.listing import Printed, listing_lines, listing_texts
from tests.bench.big_object import big_object

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def spec() -> CollectionSpec:
    """Programs of up to nine functions, most of which several of them have, at other slots each."""
    return CollectionSpec.from_bytes(big_object(sections=4, functions=60))


@pytest.mark.parametrize("syntax", Syntax)
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("arrows", [False, True])
def test_functions_of_several_programs_are_printed_as_in_each(
    spec: CollectionSpec, arrows: bool, color: bool, syntax: Syntax
) -> None:
    printed, made = Printed(), 0
    for program in spec.programs.values():
        rows = Listing(program, spec, syntax=syntax)
        alone = list(listing_texts(rows, color=color, arrows=arrows, ascii_only=False))
        known = [passage for passage in rows.passages() if (key := passage.key()) and printed.get((key, 4))]
        made += len(program.functions) - len(known)
        assert list(listing_texts(rows, color=color, arrows=arrows, ascii_only=False, printed=printed)) == alone
    functions = sum(len(program.functions) for program in spec.programs.values())
    assert (functions, made) == (137, 61)


def test_lines_are_those_of_the_texts() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    rows = Listing(spec.programs["first"], spec)
    lines = list(listing_lines(rows, color=False, ascii_only=False))
    assert "\n".join(listing_texts(rows, color=False, ascii_only=False)).split("\n") == lines
    assert list(listing_lines(rows, color=False, ascii_only=False, span=range(len(rows)))) == lines
