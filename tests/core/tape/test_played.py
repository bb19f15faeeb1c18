"""A recording in the place of what is loaded: it tells what was at each moment, and refuses what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.runtime import Printed
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import Playback, PlayedRuntime, Tape, played
from tests.core.tape.test_tape import record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bpftui.core.tape import PlayedCollection


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tape") / "a.rec"
    record(path)
    return path


@pytest.fixture
def collection(path: Path) -> Iterator[PlayedCollection]:
    with Tape(str(path)) as tape, PlayedRuntime(tape).load(tape.spec()) as collection:
        yield collection


def test_it_plays_from_its_beginning_to_its_end(collection: PlayedCollection) -> None:
    player = collection.player
    player.move(5)
    at: list[int] = []
    for sample in Playback(player).samples():
        at.append(player.tick)
        assert sample.time == player.tick - 1
        assert set(sample.maps) == {"traffic", "sources"}
    assert at == [*range(1, 12)]
    assert [sample.time for sample in Playback(player).samples(3.0)] == [0.0, 1.0, 2.0, 3.0]
    assert [sample.time for sample in Playback(player).samples(2.9)] == [0.0, 1.0, 2.0]
    (first,) = Playback(player, ["traffic"]).samples(0.0)
    assert set(first.maps) == {"traffic"}
    playback = Playback(player)
    samples = playback.samples()
    assert next(samples).time == 0.0
    playback.stop()
    assert list(samples) == []


def test_it_moves_to_the_nearest_sample_that_there_is(collection: PlayedCollection) -> None:
    player = collection.player
    assert player.tick == 1
    for to, there in ((11, 11), (12, 11), (0, 1), (-1, 1), (2, 2)):
        player.move(to)
        assert player.tick == there
        assert player.sample is not None
        assert player.sample.time == there - 1


def test_values_are_those_of_the_moment(collection: PlayedCollection) -> None:
    total = collection.variables["total_packets"]
    for tick, packets in ((1, 0), (2, 1), (4, 6), (8, 12)):
        collection.player.move(tick)
        assert total.get() == packets
        assert total.raw() == packets.to_bytes(8, "little")
    assert total.read_only
    assert [collection.programs["count_traffic"].count(), collection.programs["count_traffic"].takes_packet] == [
        False,
        False,
    ]


def test_entries_are_read_in_pieces_and_counted(collection: PlayedCollection, monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = collection.maps["traffic"]
    collection.player.move(4)
    assert (len(traffic.snapshot().entries), traffic.count()) == (2, (2, True))
    monkeypatch.setattr(played, "_SCANNED", 1)
    elements = traffic.elements
    assert [len(part) for part in elements.scan()] == [1, 1]
    first, second = elements.snapshot().entries
    assert elements.lookup(second.key) == b"".join(second.values)
    assert elements.lookup(b"none") is None
    assert elements.read_at(2, 5) == first.values[0][2:7]
    collection.player.move(1)
    assert (elements.read_at(0, 4), [*elements.scan()], traffic.count()) == (b"", [], (0, True))


def test_of_a_stream_each_record_is_read_once(collection: PlayedCollection) -> None:
    records = collection.maps["events"].records()
    assert records is not None
    assert collection.maps["traffic"].records() is None
    assert records.read() == []
    counts: list[int] = []
    for tick in range(2, 9):
        collection.player.move(tick)
        counts.append(len(records.read()))
        assert records.read() == []
    assert counts == [1, 1, 1, 0, 1, 1, 1]
    collection.player.move(2)
    assert len(records.read(0)) == 0
    assert records.pending == 48
    assert len(records.read(1)) == 1
    assert (records.pending, records.lost) == (0, 0)


def test_what_was_printed_is_told_once(collection: PlayedCollection) -> None:
    with collection.printed() as prints:
        told: list[list[str]] = []
        for tick in range(1, 12):
            collection.player.move(tick)
            told.append([line.text for line in prints.read().lines])
            assert prints.read() == Printed()
    assert told == [[], [], ["tick 2"], [], [], ["tick 5"], [], [], ["tick 8"], [], []]


def test_what_it_is(collection: PlayedCollection) -> None:
    runtime = collection.runtime
    assert runtime.name == "vm"
    assert runtime.statistics().__enter__() == ""
    assert runtime.forecast(collection.spec).programs == {}
    assert runtime.externs(collection.spec) == {}
    assert runtime.targets(collection.spec, collection.spec.programs["count_traffic"]) == []
    assert (runtime.has_hooks, runtime.verifies) == (False, False)


def test_nothing_is_changed(collection: PlayedCollection) -> None:
    runtime, program = collection.runtime, collection.spec.programs["count_traffic"]
    traffic, total = collection.maps["traffic"], collection.variables["total_packets"]
    entry = b"\0" * 8
    for refusal in (
        lambda: traffic.elements.update(entry, b""),
        lambda: traffic.elements.take(entry),
        lambda: traffic.elements.write_at(0, b""),
        lambda: total.set_text("1"),
        runtime.sandbox,
        lambda: runtime.target(program, "eth0"),
        lambda: runtime.wants_sandbox(program, ""),
        lambda: runtime.check(collection.spec),
        runtime.inspect,
    ):
        with pytest.raises(UsageError, match="this is a recording"):
            refusal()
    assert traffic.fixed == "this is a recording: it is what was"


def test_a_tape_without_a_sample_has_what_the_object_says(tmp_path: Path) -> None:
    record(tmp_path / "b.rec", 0)
    with Tape(str(tmp_path / "b.rec")) as tape, PlayedRuntime(tape).load(tape.spec()) as collection:
        assert (collection.player.tick, collection.player.sample) == (0, None)
        assert [*Playback(collection.player).samples()] == []
        snapshot = collection.maps["traffic"].snapshot()
        assert (snapshot.entries, snapshot.note) == ((), "it was not recorded")
        assert collection.variables["counting"].get() is True
        assert collection.programs["count_traffic"].info().id == 0
        sample_every = CollectionSpec.from_file("bpf/traffic.o").variables["sample_every"]
        assert (collection.variables["sample_every"].get(), sample_every.get()) == (2, 1000)
