"""What the explorer does with its session, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.messages import Attached, Detached, Failed, GivenUp, Loaded, Loading
from bpftui.tui.operations import AttachRequest, Operations
from bpftui.tui.widgets.spec.variables_view import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.message import Message

    from bpftui.tui.status import Failure, Status, Work

OBJECT = Path(__file__).parents[2] / "bpf/count_packets.o"


class Desk:
    """A host that keeps what it is told, and works when the test says so."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []
        self.messages: list[Message] = []
        self.said: list[str] = []
        self.statuses: list[Status] = []
        self.working: list[str] = []
        self.at: Work | None = None
        self.failures: list[Failure] = []

    def start(self, work: Callable[[], None]) -> None:
        self.work.append(work)

    def post_message(self, message: Message) -> bool:
        self.messages.append(message)
        return True

    def notify(self, message: str, **_: object) -> None:
        self.said.append(message)

    def show_status(self, status: Status) -> None:
        self.statuses.append(status)

    def show_work(self, work: Work | None) -> None:
        self.at = work
        self.working.append("" if work is None else work.what)

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)

    def settle(self, action: str) -> None:
        self.failures = [failure for failure in self.failures if failure.action != action]

    def finish(self) -> Message:
        """Do what was started; return what came of it."""
        del self.messages[:]
        self.work.pop()()
        return next(each for each in self.messages if isinstance(each, Loaded | Attached | Detached | Failed | GivenUp))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def operations(desk: Desk) -> Iterator[Operations]:
    session = Session(CollectionSpec.from_file(OBJECT), MachineRuntime())
    found = Operations(session, runtime="vm")
    found.bind(desk)
    yield found
    found.close()


def test_one_thing_at_a_time(desk: Desk, operations: Operations) -> None:
    operations.load()
    assert ([status.stage for status in desk.statuses], desk.working) == (["SPEC"], ["loading"])
    operations.load()
    assert (len(desk.work), desk.said) == (1, ["still loading"])
    assert isinstance(desk.finish(), Loaded)
    assert operations.busy  # until the host has heard of it
    operations.after_load()
    assert (desk.statuses[-1].stage, desk.working, operations.busy) == ("LOADED", ["loading", ""], "")


@pytest.mark.parametrize(
    ("remarks", "said"), [((), []), (("no types", "no streams"), ["done without: no types; no streams"])]
)
def test_what_a_load_did_without_is_said(
    desk: Desk, operations: Operations, remarks: tuple[str, ...], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.load()
    desk.finish()
    monkeypatch.setattr(operations.collection, "remarks", remarks)
    operations.after_load()
    assert [text for text in desk.said if text.startswith("done without")] == said


def test_a_load_says_how_far_it_is_and_is_given_up(desk: Desk) -> None:
    spec = CollectionSpec.from_file(OBJECT.parents[1] / "tests/objects/live.o")
    operations = Operations(Session(spec, MachineRuntime()), runtime="vm")
    operations.bind(desk)
    shown: list[tuple[str, int, int, str]] = []

    def post_message(message: Message) -> bool:
        desk.messages.append(message)
        if isinstance(message, Loading):
            operations.note_loading(message)
            assert desk.at is not None
            shown.append((desk.at.what, desk.at.number, desk.at.total, desk.at.part))
            if message.number == 2 and desk.at.give_up is not None:
                desk.at.give_up()
        return True

    desk.post_message = post_message
    operations.load()
    since = desk.at.since if desk.at is not None else 0
    given_up = desk.finish()
    assert shown == [("loading", 1, 7, "alike"), ("loading", 2, 7, "mixes")]
    assert desk.at is not None
    assert (desk.at.what, desk.at.give_up, desk.at.since) == ("giving up the load", None, since)
    assert isinstance(given_up, GivenUp)
    operations.after_give_up(given_up)
    assert desk.said == [f"the load of {spec.file} was given up after 2 of 7 programs"]
    assert (desk.failures, desk.at, operations.busy, operations.collection) == ([], None, "", None)
    assert [status.stage for status in desk.statuses] == ["SPEC", "SPEC"]
    del desk.post_message
    operations.load()
    assert isinstance(desk.finish(), Loaded)
    operations.after_load()
    assert operations.state == "LOADED"
    operations.close()


def test_attach_and_detach(desk: Desk, operations: Operations, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("bpftui.tui.operations.time.monotonic", lambda: now[0])
    operations.load()
    desk.finish()
    operations.after_load()
    operations.attach(AttachRequest("count_packets", "sandbox", 5))
    attached = desk.finish()
    assert isinstance(attached, Attached)
    operations.after_attach(attached)
    assert (desk.statuses[-1].attached, desk.statuses[-1].detach_in) == (("count_packets → sandbox",), 5)
    now[0] += 3
    operations.detach_due()
    assert (desk.statuses[-1].detach_in, desk.work) == (2, [])
    now[0] += 2
    operations.detach_due()
    assert desk.working[-1] == "detaching"
    detached = desk.finish()
    assert isinstance(detached, Detached)
    operations.after_detach(detached)
    assert (desk.statuses[-1].stage, desk.statuses[-1].attached, desk.statuses[-1].detach_in) == ("LOADED", (), None)


def test_an_attachment_that_is_given_up_is_taken_back(desk: Desk, operations: Operations) -> None:
    operations.load()
    loaded = desk.finish()
    assert isinstance(loaded, Loaded)
    operations.after_load()
    operations.attach(AttachRequest("count_packets", "sandbox"))
    assert desk.at is not None
    assert desk.at.give_up is not None
    desk.at.give_up()
    assert (desk.at.what, desk.at.give_up) == ("giving up the attachment", None)
    given_up = desk.finish()
    assert isinstance(given_up, GivenUp)
    assert given_up.text == "given up: count_packets → sandbox is detached again"
    operations.after_give_up(given_up)
    assert (operations.session.links, desk.at, desk.said[-1]) == ((), None, given_up.text)
    assert desk.statuses[-1].stage == "LOADED"


@pytest.mark.parametrize(
    ("rate", "text"), [(999.0, "   999"), (999.6, "1.00 k"), (1000.0, "1.00 k"), (98765.0, "98.8 k")]
)
def test_a_rate_takes_the_same_room_whatever_it_is(
    rate: float, text: str, desk: Desk, operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.load()
    desk.finish()
    operations.after_load()
    operations.attach(AttachRequest("count_packets", "sandbox"))
    attached = desk.finish()
    assert isinstance(attached, Attached)
    monkeypatch.setattr(operations.monitor, "run_rate", lambda _: rate)
    assert operations.status().rate == f"{text} runs/s"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BpftuiError("the map has no room", hint="make it larger"), "the map has no room"),
        (ValueError("odd"), "cannot load: ValueError: odd"),
    ],
)
def test_what_fails_is_over_and_says_why(
    error: Exception, sentence: str, desk: Desk, operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(operations.session, "load", refuse)
    operations.load()
    failed = desk.finish()
    assert isinstance(failed, Failed)
    assert failed.action == "load"
    operations.after_failure(failed)
    assert desk.working[-1] == ""
    hint = "make it larger" if isinstance(error, BpftuiError) else ""
    assert [(each.action, each.why, each.hint) for each in desk.failures] == [("load", sentence, hint)]
    operations.load()  # may be tried again, which answers it
    assert (len(desk.work), desk.failures) == (1, [])


def test_a_variable_takes_a_text_or_says_why_not(desk: Desk) -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("traffic.o"))
    session = Session(spec, MachineRuntime())
    operations = Operations(session, runtime="vm")
    operations.bind(desk)
    place = whole(spec.variables["sample_every"])
    assert operations.set_variable(place, "7")
    assert (spec.variables["sample_every"].get(), desk.messages) == (7, [])
    assert not operations.set_variable(place, "many")
    assert spec.variables["sample_every"].get() == 7
    assert [type(message) for message in desk.messages] == [Failed]
    operations.close()


def test_what_is_detached_at_the_end_is_in_the_log(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(CollectionSpec.from_file(OBJECT.with_name("traffic.o")), MachineRuntime())
    operations = Operations(session, runtime="vm")
    operations.bind(desk)
    notes: list[str] = []
    monkeypatch.setattr(operations, "note", notes.append)
    assert operations.ending == "closed"
    session.load()
    session.attach("count_traffic", "sandbox")
    operations.close_noted()
    assert notes == ["closed, detached count_traffic → sandbox"]
    assert operations.ending == "closed"
