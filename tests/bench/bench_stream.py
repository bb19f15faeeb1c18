"""A million records of 32 bytes a second: what one costs, and whether any is lost, with nothing and with the screen.

    python -m pytest tests/bench/bench_stream.py -s

Whoever writes them is a process of its own that takes a processor, so that two that have nothing else to do are needed
for none to find the ring full. What the reader takes is told as processor time, which other work changes little.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.bench.timing import PYTHON, environment
from tests.census import why_no_bpf

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

RECORDS = 1_000_000
"""A second."""
SECONDS = 5
SOURCE = """
#include "bpf_min.h"
struct record { __u64 number, a, b, c; };
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} records SEC(".maps");
struct { __u64 written, lost; } counts;
SEC("syscall")
int write_records(void *ctx)
{
	for (int i = 0; i < 1000; i++) {
		struct record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
		if (!record) {
			counts.lost++;
			continue;
		}
		record->number = counts.written++;
		bpf_ringbuf_submit(record, 0);
	}
	return 0;
}
char _license[] SEC("license") = "GPL";
"""
DRAINED = """
import sys, time
from bpftui.core.kernel import load
from bpftui.core.live import RingBuffer
from bpftui.core.spec import CollectionSpec
with load(CollectionSpec.from_file(sys.argv[1])) as collection:
    program = collection.programs["write_records"]
    with RingBuffer.of(collection.maps["records"]) as ring:
        for _ in range(int(sys.argv[2])):
            for read in (ring.read_block, ring.read):
                for _ in range(400):
                    program.run()
                count, begin = 0, time.process_time()
                while found := read(4096):
                    count += len(found)
                print(read.__name__, (time.process_time() - begin) / count)
"""
"""Fills the ring, empties it, and tells what a record took, one way after the other."""
READER = """
import resource, subprocess, sys, time
from bpftui.core.kernel import load
from bpftui.core.live import EventReader
from bpftui.core.spec import CollectionSpec
path, writer = sys.argv[1], sys.argv[2:]
with load(CollectionSpec.from_file(path)) as collection, EventReader(collection) as reader:
    before = resource.getrusage(resource.RUSAGE_SELF)
    taken, writing = 0, subprocess.Popen(writer, stdout=subprocess.DEVNULL)
    while writing.poll() is None:
        time.sleep(0.5)
        taken += len(reader.take()["records"].records)
    found = reader.take()["records"]  # what the writer has left in the buffer
    taken += len(found.records)
    after = resource.getrusage(resource.RUSAGE_SELF)
    written, full = collection.variables["counts"].get().values()
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(taken, found.lost, written, full, spent)
"""
WRITER = """
import sys, time
from bpftui.core.kernel import Map, Program
records, seconds = int(sys.argv[1]), float(sys.argv[2])
program = next(each for number in Program.ids() if (each := Program.from_id(number)).name == "write_records")
begin = time.monotonic()
for number in range(int(records * seconds / 1000)):
    while time.monotonic() < begin + number * 1000 / records:
        pass
    program.run()
maps = map(Map.from_id, program.info().map_ids)
counts = next(each for each in maps if each.name.endswith(".bss")).read_at(0, 16)
print(*(int.from_bytes(counts[at : at + 8], sys.byteorder) for at in (0, 8)))
"""
"""Runs the program that somebody has loaded, and tells how many records were written, and how many had no room."""
pytestmark = pytest.mark.skipif(bool(why_no_bpf()), reason=why_no_bpf() or "bpf(2) is available")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    clang = shutil.which("clang-19") or pytest.skip("no clang-19 is installed")
    folder = tmp_path_factory.mktemp("stream")
    (folder / "stream.c").write_text(SOURCE)
    include = pytestconfig.rootpath / "bpf"
    command = [clang, "-target", "bpf", "-O2", "-g", f"-I{include}", "-c", "stream.c", "-o", "stream.o"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "stream.o"


def writer(seconds: float) -> list[str]:
    """Return the command that writes for so long."""
    return [PYTHON, "-c", WRITER, str(RECORDS), str(seconds)]


def python(program: str, *arguments: str) -> list[list[str]]:
    """Run a program; return the words of its lines."""
    command = [PYTHON, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    return [line.split() for line in done.stdout.splitlines()]


def test_what_a_record_takes(compiled: Path) -> None:
    """Goal: a million in a second are a small part of a processor, in one piece as in objects."""
    times: dict[str, list[float]] = {}
    for name, seconds in python(DRAINED, str(compiled), "5"):
        times.setdefault(name, []).append(float(seconds))
    for name, found in times.items():
        print(f"\n{name}: {statistics.median(found) * 1e9:.0f} ns a record, from {min(found) * 1e9:.0f}", end="")
    print()


def test_a_million_records_a_second(compiled: Path) -> None:
    """Goal: none lost."""
    taken, lost, written, full, spent = map(float, *python(READER, str(compiled), *writer(SECONDS)))
    print(
        f"\n{written:,.0f} records of 32 bytes in {SECONDS} s: {taken:,.0f} taken, {lost:,.0f} lost here, {full:,.0f} "
        f"found no room; the reader took {spent / SECONDS:.2f} of a processor"
    )
    assert taken + lost == written


class Explorer:
    """The explorer in a terminal of its own, and what it writes there.

    Args:
        path: The object.
        home: Where its configuration would be.
    """

    def __init__(self, path: Path, home: Path) -> None:
        self._master, slave = os.openpty()
        subprocess.run(["stty", "cols", "120", "rows", "40"], stdin=slave, check=True)
        variables = environment() | {"TERM": "xterm-256color", "HOME": str(home)}
        variables |= {"XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        command = [PYTHON, "-m", "bpftui.tui", str(path), "--runtime", "kernel"]
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=variables, start_new_session=True
        )
        os.close(slave)
        self._threads: Final = f"/proc/{self._process.pid}/task/{self._process.pid}/schedstat"
        self.written = b""

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        os.close(self._master)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> bytes:
        """Return what it writes next, within so many seconds."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        found = os.read(self._master, 1 << 20)
        self.written += found
        return found

    def until(self, pattern: bytes, seconds: float = 60) -> float:
        """Read until something is written; return how many seconds that took."""
        begin, found = time.monotonic(), b""
        while re.search(pattern, found) is None:
            assert time.monotonic() < begin + seconds, found[-2000:]
            found += self.read(0.1)
        return time.monotonic() - begin

    def spent(self) -> tuple[float, float]:
        """Return the processor time of all its threads, and of that of the screen, in seconds."""
        with open(f"/proc/{self._process.pid}/stat") as file:
            words = file.read().rpartition(")")[2].split()
        with open(self._threads) as file:
            own = int(file.read().split()[0]) / 1e9
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), own


@pytest.fixture
def explorer(compiled: Path, tmp_path: Path) -> Generator[Explorer]:
    """The explorer, in which the object is loaded and its events are seen."""
    explorer = Explorer(compiled, tmp_path)
    try:
        explorer.until(b"SPEC")
        explorer.press("L")
        explorer.until(b"LOADED")
        explorer.press("4")
        explorer.until(b"no events yet")
        yield explorer
    finally:
        explorer.close()


def test_a_million_records_a_second_with_the_screen_up(explorer: Explorer) -> None:
    """Goal: none lost, and a key answers: up stops following the newest, which the title says; G follows again."""
    before = explorer.spent()
    writing = subprocess.Popen(writer(2 * SECONDS), stdout=subprocess.PIPE, env=environment(), text=True)
    explorer.until(rb"[1-9][\d,]* seen")
    answers: list[float] = []
    while writing.poll() is None:
        explorer.press("\x1b[A")
        answers.append(explorer.until(b"not following"))
        explorer.press("G")
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            explorer.read(0.05)
    after = explorer.spent()
    with contextlib.suppress(AssertionError):
        explorer.until(b"never comes", 2)
    assert writing.stdout is not None
    written, full = map(int, writing.stdout.read().split())
    seen = re.findall(rb"([\d,]+) seen", explorer.written)[-1].decode()
    every, screen = ((now - then) / 2 / SECONDS for now, then in zip(after, before, strict=True))
    print(
        f"\n{written:,} records of 32 bytes in {2 * SECONDS} s: {seen} seen, {full:,} found no room; the explorer took "
        f"{every:.2f} of a processor, its screen {screen:.2f}; of {len(answers)} keys half were answered in "
        f"{statistics.median(answers) * 1e3:.0f} ms, all in {max(answers) * 1e3:.0f}"
    )
    assert int(seen.replace(",", "")) == written
