"""MapTreeView: whole trees as they stand on the screen, after each key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.live.arrange import Reading, arrange
from bpftui.core.live.field import Form
from bpftui.core.live.fields import fields_of
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.live.map_columns import MapColumns
from bpftui.tui.widgets.live.map_table import MapTableView
from bpftui.tui.widgets.live.map_tree import MapTreeView

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

ROOT = Path(__file__).parents[4]
TRAFFIC = CollectionSpec.from_file(ROOT / "bpf/traffic.o").maps["traffic"]
FIELDS = fields_of(TRAFFIC)


def entry(family: int, protocol: int, *of_cpus: tuple[int, int]) -> Entry:
    values = (packets.to_bytes(8, "little") + size.to_bytes(8, "little") for packets, size in of_cpus)
    return Entry(family.to_bytes(4, "little") + protocol.to_bytes(4, "little"), tuple(values))


BEFORE = [entry(2, 6, (1000, 64000), (3, 192)), entry(2, 17, (5, 320), (0, 0)), entry(10, 6, (7, 448), (1, 64))]
NOW = [entry(2, 6, (1200, 76800), (3, 192)), *BEFORE[1:], entry(10, 17, (1, 64), (0, 0))]


class TreeApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table = MapTableView()
        self.view = MapTreeView(self.table)

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.view

    def on_mount(self) -> None:
        self.table.display = False
        self.view.focus()

    def show(self, now: list[Entry], before: list[Entry] | None = None, note: str = "") -> None:
        known = None if before is None else {each.key: each for each in before}
        found = arrange(TRAFFIC, FIELDS, Reading(MapSnapshot(tuple(now)), known, 0.5))
        self.table.show(found, MapColumns(found, self.table.form, self.table.columns), note)
        self.view.follow()

    @property
    def picture(self) -> str:
        """What stands on the screen; the first line is one of what follows, as all are."""
        return "\n".join(["", *(text.rstrip() for text in lines(self.view) if text.strip())])


GROUPS = """
▌ ▾ IPV4         packets 1,008  bytes 64,512  2 entries
    ▸ TCP        packets 1,003  bytes 64,192
    ▸ UDP        packets 5  bytes 320
  ▸ IPV6  TCP    packets 8  bytes 512"""
MARKED = """
  at most 4
▌ ▾ IPV4   • packets 1,208  bytes 77,312  2 entries
    ▸ TCP  • packets 1,203  bytes 76,992
    ▸ UDP    packets 5  bytes 320
  ▾ IPV6   + packets 9  bytes 576  2 entries
    ▸ TCP    packets 8  bytes 512
    ▸ UDP  + packets 1  bytes 64"""
UNFOLDED = """
  ▾ IPV4         • packets 1,208  bytes 77,312  2 entries
    ▾ TCP        • packets 1,203  bytes 76,992
▌     ▾ packets  • 1,203  400/s
          CPU 0  • 1,200
          CPU 1    3
      ▸ bytes    • 76,992  25,600/s
    ▸ UDP          packets 5  bytes 320
  ▾ IPV6         + packets 9  bytes 576  2 entries
    ▸ TCP          packets 8  bytes 512
    ▸ UDP        + packets 1  bytes 64"""
FOLDED = """
▌ ▸ IPV4  • packets 1,208  bytes 77,312  2 entries
  ▸ IPV6  + packets 9  bytes 576  2 entries"""
A_NEW_ENTRY = """
  ▸ IPV4         • packets 1,208  bytes 77,312  2 entries
  ▾ IPV6         + packets 9  bytes 576  2 entries
    ▸ TCP          packets 8  bytes 512
    ▾ UDP        + packets 1  bytes 64
      ▾ packets    1
▌         CPU 0    1
          CPU 1    0
      ▸ bytes      64"""


async def test_keys_are_folded_by_field_with_sums_and_marks() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        assert (app.view.check_action("fold", ()), app.view.why_not("fold")) == (False, "there is no entry here yet")
        app.show(BEFORE)
        await pilot.pause()
        assert app.picture == GROUPS
        app.show(NOW, BEFORE, "at most 4")
        await pilot.pause()
        assert app.picture == MARKED
        assert app.view.row_text(1) == "  TCP\tpackets 1,203  bytes 76,992\t"


async def test_keys_fold_and_unfold_and_the_cursor_stays_where_it_was() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.show(NOW, BEFORE)
        await pilot.press("j", "space", "j", "space")
        assert app.picture == UNFOLDED
        await pilot.press("j", "j", "space")  # of what has no parts, what it is in
        assert (app.view.cursor, app.picture) == (2, UNFOLDED)
        opened = app.view.row_count()
        await pilot.press("left")
        assert (app.view.cursor, app.view.row_count()) == (2, opened - 2)
        for cursor, rows in ((1, opened - 2), (1, opened - 4), (0, opened - 4), (0, opened - 6), (0, opened - 6)):
            await pilot.press("left")
            assert (app.view.cursor, app.view.row_count()) == (cursor, rows)


async def test_all_is_folded_and_unfolded_and_the_cursor_goes_to_what_it_was_in() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 40)) as pilot:
        app.show(NOW, BEFORE)
        await pilot.press("plus")
        assert app.view.row_count() == 2 + 4 * 7
        assert all("▸" not in line for line in lines(app.view))
        await pilot.press("j", "j", "j", "j", "minus")
        assert app.picture == FOLDED
        await pilot.press("j", "l", "l", "j", "l", "l", "l", "l")
        assert app.picture == A_NEW_ENTRY


async def test_a_row_that_comes_above_leaves_the_cursor_on_its_own() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.show(NOW[1:], BEFORE)
        await pilot.press("j", "j", "j")
        assert lines(app.view)[3].rstrip() == "▌   ▸ UDP      + packets 1  bytes 64"
        app.show(NOW, BEFORE)
        await pilot.pause()
        assert lines(app.view)[5].rstrip() == "▌   ▸ UDP  + packets 1  bytes 64"
        await pilot.press("k", "k", "k", "k", "k", "enter")
        assert lines(app.view)[0].startswith("▌ ▸ IPV4")


async def test_the_cursors_row_stays_at_its_height_and_is_written_in_another_form() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 4)) as pilot:
        app.show(NOW[1:], BEFORE)
        await pilot.press("plus", *["j"] * 12, "k")
        found = [line.rstrip() for line in lines(app.view)]
        assert found == [
            "      ▾ packets    8  0/s",
            "          CPU 0    7",
            "▌         CPU 1    1",
            "      ▾ bytes      512  0/s",
        ]
        app.show(NOW, BEFORE)
        await pilot.pause()
        assert [line.split() for line in lines(app.view)] == [line.split() for line in found]
        app.table.form = Form.HEX
        app.show(NOW, BEFORE)
        await pilot.pause()
        assert lines(app.view)[3].rstrip() == "      ▾ bytes      0x200  0/s"
        await pilot.press("minus")
        assert [line.rstrip() for line in lines(app.view)[:2]] == [
            "  ▸ 0x2  • packets 1,208  bytes 77,312  2 entries",
            "▌ ▸ 0xa  + packets 9  bytes 576  2 entries",
        ]
