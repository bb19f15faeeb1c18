"""What is said while the code of a large program is looked at, and that it can be given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.spec import CollectionSpec
from bpftui.tui.controllers import outlines
from bpftui.tui.controllers.outlines import Outlines
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.status import Work
from tests.tui.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.tui.controllers.controller import Stage

PROGRAM = Node(NodeKind.PROGRAM, "count_traffic")
OTHER = Node(NodeKind.MAP, "traffic")


class Threads:
    """A stage whose threads run when the test says so, and what is said on it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
        self.work: Work | None = None
        self.said: list[Work | None] = []
        self.on_work: Callable[[Work], object] = lambda work: None

    def find_out(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self.waiting.append((work, then))

    def call_later(self, call: Callable[..., object], *arguments: object) -> None:
        call(*arguments)

    def show_work(self, work: Work | None) -> None:
        self.work = work
        self.said.append(work)
        if work is not None:
            self.on_work(work)

    def run(self) -> None:
        """Run what waits."""
        while self.waiting:
            work, then = self.waiting.pop(0)
            then(work())


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Threads:
    """A stage on which all programs are large, and all that is done takes its time."""
    monkeypatch.setattr(outlines, "_LONG", 0)
    monkeypatch.setattr(outlines, "_TOLD", -1.0)
    return Threads()


def looked_at(stage: Threads) -> tuple[Outlines, list[None]]:
    spec, changes = CollectionSpec.from_file(ROOT / "bpf/traffic.o"), list[None]()
    return Outlines(cast("Stage", stage), spec=spec, changed=lambda: changes.append(None)), changes


def test_it_is_said_how_far_the_look_is(stage: Threads) -> None:
    found, changes = looked_at(stage)
    assert found.of(PROGRAM) is None
    stage.run()
    said = [each and (each.what, each.number, each.total, each.part) for each in stage.said]
    what = "looking at the code of count_traffic"
    assert said == [(what, 1, 2, "count_traffic"), (what, 2, 2, "fill"), None]
    assert len(changes) == 1
    known = found.of(PROGRAM)
    assert known is not None
    assert known.outline is not None


def test_what_is_given_up_begins_again_where_it_is_chosen_again(stage: Threads) -> None:
    found, _ = looked_at(stage)
    stage.on_work = lambda work: work.give_up and work.give_up()
    found.of(PROGRAM)
    stage.run()
    known = found.of(PROGRAM)
    assert known is not None
    assert known.given_up
    assert stage.work is None
    assert not stage.waiting, "nothing begins again of itself"
    stage.on_work = lambda work: None
    found.of(OTHER)
    assert found.of(PROGRAM) is None
    stage.run()
    known = found.of(PROGRAM)
    assert known is not None
    assert known.outline is not None


def test_what_else_is_being_done_stays_said(stage: Threads) -> None:
    found, _ = looked_at(stage)
    stage.work = loading = Work("loading")
    found.of(PROGRAM)
    stage.run()
    assert stage.work is loading
    assert stage.said == []


def test_a_screen_that_is_left_looks_no_further(stage: Threads) -> None:
    found, _ = looked_at(stage)
    found.of(PROGRAM)
    found.stop()
    stage.run()
    assert stage.said == []
    known = found.of(PROGRAM)
    assert known is not None
    assert known.outline is None
