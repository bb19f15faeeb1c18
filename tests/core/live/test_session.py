"""The session's states, and that every failure leaves a consistent one; on a runtime that runs nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from bpftui.core.errors import AttachError, LoadError, UnknownNameError, UsageError
from bpftui.core.live import Session, State
from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import Traffic
from tests.core.live.fakes import FakeRuntime
from tests.waiting import PATIENCE

TARGET = AttachTarget("veth9", 9)


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def session(runtime: FakeRuntime) -> Session:
    return Session(CollectionSpec("prog.o"), runtime, traffic=Traffic(rate=500))


def test_the_way_there_and_back(session: Session, runtime: FakeRuntime) -> None:
    states = [session.state]
    session.load()
    states.append(session.state)
    link = session.attach("one", TARGET)
    states.append(session.state)
    assert session.links == (link,)
    session.detach()
    states.append(session.state)
    session.unload()
    states.append(session.state)
    assert states == [State.SPEC, State.LOADED, State.ATTACHED, State.LOADED, State.SPEC]
    assert runtime.loaded[0].closed == 1
    session.load({"two"})
    assert list(runtime.loaded[1].programs) == ["two"]


def test_one_link_of_two_is_detached(session: Session) -> None:
    session.load()
    first, second = session.attach("one", TARGET), session.attach("two", TARGET)
    session.detach(first)
    assert session.links == (second,)
    assert session.state == State.ATTACHED
    session.detach(first)
    assert session.links == (second,)


def test_the_end_of_the_context_undoes_everything(runtime: FakeRuntime) -> None:
    with Session(CollectionSpec("prog.o"), runtime) as session:
        session.load()
        session.attach("one", TARGET)
        session.attach("two", TARGET)
    assert session.state == State.SPEC
    assert runtime.loaded[0].closed == 1
    assert [link.detached for name in ("one", "two") for link in runtime.loaded[0].programs[name].links] == [1, 1]
    session.close()
    assert runtime.loaded[0].closed == 1


def test_what_makes_no_sense_changes_nothing(session: Session, runtime: FakeRuntime) -> None:
    with pytest.raises(UsageError, match="not loaded"):
        session.attach("one", TARGET)
    with pytest.raises(UsageError, match="not loaded"):
        session.sampler()
    session.load()
    with pytest.raises(UsageError, match="already"):
        session.load()
    with pytest.raises(UnknownNameError) as raised:
        session.attach("oen", TARGET)
    assert raised.value.hint == "did you mean 'one'?"
    assert session.state == State.LOADED
    assert len(runtime.loaded) == 1


def test_a_load_that_fails_leaves_a_spec(session: Session, runtime: FakeRuntime) -> None:
    runtime.fails = True
    with pytest.raises(LoadError):
        session.load()
    assert session.state == State.SPEC
    runtime.fails = False
    session.load()
    assert session.state == State.LOADED


def test_a_sandbox_comes_and_goes_with_its_link(session: Session, runtime: FakeRuntime) -> None:
    sandboxes = runtime.sandboxes
    session.load()
    link = session.attach("one", "sandbox,generic")
    assert (link.target.name, link.target.mode) == ("veth0", "generic")
    assert session.sandbox is sandboxes[0]
    assert (sandboxes[0].traffic, sandboxes[0].started, sandboxes[0].closed) == (Traffic(rate=500), True, 0)
    session.attach("two", "sandbox")
    assert session.sandbox is sandboxes[1]
    session.detach(link)
    assert [sandbox.closed for sandbox in sandboxes] == [1, 0]
    session.close()
    assert [sandbox.closed for sandbox in sandboxes] == [1, 1]
    assert session.sandbox is None


def test_an_attach_that_fails_leaves_no_sandbox(session: Session, runtime: FakeRuntime) -> None:
    session.load()
    runtime.loaded[0].programs["one"].fails = True
    with pytest.raises(AttachError, match="busy"):
        session.attach("one", "sandbox")
    assert runtime.sandboxes[0].closed == 1
    assert (session.state, session.links, session.sandbox) == (State.LOADED, (), None)


def test_a_link_that_does_not_go_keeps_nothing_else(session: Session, runtime: FakeRuntime) -> None:
    session.load()
    session.attach("one", "sandbox")
    session.attach("two", "sandbox")
    runtime.loaded[0].programs["one"].links[0].fails = True
    with pytest.raises(AttachError, match="stuck"):
        session.close()
    assert session.state == State.SPEC
    assert runtime.loaded[0].programs["two"].links[0].detached == 1
    assert [sandbox.closed for sandbox in runtime.sandboxes] == [1, 1]
    assert runtime.loaded[0].closed == 1


def test_samplers_end_before_what_they_read_is_closed(session: Session, runtime: FakeRuntime) -> None:
    session.load()
    closed: list[int] = []
    seen = threading.Event()

    def on_sample(_: object) -> None:
        seen.set()
        time.sleep(0.05)
        closed.append(runtime.loaded[0].closed)

    sampler = session.sampler(interval=0.01, on_sample=on_sample)
    sampler.start()
    assert seen.wait(PATIENCE)
    session.unload()
    assert not sampler.running
    assert set(closed) == {0}


def test_a_sampler_that_attaches_while_the_session_ends_does_not_hang(session: Session) -> None:
    session.load()
    inside = threading.Event()
    errors: list[BaseException] = []

    def on_sample(_: object) -> None:
        inside.set()
        time.sleep(0.05)
        session.attach("one", TARGET)

    session.sampler(interval=0.01, on_sample=on_sample, on_error=errors.append).start()
    assert inside.wait(PATIENCE)
    ending = threading.Thread(target=session.close, daemon=True)
    ending.start()
    ending.join(PATIENCE)
    assert not ending.is_alive()
    assert isinstance(errors[-1], UsageError)
    assert session.state == State.SPEC


def test_whether_a_verifier_looks_is_known_before_there_is_a_runtime() -> None:
    spec = CollectionSpec("prog.o")
    assert (Session(spec, "kernel").verifies, Session(spec, "vm").verifies) == (True, False)
    assert Session(spec, FakeRuntime(verifies=True)).verifies


def test_two_threads_that_ask_for_the_runtime_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeRuntime] = []
    going_on = threading.Event()

    def choose(*_: object, **_options: object) -> FakeRuntime:
        made.append(FakeRuntime())
        going_on.wait(PATIENCE)
        return made[-1]

    monkeypatch.setattr("bpftui.core.live.session.choose_runtime", choose)
    session = Session(CollectionSpec("prog.o"), "kernel")
    assert session.verifies
    assert made == []  # for that it is not made
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(session.runtime)) for _ in range(2)]
    for each in threads:
        each.start()
    going_on.set()
    for each in threads:
        each.join()
    assert len(made) == 1
    assert found == made * 2


def test_importing_core_live_brings_no_kernel_side_and_nothing_heavy() -> None:
    heavy = (
        "bpftui.core.kernel",
        "bpftui.core.traffic",
        "numpy",
        "capstone",
        "pyroute2",
        "asyncio",
        "textual",
        "rich",
        "ctypes",
    )
    code = f"import sys, bpftui.core.live; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


PASSAGE = "tests/objects/passage.o"


def places(session: Session) -> list[int]:
    """Return which sandbox each link is in, by their order."""
    found = [id(link.target.namespace) for link in session.links]
    return [list(dict.fromkeys(found)).index(each) for each in found]


def test_programs_that_packets_come_to_one_behind_the_other_share_a_sandbox() -> None:
    with Session(CollectionSpec.from_file(PASSAGE), "vm") as session:
        session.load()
        for name in ("first", "gate", "second", "tap"):
            session.attach(name, "sandbox")
        assert places(session) == [0, 0, 0, 0]
        # One that is there already, another one of XDP, or with traffic of its own, has a sandbox of its own.
        session.attach("first", "sandbox")
        session.attach("behind", "sandbox,rate=5")
        session.attach("second", "sandbox,rate=5")
        assert places(session)[4:] == [1, 2, 2]
        session.attach("gate", "sandbox")
        assert places(session)[7:] == [2]  # the newest with room for it


def test_a_sandbox_goes_with_the_last_of_its_links(monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(CollectionSpec.from_file(PASSAGE), "vm") as session:
        session.load()
        gate, first = session.attach("gate", "sandbox"), session.attach("first", "sandbox")
        sandbox = session.sandbox
        assert sandbox is not None
        closed: list[object] = []
        monkeypatch.setattr(sandbox, "close", lambda: closed.append(sandbox))
        session.detach(gate)
        assert (session.sandbox, closed) == (sandbox, [])
        session.detach(first)
        assert (session.sandbox, closed) == (None, [sandbox])


def test_programs_that_see_nothing_of_what_comes_in_are_for_themselves() -> None:
    spec = CollectionSpec.from_file(PASSAGE)
    spec.program("second").set_type("tcx/egress")
    with Session(spec, "vm") as session:
        session.load()
        for name in ("gate", "second", "first"):
            session.attach(name, "sandbox")
        assert places(session) == [0, 1, 0]
