"""Tree, code and live beside each other on a broad terminal; the dividers between them, by keys and by mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpftui.tui.nodes import Node, NodeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tui.conftest import Walk

BROAD = (160, 30)
LIVE = 104
"""The column of the divider before the maps."""


def borders(walk: Walk) -> list[int]:
    """Return the columns in which the panes' dividers stand."""
    line = walk.screen.splitlines()[-6]
    return [column for column, cell in enumerate(line) if cell in "▏▕"]


def marked(walk: Walk) -> int:
    """Return the column of the mark of the pane that has the keyboard; there is one."""
    line = walk.screen.splitlines()[2]
    assert line.count("▌") == 1, line
    return line.index("▌")


async def test_a_broad_terminal_has_tree_code_and_live(explore: Callable[..., Any]) -> None:
    async with explore(size=(200, 60)) as walk:
        assert borders(walk) == [36, 131]  # tree 36, code 94, live 68
        await walk.press("2")
        title = walk.screen.splitlines()[2]
        assert title[37:].startswith("▌count_traffic › count_traffic()")
        assert title[131:].startswith("▏ traffic  percpu_hash")
        await walk.pilot.resize_terminal(*BROAD)
        await walk.until(lambda: borders(walk) == [36, LIVE])
        await walk.press("tab")
        assert marked(walk) == LIVE + 1
        assert "Maps › traffic" not in walk.screen
        await walk.press("tab", "tab")  # the way to where one is, then the tree
        assert marked(walk) == 0
        for tab, shown in (("1", True), ("3", True), ("4", False), ("5", False), ("6", False), ("2", True)):
            await walk.press(tab)
            assert (len(borders(walk)) == 2) is shown, tab


async def test_live_is_a_tab_where_there_is_no_room_for_a_column(explore: Callable[..., Any]) -> None:
    async with explore(size=(159, 30)) as walk:
        await walk.press("2")
        assert len(borders(walk)) == 1
        await walk.press("4")
        assert "▌traffic  percpu_hash" in walk.screen
        await walk.press("2")
        await walk.pilot.resize_terminal(160, 30)
        await walk.until(lambda: len(borders(walk)) == 2)
        assert "▏ traffic  percpu_hash" in walk.screen
        await walk.press("tab")
        await walk.pilot.resize_terminal(120, 30)
        await walk.until(lambda: len(borders(walk)) == 1)
        assert "count_traffic › count_traffic()" in walk.screen
        await walk.press("down")  # and something has the keyboard
        assert walk.screen.splitlines()[2].count("▌") == 1


async def test_the_cursor_of_the_code_chooses_the_map(explore: Callable[..., Any]) -> None:
    async with explore(size=BROAD) as walk:
        await walk.press("2")
        for slot, name in ((73, "traffic"), (142, "events"), (75, "traffic")):
            walk.explorer.code.go_to_slot(slot)
            await walk.until(lambda name=name: f"▏ {name}  " in walk.screen.splitlines()[2])
        walk.explorer.code.go_to_slot(20)  # is about none: the one that was seen stays
        await walk.settle()
        assert "▏ traffic  percpu_hash" in walk.screen.splitlines()[2]


async def test_a_map_that_is_followed_shows_beside_the_code(explore: Callable[..., Any]) -> None:
    async with explore(size=BROAD) as walk:
        await walk.press("2")
        walk.explorer.code.go_to_slot(110)
        await walk.settle()
        code = walk.screen.splitlines()
        await walk.press("enter")
        assert marked(walk) == LIVE + 1
        assert "▏▌sources  lru_hash" in walk.screen.splitlines()[2]
        assert walk.explorer.navigation.tab == "code"
        await walk.press("backspace")
        assert walk.screen.splitlines()[2:-1] == code[2:-1]
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
        await walk.until(lambda: "events  ringbuf" in walk.screen.splitlines()[2])
        await walk.press("4")
        assert walk.explorer.navigation.tab == "maps"
        assert "events  ringbuf" in walk.screen.splitlines()[2]
        assert len(borders(walk)) == 1


async def test_the_tree_chooses_the_map(explore: Callable[..., Any]) -> None:
    async with explore(size=BROAD) as walk:
        await walk.press("down", "down", "down", "down")  # fill(), Maps, traffic, sources
        assert "▏ sources  lru_hash" in walk.screen.splitlines()[2]
        await walk.press("enter")
        assert marked(walk) == LIVE + 1
        assert walk.explorer.navigation.tab == "overview"


async def test_zoom_leaves_the_pane_that_has_the_keyboard(explore: Callable[..., Any]) -> None:
    async with explore(size=BROAD) as walk:
        await walk.press("2", "z")
        assert borders(walk) == []
        assert walk.screen.splitlines()[2].startswith("▌count_traffic › count_traffic()")
        await walk.press("4")  # another tab: that has all the room now
        assert walk.screen.splitlines()[2][1:].startswith("traffic  percpu_hash")
        await walk.press("2")
        assert walk.screen.splitlines()[2].startswith("▌count_traffic › count_traffic()")
        await walk.press("escape")
        assert borders(walk) == [36, LIVE]
        await walk.press("2", "tab", "z")
        assert borders(walk) == [0]
        assert "traffic  percpu_hash" in walk.screen.splitlines()[2][:24]
        await walk.press("z")
        assert borders(walk) == [36, LIVE]
        assert marked(walk) == LIVE + 1


async def test_dividers_move_by_keys(explore: Callable[..., Any]) -> None:
    async with explore(size=BROAD) as walk:
        await walk.press("2", "ctrl+right")
        assert borders(walk) == [40, LIVE]
        await walk.press("tab", "ctrl+left", "ctrl+left")
        assert borders(walk) == [40, LIVE - 8]
        await walk.press(*["ctrl+left"] * 5)
        assert borders(walk) == [40, 81]  # the code keeps 40 cells


async def test_dividers_are_dragged(explore: Callable[..., Any]) -> None:
    async with explore(size=BROAD) as walk:
        await walk.press("2")
        for start, stop, expected in ((36, 50, [50, LIVE]), (LIVE, 95, [50, 95]), (50, 3, [15, 95])):
            await walk.pilot.mouse_down(offset=(start, 20))
            await walk.pilot.hover(offset=(stop, 25))
            await walk.settle()
            assert borders(walk) == expected
            await walk.pilot.mouse_up(offset=(stop, 25))
            await walk.settle()
            assert borders(walk) == expected
        before = walk.screen.splitlines()[3:-1]
        await walk.pilot.hover(offset=(90, 20))  # let go: nothing follows the mouse any more
        await walk.settle()
        assert walk.screen.splitlines()[3:-1] == before
        await walk.pilot.resize_terminal(120, 30)
        await walk.until(lambda: borders(walk) == [15])


async def test_a_width_that_had_no_room_for_a_while_comes_back(explore: Callable[..., Any]) -> None:
    async with explore(size=(200, 60)) as walk:
        await walk.press("2")
        await walk.pilot.mouse_down(offset=(131, 20))
        await walk.pilot.hover(offset=(85, 25))
        await walk.settle()
        await walk.pilot.mouse_up(offset=(85, 25))
        await walk.until(lambda: borders(walk) == [36, 85])
        await walk.pilot.resize_terminal(*BROAD)
        await walk.until(lambda: borders(walk) == [36, 77])  # the code keeps 40 cells
        await walk.pilot.resize_terminal(200, 60)
        await walk.until(lambda: borders(walk) == [36, 85])


async def test_a_number_is_drawn_below_its_map(explore: Callable[..., Any]) -> None:
    async with explore(size=(160, 40)) as walk:
        await walk.press("L")
        await walk.until(lambda: "LOADED" in walk.screen)
        await walk.press("2", "tab", "tab")
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "traffic"))
        await walk.until(lambda: "packets/s" in walk.screen and "-60s" in walk.screen)
        assert "2 Code" in walk.screen
        await walk.press("right", "right", "w")
        await walk.until(lambda: "bytes  last" in walk.screen)
        assert walk.explorer.navigation.tab == "code"
        await walk.press("left_square_bracket")
        await walk.until(lambda: "-30s" in walk.screen and "-60s" not in walk.screen)


async def test_without_maps_the_code_has_the_room(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/bad_offbyone.o", size=BROAD) as walk:
        await walk.press("2")
        assert borders(walk) == [36]
        await walk.press("4")
        assert "no maps" in walk.screen
