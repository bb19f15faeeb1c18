"""Files that change while they are explored are read again: the place stays, and so do values; what is loaded too."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import threading
import weakref
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.diff import diff, functions
from bpftui.core.errors import BpftuiError
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.tui import app as app_module
from bpftui.tui.app import BpftuiApp
from bpftui.tui.changes import Changes
from tests.core.diff.listings import spec_of
from tests.tui.conftest import ROOT, Walk, let_messages_stay
from tests.tui.fakes import FakeRuntime
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An object in a folder of its own."""
    return Path(shutil.copy(ROOT / "bpf/traffic.o", tmp_path / "prog.o"))


class Looks:
    """Explores a file, and looks whether it has changed when it is told to."""

    def __init__(self, walk: Walk, app: BpftuiApp) -> None:
        self.walk = walk
        self._app = app

    async def look(self, times: int = 2) -> None:
        """Look as often; a file that has settled takes two."""
        found = self._app.live_reload
        assert found is not None
        for _ in range(times):
            await found.look()
        await self.walk.settle()


@asynccontextmanager
async def explored(
    file: Path, read: Callable[[str, Callable[[str], None]], CollectionSpec] | None = None
) -> AsyncGenerator[Looks]:
    with ExitStack() as sessions, pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "INTERVAL", 1000.0)

        taken = read or (lambda name, _: CollectionSpec.from_file(name))

        def begin(spec: CollectionSpec) -> Session:
            session = Session(spec, FakeRuntime())
            sessions.callback(close, weakref.ref(session))
            return session

        app = BpftuiApp(
            begin(taken(str(file), lambda _: None)),
            read=taken,
            begin=begin,
        )
        async with app.run_test(size=(120, 40)) as pilot:
            await app.explorer.furnished.wait()
            yield Looks(Walk(app, pilot, FakeRuntime()), app)


def close(session: weakref.ref[Session]) -> None:
    if (found := session()) is not None:
        found.close()


def another(file: Path, number: int = 1) -> None:
    """Write another version: a constant in the code of a function is another one."""
    raw = bytearray((ROOT / "bpf/traffic.o").read_bytes())
    code = CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs["count_traffic"].code
    at = raw.find(code[-16:])
    raw[at + 4] ^= number
    file.write_bytes(raw)


async def test_another_version_is_shown_in_its_place(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await walk.press("2", *["down"] * 20)
        before = [line[:119] for line in walk.screen.splitlines()[:38]]
        another(file)
        await looks.look()
        assert walk.screen.splitlines()[38].strip() == "prog.o was read again: 1 function changed"
        now = [line[:119] for line in walk.screen.splitlines()[:38]]
        assert "▌count_traffic  1 change › count_traffic()" in now[2]
        # Where it stands, but for the column of the marks.
        rows = [(new, old) for new, old in zip(now[6:], before[6:], strict=True) if "traffic.c" not in old]
        assert [(new[:41], new[43:75]) for new, _ in rows] == [(old[:41], old[41:73]) for _, old in rows]
        assert len(walk.app.objects) == 1
        await looks.look(3)
        assert len(walk.app.objects) == 1
        code = CollectionSpec.from_file(file).programs["count_traffic"].code
        assert code != CollectionSpec.from_file(ROOT / "bpf/traffic.o").programs["count_traffic"].code
        assert walk.explorer.spec.programs["count_traffic"].code == code


async def test_what_was_set_stays_set_and_unsaved(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        app = walk.app
        app.session.spec.variables["sample_every"].set(250)
        app.operations.unsaved.add("sample_every")
        another(file)
        await looks.look()
        assert "was read again" in walk.screen
        assert app.session.spec.variables["sample_every"].get() == 250
        assert app.operations.unsaved == {"sample_every"}


async def test_presets_are_there_over_a_change_of_the_variables(tmp_path: Path) -> None:
    old, new = (ROOT / "tests/objects" / name for name in ("versions.o", "versions.new.o"))
    file = Path(shutil.copy(old, tmp_path / "prog.o"))
    async with explored(file) as looks:
        walk = looks.walk
        walk.explorer.spec.set("threshold", 77)
        await walk.press("P", *"mine", "enter")
        shutil.copy(new, file)
        await looks.look()
        assert "was read again" in walk.screen
        walk.explorer.spec.set("threshold", 1)
        await walk.press("P")
        assert "mine" in walk.screen
        await walk.press("enter")
        assert "fresh" in walk.explorer.spec.programs  # it is the newer one
        assert walk.explorer.spec.variables["threshold"].get() == 77


async def test_the_same_bytes_written_again_change_nothing(file: Path) -> None:
    async with explored(file) as looks:
        before = looks.walk.app.session
        file.write_bytes(file.read_bytes())
        await looks.look(3)
        assert looks.walk.app.session is before
        assert "read again" not in looks.walk.screen


async def test_a_file_that_is_being_written_is_waited_for(file: Path) -> None:
    whole = file.read_bytes()
    async with explored(file) as looks:
        walk = looks.walk
        for part in (0, 64, 1000):
            file.write_bytes(whole[:part])
            await looks.look(2)
            assert "another file" not in walk.screen
        file.unlink()
        await looks.look(4)
        assert "another file" not in walk.screen
        another(file)
        await looks.look()
        assert "prog.o was read again: 1 function changed" in walk.screen


async def test_one_that_stays_damaged_is_told_once_and_what_was_read_stays(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        file.write_bytes(b"no object")
        await looks.look(4)
        assert "✗ prog.o is another file now, which is not taken:" in walk.screen
        assert "count_traffic" in walk.screen
        await walk.press("escape")
        await looks.look(4)
        assert "is another file now" not in walk.screen
        another(file)
        await looks.look()
        assert "prog.o was read again: 1 function changed" in walk.screen


async def test_a_c_file_that_does_not_compile_is_told_at_once(tmp_path: Path) -> None:
    source = tmp_path / "prog.c"
    source.write_text("int f;\n")

    def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
        if "error" in source.read_text():
            refused = BpftuiError("prog.c:1:1: unknown type name 'error' (and 1 more) | error f;")
            refused.problems = {str(number): BpftuiError(f"prog.c:{number}:1: told") for number in range(2)}
            raise refused
        return CollectionSpec.from_bytes((ROOT / "bpf/traffic.o").read_bytes(), file=name)

    async with explored(source, read) as looks:
        source.write_text("error f;\n")
        await looks.look()
        assert "✗ prog.c is another file now, which is not taken:" in looks.walk.screen
        await looks.walk.press("enter")  # leads to the Log, which has all of it
        lines = looks.walk.screen.splitlines()
        assert [line.rstrip().endswith(f"prog.c:{at}:1: told") for at in range(2) for line in lines].count(True) == 2
        source.write_text("int f; \n")
        await looks.look()
        assert "another file" not in looks.walk.message  # it comes to the same object


async def test_what_is_loaded_stays(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await walk.press("L")
        await walk.until(lambda: " LOADED " in walk.screen)
        another(file)
        before = walk.app.session
        await looks.look(3)
        assert "⚠ prog.o is another file now, 1 function changed: what is loaded stays until L swaps it" in walk.screen
        assert walk.app.session is before
        walk.explorer.message_line.forget()
        await looks.look(3)
        assert "another file now" not in walk.screen  # it is told once a version


async def test_nothing_is_taken_away_from_who_is_in_the_middle_of_something(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        before = walk.app.session
        another(file)
        for opening in ("slash", "question_mark"):
            await walk.press(opening)
            await looks.look(3)
            assert walk.app.session is before
            await walk.press("escape")
        await looks.look(1)
        assert "prog.o was read again: 1 function changed" in walk.screen


async def test_what_is_gone_from_the_new_version_leaves_one_in_the_tree(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await walk.press("2", "end")
        shutil.copy(ROOT / "bpf/constants.o", file)
        await looks.look()
        assert "prog.o was read again: " in walk.screen
        assert "constants" in walk.screen
        await walk.press("2")
        assert " 1 Overview  2 Code " in walk.screen.splitlines()[1]


def test_differences_by_numbers() -> None:
    old, new = (CollectionSpec.from_file(ROOT / f"bpf/{name}.o") for name in ("count_packets", "my_map"))
    assert Changes(diff(old, old)).text == "nothing changed"
    assert Changes(diff(old, new)).text == "2 functions, 2 maps and 2 types changed"
    raw = (ROOT / "tests/objects/changes.o").read_bytes()
    old, new = (CollectionSpec.from_bytes(each, file="o") for each in (raw, raw.replace(b"run %u\0", b"ran %u\0")))
    assert Changes(diff(old, new)).text == "1 data section changed"  # a string that is no variable


def test_where_code_is_now_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing merged the functions: to ask it thousands of times merges none again."""
    changes = Changes(diff(spec_of("r0 = 1; r2 = 3; exit"), spec_of("r5 = 7; r0 = 1; exit")))
    monkeypatch.setattr(functions, "_Merged", None)
    assert [changes.slot_after("f", slot) for slot in range(4)] == [1, 2, 2, None]
    assert changes.slot_after("g", 0) is None


async def test_what_was_before_is_gone(file: Path) -> None:
    """However often a file is saved, there are one session, one screen and one mode."""
    async with explored(file) as looks:
        app = looks.walk.app
        modes = len(app._modes)
        another(file)
        await looks.look()
        before = weakref.ref(app.session)  # Textual keeps the very first screen, and the last one that was in front
        for number in (2, 3, 4):
            another(file, number)
            await looks.look()
        assert "was read again" in looks.walk.screen
        assert (len(app.objects), len(app._modes)) == (1, modes)

        def is_gone() -> bool:
            gc.collect()
            return before() is None

        await looks.walk.until(is_gone, 20)  # a thread may still be at its end


async def test_types_that_were_chosen_stay_and_what_is_to_be_attached(file: Path) -> None:
    async with explored(file) as looks:
        app = looks.walk.app
        app.session.spec.set_type("count_traffic", "sched_cls")
        app.operations.attach_first.append(("count_traffic", "sandbox"))
        another(file)
        await looks.look()
        assert "was read again" in looks.walk.screen
        assert app.session.spec.programs["count_traffic"].type.label == "sched_cls"
        assert app.operations.attach_first == [("count_traffic", "sandbox")]


async def test_a_variable_that_was_set_back_is_as_in_the_new_file(file: Path) -> None:
    def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
        """As at home, where what the command line sets is set in each object that is opened."""
        spec = CollectionSpec.from_file(name)
        spec.variables["sample_every"].set(7)
        return spec

    async with explored(file, read) as looks:
        looks.walk.app.session.spec.variables["sample_every"].reset()
        another(file)
        await looks.look()
        assert "was read again" in looks.walk.screen
        assert looks.walk.app.session.spec.variables["sample_every"].get() == 1000


async def test_whatever_a_reader_raises_ends_nothing(file: Path) -> None:
    def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
        if Path(name).read_bytes() != (ROOT / "bpf/traffic.o").read_bytes():
            raise ValueError("embedded null byte")
        return CollectionSpec.from_file(name)

    async with explored(file, read) as looks:
        another(file)
        await looks.look(5)
        assert "✗ prog.o is another file now, which is not taken: ValueError: embedded null byte" in " ".join(
            looks.walk.screen.split()
        )


@pytest.mark.parametrize("key", ["L", "0", "question_mark"])
async def test_keys_that_come_while_it_is_read_are_for_what_is_there(key: str, file: Path) -> None:
    """What was done meanwhile is not undone: it is read when that is over, or stays as it was loaded."""
    is_read, go_on = threading.Event(), threading.Event()

    def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
        if Path(name).read_bytes() != (ROOT / "bpf/traffic.o").read_bytes():
            is_read.set()
            assert go_on.wait(PATIENCE)
        return CollectionSpec.from_file(name)

    async with explored(file, read) as looks:
        walk, before = looks.walk, looks.walk.app.session
        another(file)
        looking = asyncio.create_task(looks.look())
        await walk.until(is_read.is_set)
        await walk.press(key)
        if key == "L":
            await walk.until(lambda: " LOADED " in walk.screen)
        shown = walk.screen
        go_on.set()
        await looking
        assert walk.app.session is before
        if key == "L":
            assert "version of " in walk.screen
        else:
            assert walk.screen.splitlines()[:5] == shown.splitlines()[:5]


async def test_an_object_that_is_closed_while_it_is_read_stays_closed(file: Path) -> None:
    is_read, go_on = threading.Event(), threading.Event()

    def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
        if Path(name).read_bytes() != (ROOT / "bpf/traffic.o").read_bytes():
            is_read.set()
            assert go_on.wait(PATIENCE)
        return CollectionSpec.from_file(name)

    async with explored(file, read) as looks:
        walk = looks.walk
        another(file)
        looking = asyncio.create_task(looks.look())
        await walk.until(is_read.is_set)
        await walk.press("0")
        walk.app.close_object(str(file))
        await walk.until(lambda: walk.app.objects == [])
        go_on.set()
        await looking
        assert walk.app.objects == []
        assert walk.screen.startswith(" home ")


async def test_of_many_warnings_some_are_told(file: Path) -> None:
    def read(name: str, say: Callable[[str], None]) -> CollectionSpec:
        if Path(name).read_bytes() != (ROOT / "bpf/traffic.o").read_bytes():
            for number in range(3000):
                say(f"prog.c:{number}:1: unused")
        return CollectionSpec.from_file(name)

    async with explored(file, read) as looks:
        another(file)
        await looks.look()
        assert "and 2,995 more" in looks.walk.screen


async def test_what_was_set_is_set_again_when_the_file_has_it_again(file: Path) -> None:
    async with explored(file) as looks:
        app = looks.walk.app
        app.session.spec.variables["sample_every"].set(250)
        shutil.copy(ROOT / "bpf/count_packets.o", file)
        await looks.look()
        assert "sample_every" not in app.session.spec.variables
        another(file)
        await looks.look()
        assert app.session.spec.variables["sample_every"].get() == 250


async def test_what_the_user_set_is_no_difference(file: Path) -> None:
    async with explored(file) as looks:
        looks.walk.app.session.spec.variables["sample_every"].set(250)
        before = looks.walk.app.session
        os.utime(file)
        await looks.look(3)
        assert looks.walk.app.session is before
        another(file)
        await looks.look()
        assert "prog.o was read again: 1 function changed" in looks.walk.screen


async def test_the_cursor_stays_on_its_variable(file: Path) -> None:
    """Another one stands above it now; `e` would edit that."""

    def read(name: str, _: Callable[[str], None]) -> CollectionSpec:
        spec = CollectionSpec.from_file(name)
        if Path(name).read_bytes() != (ROOT / "bpf/traffic.o").read_bytes():
            del spec.variables["sample_every"]
        return spec

    async with explored(file, read) as looks:
        walk = looks.walk
        await walk.press("3", "down", "down")
        place = walk.explorer.panes.variables.place
        assert place is not None
        assert place.name == "counting"
        another(file)
        await looks.look()
        assert "was read again" in walk.screen
        place = walk.explorer.panes.variables.place
        assert place is not None
        assert place.name == "counting"


async def test_what_changed_is_marked_and_gone_through(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        await walk.press("greater_than_sign")
        assert "the file has not changed since it was opened: there is nothing to mark" in walk.screen
        await walk.press("escape", "2", "g")
        another(file)
        await looks.look()
        lines = walk.screen.splitlines()
        assert lines[3].startswith(" ├ ▾ Programs 1 ± 1 ")
        assert lines[4].startswith(" │ └ ▾ ± count_traffic xdp ")
        assert lines[2][40:].startswith("▌count_traffic  1 change › ")
        await walk.press("greater_than_sign")
        (mark,) = [line[40:] for line in walk.screen.splitlines() if "; was " in line]
        assert mark.startswith("▌± ")
        await walk.press("m")
        assert "1 change" not in walk.screen
        assert "; was " not in walk.screen
        assert "± count_traffic" in walk.screen  # the tree's are its own
        walk.explorer.query_one("#tree").focus()
        await walk.press("m")
        assert "±" not in walk.screen
        await walk.press("greater_than_sign")
        assert "what changed is not marked: m marks it" in walk.screen


async def test_maps_and_variables_that_changed_are_marked(file: Path) -> None:
    async with explored(file) as looks:
        walk = looks.walk
        shutil.copy(ROOT / "bpf/count_packets.o", file)
        await looks.look()
        assert "│ └ + count_packets xdp" in walk.screen
        await walk.press("greater_than_sign")
        await walk.press("1")
        assert "+ new in this version" in walk.screen
        assert "− program count_traffic is gone" not in walk.screen
        walk.explorer.query_one("#tree").focus()
        await walk.press("g")
        assert "− program count_traffic is gone" in walk.screen


async def test_one_stands_by_what_an_instruction_has_become(tmp_path: Path) -> None:
    """Four instructions more stand before it: the cursor, folds and the way back are at the same code."""
    file = Path(shutil.copy(ROOT / "tests/objects/versions.o", tmp_path / "prog.o"))
    async with explored(file) as looks:
        walk = looks.walk
        await walk.press("2")
        view = walk.explorer.panes.code.view
        view.jumps.show(24)
        await walk.press("up", "space", "minus", "plus", "space")
        assert "▸ stats->packets += 1;" in walk.screen
        view.jumps.show(31)
        await walk.press("up")
        await walk.press("1")
        walk.explorer.journal.show("something was done")
        await walk.press("2")
        before = walk.screen.splitlines()[2]
        assert "weigh()  insn 31  versions.c:73" in before
        shutil.copy(ROOT / "tests/objects/versions.new.o", file)
        await looks.look()
        assert "weigh()  insn 35  versions.c:73" in walk.screen.splitlines()[2]
        row = next(line for line in walk.screen.splitlines()[3:] if line[40:41] == "▌")
        assert "return stats->bytes > cfg.limit" in row
        assert "▸ stats->packets += 1;" in walk.screen
        await walk.press("6")
        assert "something was done" in walk.screen
        await walk.press("backspace", "backspace", "backspace")
        assert walk.explorer.navigation.tab == "code"


async def test_a_file_that_is_gone_is_missed_until_it_is_back(file: Path) -> None:
    async with explored(file) as looks:
        raw = file.read_bytes()
        file.unlink()
        await looks.look(4)
        assert "is gone" not in looks.walk.screen
        await looks.look(1)
        assert "✗ prog.o is gone: what was read of it stays" in looks.walk.screen
        file.write_bytes(raw)
        await looks.look(1)
        assert "is gone" not in looks.walk.screen
        assert "prog.o is there again" in looks.walk.screen
        await looks.look(1)
        assert len(looks.walk.app.objects) == 1
