"""What is looked at all the time: a large map, also against `bpftool map dump`, and a day of series.

python -m pytest tests/bench/bench_live.py -s
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bpftui.core.kernel import Map, load
from bpftui.core.live import leaders
from bpftui.core.live.arrange import Ordering
from bpftui.core.live.condition import condition
from bpftui.core.live.counters import Counter
from bpftui.core.live.quantity import Look, OfEntry, Track
from bpftui.core.live.rows import Rows
from bpftui.core.live.sampler import Sample
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from tests.bench.timing import compare
from tests.census import why_no_bpf

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bpftui.core.live.condition import Condition

ENTRIES = 1_000_000
SOURCE = f"""
#include "bpf_min.h"
struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, {ENTRIES});
	__type(key, __u32);
	__type(value, __u64);
}} large SEC(".maps");
char _license[] SEC("license") = "GPL";
"""
pytestmark = pytest.mark.skipif(bool(why_no_bpf()), reason=why_no_bpf() or "bpf(2) is available")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    clang = shutil.which("clang-19") or pytest.skip("no clang-19 is installed")
    folder = tmp_path_factory.mktemp("live")
    (folder / "live.c").write_text(SOURCE)
    include = pytestconfig.rootpath / "bpf"
    command = [clang, "-target", "bpf", "-O2", "-g", f"-I{include}", "-c", "live.c", "-o", "live.o"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "live.o"


@pytest.fixture
def large(compiled: Path) -> Generator[Map]:
    """A map of a million entries, and its number."""
    with load(CollectionSpec.from_file(compiled)) as collection:
        found = collection.maps["large"]
        found.update_batch((number, number) for number in range(ENTRIES))
        yield found


def test_a_snapshot_of_a_million_entries_against_bpftool(large: Map) -> None:
    """Goals: 0.6 × as entries, 0.1 × as arrays of numpy."""
    bpftool = shutil.which("bpftool") or pytest.skip("no bpftool is installed")

    def ours() -> float:
        begin = time.perf_counter()
        snapshot = large.snapshot(None)
        spent = time.perf_counter() - begin
        assert len(snapshot.entries) == ENTRIES
        return spent

    def theirs() -> float:
        begin = time.perf_counter()
        subprocess.run([bpftool, "-j", "map", "dump", "id", str(large.id)], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begin

    def as_arrays() -> float:
        begin = time.perf_counter()
        found = large.arrays()
        spent = time.perf_counter() - begin
        assert len(found.keys) == len(found.values) == ENTRIES
        return spent

    compare("a snapshot of 1,000,000 entries against bpftool -j map dump", ours, theirs, runs=2)
    compare("the same as arrays", as_arrays, theirs, runs=2)


def test_a_million_entries_in_order(large: Map, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: looked at each second, with the rates of all, half a processor, by numpy. Beside it what goes without."""
    source = large.spec
    rows = Rows(source, None, large)
    (value,) = rows.fields.values
    by_value = Ordering(value, reverse=True)
    by_rate = replace(by_value, by_rate=True)
    snapshot = replace(large.snapshot(1000), partial=True, beyond=ENTRIES - 1000)
    sample = Sample(0.0, 1.0, {source.name: snapshot}, {}, {})

    def spent(ordering: Ordering | None, pattern: Condition | None = None, *, again: bool = True) -> float:
        begin = time.process_time()
        rows.take(sample, None, ordering=ordering, pattern=pattern, again=again)
        return time.process_time() - begin

    print(f"\n1,000,000 entries by value: {min(spent(by_value) for _ in range(3)):.2f} s of a processor, with numpy")
    looks = [spent(by_rate) + spent(by_rate, again=False) for _ in range(3)]  # rates want two
    print(f"looked at each second, with the rates of all: {min(looks) / 2:.2f} of a processor")
    monkeypatch.setattr(leaders, "find_numpy", lambda: None)
    print(f"by value without numpy: {spent(by_value):.2f} s")
    print(f"those with value > 500000: {spent(None, condition('value > 500000', rows.fields.all)):.2f} s")


def test_a_day_of_a_hundred_series() -> None:
    """Goal: 50 MB. One is filled, two points a second; all take the same."""
    key = struct.pack("=I", 7)
    tracemalloc.start()
    track = Track(OfEntry(Counter("map", "counts", "", 0, 8), key))
    for tick in range(2 * 86_400):
        snapshot = MapSnapshot((Entry(key, (struct.pack("=Q", 7 * tick),)),))
        track.add(Look(Sample(tick / 2, 0.5, {"counts": snapshot}, {}, {})))
    size = 100 * tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    begin = time.perf_counter()
    points = track.rates.past(86_400).points
    spent = time.perf_counter() - begin
    print(
        f"\n100 quantities of 24 h at 2 Hz: {size / 1e6:.1f} MB; a day is {len(points):,} points, {spent * 1e3:.1f} ms"
    )
    assert size < 50e6
