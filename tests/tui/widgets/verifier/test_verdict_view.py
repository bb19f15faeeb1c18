"""The verdict on a refused program, in as many lines as there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.verifier import explain
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.verifier.verdict_view import VerdictView

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

LOGS = Path(__file__).parents[3] / "core/verifier/logs"


WHOLE = """\
✗ bad_index  bad_index.c:24: the index can be 16, but the
value of map ports has 16 elements (0 to 15): off by one
  C            found->seen[index] = 1;
  instruction  14: *(u32 *)(r0 +0) = r1
  because      r0 came from bpf_map_lookup_elem(&ports) at
               bad_index.c:20
               r0 is a pointer to a value of map ports (64
               bytes, plus 0 to 64): in the worst case the
               access is to bytes 64 to 67 of a value of
               64
               elements are 4 bytes: index 16 of 16, the
               last one is 15
               r6, which is added to it, is a number from
               0 to 64, from ctx->rx_queue_index at
               bad_index.c:19
               it is checked at bad_index.c:22: if (!found
               || index > 16)
  what helps   • check: if (index >= 16) return …;
               • mask it: index &= 15
               • bound the very variable that is used, and
                 keep it unsigned"""
SHORT = """\
✗ bad_index  bad_index.c:24: the index can be 16, but the
value of map ports has 16 elements (0 to 15): off by one
  C     found->seen[index] = 1;
  insn  14: *(u32 *)(r0 +0) = r1
  why   r0 came from bpf_map_lookup_elem(&ports) at
        bad_index.c:20
  mend  • check: if (index >= 16) return …;"""


class VerdictApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = VerdictView()

    def compose(self) -> ComposeResult:
        yield self.view


async def verdict(name: str, width: int, room: int) -> list[str]:
    app = VerdictApp()
    async with app.run_test(size=(width, 30)) as pilot:
        app.view.program = name
        app.view.room = room
        app.view.explanation = explain((LOGS / f"{name}.log").read_text())
        await pilot.pause()
        await pilot.pause()
        return [line.rstrip() for line in lines(app.view)]


async def test_the_whole_verdict() -> None:
    assert await verdict("bad_index", 60, 30) == WHOLE.splitlines()


async def test_where_there_is_no_room_it_is_shorter() -> None:
    assert await verdict("bad_index", 60, 6) == SHORT.splitlines()
