"""What stands on the screen of a listing with everything on: visits, dead code, arrows, matches, folds, C beside it.

The screens lie in `rows/`; `python -m tests.tui.widgets.code.test_rows_on_screen` writes them anew, to be looked at.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.spec import CollectionSpec
from bpftui.core.verifier import Heat, VerifierLog
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.listing_rows import _piece  # pyright: ignore[reportPrivateUsage]
from bpftui.tui.widgets.code.listing_view import ListingView
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

ROOT = Path(__file__).parents[4]
SCREENS = Path(__file__).parent / "rows"
OBJECTS = {
    "traffic": ("bpf/traffic.o", "count_traffic", 10),
    "subprograms": ("tests/objects/subprograms.o", "first", 7),
    "core": ("tests/objects/core.o", "core", 5),
    "dead_code": ("tests/objects/dead_code.o", "dead_code", 3),
}
"""The object, the program, and the instruction that the cursor is brought to."""
SIZES = ((80, 24), (120, 40))


class ListingApp(BaseApp[None]):
    def __init__(self, shown: Listing) -> None:
        super().__init__()
        self.view = ListingView(shown)

    def compose(self) -> ComposeResult:
        yield self.view


async def screens(name: str, size: tuple[int, int]) -> str:
    """Return the screens of one program, each under what was done to get there."""
    path, program, slot = OBJECTS[name]
    spec = CollectionSpec.from_file(ROOT / path)
    app = ListingApp(Listing(spec.programs.get(program) or next(iter(spec.programs.values())), spec))
    view = app.view
    assert view.listing is not None
    insns = [row.slot for row in view.listing.rows(0, len(view.listing)) if row.kind is RowKind.INSN]
    walk = "".join(f"{at}: (95) exit\n" * (at * 7 % 31) for at in insns if at % 5)
    shown: list[str] = []
    async with app.run_test(size=size) as pilot:

        async def keep(what: str) -> None:
            await pilot.pause()
            shown.append(f"== {what}\n" + "".join(f"{line.rstrip()}\n" for line in lines(view)))

        view.jumps.show(slot)
        await keep("the cursor on a jump")
        view.mark_heat(Heat(VerifierLog(walk)))
        view.mark_removed({at: f"dead: x = {at}" for at in insns if at % 7 in (2, 3)})
        view.search("r1")
        await keep("visits, dead code, matches")
        view.jumps.show(slot)
        view.action_fold()
        await keep("folded")
        view.action_fold()
        if size[0] >= 120:
            view.show_side_by_side(not view.side_by_side)
            await keep("C beside the assembly")
            view.show_side_by_side(not view.side_by_side)
        view.mark_heat(None)
        view.mark_removed({})
        view.action_toggle_source()
        await keep("no C")
    return "\n".join(shown)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", OBJECTS)
async def test_rows(name: str, size: tuple[int, int]) -> None:
    expected = (SCREENS / f"{name}.{size[0]}x{size[1]}.txt").read_text(encoding="utf-8")
    assert await screens(name, size) == expected


if __name__ == "__main__":
    for object_name in OBJECTS:
        for columns, rows in SIZES:
            drawn = asyncio.run(screens(object_name, (columns, rows)))
            (SCREENS / f"{object_name}.{columns}x{rows}.txt").write_text(drawn, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "width", "pieces"),
    [
        (
            "struct volume *volume = bpf_map_lookup_elem(&traffic, &packet->kind);",
            24,
            ["struct volume *volume =", "bpf_map_lookup_elem(", "&traffic, &packet->kind)", ";"],
        ),
        ("return x;", 24, ["return x;"]),
        ("x" * 30, 24, ["x" * 24, "x" * 6]),
    ],
)
def test_a_line_of_c_is_broken_between_its_tokens(text: str, width: int, pieces: list[str]) -> None:
    found = [text[slice(*_piece(text, width, number))].rstrip() for number in range(5)]
    assert [piece for piece in found if piece] == pieces
