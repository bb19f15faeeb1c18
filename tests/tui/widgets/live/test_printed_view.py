"""What programs print has a tab of its own once something was printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpftui.core.live import State
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.widgets.live.printed_view import PrintedView

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_the_tab_is_there_once_something_was_printed(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/prints.o", runtime=MachineRuntime(), size=(80, 24)) as walk:
        await walk.press("7")
        await walk.until(lambda: "no program has printed anything yet" in walk.screen)
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED and walk.app.operations.monitor.last is not None)
        assert "7 Printed" not in walk.screen
        walk.app.session.collection.programs["twice"].run()
        await walk.until(lambda: "6 Log  7 Printed" in walk.screen)
        await walk.press("7")
        await walk.until(lambda: "2 lines printed" in walk.screen)
        view = walk.explorer.query_one(PrintedView)
        assert view.has_focus
        assert [line.split("s  ", 1)[1] for line in rows(view)] == ["twice  first of two", "hello  hello 42"]
        walk.app.session.collection.programs["flood"].run()
        await walk.until(lambda: "10,002 lines printed · 20,000 lost" in walk.screen)
        assert rows(view)[-1].endswith("s  flood  line 29999")
        await walk.press("c")
        await walk.until(lambda: "0 lines printed" in walk.screen)
        # What is unloaded and loaded anew prints there again.
        await walk.press("6", "7")
        assert walk.explorer.navigation.tab == "printed"


def rows(view: PrintedView) -> list[str]:
    return [view.draw_row(index, 60).plain for index in range(view.row_count())]
