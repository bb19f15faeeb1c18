"""Stack traces of this kernel, beside bpftool's addresses and /proc/kallsyms: on the screen, and on a tape."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.kernel import KernelCollection, KernelRuntime, load
from bpftui.core.live import Sampler, Session, fields_of
from bpftui.core.live.stacks import StackPlace, Stacks
from bpftui.core.runtime import Printed
from bpftui.core.runtime.stacks import Call
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import PlayedRuntime, Recorder, Tape
from bpftui.core.tape import tape as tape_module
from bpftui.tui.app import BpftuiApp
from bpftui.tui.commands.sample_json import sample_json
from bpftui.tui.dialogs.stack_page import StackPage
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.widgets.live.frame_list import FrameList
from bpftui.tui.widgets.live.map_table import MapTableView
from tests.tui.conftest import screen_text
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects" / "stacks.o"


@pytest.fixture(scope="module")
def ran() -> Iterator[KernelCollection]:
    """Have stacks of this process, of one run in it."""
    with load(CollectionSpec.from_file(OBJECT), strict=True) as collection:
        collection.programs["once"].run()
        yield collection


def places(collection: KernelCollection) -> dict[str, StackPlace]:
    """Return the stacks that the one run left, by the names of the fields with their ids."""
    stacks = Stacks(collection)
    found: dict[str, StackPlace] = {}
    for name in ("counts", "lasts"):
        (entry,) = collection.maps[name].snapshot().entries
        for field in fields_of(collection.spec.maps[name]).all:
            place = stacks.place(name, field, entry)
            if place is not None:
                found[field.label] = place
    return found


def listed_symbols() -> list[tuple[int, str]]:
    lines = (line.split() for line in Path("/proc/kallsyms").read_text().splitlines())
    return sorted(((int(each[0], 16), each[2]) for each in lines if each[1] in "tTwW"), key=lambda each: each[0])


def test_the_kernel_s_frames_are_those_of_kallsyms(ran: KernelCollection) -> None:
    place = places(ran)["kern_stack_id"]
    assert place.process == os.getpid()
    stack = Stacks(ran).find(place)
    assert stack is not None
    assert stack.problem == ""
    program = ran.programs["once"].info()
    first, *others = stack.frames
    assert (first.name, first.where) == (f"bpf_prog_{program.tag}_once", "bpf")
    assert first.program == program.id
    symbols = listed_symbols()
    for frame in (first, *others):
        before = [each for each in symbols if each[0] <= frame.call.address]
        address = before[-1][0]
        assert frame.name in {name for at, name in before[-8:] if at == address}
        assert frame.offset == frame.call.address - address
    assert [each.name for each in others if each.name.startswith("entry_SYSCALL")] or os.uname().machine != "x86_64"


def test_they_are_the_addresses_of_bpftool(ran: KernelCollection) -> None:
    bpftool = shutil.which("bpftool")
    if bpftool is None:
        pytest.skip("bpftool is not installed")
    found = ran.maps["stacks"]
    dumped = json.loads(
        subprocess.run([bpftool, "map", "dump", "id", str(found.id), "-j"], capture_output=True, check=True).stdout
    )
    theirs = {
        int.from_bytes(bytes(int(each, 16) for each in entry["key"]), sys.byteorder): [
            address
            for (address,) in struct.iter_unpack("=Q", bytes(int(each, 16) for each in entry["value"]))
            if address
        ]
        for entry in dumped
    }
    assert {int.from_bytes(key, sys.byteorder): value for key, value in found.items()} == theirs
    assert len(theirs) == 2


def test_a_process_s_frames_are_places_in_its_libraries(ran: KernelCollection) -> None:
    stack = Stacks(ran).find(places(ran)["user_stack_id"])
    assert stack is not None
    first = stack.frames[0]
    libc = ctypes.CDLL(None)
    address = ctypes.cast(libc.syscall, ctypes.c_void_p).value
    assert address is not None
    assert (first.name, first.call.address - first.offset) == ("syscall", address)
    assert first.where.startswith("libc")
    # The same frame by its build id, though nobody told which process it was.
    place = places(ran)["file_stack_id"]
    assert (place.map, place.process) == ("file_stacks", 0)
    by_id = Stacks(ran).find(place)
    assert by_id is not None
    assert by_id.frames[0].call.build_id
    assert str(by_id.frames[0]) == str(first)


def test_json_has_frames(ran: KernelCollection) -> None:
    sample = Sampler(ran).take()
    found = json.loads(json.dumps(sample_json(ran, sample)))["maps"]
    by_id = {each["key"]: each["value"] for each in found["stacks"]["entries"]}
    kernel, user = (by_id[places(ran)[name].id] for name in ("kern_stack_id", "user_stack_id"))
    assert kernel[0].keys() == {"address", "function", "offset", "in"}
    assert kernel[0]["address"].startswith("0xffff")
    assert kernel[0]["in"] == "bpf"
    assert "in" not in kernel[1]
    assert user[0]["function"] == "syscall"
    (entry,) = found["file_stacks"]["entries"]
    assert entry["value"][0].keys() == {"build_id", "file_offset", "function", "offset", "in"}


@contextmanager
def recorded(collection: KernelCollection, path: Path) -> Generator[Tape]:
    with Recorder.of(str(path), collection, interval=1.0) as recorder:
        for _ in range(2):
            recorder.add(Sampler(collection).take(), {}, Printed())
    with Tape(str(path)) as tape:
        yield tape


def test_a_recording_has_the_names_as_they_were(
    ran: KernelCollection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = Stacks(ran)
    names = {name: stacks.find(place) for name, place in places(ran).items()}
    with recorded(ran, tmp_path / "a.rec") as tape:

        def elsewhere(*_: object) -> None:
            raise AssertionError("a recording asked this machine")

        monkeypatch.setattr("bpftui.core.kernel.stacks.symbols.KernelSymbols.stack", elsewhere)
        with PlayedRuntime(tape).load(tape.spec()) as played:
            then = Stacks(played)
            assert played.player.sample is not None
            then.note(played.player.sample)
            assert {name: then.find(place) for name, place in places(ran).items()} == names
            # What has no name in it gets none.
            assert played.symbols.stack([Call(1 << 63)]).problem == tape_module._UNNAMED


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_stacks_on_the_screen(size: tuple[int, int]) -> None:
    spec = CollectionSpec.from_file(OBJECT)
    with Session(spec, KernelRuntime()) as session:
        app = BpftuiApp(session)
        async with app.run_test(size=size) as pilot:

            async def until(what: str | Callable[[], bool]) -> None:
                for _ in range(int(PATIENCE / 0.05)):
                    if what in screen_text(app) if isinstance(what, str) else what():
                        return
                    await pilot.pause(0.05)
                raise AssertionError(f"{what}\n{screen_text(app)}")

            await pilot.press("L")
            await until("LOADED")
            assert session.collection is not None
            session.collection.programs["once"].run()
            explorer: Any = app.screen
            explorer.navigation.go_to(Node(NodeKind.MAP, "stacks"))
            await until("_once < ")
            await until("syscall < 0x")
            table = explorer.query_one(MapTableView)
            table.focus()
            kernel = next(i for i in range(table.row_count()) if "_once" in table.row_text(i))
            table.cursor = kernel
            await pilot.press("enter")
            await until("+0x")
            page = app.screen
            assert isinstance(page, StackPage)
            frames = page.query_one(FrameList)
            assert "_once+0x" in frames.row_text(0)
            assert f"process {os.getpid()}" in screen_text(app)
            assert "⏎ its program" in screen_text(app)
            # Its own program is where its code leads.
            await pilot.press("enter")
            await pilot.pause()
            assert explorer.navigation.node == Node(NodeKind.PROGRAM, "once")
            # An id in another map leads to the stack.
            explorer.navigation.go_to(Node(NodeKind.MAP, "counts"))
            await until("rate/s")
            table.focus()
            await until(lambda: table.has_focus)
            assert table.columns is not None
            table.column = next(i for i, each in enumerate(table.columns.all) if each.title == "user_stack_id")
            await pilot.press("enter")
            await until("syscall+0x")
            assert isinstance(app.screen, StackPage)
            # What has no name says why: libc's syscall() keeps no frame pointer, what is behind it is no address.
            if any(not each.name for each in app.screen.query_one(FrameList).stack.frames):
                assert f"⚠ process {os.getpid()} has no file" in screen_text(app)
            await pilot.press("escape")
            await until(lambda: app.screen is explorer and table.has_focus)
            # From the entry as a whole, too; enter on what is no id opens it.
            table.column = table.columns.first_value
            await pilot.press("enter")
            await until("key.kern_stack_id")
            await until("_once")
