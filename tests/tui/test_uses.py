"""Who uses what a row of a listing is about."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.analysis.xrefs import Uses
from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.spec import CollectionSpec
from bpftui.tui.uses import users_at

OBJECT = Path(__file__).parents[1] / "objects" / "names.o"


def test_of_a_call_its_helper_and_of_its_line_of_c_what_jumps_there() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    program = spec.programs["first"]
    listing = Listing(program, spec)
    rows = listing.rows(0, len(listing))

    def used(kind: RowKind, slot: int) -> tuple[str, list[int]]:
        row = next(row for row in rows if row.kind is kind and row.slot == slot)
        found = users_at(Uses(spec), program, row)
        return found.title, [place.slot for place in found.places if place.program == "first"]

    assert used(RowKind.INSN, 9) == ("calls of helper 1", [9])
    assert used(RowKind.INSN, 7) == ("stats", [7, 9, 22, 25, 30])
    assert used(RowKind.INSN, 29) == ("length", [29])
    assert used(RowKind.INSN, 28) == ("jumps to instruction 28 of first", [11])
    assert used(RowKind.SOURCE, 28) == ("jumps to instruction 28 of first", [11])
    assert used(RowKind.SOURCE, 0) == ("jumps to instruction 0 of first", [])
    assert used(RowKind.FUNCTION, 69) == ("length", [29])
