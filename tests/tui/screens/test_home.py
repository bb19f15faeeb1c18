"""Home: what there is to choose from, several objects that are open, and the ways between them."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bpftui import bpf
from bpftui.core.live import Session, State
from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from bpftui.tui.commands.explore import reader
from bpftui.tui.dialogs.help import HelpRows
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.state.objects import KnownObject, known_objects
from bpftui.tui.state.recent import outcomes, recent, remember, remember_outcome
from bpftui.tui.text import object_page
from bpftui.tui.widgets.home.objects_place import ObjectsPlace
from tests.tui.conftest import ROOT, Walk, let_messages_stay, screen_text
from tests.tui.fakes import FakeRuntime

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from bpftui.tui.app import Reader


@pytest.fixture(autouse=True)
def messages_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory with two objects in it, and nothing that was explored before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    for name in ("bpf/traffic.o", "bpf/constants.o"):
        shutil.copy(ROOT / name, directory)
    return directory


@asynccontextmanager
async def at_home(
    size: tuple[int, int] = (120, 40),
    begin: Callable[[CollectionSpec], Session] = lambda spec: Session(spec, FakeRuntime()),
    read: Reader | None = None,
) -> AsyncGenerator[Walk]:
    """Begin at home."""
    app = BpftuiApp(runtime="vm", begin=begin, read=read)
    try:
        async with app.run_test(size=size) as pilot:
            walk = Walk(app, pilot, FakeRuntime())
            await walk.until(lambda: " · changed " in walk.screen)
            yield walk
    finally:
        for each in app.objects:
            each.operations.close()


def test_the_newest_is_first_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    kept = tmp_path / "recent.json"
    files = [tmp_path / f"{number}.o" for number in range(25)]
    for file in files:
        file.write_bytes(b"")
        remember(str(file), kept)
    remember(f"{files[7]}#2", kept)
    remember("-", kept)
    files[24].unlink()
    assert recent(kept) == [f"{files[7]}#2", *(str(file) for file in files[23:5:-1])]
    kept.write_text("[1, 2")
    assert (recent(kept), outcomes(kept)) == ([], {})


def test_what_became_of_an_object_is_kept_as_long_as_it_is_among_the_last(tmp_path: Path) -> None:
    kept, file = tmp_path / "recent.json", tmp_path / "a.o"
    file.write_bytes(b"")
    remember_outcome(str(file), "loaded", good=True, path=kept)
    assert outcomes(kept) == {}  # it was never opened
    remember(str(file), kept)
    remember_outcome(str(file), "refused: " + "x" * 300, good=False, path=kept)
    remember(str(file), kept)
    assert [(name, len(found.text), found.good) for name, found in outcomes(kept).items()] == [(str(file), 200, False)]
    kept.write_text('{"files": [], "outcomes": [1]}')
    assert outcomes(kept) == {}


def test_no_file_is_offered_twice(here: Path) -> None:
    mine = ROOT / "tests/objects/sections.o"
    (here / "no.o").write_bytes(b"\x7fELF, but no more")
    (here / "foreign.o").write_bytes(b"\x7fELF" + bytes(14) + b"\x3e\0")
    os.mkfifo(here / "pipe.o")
    for path in (str(here / "constants.o"), str(mine), str(bpf.path("my_map"))):
        remember(path)
    found = known_objects()
    assert found[:3] == [
        KnownObject("Recent", str(mine), str(mine.parent)),
        KnownObject("Recent", str(here / "constants.o"), str(here)),
        KnownObject(f"Here: {here}", str(here / "traffic.o"), ""),
    ]
    assert [(each.group, os.path.basename(each.path)) for each in found[3:]] == [
        ("Shipped", f"{name}.o")
        for name in ("traffic", "count_packets", "my_map", "global_example", "hidden_example", "constants")
    ]


def test_c_files_for_bpf_are_among_those_of_this_directory(here: Path) -> None:
    (here / "empty.c").touch()
    (here / "hello.c").write_text("#include <stdio.h>\nint main(void) { return 0; }\n")
    (here / "prog.c").write_text('#include <bpf/bpf_helpers.h>\nSEC("xdp") int f(void *ctx) { return 2; }\n')
    (here / "plain.c").write_text('__attribute__((section("xdp"), used)) int f(void *ctx) { return 2; }\n')
    os.mkfifo(here / "pipe.c")
    assert [(os.path.basename(each.path), each.note) for each in known_objects() if each.group.startswith("Here")] == [
        ("constants.o", ""),
        ("plain.c", "C: ⏎ compiles it"),
        ("prog.c", "C: ⏎ compiles it"),
        ("traffic.o", ""),
    ]


async def test_a_c_file_is_told_of_and_compiled_when_it_is_opened(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compilers = here / "bin"
    compilers.mkdir()
    clang = compilers / "clang-19"
    shutil.copy(here / "traffic.o", compilers)
    clang.write_text(f"#!/bin/sh\n/bin/cat {compilers}/traffic.o\n")
    clang.chmod(0o755)
    monkeypatch.setenv("PATH", str(compilers))
    (here / "a.c").write_text("// bpftui: -DX -fsafe\nSEC(\n")
    async with at_home(read=reader()) as walk:
        assert "▌ a.c " in walk.screen
        assert "C: ⏎ compiles it" in walk.screen
        assert "compiler      clang-19" in walk.screen
        assert "flags         -O2 -g -DX  from the first line of" in walk.screen
        assert "not taken     -fsafe  --cflags takes it" in walk.screen
        await walk.press("enter")
        await walk.until(lambda: " home › a.c " in walk.screen)
        assert "count_traffic xdp" in walk.screen
        await walk.press("6")
        assert "here/a.c: not taken: -fsafe" in " ".join(walk.screen.split())  # its line is broken somewhere


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_chosen_is_told_of_without_being_opened(here: Path, size: tuple[int, int]) -> None:
    async with at_home(size) as walk:
        lines = walk.screen.splitlines()
        assert lines[0].startswith(" home   ")
        assert lines[0].endswith("nothing attached")
        assert lines[1] == " 1 Objects  2 System  3 Recordings"
        assert lines[2].startswith(" Here: /")
        assert lines[3].startswith("▌ constants.o ")
        await walk.press("down")
        await walk.until(lambda: "percpu_hash" in walk.screen)
        assert "sample_every   1000" in walk.screen or size == (80, 24)
        await walk.press("k", "k", "k")
        assert walk.screen.splitlines()[3].startswith("▌ constants.o ")  # the heading is passed over
        assert walk.app.objects == []
        assert "First time here?" in walk.screen
        await walk.press("escape")
        assert "this is home: q quits" in walk.screen


async def test_what_is_told_of_grows_older_and_is_read_again_when_it_was_changed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_home((120, 40)) as walk:
        await walk.press("down")
        await walk.until(lambda: "percpu_hash" in walk.screen)
        place, file = walk.app.screen.query_one(ObjectsPlace), here / "traffic.o"
        changed = file.stat().st_mtime
        read: list[object] = []
        from_file = CollectionSpec.from_file
        monkeypatch.setattr(CollectionSpec, "from_file", lambda path: read.append(path) or from_file(path))
        for seconds, told in ((59, "59 s"), (7200, "2 h")):
            monkeypatch.setattr(object_page, "time", SimpleNamespace(time=lambda now=changed + seconds: now))
            place.tell_age()
            await walk.until(lambda told=told: f"changed {told} ago" in walk.screen)
        assert "percpu_hash" in walk.screen
        assert read == []
        file.write_bytes((here / "constants.o").read_bytes())
        place.tell_age()
        await walk.until(lambda: "percpu_hash" not in walk.screen)
        assert set(read) == {str(file)}  # once, or twice where a minute was over meanwhile


async def test_open_objects_stay_and_are_walked_through(here: Path) -> None:
    async with at_home() as walk:
        await walk.press("enter")
        await walk.until(lambda: walk.screen.startswith(" home › constants.o › "))
        await walk.press("0", "down", "enter")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o › count_traffic  SPEC "))
        await walk.press("L")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o › count_traffic  SPEC → LOADED "))
        await walk.press("2", "left_parenthesis")
        assert walk.screen.startswith(" home › constants.o › ")
        await walk.press("right_parenthesis")
        assert walk.screen.startswith(" home › traffic.o › count_traffic  SPEC → LOADED ")
        assert "▌count_traffic › count_traffic()" in walk.screen.splitlines()[2]  # where one was
        await walk.press("0")
        await walk.until(lambda: "✓ loaded" in walk.screen)
        shown = walk.screen.splitlines()
        assert [line[:40].rstrip() for line in shown[2:5]] == [
            " Open",
            "  constants.o       SPEC",
            "▌ traffic.o         LOADED",
        ]
        assert len(walk.app.objects) == 2
        await walk.press("up", "delete")
        await walk.until(lambda: len(walk.app.objects) == 1)
        await walk.press("enter")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o › "))
        await walk.press("right_parenthesis")
        await walk.until(lambda: "no other object is open" in walk.screen)


async def test_where_nothing_is_open_that_is_what_is_said(here: Path) -> None:
    async with at_home() as walk:
        await walk.press("right_parenthesis")
        assert "no object is open: enter opens the chosen one" in walk.screen


async def test_the_keys_of_a_list_without_rows_do_nothing(here: Path) -> None:
    async with at_home() as walk:
        await walk.press("3")
        await walk.press("j", "down", "k", "G", "g", "ctrl+d", "ctrl+u", "pagedown", "enter")
        await walk.until(lambda: "No recordings yet" in walk.screen)
        assert walk.app.is_running


async def test_escape_climbs_to_home_and_never_out(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("2", "z")
        for expected in ("traffic.o › count_traffic ", "traffic.o › count_traffic ", "traffic.o  SPEC"):
            await walk.press("escape")
            assert walk.screen.startswith(f" home › {expected}")
        await walk.press("escape")
        await walk.until(lambda: walk.screen.startswith(" home   "))
        await walk.press("escape", "escape")
        assert walk.app.is_running
        await walk.press("enter")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o  SPEC"))


async def test_what_is_attached_of_any_object_is_asked_about(here: Path) -> None:
    async with at_home() as walk:
        await walk.press("down", "enter")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o › "))
        await walk.press("L")
        await walk.until(lambda: "LOADED" in walk.screen.splitlines()[0])
        await walk.press("A", "enter")
        await walk.until(lambda: "▲ ATTACHED" in walk.screen.splitlines()[0])
        await walk.press("0")
        await walk.until(lambda: "▲ 1 attached" in walk.screen.splitlines()[0])
        await walk.press("q")
        assert "These are attached, and will be detached:" in walk.screen
        await walk.press("enter")  # No is first
        assert walk.app.is_running
        await walk.press("delete")
        assert "Detach and close" in walk.screen
        await walk.press("escape", "q", "tab", "enter")
        await walk.until(lambda: not walk.app.is_running)


async def test_what_cannot_be_opened_is_said_until_it_is_answered(here: Path) -> None:
    (here / "broken.o").write_bytes(b"\x7fELF" + bytes(14) + b"\xf7\0" + bytes(60))
    async with at_home() as walk:
        await walk.press("colon", *"open nosuch.o", "enter")
        await walk.until(lambda: "✗" in walk.screen)
        assert "nosuch.o: there is no such file" in " ".join(walk.screen.split())
        assert "esc dismiss" in walk.screen
        await walk.press("escape")
        assert "nosuch.o" not in walk.screen
        await walk.press("enter")
        await walk.until(lambda: "✗" in walk.screen.splitlines()[-2] or "✗" in walk.screen.splitlines()[-3])
        await walk.press("colon", *f"open {ROOT / 'bpf/my_map.o'}", "enter")
        await walk.until(lambda: walk.screen.startswith(" home › my_map.o › "))
        await walk.press("colon", *"open traffic.o", "enter")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o › "))


async def test_hostile_names_leave_room_for_what_the_files_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    names = [b"L" * 250 + b".o", b"bell\a.o", b"raw\xff.o", "\u202eo.\u4f60".encode(), b"line\nend.o"]
    names += [b"[bold]x.o", b"a#1.o"]
    for name in names:
        path = os.fsdecode(bytes(tmp_path) + b"/" + name)
        Path(path).write_bytes(b"")
        remember(path)
    app = BpftuiApp(runtime="vm")
    async with app.run_test(size=(120, 40)) as pilot:
        walk = Walk(app, pilot, FakeRuntime())
        await walk.until(lambda: "Shipped" in walk.screen)
        shown = [line[1:55].split("  ")[0].strip() for line in screen_text(app).splitlines()[3 : len(names) + 3]]
        assert shown == [
            "a#1.o",
            "[bold]x.o",
            r"line\nend.o",
            r"\u202eo.你",
            r"raw\xff.o",
            r"bell\x07.o",
            "L" * 25 + "…",
        ]
        assert all("  /" in line[:54] for line in screen_text(app).splitlines()[3:5])


async def test_what_was_detached_is_not_said_to_be_attached(here: Path) -> None:
    path = str(here / "traffic.o")
    async with at_home() as walk:
        walk.app.open_object(path)
        await walk.until(lambda: bool(walk.app.objects) and walk.app.screen is walk.app.objects[0].screen)
        await walk.app.explorer.furnished.wait()
        operations = walk.app.operations
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        for number, target in enumerate(("sandbox", "nearby"), 1):
            operations.session.attach("count_traffic", AttachTarget(target, number))
        first, second = operations.session.links
        operations.detach([first])
        await walk.until(lambda: outcomes()[path].text == "attached to nearby")
        operations.detach([second])
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("0", "k")
        await walk.until(lambda: "✓ detached from nearby (" in walk.screen)
        assert "attached to" not in walk.screen


async def test_what_became_of_an_object_stands_beside_it(here: Path) -> None:
    async with at_home() as walk:
        walk.app.open_object(str(here / "traffic.o"))
        await walk.until(lambda: bool(walk.app.objects) and walk.app.screen is walk.app.objects[0].screen)
        await walk.app.explorer.furnished.wait()
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("0", "k")
        await walk.until(lambda: "✓ loaded (" in walk.screen)
        walk.app.open_object(str(here / "traffic.o"))
        await walk.until(lambda: walk.app.screen is walk.app.objects[0].screen)
        await walk.press("A", "enter")
        await walk.until(lambda: walk.status.stage == State.ATTACHED)
        await walk.press("0", "k")
        await walk.until(lambda: "✓ attached to sandbox (" in walk.screen)
        walk.app.objects[0].operations.close()


async def test_the_finder_at_home_looks_into_open_objects(here: Path) -> None:
    async with at_home() as walk:
        walk.app.open_object(str(here / "traffic.o"))
        await walk.until(lambda: walk.app.screen is walk.app.objects[0].screen if walk.app.objects else False)
        await walk.app.explorer.furnished.wait()
        await walk.press("0", "ctrl+p")
        await walk.hurry(*"sources")
        await walk.until(lambda: "traffic.o: lru_hash" in walk.screen)
        await walk.hurry("enter")
        await walk.until(lambda: walk.app.screen is walk.app.explorer)
        await walk.until(lambda: walk.app.explorer.navigation.node == Node(NodeKind.MAP, "sources"))


async def test_the_help_of_home_has_the_keys_of_every_screen(here: Path) -> None:
    async with at_home() as walk:
        await walk.press("question_mark")
        rows = walk.app.screen.query_one(HelpRows)
        keys = {row.keys: row.text for row in rows.rows if row.keys}
        assert keys["0"] == "Home: objects to open, and those that are"
        assert keys["("] == "The open object before"
        assert keys["tab shift+tab"] == "Next pane, pane before"


@pytest.mark.usefixtures("here")
async def test_a_session_that_cannot_begin_is_said_and_keys_go_on() -> None:
    begun_by: list[threading.Thread] = []

    def begin(spec: CollectionSpec) -> Session:
        begun_by.append(threading.current_thread())
        if len(begun_by) == 1:
            raise OSError(errno.EPIPE, "Broken pipe")
        return Session(spec, FakeRuntime())

    async with at_home(begin=begin) as walk:
        walk.app.open_object("traffic.o")
        await walk.until(lambda: "cannot open " in walk.screen)
        await walk.press("question_mark")
        await walk.until(lambda: "Home" in walk.screen and "esc" in walk.screen)
        await walk.press("escape")
        walk.app.open_object("traffic.o")
        await walk.until(lambda: walk.screen.startswith(" home › traffic.o"))
    assert threading.main_thread() not in begun_by  # what it opens may take its time
