"""What came of a run, line by line, and the bytes that it was given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.live.effects import EffectLine
from bpftui.core.live.trial import Outcome
from bpftui.core.packet.differences import Difference
from bpftui.core.runtime import Printed, PrintedLine, RunResult
from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.run.bench import Runs
from bpftui.tui.widgets.run.bytes_pane import BytesPane
from bpftui.tui.widgets.run.outcome_pane import OutcomePane

from ..lines import lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

ROOT = Path(__file__).parents[4]
PROGRAM = CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs["count_traffic"]
ALL = Outcome(
    PROGRAM,
    b"\x01",
    RunResult(2, b"\x02", b"", 1_500),
    (
        EffectLine("total", "", "1", is_variable=True),
        EffectLine("flows[1]", "{a=1}", ""),
        EffectLine("flows[2]", "{a=1}", "{a=2}"),
    ),
    {"events": ["{kind=1}", "{kind=2}"]},
    Printed((PrintedLine("hello"), PrintedLine("world")), 2),
    (
        Difference("IPv4", "TTL", "64", "63"),
        Difference("VLAN", "", "", "0" * 65),
        Difference("GRE", "", "00" * 32, ""),
    ),
    "runs on the built-in machine",
)
NOTHING = Outcome(PROGRAM, b"\x01", RunResult(77, b"\x01", b"", 90), (), {}, Printed(), (), "")
PICTURE = f"""\
Result  XDP_PASS (2) · 1.5 µs a run                               run 2 of 3
▌⚠         a program is attached: what it changed meanwhile is among this
 ⚠         runs on the built-in machine
 packet    IPv4 TTL  64 → 63
 packet    added VLAN
           {"0" * 63}…
 packet    removed GRE
           {"0" * 64}
 variable  total  new: 1
 map       flows[1]  deleted, was {{a=1}}
 map       flows[2]  {{a=1}} → {{a=2}}
 event     events  {{kind=1}}
 event     events  {{kind=2}}
 printed   hello
 printed   world
 printed   2 lines more, which nobody kept"""


class PanesApp(BaseApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.outcome = OutcomePane(Runs((), 0), id="outcome")
        self.bytes = BytesPane(id="bytes")
        self.asked: list[range] = []

    def compose(self) -> ComposeResult:
        yield self.outcome
        yield self.bytes

    def on_bytes_pane_edit_requested(self, event: BytesPane.EditRequested) -> None:
        self.asked.append(event.where)


def shown(pane: OutcomePane | BytesPane) -> list[str]:
    title, *rows = (line.rstrip() for line in lines(pane) if line.strip())
    return [title.removeprefix("▌").strip(), *rows]


async def test_what_came_of_each_run() -> None:
    app = PanesApp()
    async with app.run_test(size=(78, 40)) as pilot:
        app.bytes.display = False
        pane = app.outcome
        assert shown(pane)[0] == "Result"
        pane.start()
        await pilot.pause()
        assert shown(pane) == ["Result  running … esc gives up"]
        pane.add(NOTHING)
        await pilot.pause()
        assert (shown(pane), pane.has_several) == (
            [
                "Result  77 (0x4d) · 90 ns a run",
                "▌          packet unchanged · maps and variables unchanged · no event ·",
                "           printed nothing",
            ],
            False,
        )
        pane.add(ALL, {"mark": "7"}, is_alone=False)
        pane.add(BpftuiError("it does not run", hint="load it first"))
        assert (pane.has_several, pane.step(1), pane.context) == (True, False, None)
        await pilot.pause()
        assert shown(pane)[1:] == ["▌✗         it does not run", "           load it first"]
        assert shown(pane)[0].split("  ")[1] == "✗ no run"
        assert pane.step(-1)
        await pilot.pause()
        assert shown(pane) == PICTURE.splitlines()
        assert pane.context == {"mark": "7"}
        assert (pane.step(-1), pane.step(-1), pane.context) == (True, False, None)
        pane.add(BpftuiError("no hint"))
        await pilot.pause()
        assert shown(pane)[1:] == ["▌✗         no hint"]
        for _ in range(60):
            pane.add(NOTHING)
        assert (len(pane.runs.all), pane.runs.at) == (50, 49)


@pytest.mark.parametrize(("width", "a_row"), [(60, 16), (40, 8)])
async def test_bytes_in_rows_with_those_of_a_field_marked(width: int, a_row: int) -> None:
    app = PanesApp()
    async with app.run_test(size=(width, 12)) as pilot:
        app.outcome.display = False
        pane = app.bytes
        await pilot.pause()
        assert [line.strip() for line in shown(pane)] == ["Bytes", "no bytes: paste a dump"]
        await pilot.press("enter")
        assert app.asked == []
        app.set_focus(None)
        await pilot.pause()
        pane.show(bytes(range(40)), range(30, 34))
        await pilot.pause()
        found = shown(pane)
        if a_row == 16:
            assert found == [
                "Bytes  30 … 33",
                " 0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f",
                "▌0010  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f",
                " 0020  20 21 22 23 24 25 26 27",
            ]
        else:
            assert found[4:] == ["▌0018  18 19 1a 1b 1c 1d 1e 1f", " 0020  20 21 22 23 24 25 26 27"]
        marked = pane.ink("bytes-pane--here")
        assert ["".join(each.text for each in pane.render_line(y) if each.style and each.style.underline)
                for y in range(len(found))][-2:] == ["1e 1f", "20 21"]  # fmt: skip
        assert marked.underline
        pane.focus()
        await pilot.press("j", "e", "enter")
        assert app.asked[-1] == range(32, 40)
        pane.show(bytes(range(40)), range(2))
        assert pane.cursor == len(found) - 2  # where one is at work it does not move by itself
