"""What streams bring, and what is said of what they lose."""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.analysis.records import RecordType, record_type
from bpftui.core.choice import choose_runtime
from bpftui.core.live import EventReader, Events, record_text, record_value
from bpftui.core.live import events as module
from bpftui.core.spec import CollectionSpec
from bpftui.core.threads import NoThreadError
from bpftui.tui.commands.event_lines import event_lines
from bpftui.tui.commands.sample_json import events_json
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from bpftui.core.runtime import Collection

OBJECT = Path(__file__).parents[2] / "objects" / "live.o"
PACKET = bytes(64)


@pytest.fixture(params=["vm", pytest.param("kernel", marks=pytest.mark.kernel)])
def loaded(request: pytest.FixtureRequest) -> Iterator[Collection]:
    with choose_runtime(request.param).load(CollectionSpec.from_file(OBJECT)) as collection:
        yield collection


def brought(reader: EventReader, name: str, count: int) -> Events:
    """Return what a stream brought once *count* records are there; those of several looks together."""
    records: list[bytes] = []
    end = time.monotonic() + PATIENCE
    while True:
        found = reader.take()[name]
        records += found.records
        if len(records) >= count or time.monotonic() > end:
            return Events(tuple(records), found.count, found.lost, found.behind, found.full)
        time.sleep(0.01)


def test_a_record_has_the_elements_that_it_has(loaded: Collection) -> None:
    with EventReader(loaded, ["tails", "texts"]) as reader:
        loaded.programs["writes_tail"].run(PACKET)
        (raw,) = brought(reader, "tails", 1).records
        assert record_value(raw, reader.types["tails"]) == {"type": 7, "len": 3, "data": [0xAA, 0xBB, 0xCC]}
        loaded.programs["writes_text"].run(PACKET)
        (raw,) = brought(reader, "texts", 1).records
        assert record_text(raw, reader.types["texts"]) == '{n=7, comm="sh", file="/tmp/x"}'


def test_a_map_s_value_has_the_elements_that_it_has() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    ctype = spec.maps["tails"].value
    assert ctype is not None
    assert ctype.decode(bytes.fromhex("0700000003000000aa00bb00")) == {"type": 7, "len": 3, "data": [0xAA, 0xBB]}


def test_a_record_that_its_type_does_not_fit() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    declared = record_type(spec, spec.maps["texts"])
    exact = b"\7\0\0\0" + b"sh".ljust(8, b"\0") + b"/tmp/x".ljust(12, b"\0")
    assert record_value(exact + b"\1\2", declared) == {"n": 7, "comm": "sh", "file": "/tmp/x", "...": b"\1\2"}
    assert record_value(exact + bytes(4), declared) == {"n": 7, "comm": "sh", "file": "/tmp/x"}  # the kernel's padding
    assert record_value(exact[:-1], declared) == exact[:-1]
    assert record_value(b"\1\2", RecordType(None)) == b"\1\2"


def test_a_record_that_is_left_as_bytes_says_why() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    declared = record_type(spec, spec.maps["texts"])
    assert declared.type is not None
    assert record_text(b"\7\0\0\0", declared) == "4 bytes, struct event has 24: 07 00 00 00"
    assert record_text(b"\7", declared, limit=20) == "1 byte, struct even…"
    number = RecordType(declared.type.member("n")[0])
    assert record_text(b"\7\0\0\0\1", number) == "5 bytes, __u32 has 4: 07 00 00 00 01"
    assert record_text(b"\7\0\0\0\0", number) == "7"  # the kernel's padding
    assert record_text(b"\7\0", RecordType(None)) == "07 00"


def test_what_a_ring_buffer_has_no_room_for_is_told(loaded: Collection) -> None:
    """The machine counts it. The kernel does not: it is seen that the buffer was full."""
    with EventReader(loaded, ["output"]) as reader:
        with reader._lock:  # nobody looks meanwhile
            for _ in range(300):  # of 24 bytes each, into 4,096
                loaded.programs["outputs"].run(PACKET)
        found = brought(reader, "output", 170)
    assert 170 <= len(found.records) == found.count < 300
    assert loaded.variables["dropped"].get() == 300 - found.count
    assert found.lost == (300 - found.count if loaded.runtime.name == "vm" else 0)
    assert found.full >= 1


class Endless:
    """A stream that is never empty."""

    lost = 5
    pending = 1600

    def read(self, limit: int = 1000) -> list[bytes]:
        return [bytes(8)] * limit

    def close(self) -> None:
        """There is nothing to be closed."""


def test_what_nobody_asks_for_is_bounded_and_counted(loaded: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "open_records", lambda _: Endless())
    monkeypatch.setattr(module, "_KEPT", 1 << 20)
    with EventReader(loaded, ["output"]) as reader:
        assert wait_for(lambda: reader._streams["output"].dropped > 0)
        found = reader.take()["output"]
    assert 0 < len(found.records) <= (1 << 20) // 8
    assert found.dropped == found.count - len(found.records)
    assert found.lost == 5 + found.dropped
    assert found.behind == 100  # of 8 bytes and a header of 8


def test_who_only_counts_loses_nothing(loaded: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 0)
    with EventReader(loaded, ["output"], keeps=False) as reader:
        for _ in range(100):
            loaded.programs["outputs"].run(PACKET)
        found = reader.totals()["output"]
        assert (len(found.records), found.count, found.lost, found.behind) == (0, 100, 0, 0)
        assert not reader.take()["output"].records


def test_a_part_is_taken_and_the_rest_waits(loaded: Collection) -> None:
    with EventReader(loaded, ["output"]) as reader:
        for _ in range(100):
            loaded.programs["outputs"].run(PACKET)
        first = next(reader.batches(30))["output"]
        assert (len(first.records), first.count, first.lost, first.behind) == (30, 100, 0, 70)
        rest = [batch["output"] for batch in reader.batches(30)]
        assert [(len(each.records), each.behind) for each in rest] == [(30, 40), (30, 10), (10, 0)]
        assert [len(batch["output"].records) for batch in reader.batches(30)] == [0]
    numbers = [record_value(raw, reader.types["output"]) for each in (first, *rest) for raw in each.records]
    assert numbers == [{"when": 4, "length": 5, "hash": 6}] * 100


def test_what_waits_too_long_is_lost_the_oldest_first(loaded: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 1600)
    with EventReader(loaded, ["output"]) as reader:
        for number in range(100):
            loaded.programs["outputs"].run(PACKET)
            if number % 10 == 9:
                reader.totals()  # looks
        found = next(reader.batches(3))["output"]
        rest = reader.take()["output"]
    assert (len(found.records), found.count, found.dropped) == (3, 100, found.lost)
    assert found.lost >= 100 - 1600 // 16  # of 16 bytes each, and where they are
    assert (len(rest.records), rest.lost, rest.behind) == (100 - 3 - found.lost, found.lost, 0)


def test_events_that_there_is_no_time_for_are_in_the_next_sample(
    loaded: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 64)
    with EventReader(loaded, ["output"]) as reader:
        for _ in range(150):
            loaded.programs["outputs"].run(PACKET)
        found = [events_json(reader, until=time.monotonic()) for _ in range(4)]
    assert [(len(each["events"]["output"]), each["lost"], each.get("behind")) for each in found] == [
        (64, {"output": 0}, {"output": 86}),
        (64, {"output": 0}, {"output": 22}),
        (22, {"output": 0}, None),
        (0, {"output": 0}, None),
    ]
    with EventReader(loaded, ["output"]) as reader:
        for _ in range(70):
            loaded.programs["outputs"].run(PACKET)
        lines = [list(event_lines(reader, until=time.monotonic())) for _ in range(2)]
    assert [(len(each), each[-1]) for each in lines] == [
        (65, "  output: about 6 behind"),
        (6, lines[0][0]),
    ]


def test_without_a_thread_records_are_read_when_they_are_asked_for(
    loaded: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise NoThreadError

    monkeypatch.setattr(module, "start_thread", refuse)
    with EventReader(loaded, ["output"]) as reader:
        for _ in range(100):
            loaded.programs["outputs"].run(PACKET)
        assert reader.take()["output"].count == 100


def test_a_record_of_several_kinds_begins_with_its_own() -> None:
    spec = CollectionSpec.from_file(Path(__file__).parents[2] / "objects" / "record_kinds.o")
    record = record_type(spec, spec.maps["told"])
    assert record_text(struct.pack("=II", 1, 10), record) == "began {kind=1, pid=10}"
    assert record_text(struct.pack("=IIQ", 2, 10, 1500), record) == "ended {kind=2, pid=10, spent_ns=1500}"
    assert record_text(b"1234", record) == "4 bytes, as none of its structures: 31 32 33 34"
    assert record_text(struct.pack("=IIQ", 3, 10, 1500), record).startswith("16 bytes, as none of its structures: 03")
    assert record_value(struct.pack("=II", 1, 10), record) == {"kind": 1, "pid": 10}
