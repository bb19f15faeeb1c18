"""LogPane: the explanation, the log, the listing beside it and the state below, in step with one another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpftui.core.errors import BpftuiError, LoadError, VerifierError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.code.listing_view import ListingView
from bpftui.tui.widgets.lists.message_view import MessageView
from bpftui.tui.widgets.verifier.log_pane import LogPane
from bpftui.tui.widgets.verifier.log_view import LogView
from bpftui.tui.widgets.verifier.state_view import StateView
from bpftui.tui.widgets.verifier.verdict_view import VerdictView
from tests.tui.conftest import screen_text

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot

ROOT = Path(__file__).parents[4]
LOGS = ROOT / "tests/core/verifier/logs"


class PaneApp(BaseApp[None]):
    def __init__(self, name: str, *, theirs: bool = False) -> None:
        super().__init__()
        spec = CollectionSpec.from_file(ROOT / f"tests/objects/{name}.o")
        self.pane = LogPane(spec, MachineRuntime, theirs=theirs)
        self.opened: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_log_pane_opened(self, event: LogPane.Opened) -> None:
        self.opened.append((event.program, event.slot))


async def refused(app: PaneApp, pilot: Pilot[Any], name: str, text: str | None = None) -> None:
    log = text or (LOGS / f"{name}.log").read_text()
    app.pane.show_refusals({name: VerifierError("no", program=name, log=log)})
    for _ in range(200):
        if app.pane._log is not None:
            break
        await pilot.pause(0.02)
    await pilot.pause()


def shown(app: PaneApp) -> str:
    return "\n".join(line.rstrip() for line in lines(app.query_one(VerdictView)))


async def test_an_off_by_one_is_explained_without_scrolling() -> None:
    app = PaneApp("bad_offbyone")
    async with app.run_test(size=(100, 24)) as pilot:
        await refused(app, pilot, "bad_offbyone")
        text = shown(app)
        assert "✗ bad_offbyone  bad_offbyone.c:14: the check covers 13 bytes of the packet, this access needs" in text
        assert "return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;" in text
        assert "7: r1 = *(u8 *)(r1 +13)" in text
        assert "the check is at bad_offbyone.c:12: if (data + sizeof(*eth) - 1 > end)" in text
        assert "• at bad_offbyone.c:12, let the check cover 1 byte more: compare data + 14 with" in text
        log = app.query_one(LogView)
        assert "invalid access to packet" in log.row_text(log.cursor)
        state = app.query_one(StateView)
        assert state.row_text(state.cursor) == "r1 pkt(r=13)"
        assert "insn 7 · bad_offbyone.c:14 · visit 1 of 1" in lines(state)[0]
        assert not app.pane.check_action("next_program", ())  # there is no other one


async def test_the_verdict_leaves_room_for_the_log_where_there_is_little() -> None:
    app = PaneApp("bad_offbyone")
    async with app.run_test(size=(54, 20)) as pilot:  # what a terminal of 80×24 has for it
        await refused(app, pilot, "bad_offbyone")
        text = shown(app)
        assert "  C     return eth->h_proto == bpf_htons(ETH_P_IP) …" in text
        assert "  insn  7: r1 = *(u8 *)(r1 +13)" in text
        assert "  why   r1 came from ctx->data at bad_offbyone.c:8" in text
        assert "  mend  • at bad_offbyone.c:12, let the check cover" in text
        assert app.query_one(VerdictView).size.height <= 9
        assert app.query_one(LogView).size.height >= 7
        assert app.query_one(StateView).size.height >= 3


async def test_the_cursors_move_one_another() -> None:
    app = PaneApp("bad_offbyone")
    async with app.run_test(size=(140, 40)) as pilot:
        await refused(app, pilot, "bad_offbyone")
        log, listing, state = app.query_one(LogView), app.query_one(ListingView), app.query_one(StateView)
        assert listing.display
        assert listing.row(listing.cursor).slot == 7
        log.focus()
        await pilot.press("W")
        assert log.row_text(log.cursor).startswith("2: (61) r1 = ")
        await pilot.pause()
        assert listing.row(listing.cursor).slot == 2
        assert "r1 ctx() → pkt(r=0)" in [state.row_text(index) for index in range(state.row_count())]
        listing.focus()
        await pilot.press("down", "down")
        await pilot.pause()
        assert log.row_text(log.cursor).startswith("3: (bf) r3 = r1")
        log.focus()
        app.pane.action_to_cause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.opened == [("bad_offbyone", 7)]
        await pilot.press("v")
        assert not listing.display


async def test_the_verdict_is_the_title_of_the_log_and_the_cursor_is_seen_on_the_cause() -> None:
    app = PaneApp("bad_offbyone")
    async with app.run_test(size=(140, 40)) as pilot:
        await refused(app, pilot, "bad_offbyone")
        log = app.query_one(LogView)
        for view, marked in ((log, True), (app.query_one(StateView), False), (app.query_one(ListingView), True)):
            view.focus()
            await pilot.pause()
            assert ("▌✗ bad_offbyone  " in screen_text(app)) is marked
        cause = range(log.cursor, log.cursor + 2)
        assert [log.row_mark(index) for index in cause] == [("✗", "row-view--cursor"), ("✗", "log-view--cause")]
        app.query_one(MessageView).focus()
        await pilot.pause()
        assert "▌Messages of this session" in screen_text(app)


async def test_visits_of_a_loop() -> None:
    app = PaneApp("bad_loop")
    async with app.run_test(size=(120, 40)) as pilot:
        await refused(app, pilot, "bad_loop")
        log, state = app.query_one(LogView), app.query_one(StateView)
        log.focus()
        assert "insn 1 · bad_loop.c:8 · visit 3 of 3 · 38 % of the walk" in lines(state)[0]
        await pilot.press("comma")
        await pilot.pause()
        assert "visit 2 of 3" in lines(state)[0]
        assert log.cursor == 7
        await pilot.press("full_stop")
        await pilot.pause()
        assert "visit 3 of 3" in lines(state)[0]


async def test_text_that_is_no_log_is_shown_as_it_is() -> None:
    app = PaneApp("bad_loop")
    async with app.run_test(size=(80, 24)) as pilot:
        await refused(app, pilot, "bad_loop", "something [else] went wrong\n")
        assert "✗ bad_loop  no" in shown(app)
        await pilot.press("full_stop", "W", "enter", "v")
        assert app.opened == []


async def test_each_refused_program_has_its_log() -> None:
    app = PaneApp("bad_loop")
    async with app.run_test(size=(120, 40)) as pilot:
        logs = {name: (LOGS / f"{name}.log").read_text() for name in ("bad_loop", "bad_null")}
        errors: dict[str, BpftuiError] = {"first": LoadError("there is no such hook", hint="name another")}
        errors |= {name: VerifierError(f"no {name}", program=name, log=log) for name, log in logs.items()}
        app.pane.show_refusals(errors)

        async def until(words: str) -> None:
            for _ in range(200):
                if words in shown(app):
                    return
                await pilot.pause(0.02)
            raise AssertionError(shown(app))

        await until("✗ bad_loop (2 of 3; others: in the tree)  bad_loop.c:8: the loop may never end")
        app.query_one(LogView).focus()
        app.pane.action_next_program()
        await until("✗ bad_null (3 of 3; others: in the tree)")
        assert app.query_one(LogView).row_text(0) == logs["bad_null"].splitlines()[0]
        app.pane.action_next_program()
        await until("✗ first (1 of 3; others: in the tree)  there is no such hook")
        await until("name another")
        assert app.query_one(LogView).row_count() == 0
        await pilot.press("full_stop", "W", "enter", "v", "greater_than_sign")
        app.pane.action_next_program()
        await until("✗ bad_loop (2 of 3; others: in the tree)")
        app.pane.choose("bad_null")
        await until("✗ bad_null (3 of 3; others: in the tree)")
        app.pane.choose("none of them")
        app.pane.show_refusals({})
        assert not app.query_one(VerdictView).display
        assert not app.pane.check_action("next_program", ())
        assert app.pane._program == "bad_null"


async def test_of_what_others_have_loaded_there_is_no_log_and_nothing_to_load() -> None:
    app = PaneApp("nested_maps", theirs=True)
    async with app.run_test(size=(100, 24)):
        text = screen_text(app)
        assert "Whoever loaded this had the verifier's log, and the kernel keeps none." in text
        assert "L loads" not in text
