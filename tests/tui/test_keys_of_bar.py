"""The bar at the bottom: at most eight keys, each of which does something now, the most useful first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui.tui.dialogs.run import RunScreen
from bpftui.tui.nodes import TABS
from bpftui.tui.widgets.key_bar import KeyBar
from tests.tui.fakes import FakeRuntime
from tests.tui.test_snapshots import REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tui.conftest import Walk

PLACES = ("tree", "1", "2", "3", "4", "5", "6")
"""The tree, and the tabs by their keys."""
LEADING_ON = ("L", "A", "D", "R", "q", "question_mark", "backspace", "ctrl+p")
"""Keys of the session, which are the same in every place: they have tests of their own."""


def keys_of(walk: Walk) -> list[tuple[str, str]]:
    """Return the keys of the bar, and what they are said to do."""
    return [(key.key.partition(",")[0], key.description) for key in walk.app.screen.query_one(KeyBar).keys]


async def go_to(walk: Walk, place: str) -> None:
    """Go to a place."""
    while len(walk.app.screen_stack) > 1:
        await walk.press("escape")
    if place == "tree":
        walk.explorer.navigation.climb(walk.explorer.navigation.node)
    else:
        walk.explorer.navigation.action_show_tab(TABS[int(place) - 1])
    await walk.settle()


async def idle_keys(walk: Walk, place: str, pressed: set[object]) -> list[str]:
    """Press each key of the bar in a place that was not *pressed* before; return what changed nothing on the screen."""
    await go_to(walk, place)
    where = walk.app.screen, walk.app.focused
    offered = keys_of(walk)
    assert 2 < len(offered) <= 8, (place, offered)
    idle: list[str] = []
    active = walk.app.screen.active_bindings
    for key, description in offered:
        action = active[key].binding.action
        does = action if action == "search" else (active[key].node, action)
        if key in LEADING_ON or does in pressed:
            continue
        pressed.add(does)
        if (walk.app.screen, walk.app.focused) != where:
            await go_to(walk, place)
        walk.explorer.message_line.forget()
        await walk.pilot.pause()
        before = walk.screen
        if (key, description) in keys_of(walk):  # what was pressed before may have taken it away
            await walk.press(key)
            if walk.screen == before:
                idle.append(f"{place}: {key} {description}")
    return idle


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("bpf/traffic.o", {}),
        ("bpf/traffic.o", {"attach": [("count_traffic", "sandbox")]}),
        ("tests/objects/isa.o", {}),
        ("tests/objects/bad_offbyone.o", {"runtime": FakeRuntime(log=REFUSED)}),
    ],
    ids=["file", "attached", "without maps and variables", "refused"],
)
async def test_each_key_of_the_bar_does_something(
    explore: Callable[..., Any], path: str, options: dict[str, Any]
) -> None:
    async with explore(path, size=(80, 24), **options) as walk:
        walk.app.operations.monitor.interval = 10.0  # nothing changes by itself
        if "attach" in options:
            await walk.until(lambda: walk.status.stage == "ATTACHED" and walk.app.operations.monitor.last is not None)
        if "runtime" in options:
            await walk.press("L")
            await walk.until(lambda: "refused" in walk.message or walk.explorer.message_line.failure is not None)
            await walk.press("escape")
        pressed: set[object] = set()
        assert [each for place in PLACES for each in await idle_keys(walk, place, pressed)] == []


async def test_what_a_screen_is_for_comes_before_its_panes(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.press("R")
        await walk.until(lambda: isinstance(walk.app.screen, RunScreen))
        await walk.settle()
        names = [name for _, name in keys_of(walk)]
        assert names == ["Run", "Edit", "Add", "Search", "Packets", "Debug", "Save as test", "Help"]
