"""What others have loaded, opened as an object: read while it runs, and changed only after a question."""

from __future__ import annotations

import asyncio
import errno
import re
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from bpftui import bpf
from bpftui.core.errors import UsageError
from bpftui.core.kernel import Map
from bpftui.core.kernel.sys.layouts import ProgStreamRead
from bpftui.core.kernel.sys.syscall import BpfError, Command
from bpftui.core.live import State
from bpftui.core.references import parse_loaded
from bpftui.core.runtime.theirs import Related
from bpftui.core.spec import MapSpec, MapType
from bpftui.core.system.changes import unpin
from bpftui.core.system.consequences import of_unpinning
from bpftui.core.system.inventory import Inventory
from bpftui.core.system.load import Observer
from bpftui.core.system.loaded import find_loaded, loaded_spec
from bpftui.core.system.opened import OthersObject, open_loaded
from bpftui.core.tape import PlayedSession
from bpftui.tui import onlooker
from bpftui.tui.app import BpftuiApp
from bpftui.tui.commands.explore import reader
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.permission import BESIDE_A_FILE, READ_ONLY
from bpftui.tui.screens import explorer
from tests.kernel.private_bpffs import in_private_bpffs
from tests.terminal import Terminal
from tests.tui.conftest import ROOT, Walk, let_messages_stay
from tests.tui.screens.test_keeping import kept
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator
    from pathlib import Path

    from bpftui.core.live import Session

pytestmark = pytest.mark.kernel


class Ids(NamedTuple):
    """What somebody else has loaded."""

    program: int
    map: int
    link: int


@contextmanager
def somebody(*words: str) -> Generator[Ids]:
    """Have somebody else load an object, with the arguments of `loader`."""
    command = [sys.executable, "-m", "tests.kernel.system.loader", *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Ids(*map(int, process.stdout.readline().split()))
    finally:
        process.communicate(timeout=PATIENCE)


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)


@pytest.fixture(scope="module")
def others() -> Iterator[Ids]:
    with somebody(str(bpf.path("traffic")), "count_traffic", "traffic", "200") as ids:
        yield ids


def opened(text: str) -> Session:
    name = parse_loaded(text)
    assert name is not None
    return open_loaded(loaded_spec(find_loaded(name), text))


@asynccontextmanager
async def explored(
    text: str, *, size: tuple[int, int] = (120, 40), no_changes: str = "", inventory: Inventory | None = None
) -> AsyncGenerator[Walk]:
    with ExitStack() as sessions:  # of what is opened later, too
        session = sessions.enter_context(opened(text))
        observe = None if inventory is None else lambda: Observer(inventory)
        app = BpftuiApp(
            session,
            no_changes=no_changes,
            observe=observe,
            read=reader(),
            begin=lambda spec: sessions.enter_context(open_loaded(spec)),
        )
        app.operations.monitor.interval = 1.0  # a shorter one leaves a slow machine no rest in between
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                await app.explorer.furnished.wait()
                await pilot.pause()
                yield Walk(app, pilot, session.runtime)
        finally:
            app.operations.close()


def test_a_session_has_it_open_and_changes_nothing(others: Ids) -> None:
    with opened(f"id:{others.program}") as session:
        collection, theirs = session.collection, session.theirs
        assert collection is not None
        assert theirs is not None
        assert (session.state, theirs.title) == (State.LOADED, f"{others.program} count_traffic")
        assert collection.variables["sample_every"].get() == 1000
        info = collection.programs["count_traffic"].info()
        assert (info.id, set(info.map_ids)) == (others.program, {each.id for each in collection.maps.values()})
        with pytest.raises(UsageError, match="is somebody else's, and open to read only"):
            collection.variables["counting"].set(False)
        with pytest.raises(UsageError, match="is somebody else's: it is looked at, and not attached"):
            session.attach("count_traffic", "sandbox")
        with session.events() as reader:
            assert (dict(reader.take()), reader.types) == ({}, {})  # its records stay its owner's
        theirs.look()
        (place,) = theirs.attachments
        assert place == "veth0 by python"
        (place,) = theirs.places("count_traffic")
        inside = re.search(r"net:\[\d+\]", place.text)
        assert inside is not None
        assert place.text == f"xdp veth0 in {inside[0]} native by python"
        assert (place.noun, place.key) == ("link", others.link)
        (holder,) = theirs.holders("count_traffic")
        assert re.fullmatch(r"python \d+ has it open", holder.text)
        assert holder.noun == "proc"
        assert [number for number, _ in theirs.links] == [others.link]
        text = f"program {others.program} count_traffic uses it, on veth0 in {inside[0]}"
        assert theirs.users("traffic")[0] == Related(text, "prog", others.program)


def test_what_its_owner_has_left_is_said_to_be_nobody_elses() -> None:
    with ExitStack() as sessions:
        with somebody(str(bpf.path("traffic")), "count_traffic", "traffic", "200") as ids:
            theirs = sessions.enter_context(opened(f"id:{ids.program}")).theirs
        assert theirs is not None
        theirs.look()
        assert theirs.attachments == ()
        assert theirs.holders("count_traffic") == (Related("nobody else any more: it goes when this is closed"),)


async def test_it_is_kept_and_opened_again_as_it_was(
    others: Ids, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with explored(f"id:{others.program}") as walk:
        await walk.until(lambda: walk.app.operations.monitor.last is not None)
        await walk.press("K")
        await walk.until(lambda: re.search(r"● REC \d:\d\d", walk.screen) is not None)
        path = await kept(walk)
        await walk.press("K")
        await walk.until(lambda: "● REC" not in walk.screen)
    with PlayedSession(path) as session:
        assert session.spec.title == f"{others.program} count_traffic"
        program = session.spec.programs["count_traffic"]
        assert not program.translated  # as its object had it: it can be debugged
        (mark,) = session.tape.marks
        assert (mark.kind, mark.what) == ("attached", "count_traffic")
        assert re.fullmatch(r"xdp veth0 in net:\[\d+\] native by python", mark.detail)
        last = session.tape.sample(session.tape.ticks)
        assert last.programs["count_traffic"].run_cnt > 0
        assert len(last.maps["traffic"].entries) > 0
        assert "events" not in last.maps  # its records stay its owner's


def test_native_code_is_told_by_the_lines(others: Ids) -> None:
    with opened(f"id:{others.program}") as session:
        image = session.runtime.inspect().image(session.spec, "count_traffic")
        assert len(image.translated) == len(session.spec.programs["count_traffic"].code)
        main, fill = image.native
        assert (main.slot, fill.slot) == (0, 177)
        slots = [run.slot for run in main.runs]
        assert slots[:4] == [0, 2, 7, 10]  # where lines of C begin


@pytest.mark.vmlinux  # names of functions, and struct xdp_buff
def test_calls_and_the_context_have_names(others: Ids) -> None:
    from bpftui.core.listing.listing import Listing

    with opened(f"id:{others.program}") as session:
        spec = session.spec
    listing = Listing(spec.programs["count_traffic"], spec)
    rows = listing.rows(0, len(listing))
    calls = [row.text for row in rows if row.text.startswith("call ")]
    assert calls[:2] == ["call bpf_ktime_get_ns#5", "call __htab_map_lookup_elem"]
    assert "call bpf_map_update_elem#2" in calls  # htab_percpu_map_update_elem of the kernel
    assert [row.comment for row in rows if "r7 +" in row.text] == ["ctx->data_end", "ctx->data"]  # of struct xdp_buff


@pytest.mark.vmlinux  # fields of the context as the kernel has rewritten them
async def test_the_top_line_says_where_it_lives_and_that_it_is_only_read(others: Ids) -> None:
    async with explored(f"id:{others.program}", size=(160, 40)) as walk:
        await walk.until(lambda: "runs/s" in walk.screen)
        top = walk.screen.splitlines()[0]
        assert f" home › system › {others.program} count_traffic  ▲ veth0 by python " in top
        assert "/run · " in top
        assert top.endswith("read-only")
        assert "SPEC" not in walk.screen
        assert "cannot be loaded" not in walk.screen
        assert "license       GPL compatible" in walk.screen
        assert "attached      ▲ xdp veth0 in net:[" in walk.screen
        bar = walk.screen.splitlines()[-1]
        assert "Load" not in bar
        assert "Attach" not in bar
        assert "Run" not in bar
        assert "D Detach" in bar
        await walk.press("L")
        assert "it is loaded already, by others" in walk.message
        await walk.press("R")
        assert "a test run changes maps, and these are somebody else's" in walk.message
        await walk.press("6")
        assert "no verifier's log: whoever loaded this had it, the kernel keeps none" in walk.screen
        await walk.press("2")
        await walk.until(lambda: "; ctx->data_end" in walk.screen)
        await walk.press("m")
        assert "was told to whoever loaded this" in walk.message
        await walk.press("v", "v", "v")
        await walk.until(lambda: "native" in walk.screen)
        assert "translated" in walk.screen
        assert "push rbp" in walk.screen
        await walk.press("4")
        await walk.until(lambda: "IPV4" in walk.screen)
        walk.explorer.navigation.go_to(Node(NodeKind.MAP, "events"))
        await walk.settle()
        assert "not read: whoever takes a record out of it takes it from its owner" in walk.screen


async def test_an_entry_is_changed_after_two_questions(others: Ids) -> None:
    async with explored(f"id:{others.program}") as walk:
        await walk.press("4")
        await walk.until(lambda: "IPV6" in walk.screen and "ICMPV6" in walk.screen)
        view = walk.explorer.panes.maps.entries.table
        view.cursor = next(index for index in range(view.row_count()) if "ICMPV6" in view.row_text(index))
        key = view.row(view.cursor).key
        await walk.press("delete")
        assert "Leave read-only for this run?" in walk.screen
        await walk.press("enter")  # No
        assert walk.app.permission.word == "read-only"
        await walk.press("delete", "right", "enter")
        assert f"program {others.program} count_traffic uses it, on veth0" in walk.screen
        assert "U takes it back afterwards" in walk.screen
        await walk.press("enter")  # No
        with Map.from_id(others.map) as seen:
            assert seen.entry(key) is not None
        before = walk.app.operations.journal.last
        await walk.press("delete", "right", "enter")  # the first question was once
        await walk.until(lambda: walk.app.operations.journal.last is not before)
        assert "WRITE" in walk.screen.splitlines()[0]
        from bpftui.tui.state.journal import changes_journal

        (line,) = changes_journal().path.read_text().splitlines()[-1:]
        assert f"{others.program} count_traffic: delete traffic[{{family=IPV6, protocol=ICMPV6}}], was " in line


async def test_a_variable_is_set_in_a_thread_and_what_stood_there_before_is_kept(
    others: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has its bytes, not the words that stand at a mark of the graph."""
    changed_by: list[threading.Thread] = []
    to_change = Map.to_change

    def noted(number: int) -> Map:
        changed_by.append(threading.current_thread())
        return to_change(number)

    monkeypatch.setattr(Map, "to_change", noted)
    async with explored(f"id:{others.program}") as walk:
        await walk.press("3")
        view = walk.explorer.panes.variables
        view.choose("counting")
        await walk.press("space")
        await walk.until(lambda: "Leave read-only for this run?" in walk.screen)
        await walk.press("y")
        await walk.until(lambda: "counting = false" in walk.screen)
        await walk.press("y")
        await walk.until(lambda: view.place is not None and view.raw(view.place) == b"\0")
        await walk.press("U", "y")
        await walk.until(lambda: view.place is not None and view.raw(view.place) == b"\1")
        await walk.settle()
        from bpftui.tui.state.journal import changes_journal

        lines = changes_journal().path.read_text().splitlines()[-2:]
        title = f"{others.program} count_traffic"
        assert lines[0].endswith(f"{title}: counting 01 → 00")
        assert lines[1].endswith(f"{title}: counting 00 → 01")
    assert len(changed_by) == 2
    assert threading.main_thread() not in changed_by


async def test_what_programs_wrote_to_their_streams_is_taken_once_that_is_allowed(
    others: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text was ever read on the kernels at hand: what one would give is put in its place."""
    asked: list[int] = []

    def call(attr: ProgStreamRead, _command: object) -> int:
        asked.append(attr.stream_id)
        if attr.stream_id == 0:
            raise BpfError(Command.PROG_STREAM_READ_BY_FD, errno.ENOENT)  # there are streams, but none of that number
        if attr.stream_id != 2 or asked.count(2) > 1:
            return 0
        assert attr.stream_buf is not None
        attr.stream_buf[:8] = b"too late"
        return 8

    monkeypatch.setattr(ProgStreamRead, "call", call)
    async with explored(f"id:{others.program}") as walk:
        await walk.until(lambda: "streams ✎" in walk.screen)
        assert "not read: that takes their lines from its owner" in walk.screen
        await walk.until(lambda: "runs/s" in walk.screen)
        assert set(asked) == {0}
        await walk.press("tab", "e")
        await walk.until(lambda: "Leave read-only for this run?" in walk.screen)
        await walk.press("y")
        await walk.until(lambda: f"Read the streams of {others.program} count_traffic" in walk.screen)
        assert "what is read is taken out: its owner does not find it" in walk.screen
        await walk.press("y")
        await walk.until(lambda: "7 Printed" in walk.screen)
        assert "streams       read: their lines are in the tab Printed" in walk.screen
        await walk.press("7")
        assert "too late" in walk.screen
        from bpftui.tui.state.journal import changes_journal

        (line,) = changes_journal().path.read_text().splitlines()[-1:]
        assert line.endswith("count_traffic: reads what its programs write to their streams")


def test_nothing_is_looked_at_after_the_end(others: Ids) -> None:
    with opened(f"id:{others.program}") as session:
        theirs = session.theirs
        assert isinstance(theirs, OthersObject)
        theirs.look()
    theirs.look()
    assert theirs._reader is None


async def test_looks_are_taken_of_what_is_in_front_only(others: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "_LOOK", 0.05)
    monkeypatch.setattr(onlooker, "_REST", 0)
    looks = 0
    look = OthersObject.look

    def noted(theirs: OthersObject) -> None:
        nonlocal looks
        looks += 1
        look(theirs)

    monkeypatch.setattr(OthersObject, "look", noted)
    async with explored(f"id:{others.program}") as walk:
        await walk.until(lambda: looks > 2)
        await walk.press("question_mark")  # a dialog does not take it away
        before = looks
        await walk.until(lambda: looks > before + 2)
        await walk.press("escape", "0")
        await walk.until(lambda: walk.screen.startswith(" home   "))
        await walk.settle()
        before = looks
        await asyncio.sleep(0.5)
        assert looks <= before + 1  # one that was being taken


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (READ_ONLY, "bpftui was started with --read-only: what others have loaded is not changed"),
        (BESIDE_A_FILE, "start bpftui without a file, or with id:N, to change what others have loaded"),
    ],
)
async def test_what_refuses_changes_refuses_all_of_them(others: Ids, refusal: str, said: str) -> None:
    async with explored(f"map:{others.map}", no_changes=refusal) as walk:
        await walk.press("4")
        await walk.until(lambda: "IPV4" in walk.screen)
        await walk.press("delete")
        assert said in walk.message
        assert "D Detach" not in walk.screen.splitlines()[-1]


KEYS = ("2", "/", "u", "d", "Enter", "Enter", "4", "e", "5", "Enter", "y", "y", "w", "7")


@pytest.mark.terminal
def test_read_edited_drawn_and_heard_in_under_15_keystrokes_though_the_object_is_gone(tmp_path: Path) -> None:
    """Point 2 of what must be true of the system place: from `bpftui`, in a terminal, by a process without rights."""
    assert len(KEYS) == 14
    file = tmp_path / "gone.o"
    shutil.copyfile(ROOT / "tests/objects/counts_aloud.o", file)
    with somebody(str(file), "count_packets_aloud", "counted", "400") as ids:
        file.unlink()
        terminal = Terminal((120, 40), [sys.executable, "-m", "bpftui.tui"], tmp_path)
        try:
            pressed: list[str] = []

            def press(*keys: str) -> None:
                pressed.extend(keys)
                terminal.press(*keys)

            terminal.until("2 System")
            press("2")
            terminal.until(f"{ids.program} count_packets")  # cut where the columns beside it are wide
            press("/", "u", "d", "Enter")
            terminal.until(r"\d+ of \d+")
            terminal.until(rf"▌ *{ids.program} count_packets")  # whatever else there is on the machine that has that
            press("Enter")
            # Read: the name whole, of 19 characters, where it runs (the namespace where there is room) and by whom.
            terminal.until(rf"{ids.program} count_packets_aloud  ▲ veth0 (in net:.* )?by python +\d+ runs/s")
            terminal.until(r"bpf_map_lookup_elem|__htab_map_lookup_elem")
            press("4")
            terminal.until(r"packets")
            press("e", "5", "Enter")
            terminal.until("Leave read-only for this run")
            press("y")
            terminal.until(rf"program {ids.program} count_packets_aloud uses it")
            press("y")
            terminal.until("WRITE")
            terminal.until("U takes it back")
            press("w")
            terminal.until(r"counted\[7\]|packets/s|\{?7\}? packets")
            press("7")
            terminal.until(r"count_packets_aloud +counted \d+ packets")
            assert tuple(pressed) == KEYS
        finally:
            terminal.close()


async def test_a_link_of_others_is_detached_after_a_question() -> None:
    with somebody(str(bpf.path("traffic")), "count_traffic", "traffic", "200") as ids:
        async with explored(f"link:{ids.link}") as walk:
            await walk.until(lambda: "▲ veth0" in walk.screen.splitlines()[0])
            assert f"link {ids.link} count_traffic" in walk.screen.splitlines()[0]
            await walk.press("D")
            assert "Leave read-only for this run?" in walk.screen
            await walk.press("y")
            assert f"Detach link {ids.link}: {ids.program} count_traffic from xdp" in walk.screen
            assert f"{ids.program} count_traffic no longer runs at xdp veth0" in walk.screen
            assert "holds the link, and is not told" in walk.screen
            await walk.press("enter")  # No
            await walk.press("D", "y")
            await walk.until(lambda: "▲" not in walk.screen.splitlines()[0])
            assert "LOADED" in walk.screen.splitlines()[0]
            await walk.press("D")
            assert "is attached to nothing already" in walk.message


@pytest.mark.vmlinux  # who else holds it is told by an iterator
def test_a_pin_is_removed_and_what_goes_with_it_is_said(tmp_path: Path) -> None:
    spec = MapSpec("pinned_alone", "", MapType.HASH, 4, 8, 16)

    def work() -> None:
        path = tmp_path / "alone"
        with Map.create(spec) as made:
            made.pin(path)
            number = made.id
        with Inventory() as inventory:
            snapshot = inventory.snapshot()
        pin = next(each for each in snapshot.pins if each.id == number and each.kind == "map")
        found = of_unpinning(snapshot, pin)
        assert found.what == f"remove the pin {pin.path} of map {number}"
        assert found.lines == (f"map {number} pinned_alone goes, with all that is in it", "nobody else holds it")
        assert found.last == "pinned_alone"
        unpin(pin)
        assert not path.exists()
        with pytest.raises(UsageError, match="is gone already"):
            unpin(pin)
        outside = tmp_path.parent / "no-pin"
        outside.touch()
        with pytest.raises(UsageError, match="is in no bpffs: only pins are removed"):
            unpin(pin._replace(path=str(outside), mounts=0))
        assert outside.exists()

    in_private_bpffs(tmp_path, work)
