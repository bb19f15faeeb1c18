"""What `watch` shows on a terminal: tables that fit, whatever its size, of samples that are written out here."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.live import Sample, Session
from bpftui.core.runtime import Entry, MapSnapshot, ProgramInfo
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.live_table import LiveTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.runtime import Collection

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def traffic() -> Iterator[Collection]:
    with Session(CollectionSpec.from_file(ROOT / "bpf/traffic.o"), choose_runtime("vm")) as session:
        yield session.load()


def sample(time: float, packets: int, entries: int = 3, total: int | None = None) -> Sample:
    kinds = [(2, 6), (2, 17), (10, 6), (10, 17), (2, 1), (10, 58)]
    found = tuple(
        Entry(struct.pack("<II", *kinds[at]), (struct.pack("<QQ", packets * (at + 1), 1_000_000_000 + packets * 100),))
        for at in range(entries)
    )
    return Sample(
        time,
        1.0,
        {"traffic": MapSnapshot(found, beyond=total - entries if total else 0)},
        {"total_packets": struct.pack("<Q", packets), "sample_every": struct.pack("<I", 1000)},
        {"count_traffic": ProgramInfo(42, "", packets, packets * 1500, None, 0, 0)},
    )


def shown(collection: Collection, columns: int, rows: int, *samples: Sample, **options: bool) -> list[str]:
    table = LiveTable(collection, "traffic.o  count_traffic → veth0", 1.0, **options)
    for each in samples:
        table.update(each)
    found = table.lines(columns, rows)
    assert len(found) <= rows
    assert all(len(line) <= columns for line in found) or options.get("color")
    return [line.rstrip() for line in found]


def test_rates_have_names_and_changes_a_mark(traffic: Collection) -> None:
    assert shown(traffic, 100, 23, sample(1, 1000), sample(2, 3500)) == [
        "traffic.o  count_traffic → veth0                                      2.0 s, every 1 s · ctrl+c ends",
        "traffic  percpu_hash  3 of 256  summed over the CPUs",
        "  family  protocol  packets  packets/s           bytes  bytes/s",
        "  IPV4    TCP        •3,500      2,500  •1,000,350,000  250,000",
        "  IPV4    UDP        •7,000      5,000  •1,000,350,000  250,000",
        "  IPV6    TCP       •10,500      7,500  •1,000,350,000  250,000",
        "variables  2",
        "  name            value  per second",
        "  total_packets  •3,500       2,500",
        "  sample_every    1,000",
        "programs  1 of 1 ran",
        "  name            runs  runs/s  ns/run  CPU %",
        "  count_traffic  3,500   2,500   1,500   0.38",
    ]


def test_before_there_are_two_samples_there_is_no_rate(traffic: Collection) -> None:
    assert (
        shown(traffic, 100, 23, sample(1, 1000))[3] == "  IPV4    TCP         1,000          –   1,000,100,000        –"
    )


def test_columns_are_dropped_whole_and_counted(traffic: Collection) -> None:
    for columns in range(20, 100):
        lines = shown(traffic, columns, 23, sample(1, 1_234_567), sample(2, 7_654_321))
        (row,) = [line for line in lines if line.startswith("  IPV4    TCP")]
        found = re.split(" {2,}", row.strip())[2:]
        assert found == ["•7,654,321", "6.42 M", "•1,765,432,100", "642 M"][: len(found)]
        heading = lines[1]
        dropped = 4 - len(found)
        assert (f"+{dropped} column" in heading) == bool(dropped)


def test_rows_that_there_is_no_room_for_are_counted(traffic: Collection) -> None:
    lines = shown(traffic, 80, 12, sample(1, 1000, 6, total=300), sample(2, 2000, 6, total=300))
    assert "  … 299 more" in lines
    assert len(shown(traffic, 80, 3, sample(1, 1000), sample(2, 2000))) == 2
    assert "more tables: make room" in shown(traffic, 80, 5, sample(1, 1000), sample(2, 2000))[-1]
    assert shown(traffic, 80, 1, sample(1, 1000)) != []


def test_an_empty_map_is_one_line(traffic: Collection) -> None:
    lines = shown(traffic, 80, 23, sample(1, 1000, 0))
    assert lines[1:3] == ["traffic  percpu_hash  0 of 256  summed over the CPUs", "variables  2"]


def test_columns_stay_where_they_are_when_numbers_become_shorter(traffic: Collection) -> None:
    wide = sample(1, 10_000_000)
    (before,) = [line for line in shown(traffic, 100, 23, wide) if "protocol" in line]
    (after,) = [line for line in shown(traffic, 100, 23, sample(1, 1)) if "protocol" in line]
    assert before != after
    table = LiveTable(traffic, "", 1.0)
    table.update(wide)
    table.lines(100, 23)
    table.update(sample(2, 1))
    assert before in [line.rstrip() for line in table.lines(100, 23)]


def test_a_counter_that_began_anew_has_no_rate(traffic: Collection) -> None:
    lines = shown(traffic, 100, 23, sample(1, 5000), sample(2, 10))
    (row,) = [line for line in lines if line.startswith("  IPV4    TCP")]
    assert row.split()[3] == "–"


def test_names_are_foreign() -> None:
    data = (ROOT / "bpf/traffic.o").read_bytes().replace(b"\0total_packets\0", b"\0tot\x1b]0;own\x07ts\0")
    with Session(CollectionSpec.from_bytes(data), choose_runtime("vm")) as session:
        collection = session.load()
        table = LiveTable(collection, "x\x1b]0;o\x07", 1.0)
        (current,) = session.sampler().samples(0)
        table.update(current)
        for columns in (30, 80, 200):
            lines = table.lines(columns, 40)
            assert all(line.isprintable() and len(line) <= columns for line in lines)
        assert "\\x1b]0;o\\x07" in lines[0]
        assert any("tot\\x1b]0;own\\x07ts" in line for line in lines)
