"""The flows of the explorer, with a runtime that only counts."""

from __future__ import annotations

import re
import time
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Button, Input, OptionList

from bpftui.core.errors import BpftuiError, LoadError
from bpftui.core.live import Sample, Session, State
from bpftui.core.live.drawn import StreamState
from bpftui.core.live.monitor import Observation, useful_map
from bpftui.core.runtime import AttachTarget, Forecast, Obstacle, TargetChoice
from bpftui.core.runtime.facts import forecast_given_up
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.dialogs.attach import AttachDialog
from bpftui.tui.dialogs.confirm import ConfirmDialog
from bpftui.tui.dialogs.help import HelpRows, HelpScreen
from bpftui.tui.dialogs.run import RunScreen
from bpftui.tui.dialogs.variable_editor import VariableEditor
from bpftui.tui.messages import Sampled
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.operations import AttachRequest
from bpftui.tui.state.config import Config
from bpftui.tui.status import Status
from bpftui.tui.widgets.code.listing_view import ListingView
from bpftui.tui.widgets.live.chart import Chart
from bpftui.tui.widgets.live.event_view import EventView
from bpftui.tui.widgets.live.map_table import MapTableView
from bpftui.tui.widgets.overview import Overview
from bpftui.tui.widgets.spec.spec_tree import SpecTree
from bpftui.tui.widgets.spec.variables_view import VariablesView, whole
from bpftui.tui.widgets.status_line import StatusLine
from bpftui.tui.widgets.verifier.log_view import LogView
from tests.tui.conftest import ROOT, SIZES, THEMES
from tests.tui.fakes import STEP, FakeRuntime
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bpftui.core.runtime import Progress
    from bpftui.core.spec import ProgramSpec


def labels(tree: SpecTree) -> list[str]:
    return [str(tree.render_label(line.node, tree.rich_style, tree.rich_style)) for line in tree._tree_lines]


@pytest.mark.parametrize("size", SIZES)
async def test_the_tree_shows_what_the_object_holds(explore: Callable[..., Any], size: tuple[int, int]) -> None:
    async with explore(size=size) as walk:
        tree = walk.explorer.query_one(SpecTree)
        await walk.until(lambda: any("fill()" in label for label in labels(tree)))
        shown = "\n".join(labels(tree))
        for text in ("count_traffic xdp", "traffic percpu_hash kind→volume", "events ringbuf"):
            assert text in shown
        for name in walk.explorer.spec.variables:
            assert name in shown
        assert walk.explorer.navigation.node == Node(NodeKind.PROGRAM, "count_traffic")
        assert "Load" in walk.footer
        assert "Attach" not in walk.footer


async def test_a_label_that_is_too_long_ends_in_an_ellipsis(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/map_kinds.o", size=(80, 24)) as walk:
        await walk.press("G", "g")
        shown = [line[:25] for line in walk.screen.splitlines()]
        assert " │ ├ inner_map array __… " in shown  # behind it the scrollbar
        assert " │ ├ queue queue         " in shown
        await walk.pilot.resize_terminal(120, 40)
        await walk.pilot.pause()
        assert any(line.startswith(" │ ├ inner_map array __u32→__u64  ") for line in walk.screen.splitlines())


@pytest.mark.parametrize(("times", "shown_at_most"), [(5, 3), (60, 3)])
async def test_a_key_that_is_held_in_the_tree_shows_where_it_ends(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, times: int, shown_at_most: int
) -> None:
    """The page of each line on the way may take longer than the key needs to come again; at the end it goes nowhere."""
    async with explore() as walk:
        tree, navigation = walk.explorer.query_one(SpecTree), walk.explorer.navigation
        shown: list[Node] = []
        choose = navigation.choose

        def chosen(node: Node) -> None:
            shown.append(node)
            choose(node)

        monkeypatch.setattr(navigation, "choose", chosen)
        start = tree.cursor_line
        for _ in range(times):
            walk.explorer.app.simulate_key("j")
        await walk.press("2", "1")
        end = min(start + times, tree.last_line)
        assert tree.cursor_line == end
        assert shown[-1] == tree._tree_lines[end].node.data
        assert walk.explorer.navigation.node == shown[-1]
        assert len(shown) <= shown_at_most


async def test_what_is_hidden_has_its_reason(explore: Callable[..., Any]) -> None:
    async with explore("bpf/hidden_example.o") as walk:
        tree = walk.explorer.query_one(SpecTree)
        assert "Not usable 1" in "\n".join(labels(tree))
        assert "hidden_var" not in walk.explorer.query_one(VariablesView)._raw
        walk.explorer.navigation.go_to(Node(NodeKind.HIDDEN, "hidden_var"))
        await walk.pilot.pause()
        page = walk.explorer.query_one(Overview).text
        assert "hidden_var" in page
        assert walk.explorer.spec.hidden[0].reason.split()[0] in page


def total_of(table: MapTableView) -> int:
    """Return the first counter of the first row."""
    assert table.columns is not None
    counter = table.columns.fields.values[0].counter
    assert counter is not None
    return counter.total(table.row(0))


def rate_of(table: MapTableView) -> float | None:
    """Return how much that grows a second."""
    assert table.columns is not None
    assert table.table is not None
    return table.table.rate(table.columns.fields.values[0], table.row(0))


async def test_a_tree_that_is_longer_than_the_screen_begins_at_its_top(explore: Callable[..., Any]) -> None:
    """The first program is chosen before the tree has any room: that line was the first one then."""
    async with explore("tests/objects/attached.o", size=(80, 24)) as walk:
        assert "attached.o" in walk.screen.splitlines()[2]
        await walk.press("end")
        assert "Types" in walk.screen.splitlines()[-2]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_the_whole_line(explore: Callable[..., Any], size: tuple[int, int], theme: str) -> None:
    """Edit, load, attach, look, draw, pause, detach, quit: from the keyboard alone."""
    async with explore(size=size, theme=theme) as walk:
        await walk.press("3", "e")
        assert isinstance(walk.app.screen, VariableEditor)
        await walk.type("7")
        await walk.press("enter")
        assert walk.explorer.spec.variables["sample_every"].get() == 7

        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        assert len(walk.footer) <= 8
        await walk.press("A")
        assert isinstance(walk.app.screen, AttachDialog)
        assert walk.app.focused is walk.app.screen.query_one("#attach")  # it is the sandbox
        await walk.press("enter")
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        assert walk.status.attached == ("count_traffic → sandbox",)
        assert len(walk.footer) <= 8

        table = walk.explorer.query_one(MapTableView)
        await walk.until(lambda: table.row_count() == 1 and rate_of(table) is not None)
        assert walk.explorer.navigation.tab == "maps"
        assert walk.explorer.query_one("#map-chart", Chart).display == (size[1] > 26)  # the rows of the map come first
        first = total_of(table)
        await walk.until(lambda: total_of(table) >= first + STEP)

        await walk.press("w")
        assert walk.explorer.navigation.tab == "graph"
        assert [series.label for series in walk.app.operations.monitor.graph.series(60)] == ["{OTHER, NONE} packets"]
        await walk.press("p")
        await walk.until(lambda: walk.status.paused)

        await walk.press("D")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        assert [sandbox.closed for sandbox in walk.runtime.sandboxes] == [1]
        await walk.press("q")
        assert "sample_every" in walk.screen  # is set, and in no preset
        await walk.press("tab", "enter")
        await walk.until(lambda: not walk.app.is_running or walk.app._exit)
    assert walk.runtime.loaded[0].closed == 1


async def test_escape_leaves_the_dialog_and_the_value(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        before = walk.explorer.spec.variables["sample_every"].get()
        await walk.press("3", "e")
        await walk.type("5")
        await walk.press("escape")
        assert walk.explorer.spec.variables["sample_every"].get() == before


@pytest.mark.parametrize("text", ["-1", "4294967296", "x", "hex:01"])
async def test_what_does_not_fit_is_said_while_it_is_typed(explore: Callable[..., Any], text: str) -> None:
    async with explore() as walk:
        before = walk.explorer.spec.variables["sample_every"].raw
        await walk.press("3", "e")
        walk.app.screen.query_one(Input).value = text
        await walk.pilot.pause()
        assert "✗ " in str(walk.app.screen.query_one("#problem").render())
        assert walk.app.screen.query_one("#set", Button).disabled
        await walk.press("enter")
        assert isinstance(walk.app.screen, VariableEditor)
        assert walk.explorer.spec.variables["sample_every"].raw == before


async def test_an_enum_is_chosen_by_name(explore: Callable[..., Any]) -> None:
    async with explore("bpf/constants.o") as walk:
        view = walk.explorer.query_one(VariablesView)
        await walk.press("3")
        view.choose("mode")
        await walk.press("e")
        choices = walk.app.screen.query_one("#choices", OptionList)
        assert [str(option.prompt) for option in choices.options] == [
            "MODE_PASS   0",
            "MODE_COUNT  1",
            "MODE_LIMIT  2",
            "MODE_DROP   3",
        ]
        await walk.press("down", "enter")
        assert walk.explorer.spec.variables["mode"].get() == "MODE_LIMIT"


@pytest.mark.parametrize("size", SIZES)
async def test_space_offers_the_names_of_an_enum_where_its_value_stands(
    explore: Callable[..., Any], size: tuple[int, int]
) -> None:
    async with explore("bpf/constants.o", size=size) as walk:
        view = walk.explorer.query_one(VariablesView)
        await walk.press("3")
        view.choose("mode")
        await walk.press("space")
        await walk.until(lambda: "MODE_DROP   3" in walk.screen)
        rows = walk.screen.splitlines()
        at = next(number for number, row in enumerate(rows) if "▌ mode" in row or "▌  mode" in row)
        assert abs(next(number for number, row in enumerate(rows) if "MODE_PASS   0" in row) - at) <= 6
        await walk.press("escape")
        assert walk.explorer.spec.variables["mode"].get() == "MODE_COUNT"
        await walk.press("space", "down", "down", "enter")
        await walk.until(lambda: walk.explorer.spec.variables["mode"].get() == "MODE_DROP")
        await walk.until(lambda: re.search(r"▌ +mode +\* .* MODE_DROP", walk.screen))
        await walk.press("space", "e")
        await walk.until(lambda: isinstance(walk.app.screen, VariableEditor))


async def test_a_member_is_edited_and_reset(explore: Callable[..., Any]) -> None:
    async with explore("bpf/constants.o") as walk:
        view = walk.explorer.query_one(VariablesView)
        await walk.press("3")
        view.choose("cfg")
        await walk.press("space", "down", "down", "space", "down", "space", "down")
        assert view.place is not None
        assert view.place.name == "cfg.limits[0].rate"
        await walk.press("e")
        await walk.type("77")
        await walk.press("enter")
        variable = walk.explorer.spec.variables["cfg"]
        assert variable.type is not None
        assert view.value_text(view.place) == "77"
        assert variable.changed
        await walk.press("r")
        assert not variable.changed


async def test_constants_are_read_only_after_the_load(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("3", "L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        view = walk.explorer.query_one(VariablesView)
        view.choose("sample_every")
        assert "constant, now frozen" in view.render_line(1).text
        await walk.press("e")
        assert not isinstance(walk.app.screen, VariableEditor)
        view.choose("counting")
        await walk.press("e")
        assert isinstance(walk.app.screen, VariableEditor)


async def test_what_is_typed_over_a_list_of_choices_is_the_value(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("3")
        view = walk.explorer.query_one(VariablesView)
        view.choose("track_sources")
        await walk.press("e", *"fals")
        assert "✗" in walk.screen
        await walk.press("e")
        assert "✓ fits" in walk.screen
        assert walk.app.screen.query_one("#choices", OptionList).highlighted == 0
        await walk.press("enter")
        assert walk.explorer.spec.variables["track_sources"].get() is False


async def test_the_verifiers_log_opens_at_the_cause(explore: Callable[..., Any]) -> None:
    log = "0: (79) r1 = *(u64 *)(r1 +0)\ninvalid bpf_context access off=0 size=8\nprocessed 1 insns (limit 1000000)\n"
    async with explore(runtime=FakeRuntime(log=log)) as walk:
        await walk.press("L")
        await walk.until(lambda: "esc dismiss" in walk.screen)
        assert walk.explorer.navigation.tab == "log"
        view = walk.explorer.query_one(LogView)
        await walk.until(lambda: "invalid bpf_context access" in view.row_text(view.cursor))
        assert "✗ cannot load program count_traffic: invalid access" in walk.screen
        await walk.press("escape")
        assert walk.message == ""
        assert walk.status.stage == State.SPEC


async def test_attach_and_run_load_first_and_say_so(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("A")
        assert "it is not loaded yet: loads first, then asks where to attach" in walk.screen
        await walk.until(lambda: isinstance(walk.app.screen, AttachDialog))
        await walk.press("escape")
        assert walk.status.stage == State.LOADED
    async with explore() as walk:
        await walk.press("R")
        await walk.until(lambda: isinstance(walk.app.screen, RunScreen))


async def test_a_load_that_fails_is_the_end_of_it(explore: Callable[..., Any]) -> None:
    async with explore(runtime=FakeRuntime(failure=LoadError("no"))) as walk:
        await walk.press("A")
        await walk.until(lambda: walk.status.stage == State.SPEC and not walk.app.operations.busy)
        await walk.pilot.pause()
        assert not isinstance(walk.app.screen, AttachDialog)


async def test_cancel_attaches_nothing(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("A", "shift+tab", "enter")
        assert not isinstance(walk.app.screen, AttachDialog)
        assert walk.status.stage == State.LOADED
        assert walk.runtime.sandboxes == []


async def test_quit_asks_while_something_is_attached(explore: Callable[..., Any]) -> None:
    async with explore(attach=[("count_traffic", "sandbox")]) as walk:
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        await walk.press("q")
        assert isinstance(walk.app.screen, ConfirmDialog)
        await walk.press("enter")  # Cancel has the focus
        assert walk.status.stage == State.ATTACHED
        await walk.press("q", "tab", "enter")
        await walk.until(lambda: walk.app._exit)
    assert walk.runtime.sandboxes[0].closed == 1
    assert walk.runtime.loaded[0].closed == 1


async def test_quit_asks_once_for_what_is_set_and_in_no_preset(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        operations, spec = walk.app.operations, walk.explorer.spec
        place = whole(spec.variables["sample_every"])
        assert operations.set_variable(place, "7")
        assert operations.set_variable(whole(spec.variables["track_sources"]), "false")
        await walk.press("q")
        assert "These are set, and in no preset (P saves one):" in walk.screen
        assert "  sample_every, track_sources" in walk.screen
        assert "Quit all the same" in walk.screen
        await walk.press("escape")
        assert operations.set_variable(place, "1000")  # as in the file
        assert operations.unsaved == {"track_sources"}
        await walk.press("P")
        await walk.hurry(*"mine", "enter")
        await walk.until(lambda: operations.unsaved == set())
        await walk.press("q")
        await walk.until(lambda: walk.app._exit)


async def test_what_was_said_of_a_key_goes_with_the_tab(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("1", "a")
        assert walk.message.startswith("⚠ a has no meaning here, but in:")
        await walk.press("4")
        assert walk.message == ""
        walk.app.notify("this stays", severity="warning", timeout=8)
        await walk.press("3")
        assert walk.message == "⚠ this stays"


async def test_what_of_a_target_has_no_effect_is_said(explore: Callable[..., Any]) -> None:
    attach = [("count_traffic", "sandbox,native")]
    async with explore(attach=attach, runtime=MachineRuntime()) as walk:
        await walk.until(lambda: "native has no effect" in walk.message)
        assert "in the built-in machine packets come in, in order, and without a driver" in walk.message


async def test_the_second_of_two_attachments_is_detached(explore: Callable[..., Any]) -> None:
    async with explore(attach=[("count_traffic", "sandbox")]) as walk:
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        walk.app.session.attach("count_traffic", AttachTarget("other", 3))
        await walk.press("D")
        await walk.press("shift+tab", "shift+tab", "space", "tab", "tab", "enter")
        await walk.until(lambda: walk.status.attached == ("count_traffic → sandbox",))


async def test_the_keys_of_the_log_are_those_of_its_messages(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("3", "e", "7", "enter", "e", "8", "enter", "6")
        assert any(line.endswith("set sample_every = 8") and "▌" in line for line in walk.screen.splitlines())
        await walk.press("k")
        assert any(line.endswith("set sample_every = 7") and "▌" in line for line in walk.screen.splitlines())
        await walk.press("slash", "8", "enter")
        assert any(line.endswith("set sample_every = 8") and "▌" in line for line in walk.screen.splitlines())


async def test_a_failure_is_a_message_and_no_crash(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.app.operations.attach(AttachRequest("count_traffic", "nosuch0"))
        await walk.until(lambda: "nosuch0" in walk.message)
        assert walk.status.stage == State.LOADED


async def test_enter_on_a_function_shows_its_code(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        tree = walk.explorer.query_one(SpecTree)
        await walk.until(lambda: any("fill()" in label for label in labels(tree)))
        await walk.press("j", "enter")
        assert walk.explorer.navigation.tab == "code"
        view = walk.explorer.query_one(ListingView)
        await walk.until(lambda: view.row_count() > 0)
        assert "fill" in view.row_text(view.cursor)


async def test_search_in_the_tree_and_in_the_code(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("slash")
        await walk.type("lost")
        await walk.press("enter")
        assert walk.explorer.navigation.node == Node(NodeKind.VARIABLE, "lost_events")
        await walk.press("2", "slash")
        await walk.type("exit")
        await walk.press("enter")
        view = walk.explorer.query_one(ListingView)
        assert "exit" in view.row_text(view.cursor)


async def test_help_names_every_key(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("question_mark")
        assert isinstance(walk.app.screen, HelpScreen)
        assert "▸ Moving 20" in walk.screen
        await walk.press("plus")
        rows = walk.app.screen.query_one(HelpRows)
        text = "\n".join(rows.row_text(index) for index in range(rows.row_count()))
        for key in "LADRpqxy?/[]{}+-:":
            assert f"  {key}" in text or f" {key} " in text, key
        for place in walk.explorer.walk_children(with_self=True):
            for kind in type(place).__mro__:
                for binding in vars(kind).get("BINDINGS", ()) if kind.__module__.startswith("bpftui.") else ():
                    assert binding.tooltip in text or kind is Overview, (kind, binding.tooltip)
        await walk.press("escape")
        assert not isinstance(walk.app.screen, HelpScreen)


async def test_every_key_of_the_help_has_one_line(explore: Callable[..., Any]) -> None:
    async with explore(size=(80, 24)) as walk:
        await walk.press("question_mark", "plus")
        rows: list[str] = []
        for _ in range(60):
            shown = [line.split("│")[1:-1] for line in walk.screen.split("\n")]
            rows += [each[-1].rstrip(" ▁▂▃▄▅▆▇█") for each in shown if each]
            await walk.hurry(*["j"] * 5)
        documented = {binding.tooltip for group in walk.explorer.help.groups().values() for binding in group}
        assert documented - {""} <= {row[22:] for row in rows if row[2:4] == "  "}


async def test_enter_in_the_overview_goes_where_it_says(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("down", "1")
        assert "fill()  function of count_traffic" in walk.screen
        assert "⏎ program count_traffic" in walk.screen
        await walk.press("enter")
        assert "count_traffic › fill()  insn 163" in walk.screen


async def test_what_a_variable_is_stands_whole_above_its_editor(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/values.o") as walk:
        await walk.press("3", "G", "k", "k", "k", "k", "k", "e")
        shown = [line.split("│")[-2].strip() for line in walk.screen.split("\n") if line.count("│") > 2]
        now = shown.index("now      {whole=287454020, halves=[13124, 4386], bytes=[68, 51, 34,")
        assert shown[now + 1] == "17], low=68, rest=[51, 34, 17]}"
        assert shown[now + 2] == 'allowed  JSON {"member": value, …}, or hex:…'


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_an_empty_graph_says_what_is_to_be_done(explore: Callable[..., Any], size: tuple[int, int]) -> None:
    async with explore(size=size) as walk:
        await walk.press("5")
        pane = " ".join(line.split("▕")[-1].strip() for line in walk.screen.split("\n"))
        assert "Nothing is drawn yet. A loads and attaches: then the runs are drawn" in pane
        assert "[ ] window" not in pane  # nor does the title name keys for what is not there


async def test_a_log_without_a_refusal_says_what_would_be_there(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("6")
        assert "No program was refused. L loads the object: where the verifier" in walk.screen
        await walk.press("question_mark")
        help_ = walk.screen
        assert "What happened in this session." in help_
        assert "Where the register got its value" not in help_  # there is none yet
        await walk.press("escape", "L")
        await walk.until(lambda: "The verifier refused no program of those that were loaded" in walk.screen)


async def test_u_among_the_variables_asks_for_that_under_the_cursor(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("down", "down", "down")
        await walk.press("3", "G", "u")
        assert "─ lost_events: 2 uses ─" in walk.screen
        await walk.press("escape", "escape", "end", "u")  # the types, which no instruction refers to
        assert not walk.app.screen.is_modal


async def test_a_large_variable_is_edited_from_all_of_it(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/flexible.o") as walk:
        await walk.press("3", "G", "e")
        assert "Edit many" in walk.screen
        assert "text of at most 2097152 bytes" in walk.screen
        assert "file  " not in walk.screen  # it is as in the file
        assert "hex:00" not in walk.screen


async def test_a_preset_that_takes_the_place_of_another_says_so(explore: Callable[..., Any]) -> None:
    async with explore(messages=True) as walk:
        await walk.press("3", "e", "5", "enter")
        await walk.hurry("P", "a", "enter")
        await walk.until(lambda: "saved as a" in walk.screen)
        assert "in place of" not in walk.screen
        await walk.hurry("P", "shift+tab", "a", "enter")
        await walk.until(lambda: "saved as a, in place of what had that name" in walk.screen)


async def test_help_and_palette_name_the_keys_that_the_user_prefers(explore: Callable[..., Any]) -> None:
    async with explore(config=Config(keys={"load": "f5"})) as walk:
        await walk.press("question_mark", "slash", *"swap in the")
        assert re.search(r"  f5 +Load, verify", walk.screen)
        await walk.press("escape", "escape", "colon")
        assert re.search(r"This pane, then all keys +command +key \? ", walk.screen)
        assert re.search(r"Load, verify; what.* +command +key f5 ", walk.screen)
        await walk.press("escape", "f5")
        await walk.until(lambda: walk.status.stage == State.LOADED)


@pytest.mark.parametrize(
    ("path", "text"), [("bpf/traffic.o", ""), ("tests/objects/core_target.o", "this object has no programs")]
)
async def test_no_listing_is_called_empty_before_it_is_made(explore: Callable[..., Any], path: str, text: str) -> None:
    async with explore(path) as walk:
        view = walk.explorer.query_one(ListingView)
        assert view.listing is None
        assert view.empty_text == text


async def test_the_interval_and_the_window_step(explore: Callable[..., Any]) -> None:
    async with explore(attach=[("count_traffic", "sandbox")]) as walk:
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        before = walk.status.interval
        await walk.press("right_curly_bracket")
        assert walk.status.interval > before
        await walk.press("left_curly_bracket")
        assert walk.status.interval == before
        await walk.press("5")
        chart = walk.explorer.query_one("#graph-chart", Chart)
        window = chart.window
        await walk.press("left_square_bracket")
        assert chart.window < window


async def test_an_interface_that_could_cut_the_machine_off_wants_its_name(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("A")
        dialog = walk.app.screen
        targets = dialog.query_one("#targets", OptionList)
        await walk.until(lambda: targets.option_count == 3)
        attach = dialog.query_one("#attach", Button)
        assert not attach.disabled  # the sandbox
        targets.highlighted = 1
        await walk.pilot.pause()
        assert attach.disabled
        assert "default route" in str(dialog.query_one("#danger-text").render())
        dialog.query_one("#typed-name", Input).value = "eth9"
        await walk.pilot.pause()
        assert not attach.disabled
        targets.highlighted = 2
        await walk.pilot.pause()
        assert not attach.disabled
        assert not dialog.query_one("#danger").display
        targets.highlighted = 1
        chosen: list[AttachRequest] = []
        monkeypatch.setattr(walk.app.operations, "attach", chosen.append)
        await walk.pilot.pause()
        attach.press()
        await walk.until(lambda: bool(chosen))
        assert chosen == [AttachRequest("count_traffic", "eth9", 60)]


async def test_it_detaches_by_itself_and_counts_down(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.app.operations.attach(AttachRequest("count_traffic", "sandbox", 2))
        await walk.until(lambda: walk.status.detach_in is not None)
        assert "detach in" in walk.explorer.query_one(StatusLine).render().plain
        await walk.until(lambda: walk.status.stage == State.LOADED)
        assert walk.runtime.sandboxes[0].closed == 1


async def test_two_attachments_of_the_same_name_are_told_apart(explore: Callable[..., Any]) -> None:
    async with explore(attach=[("count_traffic", "sandbox"), ("count_traffic", "sandbox")]) as walk:
        await walk.until(lambda: len(walk.status.attached) == 2)
        await walk.press("D")
        assert "X▌ count_traffic → sandbox  " in walk.screen
        assert "X▌ count_traffic → sandbox (2)  " in walk.screen
        await walk.press("escape")
        first, second = walk.app.session.links
        second.gone = True
        await walk.until(lambda: walk.status.attached[1] == "count_traffic → sandbox (2) (gone)")
        await walk.press("q")
        assert "  count_traffic → sandbox (2) (gone)" in walk.screen
        await walk.press("escape")
        walk.app.operations.attach(AttachRequest("count_traffic", "sandbox", 1))
        await walk.until(lambda: walk.status.detach_in is not None)
        await walk.until(lambda: walk.status.detach_in is None)
        assert walk.app.session.links == (first, second)


@pytest.mark.parametrize("size", SIZES)
async def test_the_status_line_says_where_we_are_without_colours(
    explore: Callable[..., Any], size: tuple[int, int]
) -> None:
    async with explore(size=size) as walk:
        line = walk.explorer.query_one(StatusLine)
        line.status = Status(
            "traffic.o", "ATTACHED", "kernel", attached=("count_traffic → sandbox",), interval=0.5, rate="1 k runs/s"
        )
        await walk.pilot.pause()
        text = line.render().plain
        assert len(text) == size[0]
        for part in ("traffic.o", "▲ ATTACHED sandbox", "kernel", "500 ms", "1 k runs/s"):
            assert part in text


@pytest.mark.parametrize("size", SIZES)
async def test_what_cannot_be_loaded_is_marked_before_the_load(
    explore: Callable[..., Any], size: tuple[int, int]
) -> None:
    reason = "this kernel does not run v4: movsx instructions"
    runtime = FakeRuntime(obstacles={"count_traffic": (Obstacle(reason, "clang -mcpu=v4: Linux 6.6", (3, 9)),)})
    async with explore(size=size, runtime=runtime) as walk:
        tree = walk.explorer.query_one(SpecTree)
        await walk.until(lambda: any("✗ count_traffic" in label for label in labels(tree)))
        assert "▾ Programs 1 ✗ 1" in labels(tree)
        page = walk.explorer.query_one(Overview).text
        assert f"✗ cannot be loaded here:\n    instructions 3, 9: {reason}\n  → clang -mcpu=v4: Linux 6.6" in page
        runtime.obstacles = {}
        await walk.press("3", "e", "7", "enter")  # the answer may depend on a constant: it is asked for anew
        await walk.until(lambda: "▾ Programs 1" in labels(tree))
        await walk.press("1")
        assert "nothing known keeps it from being loaded here" in walk.explorer.query_one(Overview).text
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        assert "keeps it from being loaded" not in walk.explorer.query_one(Overview).text


async def test_what_the_load_refused_is_marked_until_the_spec_changes(explore: Callable[..., Any]) -> None:
    async with explore(runtime=FakeRuntime(log="0: (95) exit\nR0 !read_ok\n")) as walk:
        tree = walk.explorer.query_one(SpecTree)
        await walk.until(lambda: walk.explorer.outlook.forecast is not None)
        await walk.press("L")
        await walk.until(lambda: any("✗ count_traffic" in label for label in labels(tree)))
        await walk.press("1")
        page = walk.explorer.query_one(Overview).text
        assert "✗ was not loaded:\n    invalid access" in page
        await walk.press("3", "e", "7", "enter")
        await walk.until(lambda: not any("✗ count_traffic" in label for label in labels(tree)))


async def test_the_overview_of_every_program_says_why_the_load_failed(explore: Callable[..., Any]) -> None:
    runtime = FakeRuntime(failure=LoadError("cannot create map traffic: too large", hint="take a smaller one"))
    async with explore("tests/objects/needs.o", runtime=runtime) as walk:
        await walk.until(lambda: walk.explorer.outlook.forecast is not None)
        await walk.press("L")
        await walk.until(lambda: "✗ was not loaded" in walk.explorer.query_one(Overview).text)
        page = walk.explorer.query_one(Overview).text
        assert "    cannot create map traffic: too large\n  → take a smaller one" in page
        assert "✓" not in page
        names = list(walk.explorer.spec.programs)
        known = LoadError(f"cannot load program {names[0]}: it has a reason")
        known.problems = dict.fromkeys(names, LoadError("another reason")) | {names[0]: known}
        runtime.failure = known
        await walk.press("L")
        await walk.until(lambda: "    it has a reason" in walk.explorer.query_one(Overview).text)
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, names[1]), "overview")
        assert "    another reason" in walk.explorer.query_one(Overview).text


async def test_a_key_that_does_not_apply_says_why(explore: Callable[..., Any]) -> None:
    async with explore() as walk:

        async def said(key: str) -> str:
            walk.explorer.message_line.forget()
            await walk.press(key)
            return walk.message.removeprefix("⚠ ")

        assert await said("D") == "nothing is attached"
        assert await said("p") == "nothing is read before the load: L"
        assert await said("right_square_bracket") == "the graph is in tab 5"
        assert await said("backspace") == "you have been nowhere else yet"
        assert await said("x") == "x has no meaning here, but in: Code, Variables, Maps, Events, Graph"
        assert await said("ctrl+s") == (
            "ctrl+s has no meaning here, but in: Lists (code, variables, maps, log), Code, Graph"
        )
        assert await said("f5") == "f5 has no meaning here, but in: the debugger (d)"
        assert await said("X") == ""
        assert await said("down") == ""
        await walk.press("2")
        assert await said("e") == "what a program is can be said in the overview: 1"
        assert await said("alt+right") == "no step back was taken"
        assert await said("n") == "nothing is searched for: /"
        await walk.press("3")
        assert await said("r") == "sample_every is as in the file"
        assert await said("ctrl+r") == "nothing differs from the file"
        await walk.press("3", "L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.explorer.query_one(VariablesView).choose("sample_every")
        assert await said("e") == "sample_every is a constant: it can be set before the load, and is frozen since"
        assert await said("L") == "it is loaded already"


async def test_without_a_map_every_tab_can_be_shown_after_the_load(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/values.o") as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED and walk.app.operations.monitor.last is not None)
        for key in "456123":
            await walk.press(key)
        assert walk.explorer.navigation.tab == "variables"


async def test_a_capture_that_is_typed_says_what_it_is(explore: Callable[..., Any], tmp_path: Path) -> None:
    capture = tmp_path / "some.pcap"
    async with explore() as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("A")
        dialog = walk.app.screen
        assert isinstance(dialog, AttachDialog)
        await walk.until(lambda: dialog.choice is not None)
        dialog.query_one("#target", Input).value = f"{capture},speed=3"
        await walk.until(lambda: "There is no file" in str(dialog.query_one("#target-detail").render()))
        assert dialog.query_one("#attach", Button).disabled
        capture.touch()
        dialog.query_one("#target", Input).value = f"{capture},speed=3,loop"
        await walk.until(lambda: "flow in a sandbox" in str(dialog.query_one("#target-detail").render()))
        assert "3 times as fast as captured, in a loop." in str(dialog.query_one("#target-detail").render())
        assert not dialog.query_one("#attach", Button).disabled


async def test_the_targets_are_looked_for_until_they_are_there(explore: Callable[..., Any]) -> None:
    found = Event()

    class Slow(FakeRuntime):
        problem: BpftuiError | None = None

        def targets(self, spec: CollectionSpec, program: ProgramSpec) -> list[TargetChoice]:
            found.wait(PATIENCE)
            if self.problem is not None:
                raise self.problem
            return super().targets(spec, program)

    runtime = Slow()
    async with explore(size=(80, 24), runtime=runtime) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("A")
        assert "reading interfaces …" in walk.screen
        found.set()
        await walk.until(lambda: "sandbox  a network of its own" in walk.screen)
        assert "looking for" not in walk.screen
        await walk.press("escape")
        runtime.problem = BpftuiError("no interfaces can be listed")
        await walk.press("A")
        await walk.until(lambda: "✗ no interfaces can be listed" in walk.screen)


def test_maps_of_what_is_attached_are_seen_first() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/map_kinds.o")
    with Session(spec, MachineRuntime()) as session:
        session.load()
        assert useful_map(session) == "inner_map"
        session.attach("traces", "sandbox")
        assert useful_map(session) == "perf_event_array"
    spec = CollectionSpec.from_file(ROOT / "tests/objects/tail_calls.o")
    with Session(spec, MachineRuntime()) as session:
        session.load()
        session.attach("last", "sandbox")
        assert useful_map(session) is None  # it uses none: those of others say nothing of it


async def test_lost_events_are_counted(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/map_kinds.o") as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "perf_event_array"))
        events = walk.explorer.query_one(EventView)
        assert "lost" not in events.said
        sample = Sample(1.0, 0.5, {}, {}, {})
        walk.explorer.post_message(Sampled(Observation(sample, streams={"perf_event_array": StreamState(lost=1234)})))
        await walk.until(lambda: "perf_event_array  perf_event_array  0 seen · 1,234 lost" in walk.screen)


async def test_records_that_are_no_such_structure_say_so(explore: Callable[..., Any]) -> None:
    """The key for it stands in the bar where there is most to do."""
    async with explore("tests/objects/live.o", size=(80, 24), runtime=MachineRuntime()) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.app.operations.attach(AttachRequest("reserves", "sandbox,rate=20"))
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "reserved"))
        keys = "⏎ Open w Watch e Type x Format D Detach / Filter ? Help q Quit"
        await walk.until(lambda: walk.screen.splitlines()[-1].strip() == keys)
        await walk.until(lambda: any(row.split()[-3:] == ["1", "2", "3"] for row in walk.screen.splitlines()))
        assert any(row.split()[-4:] == ["seen", "when", "length", "hash"] for row in walk.screen.splitlines())
        await walk.press("e")
        await walk.hurry(*"mixed", "enter")
        await walk.until(lambda: "16 bytes, struct mixed has 56: " in walk.screen)


async def test_what_is_done_without_is_said_and_logged(explore: Callable[..., Any]) -> None:
    remark = "the kernel refuses the types: EINVAL"
    async with explore(runtime=FakeRuntime(remarks=(remark,)), messages=True) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.until(lambda: "done without" in walk.screen and "refuses the types" in walk.screen)
        await walk.press("6")
        assert any(line.rstrip().endswith(f"  {remark}") for line in walk.screen.splitlines())


class SlowForecast(FakeRuntime):
    """Looks at a program for as long as nobody gives it up, and then to the end of that: it is a large one."""

    def __init__(self) -> None:
        super().__init__()
        self.at_end = Event()
        """That it is at the end of the program."""

    def forecast(
        self, spec: CollectionSpec, *, progress: Progress | None = None, stop: Event | None = None
    ) -> Forecast:
        assert progress is not None
        assert stop is not None
        end = time.monotonic() + 120
        while not stop.wait(0.05) and time.monotonic() < end:
            progress(2, 7, "count_traffic")
        self.at_end.wait(PATIENCE)
        raise forecast_given_up(spec.file, 1, 7)


async def test_a_look_ahead_says_how_far_it_is_and_is_given_up(explore: Callable[..., Any]) -> None:
    async with explore("bpf/traffic.o", runtime=(runtime := SlowForecast())) as walk:
        await walk.until(lambda: "checking what can be loaded here 2 of 7 · count_traffic · " in walk.screen)
        assert "esc gives up" in walk.screen
        walk.explorer.app.simulate_key("escape")
        await walk.until(lambda: "checking" not in walk.screen)
        runtime.at_end.set()
        await walk.until(lambda: "was looked at for 1 of 7 programs and then given up: L finds out" in walk.screen)
        assert "checking" not in walk.screen
        assert "cannot be loaded" not in walk.screen


async def test_what_a_pane_shows_is_written_to_a_file(
    explore: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore() as walk:
        monkeypatch.chdir(tmp_path)
        walk.explorer.query_one(Overview).focus()
        await walk.press("ctrl+s")
        assert "─ Write to ─" in walk.screen
        assert "count_traffic-overview.txt" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "wrote count_traffic-overview.txt" in walk.screen)
        lines = (tmp_path / "count_traffic-overview.txt").read_text().splitlines()
        assert any(line.split()[:2] == ["section", "xdp"] for line in lines), lines
        # What is there is not written over.
        await walk.press("ctrl+s", "enter")
        await walk.until(lambda: "✗" in walk.screen)
        assert (tmp_path / "count_traffic-overview.txt").read_text().splitlines() == lines


async def test_the_tree_is_selected_with_the_mouse(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        tree = walk.explorer.query_one(SpecTree)
        await walk.pilot.mouse_down(tree, offset=(5, 1))
        await walk.pilot.hover(tree, offset=(11, 3))
        await walk.pilot.mouse_up(tree, offset=(11, 3))
        await walk.settle()
        assert walk.app.screen.get_selected_text() == "Programs 1\n │ └ ▾ count_traffic xdp\n │   └ fill("


async def test_a_table_is_written_with_titles_and_tabs(
    explore: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore(attach=[("count_traffic", "sandbox")]) as walk:
        monkeypatch.chdir(tmp_path)
        table = walk.explorer.query_one(MapTableView)
        await walk.until(lambda: table.row_count() == 1)
        table.focus()
        await walk.press("ctrl+s", "enter")
        await walk.until(lambda: "wrote traffic-maps.txt" in walk.screen)
        titles, row = (tmp_path / "traffic-maps.txt").read_text().splitlines()
        assert titles.split("\t") == ["family", "protocol", "packets", "packets/s", "bytes", "bytes/s"]
        assert len(row.split("\t")) == 6
        await walk.press("Y")
        await walk.until(lambda: "1 row copied, with titles" in walk.screen)
        assert walk.app.clipboard.splitlines()[0] == titles
        await walk.press("w", "5", "ctrl+s", "enter")
        await walk.until(lambda: "wrote traffic-graph.txt" in walk.screen)
        titles, *_ = (tmp_path / "traffic-graph.txt").read_text().splitlines()
        assert titles.split("\t")[0] == "time"
        assert titles.endswith("packets per second")
