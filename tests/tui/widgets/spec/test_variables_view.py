"""Variables with their values, and members where they are unfolded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.live import Sample
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.spec.variables_view import VariablesView
from tests.tui.conftest import screen_text

from ..lines import lines

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult

OBJECTS = Path(__file__).parents[3] / "objects"


PICTURE = """\
▌Name               Type               Value
   truth            bool               true
   letter           char                          120
   s8 *             __s8                           -1  file: -128
 ▾ points           struct point[3]    [{x=1, y=-1}, {x=2, y=-2}, {x=3, y›
   ▸ [0]            struct point       {x=1, y=-1}
▌  ▾ [1]            struct point       {x=2, y=-2}
       .x           __s32                           2
       .y           __s32                          -2
   ▸ [2]            struct point       {x=3, y=-3}"""


class VariablesApp(BaseApp[None]):
    def __init__(self, spec: CollectionSpec) -> None:
        super().__init__()
        self.view = VariablesView(spec)
        self.copied: list[str] = []

    def on_variables_view_copy_requested(self, message: VariablesView.CopyRequested) -> None:
        self.copied.append(message.text)

    def compose(self) -> ComposeResult:
        yield self.view


async def test_members_are_shown_with_their_own_bytes() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "values.o")
    spec.set("s8", -1)
    app = VariablesApp(spec)
    async with app.run_test(size=(74, 44)) as pilot:
        app.view.focus()
        app.view.choose("points")
        await pilot.press("space", "j", "j", "space")
        await pilot.pause()
        found = [line.rstrip() for line in lines(app.view)]
        assert found[:4] + found[24:30] == PICTURE.splitlines()
        place = app.view.place
        assert place is not None
        assert (place.name, place.size, app.view.raw(place).hex()) == ("points[1]", 8, "02000000feffffff")


async def test_a_sample_from_before_a_value_was_set_does_not_take_it_back() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "values.o")
    app = VariablesApp(spec)

    def sample(time: float, value: int) -> Sample:
        raw = {name: variable.head for name, variable in spec.variables.items()} | {"s8": bytes([value])}
        return Sample(time, 1.0, {}, raw, {})

    async with app.run_test(size=(74, 44)) as pilot:

        async def shown() -> str:
            await pilot.pause()
            return next(" ".join(line.split()[1:4]) for line in lines(app.view) if line.split()[0] == "s8")

        with MachineRuntime().load(spec) as loaded:
            app.view.live = loaded.variables
            app.view.show_sample(sample(1.0, 7))
            assert await shown() == "• __s8 7"
            loaded.variables["s8"].set_text("-1", "")
            app.view.show_read({"s8": loaded.variables["s8"].raw()}, 2.5)
            assert await shown() == "• __s8 -1"
            app.view.show_sample(sample(2.0, 7))  # begun before, and told only now
            assert await shown() == "• __s8 -1"
            app.view.show_sample(sample(3.0, 8))
            assert await shown() == "• __s8 8"


async def test_numbers_end_below_each_other_and_are_written_in_each_form() -> None:
    spec = CollectionSpec.from_file(OBJECTS.parents[1] / "bpf/traffic.o")
    app = VariablesApp(spec)
    async with app.run_test(size=(74, 24)) as pilot:
        app.view.focus()
        with MachineRuntime().load(spec) as loaded:
            app.view.live = loaded.variables
            loaded.variables["total_bytes"].set(29_269_758)
            app.view.show_read({"total_bytes": loaded.variables["total_bytes"].raw()})
            await pilot.pause()
            shown = {line.split()[0]: line.rstrip() for line in lines(app.view)[1:] if line.strip()}
            assert shown["total_bytes"].split() == ["total_bytes", "•", "__u64", "29,269,758", "file:", "0"]
            assert shown["lost_events"].endswith("  0")
            assert len(shown["lost_events"]) == shown["total_bytes"].index("29,269,758") + len("29,269,758")
            await pilot.press("x")
            assert "0x1be9efe" in lines(app.view)[5]
            await pilot.press("x")
            assert " 29269758  file: 0" in lines(app.view)[5]


async def test_no_digit_of_the_widest_number_is_cut_however_long_names_and_types_are() -> None:
    spec = CollectionSpec.from_file(OBJECTS.parents[1] / "bpf/traffic.o")
    spec.set("total_bytes", 2**64 - 1)
    app = VariablesApp(spec)
    async with app.run_test(size=(55, 24)) as pilot:
        await pilot.pause()
        shown = lines(app.view)
        assert "  sample_every      __u32  1,000  constant" in shown[1]
        assert "  total_bytes *     __u64  18,446,744,073,709,551,615›" in shown[5]
        await pilot.resize_terminal(52, 24)
        await pilot.pause()
        shown = lines(app.view)
        assert "  sample_ev…     __u32  1,000  constant" in shown[1]
        assert "  total_byt… *   __u64  18,446,744,073,709,551,615›" in shown[5]


async def test_what_was_set_is_copied_as_options_and_why_there_is_nothing_to_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = CollectionSpec.from_file(OBJECTS / "values.o")
    spec.set("s8", -1)
    spec.set("truth", False)
    app = VariablesApp(spec)
    async with app.run_test(size=(74, 44)) as pilot:
        app.view.focus()
        view = app.view
        view.action_copy_settings()
        await pilot.pause()
        assert app.copied == ["--set truth=false --set s8=-1"]

        def why_not(action: str) -> str:
            return "" if view.check_action(action, ()) else view.why_not(action)

        view.choose("s8")
        assert [why_not(each) for each in ("edit", "reset", "reset_all")] == ["", "", ""]
        view.choose("letter")
        assert [why_not(each) for each in ("edit", "reset", "reset_all")] == ["", "letter is as in the file", ""]
        monkeypatch.setattr(view, "writable", lambda _: False)
        assert why_not("edit") == "letter is a constant: it can be set before the load, and is frozen since"
    app = VariablesApp(CollectionSpec.from_file(OBJECTS / "values.o"))
    async with app.run_test():
        assert not app.view.check_action("reset_all", ())
        assert app.view.why_not("reset_all") == "nothing differs from the file"


async def test_where_the_value_of_the_cursor_s_row_stands() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "values.o")
    app = VariablesApp(spec)
    async with app.run_test(size=(74, 20)) as pilot:
        app.view.focus()
        app.view.choose("truth")
        await pilot.pause()
        at = app.view.value_offset()
        assert screen_text(app).splitlines()[at.y][at.x :].startswith("true")
