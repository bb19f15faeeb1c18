"""What is loaded and attached is swapped for what its file has become, on the screen; or it stays, and why is said."""

from __future__ import annotations

import threading
import weakref
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import VerifierError
from bpftui.core.live import Session, State, Swap
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui import app as app_module
from bpftui.tui.app import BpftuiApp
from bpftui.tui.live_reload import LiveReload
from bpftui.tui.status import Failure
from tests.tui.conftest import Walk, let_messages_stay
from tests.versions import object_of
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The first version, in a folder of its own."""
    path = tmp_path / "prog.o"
    path.write_bytes(object_of(1))
    return path


class Loop:
    """An object that is attached, and whose file is written anew."""

    def __init__(self, walk: Walk, file: Path) -> None:
        self.walk = walk
        self._file = file

    async def save(self, *defined: str, version: int = 2) -> None:
        """Write another version, and have the explorer look twice: it has settled then."""
        await self.look(object_of(version, *defined))
        workers = self.walk.app.workers
        await workers.wait_for_complete([each for each in workers if each.description == "swap"])
        await self.walk.settle()

    async def look(self, raw: bytes = b"") -> None:
        """Write these bytes, if any, and have the explorer look twice."""
        if raw:
            self._file.write_bytes(raw)
        found = self.walk.app.live_reload
        assert isinstance(found, LiveReload)
        for _ in range(2):
            await found.look()
        await self.walk.settle()

    def send(self, count: int) -> None:
        sandbox = self.walk.app.session.sandbox
        assert sandbox is not None
        sandbox.send(count)

    @property
    def counted(self) -> object:
        loaded = self.walk.app.session.collection
        assert loaded is not None
        return loaded.variables["total"].get()


@asynccontextmanager
async def attached(file: Path, *, reload: bool = False, size: tuple[int, int] = (120, 40)) -> AsyncGenerator[Loop]:
    with ExitStack() as sessions, pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "INTERVAL", 1000.0)
        runtime = MachineRuntime()

        def begin(spec: CollectionSpec) -> Session:
            session = Session(spec, runtime)
            sessions.callback(close, weakref.ref(session))
            return session

        def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
            return CollectionSpec.from_file(name)

        app = BpftuiApp(
            begin(read(str(file), lambda _: None)),
            attach=[("count", "sandbox,rate=0.001")],
            read=read,
            begin=begin,
            reload=reload,
        )
        async with app.run_test(size=size) as pilot:
            await app.explorer.furnished.wait()
            walk = Walk(app, pilot, runtime)
            await walk.until(lambda: "ATTACHED" in walk.screen)
            yield Loop(walk, file)


def close(session: weakref.ref[Session]) -> None:
    if (found := session()) is not None:
        found.close()


async def test_a_newer_version_is_told_and_swapped_by_its_key(file: Path) -> None:
    async with attached(file) as loop:
        walk = loop.walk
        loop.send(10)
        assert "version of" not in walk.screen
        await loop.save()
        assert "prog.o is another file now, 1 variable changed: what is loaded stays until L swaps it" in walk.message
        assert "▲ ATTACHED sandbox  version of " in walk.screen
        assert "Swap" in walk.footer
        loop.send(10)
        assert loop.counted == 20
        await walk.press("L")
        await walk.until(lambda: "was swapped" in walk.screen)
        assert walk.message == "prog.o was swapped: count → sandbox swapped, seen, by_cpu, .data, .bss handed over"
        assert "ATTACHED sandbox" in walk.screen
        assert "version of" not in walk.screen
        assert "Swap" not in walk.footer
        loop.send(10)
        assert loop.counted == 30
        await walk.press("6")
        for line in (
            "prog.o was swapped for its new version",
            "count → sandbox: swapped in one step, nothing went by unseen",
            "handed over with what they hold: seen, by_cpu, .data, .bss",
        ):
            assert line in walk.screen
        await walk.press("D")
        await walk.until(lambda: "ATTACHED" not in walk.screen)


async def test_data_sections_are_counted_as_their_variables(file: Path) -> None:
    async with attached(file) as loop:
        await loop.save("MORE_VARIABLES", version=1)  # .bss has grown with it
        assert (
            "prog.o is another file now, 1 function and 1 variable changed: what is loaded stays" in loop.walk.message
        )


async def test_what_is_paused_stays_paused_and_shows_what_is_there(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        walk = loop.walk
        for paused in (False, True):
            if paused:
                await walk.press("p")
            await loop.save(version=2 + paused)
            await walk.until(lambda: walk.app.operations.monitor.last is not None)
            assert walk.app.operations.monitor.paused is paused
            assert ("PAUSED" in walk.screen) is paused


async def test_an_edit_of_a_map_that_was_handed_over_can_still_be_taken_back(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        operations, key = loop.walk.app.operations, bytes(4)
        assert operations.collection is not None
        operations.journal.set(operations.collection.maps["seen"], key, [b"\x09" + bytes(7)], [(0, 8)], "set to 9")
        await loop.save()
        operations = loop.walk.app.operations
        assert operations.collection is not None
        seen = operations.collection.maps["seen"]
        assert (entry := seen.entry(key)) is not None
        assert entry.values[0][0] == 9
        assert operations.journal.undo().text == "set to 9"
        assert (entry := seen.entry(key)) is not None
        assert entry.values[0][0] == 0


async def test_with_reload_it_is_swapped_at_once_and_the_tab_stays(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        walk = loop.walk
        await walk.press("2")
        loop.send(10)
        for number in range(3):
            await loop.save(version=2 + number)
            assert "prog.o was swapped: count → sandbox swapped" in walk.message
            assert walk.explorer.navigation.tab == "code"
            assert len(walk.app.objects) == 1
        loop.send(5)
        assert loop.counted == 15


async def test_what_begins_anew_is_said(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        walk = loop.walk
        await loop.save("WIDER")
        assert "by_cpu, .data, .bss handed over, seen begin anew" in walk.message
        await walk.press("6")
        assert "seen begins empty: value grew from 8 to 16 bytes" in walk.screen
        await loop.save("WIDER", "MORE_VARIABLES")
        await walk.press("6")
        assert ".bss is another section: another is new in it" in walk.screen
        assert "values were copied: total" in walk.screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_that_is_refused_leaves_the_old_one_running_and_says_why(
    file: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_swap: Swap, **_: object) -> None:
        raise VerifierError("cannot load program count: no", program="count", log="0: (95) exit\nR0 !read_ok\n")

    async with attached(file, reload=True, size=size) as loop:
        walk = loop.walk
        loop.send(10)
        before = walk.app.session
        monkeypatch.setattr(Swap, "prepare", refuse)
        await loop.save()
        assert walk.app.session is before
        assert before.state is State.ATTACHED
        assert walk.explorer.navigation.tab == "log"
        assert " is refused, nothing was changed: cannot load program count: no" in walk.message
        assert "R0 !read_ok" in walk.screen
        assert "✗ count of the version of " in walk.screen
        assert "still running: count → sandbox" in walk.screen
        assert "of " in walk.screen.splitlines()[0]
        loop.send(10)
        assert loop.counted == 20
        await loop.save(version=2)
        assert walk.app.session is before
        monkeypatch.undo()
        await loop.save(version=3)
        assert "prog.o was swapped" in walk.message
        assert "still running" not in walk.screen
        assert "is refused" not in walk.message
        assert "R0 !read_ok" not in walk.screen  # the Log keeps what it said before, and no verdict of it
        assert loop.counted == 20


@pytest.mark.parametrize("mended", [1, 3])
async def test_why_a_version_is_refused_goes_with_it(file: Path, mended: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_swap: Swap, **_: object) -> None:
        raise VerifierError("cannot load program count: no", program="count", log="0: (95) exit\nR0 !read_ok\n")

    async with attached(file) as loop:
        walk = loop.walk
        monkeypatch.setattr(Swap, "prepare", refuse)
        await loop.save()
        file.write_bytes(object_of(4))
        await walk.press("L")  # sooner than anybody looked at the latest one
        await walk.until(lambda: "is refused" in walk.message, 10)
        await loop.look()
        assert (
            " is refused, nothing was changed: cannot load program count: no" in walk.message
        )  # the file has it still
        walk.explorer.message_line.fail(Failure("edit", "seen: this is no number"))
        await loop.save(version=mended)
        assert "is refused" not in walk.message
        assert "✗ seen: this is no number" in walk.message  # what is of no version stays
        assert ("version of" in walk.screen.splitlines()[0]) is (mended != 1)
        await walk.press("escape")
        assert "is refused" not in walk.message


async def test_what_cannot_be_swapped_in_one_step_is_asked_about(file: Path) -> None:
    async with attached(file) as loop:
        walk = loop.walk
        walk.app.session.attach("probe", "sandbox,rate=0.001")
        await loop.save("WITHOUT_PROBE")
        await walk.press("L")
        await walk.until(lambda: "These cannot be swapped in one step" in walk.screen)
        assert "probe → sandbox: there is no such program any more; it is to be" in walk.screen
        assert "esc gives up" not in walk.screen
        await walk.press("escape")
        await walk.until(lambda: "nothing was swapped" in walk.screen)
        assert len(walk.app.session.links) == 2
        await walk.press("L")
        await walk.until(lambda: "These cannot be swapped in one step" in walk.screen)
        await walk.press("y")
        await walk.until(lambda: "was swapped" in walk.screen)
        assert [link.program for link in walk.app.session.links] == ["count"]


async def test_a_version_that_is_saved_while_another_is_asked_about_is_news(file: Path) -> None:
    """What was read is loaded, and no more than that is taken for it."""
    async with attached(file) as loop:
        walk = loop.walk
        walk.app.session.attach("probe", "sandbox,rate=0.001")
        await loop.save("WITHOUT_PROBE")
        await walk.press("L")
        await walk.until(lambda: "These cannot be swapped in one step" in walk.screen)
        await loop.look(object_of(7, "WITHOUT_PROBE"))
        await walk.press("y")
        await walk.until(lambda: "was swapped" in walk.screen)
        assert "version of" not in walk.screen
        await loop.look()
        assert "prog.o is another file now, 1 variable changed: what is loaded stays until L swaps it" in walk.message
        assert "▲ ATTACHED sandbox  version of " in walk.screen
        await loop.look(object_of(2, "WITHOUT_PROBE"))
        assert "version of" not in walk.screen  # it is what is loaded again


async def test_a_user_who_is_elsewhere_keeps_no_other_file_from_being_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, prepare = threading.Event(), Swap.prepare

    def slowly(swap: Swap, **given: Any) -> None:
        assert go_on.wait(PATIENCE)
        prepare(swap, **given)

    async with attached(file, reload=True) as loop:
        walk = loop.walk
        monkeypatch.setattr(Swap, "prepare", slowly)
        await loop.look(object_of(2))
        await walk.until(lambda: "verifying the new version" in walk.screen)
        await walk.press("question_mark")
        go_on.set()
        await loop.look()  # returns, while it waits for who reads the help
        assert "was swapped" not in walk.screen
        await walk.press("escape")
        await walk.until(lambda: "prog.o was swapped: count → sandbox swapped" in walk.screen)


async def test_unasked_it_is_not_done(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        walk = loop.walk
        walk.app.session.attach("probe", "sandbox,rate=0.001")
        await loop.save("WITHOUT_PROBE")
        assert "nothing was changed: cannot swap prog.o in one step: probe → sandbox: there is" in walk.message
        assert len(walk.app.session.links) == 2
        assert "version of" in walk.screen


async def test_a_detachment_that_is_due_stays_due(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        operations = loop.walk.app.operations
        (link,) = loop.walk.app.session.links
        operations._detach_at[link] = 1e12  # pyright: ignore[reportPrivateUsage]
        await loop.save()
        assert loop.walk.app.operations is not operations
        assert loop.walk.status.detach_in is not None


async def test_the_past_of_a_graph_goes_on(file: Path) -> None:
    async with attached(file, reload=True) as loop:
        walk = loop.walk
        await walk.until(lambda: walk.app.operations.monitor.last is not None)
        graph = walk.app.operations.monitor.graph
        await loop.save()
        assert walk.app.operations.monitor.graph is graph
        assert [mark.text for mark in graph.marks] == ["loaded", "attached count → sandbox", "swapped"]


async def test_a_recording_ends_with_its_version_and_that_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with attached(file, reload=True) as loop:
        walk = loop.walk
        await walk.until(lambda: walk.app.operations.monitor.last is not None)
        await walk.press("K")
        await walk.until(lambda: walk.app.operations.keeping.seconds is not None)
        path = walk.app.operations.keeping.path
        await loop.save()
        await walk.press("6")
        assert "the recording has ended with its version (K begins another): " in walk.screen
        assert path.startswith(str(tmp_path))
