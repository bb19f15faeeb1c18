"""Decorations of a listing, each drawn without a screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.style import Style

from bpftui.core.diff import Change, Kind, Mark, ProgramMarks
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.core.verifier import Heat, VerifierLog
from bpftui.tui.widgets.code.decorations.arrows import Arrows
from bpftui.tui.widgets.code.decorations.changed import ChangedColumn
from bpftui.tui.widgets.code.decorations.dead_code import DeadCode
from bpftui.tui.widgets.code.decorations.decoration import Canvas, Decoration
from bpftui.tui.widgets.code.decorations.heat import HeatColumn
from bpftui.tui.widgets.code.decorations.jump_target import JumpTarget
from bpftui.tui.widgets.code.decorations.matches import Matches
from bpftui.tui.widgets.code.decorations.source_token import SourceToken
from bpftui.tui.widgets.code.folded_listing import FoldedListing
from bpftui.tui.widgets.code.listing_rows import ListingRows
from bpftui.tui.widgets.code.listing_view import ListingView

if TYPE_CHECKING:
    from bpftui.core.listing.listing import Row

ROOT = Path(__file__).parents[4]


def named(component: str) -> Style:
    """Return a style that says nothing but which component class it is, and underlines the token of the cursor."""
    return Style(
        meta={"class": component.removeprefix("listing-view--")}, underline=component == "listing-view--token" or None
    )


WIDE = Canvas(named, named, 120)
ASCII = WIDE._replace(ascii_only=True)


def dead_code() -> FoldedListing:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/dead_code.o")
    return FoldedListing(Listing(spec.programs["dead_code"], spec))


def drawn(shown: FoldedListing, slot: int, *decorations: Decoration, canvas: Canvas = WIDE) -> list[tuple[str, str]]:
    """Return the parts of an instruction's row that are not blank, each with its component class."""
    rows = ListingRows(decorations)
    strip = rows.over(rows.draw(shown, shown.index_of_slot(slot), 80, canvas), canvas)
    return [
        (part.text.strip(), part.style.meta.get("class", "") if part.style else "")
        for part in strip
        if part.text.strip()
    ]


def text(shown: FoldedListing, index: int, *decorations: Decoration, canvas: Canvas = WIDE) -> str:
    return ListingRows(decorations).draw(shown, index, 80, canvas).text


def test_a_listing_alone() -> None:
    shown = dead_code()
    assert text(shown, 0) == f"    dead_code:{'':57}62 insns"
    assert drawn(shown, 5) == [
        ("5", "gutter"),
        ("w1", "code-view--register"),
        ("=", "code-view--operator"),
        ("w0", "code-view--register"),
    ]


def test_arrows_stand_out_at_the_cursor() -> None:
    shown, arrows = dead_code(), Arrows()
    assert drawn(shown, 3, arrows)[0] == ("╭", "lane-2")
    assert drawn(shown, 4, arrows, canvas=ASCII)[0] == ("|", "lane-2")
    line = shown.index_of_slot(4) - 1  # C between two instructions
    assert text(shown, line, arrows).startswith(" │     noise += ")
    assert arrows.follow(shown, shown.index_of_slot(3), WIDE)
    assert not arrows.follow(shown, shown.index_of_slot(3), WIDE)
    assert drawn(shown, 3, arrows)[0] == ("╭", "lit")
    assert [arrows.variant(shown.index_of_slot(slot)) is not None for slot in (3, 20, 46, 47)] == [
        *(True, True, True, False)
    ]
    assert arrows.follow(shown, shown.index_of_slot(5), WIDE)
    assert drawn(shown, 3, arrows)[0] == ("╭", "lane-2")


def test_dead_code_is_struck_out_and_says_why() -> None:
    shown, dead = dead_code(), DeadCode()
    assert dead.show({2: "dead: never", 46: "dead"})
    assert not dead.show({46: "dead", 2: "dead: never"})
    assert drawn(shown, 2, dead) == [
        ("2", "removed-beside"),
        ("r1 = *(u8 *)(r1 +0)", "removed"),
        ("; dead: never, verbose", "removed-beside"),
    ]
    assert drawn(shown, 0, dead)[0] == ("0", "gutter")


def test_a_dead_row_is_copied_as_it_is_shown() -> None:
    shown, dead = dead_code(), DeadCode()
    dead.show({2: "dead: never"})
    assert (
        ListingRows([dead]).text(shown.row(shown.index_of_slot(2))) == "2: r1 = *(u8 *)(r1 +0)  ; dead: never, verbose"
    )


def test_the_jump_of_a_dead_instruction_goes_nowhere() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    shown, dead = FoldedListing(Listing(spec.programs["count_traffic"], spec)), DeadCode()
    assert drawn(shown, 20, dead)[-1] == ("↓", "arrow")
    dead.show({20: "dead"})
    assert drawn(shown, 20, dead)[-2:] == [("if r2 > r3 goto L63", "removed"), ("; dead", "removed-beside")]


def test_visits() -> None:
    shown, heat = dead_code(), HeatColumn()
    assert text(shown, 2, heat) == text(shown, 2)
    walked = Heat(VerifierLog("0: (18) r1 = 0x0 ll\n" * 1000 + "2: (95) exit\n" * 3 + "46: (95) exit\n" * 500))
    assert heat.show(walked)
    assert not heat.show(walked)
    assert heat.head == "verified"
    assert text(shown, 0, heat).startswith("1,503       dead_code:")
    assert text(shown, 1, heat).startswith("1,003       if (verbose)")
    assert drawn(shown, 0, heat)[:2] == [("1,000", "hot"), ("█", "heat-7")]
    assert drawn(shown, 2, heat)[:2] == [("3", "warm"), ("▁", "heat-1")]
    assert drawn(shown, 46, heat)[:2] == [("500", "hot"), ("▄", "heat-4")]
    assert drawn(shown, 46, heat, canvas=ASCII)[:2] == [("500", "hot"), ("=", "heat-4")]
    assert text(shown, shown.index_of_slot(5), heat).startswith(" " * 8 + " 5 ")  # never walked over


def test_matches_are_marked_wherever_they_stand() -> None:
    shown, matches, dead = dead_code(), Matches(), DeadCode()
    dead.show({5: "dead: w0 is 0"})
    matches.pattern = re.compile("w0")
    assert drawn(shown, 5, dead, matches) == [
        ("5", "removed-beside"),
        ("w1 =", "removed"),
        ("w0", "row-view--match"),
        ("; dead:", "removed-beside"),
        ("w0", "row-view--match"),
        ("is 0", "removed-beside"),
    ]
    found = matches.find(shown.listing, matches.pattern)
    assert found is matches.find(shown.listing, matches.pattern)  # looked for once
    assert found is not matches.find(dead_code().listing, matches.pattern)


def test_where_the_cursor_leads_and_comes_from() -> None:
    shown, target, token = dead_code(), JumpTarget(), SourceToken()
    jump, line = shown.index_of_slot(3), shown.index_of_slot(4) - 1
    assert target.follow(shown, jump, WIDE)
    assert target.mark(shown.index_of_slot(46)) == ("▸", "listing-view--target")
    assert target.mark(jump) is None
    assert token.follow(shown, shown.index_of_slot(4), WIDE)
    assert [token.variant(index) is not None for index in (line, line + 1)] == [True, False]
    rows = ListingRows([target, token])
    underlined = [part.text for part in rows.draw(shown, line, 80, WIDE) if part.style and part.style.underline]
    assert underlined == ["bpf_get_prandom_u32"]
    for decoration in rows.decorations:
        decoration.forget()
    assert (target.mark(shown.index_of_slot(46)), token.variant(line)) == (None, None)


class Executed(Decoration):
    """Coverage in ten lines: what is to come needs nothing but a decoration."""

    STYLES = {"executed--never": "color: red;"}  # noqa: RUF012

    def note(self, row: Row) -> str:
        return "never ran" if row.slot == 2 else ""

    def mark(self, index: int) -> tuple[str, str] | None:
        return ("●", "executed--never") if index == 3 else None


def test_notes_of_several_decorations_stand_side_by_side() -> None:
    shown, dead = dead_code(), DeadCode()
    dead.show({2: "dead"})
    assert drawn(shown, 2, dead, Executed())[-1] == ("; dead, never ran, verbose", "removed-beside")
    rows = ListingRows([Executed()])
    assert [rows.mark(shown, index) for index in (0, 1, 3)] == [
        (" ", "listing-view--function"),
        (" ", ""),
        ("●", "executed--never"),
    ]


def test_a_listing_has_few_ancestors() -> None:
    ours = [kind.__name__ for kind in ListingView.__mro__ if kind.__module__.startswith("bpftui")]
    assert ours == ["ListingView", "CodeView", "LinkedView", "RowView", "VirtualList", "PlainTitles", "SteadyScroll"]


def test_what_changed_has_signs_and_says_what_it_was() -> None:
    shown, column = dead_code(), ChangedColumn()
    assert column.show(
        ProgramMarks(
            {5: Mark(Kind.CHANGED, "w1 = 7"), 6: Mark(Kind.ADDED), 9: Mark(Kind.RENAMED, "r2 += r0")},
            {},
            {6: ["r0 = 1", "exit"], 11: ["exit"]},
            {0: Change.CHANGED},
            (5,),
        )
    )
    assert drawn(shown, 5, column)[0] == ("±", "changed")
    assert text(shown, shown.index_of_slot(5), column).endswith("; was w1 = 7")
    assert drawn(shown, 6, column)[0] == ("+", "added")
    assert "; gone: 2, r0 = 1 …" in text(shown, shown.index_of_slot(6), column)
    assert drawn(shown, 9, column)[0] == ("≈", "renamed")
    assert drawn(shown, 11, column)[0] == ("−", "removed-before")
    assert "; gone: exit" in text(shown, shown.index_of_slot(11), column)
    assert drawn(shown, 12, column)[0] == ("12", "gutter")
    assert text(shown, 0, column).startswith("± ")  # of what is below
    assert [text(shown, shown.index_of_slot(slot), column, canvas=ASCII)[0] for slot in (5, 6, 9, 11)] == list("~+=-")
    assert column.show(None)
    assert drawn(shown, 5, column)[0] == ("5", "gutter")
