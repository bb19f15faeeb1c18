"""What keeps a program or a map alive, and where each of its lines leads; the list of such facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.system.history import Minute, Seen
from bpftui.core.system.load import Look
from bpftui.core.system.model import Owner
from bpftui.tui.base_app import BaseApp
from bpftui.tui.targets import Thing
from bpftui.tui.widgets.system.details import FactsView
from bpftui.tui.widgets.system.noun import Fact
from bpftui.tui.widgets.system.nouns.facts import held_facts, owner_facts
from bpftui.tui.widgets.system.nouns.programs import PROGRAMS
from tests.tui.looker import a_program, machine
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("slot 3 of map 12 jmp_table", Thing("map", 12)),
        ("map 60 half", Thing("map", 60)),
        ("a socket of my map 7 daemon 812", Thing("proc", 812)),
        ("tcx_ingress eth1 by a perf event of map 5", None),
        ("nobody that the kernel tells of: a socket, or it is about to go", None),
    ],
)
def test_what_keeps_it_alive_can_be_gone_to(text: str, thing: Thing | None) -> None:
    assert held_facts([text, "link 3", "program 4 x"]) == [Fact("kept by", text, thing)]


@pytest.mark.parametrize(("held", "warned"), [(("map 60 half",), False), (("nobody that the kernel tells of",), True)])
def test_a_program_of_a_struct_ops_map_is_not_said_to_be_unattached(held: tuple[str, ...], warned: bool) -> None:
    half = a_program(64, "half", "struct_ops", held_by=held)
    facts = PROGRAMS.facts(Seen(Look(0.0, machine(), {}, {}), None, Minute(), {}), half)
    assert (Fact("on", "not attached", role="warning") in facts) == warned
    assert [fact.text for fact in facts if fact.label == "kept by"] == [*held]


def test_who_has_it_open_and_that_it_is_not_known() -> None:
    assert owner_facts(None) == [Fact("open in", "?", role="muted")]
    assert owner_facts([]) == []
    assert owner_facts([Owner(812, "daemon")]) == [Fact("open in", "daemon 812", Thing("proc", 812))]


class FactsApp(BaseApp[None]):
    """A list of facts that is shown later, as below a table."""

    def __init__(self, *facts: Fact) -> None:
        super().__init__()
        self.view = FactsView()
        self.facts = facts

    def compose(self) -> ComposeResult:
        self.view.display = False
        yield self.view


LONG = Fact("on", "one two three four five six seven twentyfive nine", Thing("net", "v0"))


def marks(app: FactsApp) -> str:
    """Return the marks before the lines below the title."""
    return "".join(line[:1] for line in lines(app.view)[1:])


async def test_lines_of_one_fact_are_one_row() -> None:
    app = FactsApp()
    async with app.run_test(size=(32, 9)) as pilot:
        app.view.show(Thing("prog", 42), "42 x", [Fact("type", "xdp"), LONG, Fact("map", "7", Thing("map", 7)), LONG])
        app.view.display = True
        await pilot.pause()
        app.view.focus()
        await pilot.pause()
        assert [line.rstrip() for line in lines(app.view)[1:]] == [
            " type       xdp",
            "▌on         one two three four",
            "▌           five six seven",
            "▌           twentyfive nine",
            " map        7",
            " on         one two three four",
            "            five six seven",
            "            twentyfive nine",
        ]
        await pilot.press("down")
        assert marks(app) == "    ▌   "
        await pilot.press("down")
        assert marks(app) == "     ▌▌▌"
        await pilot.press("down")  # there is nothing below
        assert marks(app) == "     ▌▌▌"
        await pilot.press("up", "up")
        assert marks(app) == " ▌▌▌    "
        await pilot.press("up", "up")
        assert marks(app) == "▌       "


async def test_a_fact_comes_in_sight_whole_and_one_longer_than_the_view_line_by_line() -> None:
    app = FactsApp()
    async with app.run_test(size=(32, 4)) as pilot:  # three lines below the title
        facts = [Fact("map", "7", Thing("map", 7)), LONG, Fact("command", "a b c d e f g h i j " * 4)]
        app.view.show(Thing("prog", 42), "42 x", facts)
        app.view.display = True
        await pilot.pause()
        app.view.focus()
        await pilot.press("down")
        assert [line.rstrip() for line in lines(app.view)[1:]] == [
            "▌on         one two three four",
            "▌           five six seven",
            "▌           twentyfive nine",
        ]
        await pilot.press("down", "down", "down", "down")
        assert (app.view.cursor, app.view.scroll_offset.y) == (7, 5)  # its last line, at the bottom
        assert lines(app.view)[1].rstrip() == "▌           a b c d e f g h i j"
        await pilot.press("up", "up", "up", "up")
        assert lines(app.view)[1].rstrip() == "▌on         one two three four"


async def test_facts_are_not_broken_before_there_is_room_for_them() -> None:
    app = FactsApp()
    async with app.run_test(size=(80, 9)) as pilot:
        app.view.show(Thing("prog", 42), "42 x", [Fact("type", "xdp"), LONG])
        await pilot.pause()
        assert app.view.row_count() == 0
        app.view.display = True
        await pilot.pause()
        assert app.view.row_count() == 2
        assert marks(app).startswith(" ▌")  # it leads somewhere
