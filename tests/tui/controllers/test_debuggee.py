"""The run that is debugged: one thing is done after the other, and what is given up is for nobody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.sight import Eyes
from bpftui.core.spec import CollectionSpec
from bpftui.tui.controllers.debuggee import Debuggee

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.core.debug.sight import Sight

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


class ByHand:
    """What a screen is to a debuggee; its threads run when they are told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
        self.failed: list[object] = []

    def find_out(self, work: Callable[[], Any], then: Callable[[Any], None], _failed: object = None) -> None:
        self.waiting.append((work, then))

    def show_work(self, work: object) -> None: ...

    def notify(self, text: str, **_: object) -> None: ...

    def fail(self, failure: object) -> None:
        self.failed.append(failure)

    def run(self) -> None:
        while self.waiting:
            work, then = self.waiting.pop(0)
            then(work())


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """The sessions that were closed for good: in them nothing moves afterwards."""
    found: list[Session] = []
    close = Session.close

    def noted(self: Session) -> None:
        found.append(self)
        close(self)

    monkeypatch.setattr(Session, "close", noted)
    return found


def test_what_was_given_up_changes_nothing_and_is_closed(
    closed: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    recording = Recording.of(spec, "count_traffic", [Call(UDP)])
    stage, seen, used = ByHand(), list["Sight"](), list[Session]()
    debuggee = Debuggee(cast("Any", stage), recording, show=seen.append)
    debuggee.begin()
    stage.run()
    times = len(recording.times)

    def change(session: Session) -> None:
        used.append(session)
        session.goto(30)
        session.change("pkt[23]", "6")

    debuggee.do("changing", change)
    work, then = stage.waiting.pop()
    result = work()
    debuggee.give_up()
    assert debuggee.recording is not recording
    assert (debuggee.recording.changes, len(debuggee.recording.times)) == ([], times)
    assert len(recording.changes) == 1
    closed.clear()
    then(result)
    assert closed == used
    stage.run()
    assert (seen[-1].position, seen[-1].packet) == (0, UDP)
    # A session in whose place another comes is closed as well,
    debuggee.do("looking", used.append)
    stage.run()
    closed.clear()
    debuggee.replace(recording)
    assert closed == used[1:]

    # and one that cannot be looked at.
    def blind(self: Eyes, session: Session) -> None:
        used.append(session)
        raise RuntimeError("no eyes")

    monkeypatch.setattr(Eyes, "__init__", blind)
    stage.run()
    assert closed[-1] is used[-1]
    assert len(stage.failed) == 1
    debuggee.close()
