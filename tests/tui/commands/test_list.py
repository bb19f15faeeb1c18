"""`bpftui list` and the tables of `bpftui top`, of a machine that was made up: all that they print."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.system import errands, load
from bpftui.core.system.load import Look, ProgramLoad
from bpftui.tui.commands.system import list as list_command
from bpftui.tui.commands.system import top
from tests.tui.looker import MadeLooker, machine

if TYPE_CHECKING:
    from collections.abc import Generator

EXPECTED = Path(__file__).parent / "expected"
MISSING = "the open files of 3 processes could not be read: that takes CAP_SYS_PTRACE, as a rule"


@pytest.fixture(autouse=True)
def made_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened() -> Generator[Any]:
        yield SimpleNamespace(snapshot=lambda: replace(machine(), gone=tuple(f"map {number}" for number in range(5))))

    monkeypatch.setattr(errands, "open_inventory", opened)


def test_each_noun_has_a_table_under_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    list_command.run([])
    out, err = capsys.readouterr()
    assert out == (EXPECTED / "list.txt").read_text()
    assert err == (
        f"bpftui: warning: {MISSING}\n"
        "bpftui: warning: it changed while it was read: map 0, map 1, map 2, map 3 … vanished\n"
    )


def test_one_noun_has_no_title_and_its_names_are_coloured(capsys: pytest.CaptureFixture[str]) -> None:
    list_command.run(["net", "--color", "always"])
    assert capsys.readouterr().out == (EXPECTED / "list-net.txt").read_text().replace("^", "\x1b")


class MadeObserver(MadeLooker):
    """Looks at the machine that was made up, whatever inventory there is."""

    def __init__(self, _: object) -> None:
        super().__init__()

    def __enter__(self) -> MadeObserver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def made_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "Observer", MadeObserver)
    monkeypatch.setattr(top.time, "strftime", lambda _: "12:34:56")


@pytest.mark.usefixtures("made_looks")
def test_a_table_of_what_programs_cost(capsys: pytest.CaptureFixture[str]) -> None:
    top.run(["--batch", "--duration", "1e-9", "--interval", "0.1"])
    out, err = capsys.readouterr()
    assert out == (EXPECTED / "top.txt").read_text()
    assert err == f"bpftui: warning: {MISSING}\n"


@pytest.mark.usefixtures("made_looks")
@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("cpu", [42, 57, 58, 90, 19, 63, 71, 88]),
        ("runs", [42, 57, 58, 90, 19, 63, 71, 88]),
        ("ns", [63, 57, 19, 42, 58, 90, 71, 88]),
        ("missed", [63, 19, 42, 57, 58, 71, 88, 90]),
        ("memory", [57, 58, 42, 63, 19, 71, 90, 88]),
        ("name", [90, 57, 58, 42, 63, 71, 88, 19]),
        ("type", [19, 88, 57, 58, 90, 71, 63, 42]),
        ("id", [19, 42, 57, 58, 63, 71, 88, 90]),
    ],
)
def test_the_order_of_programs(order: str, ids: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    top.run(["--json", "--duration", "1e-9", "--interval", "0.1", "--sort", order])
    found = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in found["programs"]] == ids


@pytest.mark.usefixtures("made_looks")
def test_a_look_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    top.run(["--json", "--duration", "1e-9", "--interval", "0.1", "--only", "[ho]*"])
    assert json.loads(capsys.readouterr().out) == {
        "schema": "bpftui/top/1",
        "time": 6.0,
        "programs": [
            {
                "id": 63,
                "name": "handle_exec",
                "type": "tracing",
                "runs_per_s": 12.0,
                "ns_per_run": 1904.0,
                "cpu_percent": 0.0,
                "missed": 3.0,
            },
            {
                "id": 71,
                "name": "old_filter",
                "type": "socket_filter",
                "runs_per_s": 0.0,
                "ns_per_run": None,
                "cpu_percent": 0.0,
                "missed": 0.0,
            },
        ],
    }


def test_numbers_of_a_look_are_rounded_and_those_that_nobody_knows_are_none() -> None:
    options = top.make_parser().parse(["--only", "c*_[ct]*"])
    look = Look(1.23456, machine(), {42: ProgramLoad(1.23456, 2.34567, 0.123456789, 3.45678)}, {})
    found = top._Table(options)._json(look)
    assert found["time"] == 1.235
    assert [[*each.values()][3:] for each in found["programs"]] == [
        [1.235, 2.346, 0.123457, 3.457],
        [None] * 4,
        [None] * 4,
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--interval", "0.09"], "--interval 0.09 is not between 0.1 and 86,400 seconds"),
        (["--interval", "86401"], "--interval 86401 is not between 0.1 and 86,400 seconds"),
        (["--duration", "0"], "--duration 0 is not between 0 and 1,000,000,000 seconds"),
        (["--duration", "1e9"], "--duration 1e+09 is not between 0 and 1,000,000,000 seconds"),
        (["--runtime", "vm"], "the built-in machine has nothing to show: whatever runs there is of one command"),
    ],
)
def test_what_top_cannot_take(words: list[str], why: str) -> None:
    with pytest.raises(UsageError) as caught:
        top.run(words)
    assert caught.value.message == why
