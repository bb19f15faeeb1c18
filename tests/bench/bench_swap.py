"""Two hundred versions of an object, each put in the place of the one before it, at 100,000 packets a second.

    python -m tests.bench.bench_swap [library|explorer|terminal] [COUNT [COLUMNSxLINES]]

What is told: how many packets nobody counted (none is right), how long a change takes from the file that is written to
the program that runs, what memory the process has before and after, and what it has open of the kernel's objects.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bpftui.core.kernel import KernelRuntime, Sandbox
from bpftui.core.live import Session, Swap
from bpftui.core.spec import CollectionSpec
from bpftui.tui.app import BpftuiApp
from bpftui.tui.commands.explore import reader
from tests.home import own_home
from tests.versions import object_of

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 100_000
PATIENCE = 60.0
_TARGET = f"sandbox,rate={RATE}"
_MARK = 0x5EED_5EED
"""A version that stands in its object once; others are put there, so that none is compiled while it is measured."""


def versions() -> list[bytes]:
    """Return four versions whose maps and sections are the same."""
    return [object_of(number) for number in range(1, 5)]


def save(file: Path, raw: bytes) -> None:
    """Write a file as a compiler does: another one, moved there."""
    new = file.with_suffix(".new")
    new.write_bytes(raw)
    new.rename(file)


def held(process: int | str = "self") -> Counter[str]:
    """Return what a process has open of the kernel's BPF objects, by kind."""
    names: list[str] = []
    for descriptor in os.listdir(f"/proc/{process}/fd"):
        with suppress(OSError):
            names.append(os.readlink(f"/proc/{process}/fd/{descriptor}"))
    return Counter(name for name in names if "bpf" in name or "btf" in name)


def memory(process: int | str = "self") -> int:
    """Return the resident KiB of a process."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def counted(session: Session) -> tuple[int, int]:
    """Return what the variable counted, and what the interface received, once nothing comes any more."""
    sandbox, loaded = session.sandbox, session.collection
    assert isinstance(sandbox, Sandbox)
    assert loaded is not None
    sandbox.rate = 0
    sandbox.send(1)
    return cast("int", loaded.variables["total"].get()), sandbox.rx_packets()


def tell(what: str, seconds: Sequence[float], before: int, after: int) -> None:
    """Print what a row of changes took."""
    late = sum(each > 1 for each in seconds)
    print(
        f"{what}: {len(seconds)} changes, median {statistics.median(seconds) * 1e3:.0f} ms, "
        f"most {max(seconds) * 1e3:.0f} ms, over a second: {late}; {before:,} → {after:,} KiB",
        flush=True,
    )


def library(count: int) -> None:
    """Swap by the library alone."""
    runtime, raws = KernelRuntime(), versions()
    session = Session(CollectionSpec.from_bytes(raws[0], file="prog.o"), runtime)
    session.load()
    session.attach("count", _TARGET)
    open_before, resident, taken = held(), 0, list[float]()
    for number in range(count):
        if number == count // 10:
            resident = memory()  # what is made once is there by now
        began = time.perf_counter()
        after = Session(CollectionSpec.from_bytes(raws[number % 4], file="prog.o"), runtime)
        with Swap(session, after) as swap:
            swap.prepare()
            done = swap.commit()
        session.close()
        session = after
        taken.append(time.perf_counter() - began)
        assert done.whole
    tell("library", taken, resident, memory())
    total, received = counted(session)
    print(f"library: {received:,} packets, {received - total:,} uncounted; open as before: {held() == open_before}")
    session.close()


async def explorer(count: int, file: Path) -> None:
    """Swap in the explorer, which sees that the file is another one."""
    raws = versions()
    save(file, raws[0])
    runtime = KernelRuntime()
    gc.disable()  # as at a start: from then on the explorer decides when it is turned on
    app = BpftuiApp(
        Session(CollectionSpec.from_file(file), runtime),
        attach=[("count", _TARGET)],
        read=reader(),
        begin=lambda spec: Session(spec, runtime),
        reload=True,
    )
    async with app.run_test(size=(120, 40)) as pilot:
        end = time.monotonic() + PATIENCE
        while not app.session.links:
            assert time.monotonic() < end
            await pilot.pause(0.05)
        open_before, resident, taken = Counter[str](), 0, list[float]()
        for number in range(1, count + 1):
            if number == max(2, count // 10):
                open_before, resident = held(), memory()
            before, began = app.session, time.perf_counter()
            save(file, raws[number % 4])
            while app.session is before or not app.session.links:
                assert time.perf_counter() < began + PATIENCE, app.explorer.message_line.render().plain
                await asyncio.sleep(0.01)
            taken.append(time.perf_counter() - began)
            while not app.explorer.furnished.is_set() or app.operations.monitor.last is None:
                await asyncio.sleep(0.01)
        tell("explorer", taken, resident, memory())
        total, received = counted(app.session)
        after = held()
        print(f"explorer: {received:,} packets, {received - total:,} uncounted; open: {open_before} → {after}")
        await asyncio.to_thread(app.session.close)


def terminal(count: int, file: Path, size: str) -> None:
    """Swap in a real terminal; what is seen is what stands there: the version among the variables."""
    template = object_of(_MARK)
    assert template.count(_MARK.to_bytes(4, sys.byteorder)) == 1

    def version(number: int) -> bytes:
        return template.replace(_MARK.to_bytes(4, sys.byteorder), number.to_bytes(4, sys.byteorder))

    save(file, version(1000))
    command = f"{sys.executable} -m bpftui.tui {file} --reload --attach count={_TARGET}"
    tmux = ("tmux", "-L", f"bench-swap-{os.getpid()}")
    columns, _, lines = size.partition("x")

    def shown() -> str:
        return subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout

    def wait(what: str, seconds: float = PATIENCE) -> float:
        began = time.perf_counter()
        while not re.search(what, shown()):
            assert time.perf_counter() < began + seconds, f"{what} never came:\n{shown()}"
            time.sleep(0.05)
        return time.perf_counter() - began

    subprocess.run([*tmux, "new-session", "-d", "-x", columns, "-y", lines, command], check=True)
    try:
        found = subprocess.run([*tmux, "list-panes", "-F", "#{pane_pid}"], capture_output=True, text=True, check=True)
        process = found.stdout.strip()
        wait("ATTACHED sandbox")
        subprocess.run([*tmux, "send-keys", "3"], check=True)
        wait(r"version .*\b1,000\b")
        resident, taken, open_before = 0, list[float](), Counter[str]()
        for number in range(1, count + 1):
            if number == max(2, count // 10):
                resident, open_before = memory(process), held(process)
            save(file, version(1000 + number))
            taken.append(wait(rf"version .*\b{1000 + number:,}\b"))
            time.sleep(0.1)
        tell(f"terminal {size}", taken, resident, memory(process))
        wait("ATTACHED sandbox")
        print(f"terminal {size}: open as before: {held(process) == open_before}\n{shown()}", flush=True)
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        wait("will be detached")
        subprocess.run([*tmux, "send-keys", "y"], check=True)
        time.sleep(2)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    size = sys.argv[3] if len(sys.argv) > 3 else "120x40"
    with own_home(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "prog.o")
        if what in ("library", "all"):
            library(count)
        if what in ("explorer", "all"):
            asyncio.run(explorer(count, file))
        if what in ("terminal", "all"):
            terminal(count, file, size)


if __name__ == "__main__":
    main()
