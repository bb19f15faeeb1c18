"""The columns of the Code tab with what this kernel really makes of a program."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]


async def until(pilot: Pilot[Any], what: Callable[[], bool]) -> None:
    stop = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < stop, "it never happened"
        await pilot.pause(0.05)


async def test_columns_and_dead_code_before_and_after_a_constant() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/dead_code.o")
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=(120, 40)) as pilot:
            await app.explorer.furnished.wait()
            await pilot.press("2", "v", "v", "v")
            pane = app.explorer.panes.code
            await until(pilot, lambda: pane.columns.has_focus)
            pane.columns.show_slot(46)
            text = pane.columns.row_text(pane.columns.cursor)
            assert text.startswith("46 w0 = 10 | 3 w0 = 10")
            table = pane.columns.table
            assert table is not None
            if table.bases:
                assert text.split(" | ")[2].startswith("+")
            pane.action_dead()
            await until(pilot, lambda: pane.mode == "dead")
            assert pane.remark() == "52 of 58 instructions removed, 6 left"
            spec.set("verbose", True)
            await pilot.press("3", "2")
            # it is asked anew, and meanwhile says so
            await until(
                pilot, lambda: pane.remark().endswith("left") and not pane.remark().startswith(("asking", "52 "))
            )
            pane.view.jumps.show(4)
            assert pane.view.row_text(pane.view.cursor) == "4: call bpf_get_prandom_u32#7"
        app.operations.close()
