"""Looks at what others have loaded: one at a time, as often as something changed, and a failure once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.tui.messages import Failed, Looked
from bpftui.tui.onlooker import Onlooker
from bpftui.tui.permission import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from bpftui.core.runtime.theirs import Theirs
    from bpftui.tui.operations import Host


class Others:
    """Something to look at, of which nothing is known but how often that was done."""

    def __init__(self) -> None:
        self.looks = 0
        self.error: Exception | None = None

    def look(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error


class Desk:
    """Keeps what is to be done, and what was told."""

    def __init__(self) -> None:
        self.others = Others()
        self.work: list[Callable[[], None]] = []
        self.told: list[Message] = []
        self.settled: list[str] = []
        self.start = self.work.append
        self.settle = self.settled.append
        self.onlooker = Onlooker(
            cast("Theirs", self.others),
            permission=Permission(),
            host=lambda: cast("Host", self),
            tell=self.told.append,
        )

    def finish(self) -> None:
        """Do what was started, and let what came of it be known."""
        self.work.pop(0)()
        looked = self.told.pop()
        assert isinstance(looked, Looked)
        self.onlooker.after_look(looked)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_looks_that_are_due_do_not_queue_up(desk: Desk) -> None:
    for _ in range(4):
        desk.onlooker.look(anew=False)
    assert len(desk.work) == 1
    desk.finish()
    assert desk.work == []
    desk.onlooker.look()
    assert len(desk.work) == 1


def test_a_look_that_takes_long_is_followed_by_a_long_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0

    def take_long() -> None:
        nonlocal now
        now += 1.0

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(desk.others, "look", take_long)
    desk.onlooker.look(anew=False)
    desk.finish()  # at 101
    now = 119.9
    desk.onlooker.look(anew=False)
    assert desk.work == []
    desk.onlooker.look()  # something was changed
    desk.finish()  # at 120.9
    now = 140.0
    desk.onlooker.look(anew=False)
    assert len(desk.work) == 1


def test_after_a_change_there_is_one_more_look(desk: Desk) -> None:
    desk.onlooker.look(anew=False)
    desk.onlooker.look()
    desk.onlooker.look()
    assert len(desk.work) == 1
    desk.finish()
    assert len(desk.work) == 1
    desk.finish()
    assert (desk.work, desk.others.looks) == ([], 2)


def test_a_look_that_fails_is_told_once_until_one_succeeds(desk: Desk) -> None:
    desk.others.error = OSError("the steward is gone")
    for _ in range(3):
        desk.onlooker.look()
        desk.finish()
    (failed,) = desk.told
    assert isinstance(failed, Failed)
    assert (failed.action, failed.error) == ("look", desk.others.error)
    assert desk.settled == []
    desk.others.error = None
    desk.onlooker.look()
    desk.finish()
    assert desk.settled == ["look"]
