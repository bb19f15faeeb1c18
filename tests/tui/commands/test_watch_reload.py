"""`bpftui watch` sees that its object is another file now: it says so, or puts it in the place of what runs."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.commands.watched_object import WatchedObject
from bpftui.tui.watched_file import WatchedFile
from tests.tui.commands.command_line import bpftui, user_environment
from tests.versions import object_of
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


class Watching:
    """A `watch` of a file that is attached to a sandbox of the built-in machine."""

    def __init__(self, file: Path, *options: str) -> None:
        self._file = file
        file.write_bytes(object_of(1))
        command = [sys.executable, "-m", "bpftui.tui", "watch", str(file), "--runtime", "vm", "--interval", "0.2"]
        self.process = subprocess.Popen(
            [*command, "--attach", "count=sandbox,rate=500", *options],
            env=user_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.said: list[str] = []
        self._new = threading.Condition()
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.said)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    def _read(self, stream: object, lines: list[str]) -> None:
        for line in stream:  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
            with self._new:
                lines.append(str(line))  # pyright: ignore[reportUnknownArgumentType]
                self._new.notify_all()

    def wait(self, lines: list[str], text: str) -> str:
        """Return the first line that has a text, once it is there."""
        with self._new:
            assert self._new.wait_for(lambda: any(text in line for line in lines), PATIENCE), (text, self.said)
            return next(line for line in lines if text in line)

    def save(self, *defined: str, version: int = 2) -> None:
        self._file.write_bytes(object_of(version, *defined))

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


def total(line: str) -> int:
    return int(line.rpartition(" = ")[2])


def test_a_change_is_told_and_what_runs_stays(tmp_path: Path) -> None:
    watching = Watching(tmp_path / "prog.o")
    try:
        watching.wait(watching.lines, "total = ")
        watching.save()
        told = watching.wait(watching.said, "another file")
        assert told == (
            "bpftui: prog.o is another file now, 1 variable changed: what is loaded stays; --reload swaps it\n"
        )
        watching.lines.clear()
        watching.wait(watching.lines, "total = ")
        assert not any("version = " in line for line in watching.lines)
    finally:
        watching.end()


def test_with_reload_it_is_swapped_and_what_was_counted_goes_on(tmp_path: Path) -> None:
    watching = Watching(tmp_path / "prog.o", "--reload")
    try:
        watching.wait(watching.lines, "version = 1")
        before = total(watching.wait(watching.lines, "total = "))
        watching.save()
        told = watching.wait(watching.said, "swapped")
        assert told == ("bpftui: prog.o was swapped: count → sandbox swapped, seen, by_cpu, .data, .bss handed over\n")
        watching.wait(watching.lines, "version = 2")
        assert total([line for line in watching.lines if "total = " in line][-1]) > before
        times = [float(line.split()[0]) for line in watching.lines if line.endswith(" s\n")]
        assert times == sorted(times)
        watching.save("WIDER", version=3)
        watching.wait(watching.said, "seen begins empty: value grew from 8 to 16 bytes")
        watching.wait(watching.lines, "version = 3")
    finally:
        watching.end()
    assert not any("Traceback" in line for line in watching.said)


class Loaded:
    """A version that is loaded, of a file that is read by a function which can be held up."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(object_of(1))
        self._path = path
        self.file = WatchedFile(str(path), self._read)
        self.session = Session(CollectionSpec.from_file(path), MachineRuntime())
        self.session.load()
        self.watched = WatchedObject(self.session, self.file, swaps=True)
        self.reading = threading.Event()
        self.may_read = threading.Event()
        self.woken = threading.Event()

    def _read(self, _: object) -> CollectionSpec:
        self.reading.set()
        assert self.may_read.wait(PATIENCE)
        return CollectionSpec.from_file(self._path)


def test_what_is_saved_before_the_watching_begins_is_another_version(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path / "prog.o")
    with loaded.watched as watched:
        (tmp_path / "prog.o").write_bytes(object_of(2))
        loaded.may_read.set()
        watched.begin(loaded.woken.set)
        assert loaded.woken.wait(PATIENCE)
        assert [*watched.texts()] == ["prog.o was swapped: seen, by_cpu, .data, .bss handed over"]
        assert watched.go_on()
        after = watched.session
        assert after is not loaded.session
        assert (loaded.session.collection, watched.is_over) == (None, False)
        assert after.collection is not None
        assert after.collection.variables["version"].get() == 2
    assert after.collection is None


def test_the_end_waits_for_no_compiler(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path / "prog.o")
    with loaded.watched as watched:
        watched.begin(loaded.woken.set)
        (tmp_path / "prog.o").write_bytes(object_of(2))
        assert loaded.reading.wait(PATIENCE)
    assert loaded.session.collection is None
    (thread,) = (each for each in threading.enumerate() if each.name == "bpftui-versions")
    loaded.may_read.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not watched.is_over
    assert [*watched.texts()] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--record", "x.bpfrec"), "--reload puts other versions in the place of the one that is watched"),
        (("--prometheus", "127.0.0.1:0"), "--reload puts other versions in the place of the one that is watched"),
    ],
)
def test_what_is_of_one_version_alone(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    file = tmp_path / "prog.o"
    file.write_bytes(object_of(1))
    assert message in bpftui("watch", str(file), "--reload", *options).refused(2)
