"""From what others have loaded to all on this machine that has to do with it, and back again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bpftui.core.system.inventory import Inventory
from bpftui.tui.targets import Thing
from tests.kernel.system.test_opened import explored, somebody
from tests.tui.conftest import let_messages_stay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernel.system.test_opened import Ids

pytestmark = pytest.mark.kernel


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)


@pytest.fixture(scope="module")
def tables() -> Iterator[Ids]:
    """Have somebody else load maps of maps and a program array; `map` is the array."""
    with somebody("tests/objects/nested_maps.o", "entry", "jumps", "20") as ids:
        yield ids


@pytest.fixture(scope="module")
def inventory() -> Iterator[Inventory]:
    with Inventory() as found:
        yield found


async def test_a_map_is_shown_at_once_and_says_who_has_it_each_followed_and_back(
    tables: Ids, inventory: Inventory
) -> None:
    async with explored(f"map:{tables.map}", inventory=inventory) as walk:
        await walk.until(lambda: f"program {tables.program} entry uses it" in walk.screen)
        assert f" home › system › map {tables.map} jumps › jumps " in walk.screen.splitlines()[0]
        assert re.search(r"python \d+ has it open", walk.screen)
        await walk.press("u")
        assert "jumps: 2 users on this machine" in walk.screen
        assert f"▌program {tables.program} entry uses it, on " in walk.screen
        await walk.press("enter")
        await walk.until(lambda: re.search(rf"▌ *{tables.program} entry ", walk.screen) is not None)
        assert walk.screen.startswith(" home › system ")
        await walk.press("backspace")
        await walk.until(lambda: f" › map {tables.map} jumps › jumps " in walk.screen.splitlines()[0])
        # The same by what the overview names.
        await walk.press("tab", *["down"] * 5)
        assert f"⏎ prog {tables.program}" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: re.search(rf"▌ *{tables.program} entry ", walk.screen) is not None)


async def test_what_is_in_a_map_has_its_name_and_leads_there(tables: Ids, inventory: Inventory) -> None:
    async with explored(f"map:{tables.map}", inventory=inventory) as walk:
        await walk.until(lambda: "uses it" in walk.screen)
        await walk.press("4")
        await walk.until(lambda: " target" in walk.screen.splitlines()[4])
        found = re.search(r"\b1 +(\d+) target", walk.screen)
        assert found is not None
        await walk.press("x")  # hexadecimal: the id as it is
        assert " target" not in walk.screen.splitlines()[4]
        await walk.press("x", "x", "enter")
        await walk.until(lambda: re.search(rf"▌ *{found[1]} target ", walk.screen) is not None)
        await walk.press("enter")  # opens it
        await walk.until(lambda: f" home › system › {found[1]} target" in walk.screen.splitlines()[0])
        await walk.until(lambda: f"who has it    map {tables.map} jumps has it in it" in walk.screen)
        await walk.press("backspace")
        await walk.until(lambda: re.search(rf"▌ *{found[1]} target ", walk.screen) is not None)
        await walk.press("backspace")
        await walk.until(lambda: f" › map {tables.map} jumps " in walk.screen.splitlines()[0])


async def test_what_is_in_what_is_open_is_gone_to_there(tables: Ids) -> None:
    with Inventory() as inventory:
        snapshot = inventory.snapshot()
    owners = snapshot.maps[tables.map].owners
    (outer,) = (each for each in snapshot.maps.values() if each.name == "outer_array" and each.owners == owners)
    async with explored(f"map:{outer.id}", size=(160, 30)) as walk:
        await walk.until(lambda: "uses it" in walk.screen)
        assert "inner maps" in walk.screen.lower()
        assert "its inner maps are not defined" not in walk.screen
        await walk.press("4")
        await walk.until(lambda: f"{outer.holds[0]} inner_a" in walk.screen)
        view = walk.explorer.panes.maps.entries.table
        assert view.row_targets(0) == (Thing("map", outer.holds[0]),)
        assert f"{outer.holds[1]} inner_b" in walk.screen


async def test_the_counts_of_a_program_go_on_while_they_are_looked_at(tables: Ids) -> None:
    async with explored(f"id:{tables.program}") as walk:

        def runs() -> int:
            found = re.search(r"runs +([\d,]+) ", walk.screen)
            return 0 if found is None else int(found[1].replace(",", ""))

        await walk.until(lambda: runs() > 0)
        before = runs()
        await walk.until(lambda: runs() > before)


@pytest.mark.vmlinux  # these are they
async def test_the_types_of_the_kernel_are_read_as_those_of_an_object() -> None:
    async with explored("btf:1", size=(160, 40)) as walk:
        assert walk.screen.splitlines()[0].startswith(" home › system › BTF 1 vmlinux")
        assert re.search(r"▌ +1 +int +8 +long unsigned int", walk.screen)
