"""Recordings over time: what was sampled comes back, at any moment, and bad files are sentences."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.errors import BpftuiError, ObjectError, UsageError
from bpftui.core.live import EventReader, Events, Sample, Sampler
from bpftui.core.live.trial import Ran
from bpftui.core.runtime import MapSnapshot, Printed, PrintedLine
from bpftui.core.runtime.stacks import Call
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.edits import Edits
from bpftui.core.tape import PlayedEvents, PlayedRuntime, Recorder, Tape, recorder
from bpftui.core.tape import tape as tape_module

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bpftui.core.runtime import Collection

LIVE = Path(__file__).parents[2] / "objects" / "live.o"
TRAFFIC = Path("bpf/traffic.o")
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


class Kept(NamedTuple):
    """What was told to the recorder."""

    sample: Sample
    events: Mapping[str, Events]
    printed: Printed


@pytest.fixture(autouse=True)
def minutes_of_four_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_MINUTE", 4.0)


def record(path: Path, ticks: int = 11) -> list[Kept]:
    """Record the shipped counter, a second a tick, with other packets at each and a map that empties in between."""
    spec = CollectionSpec.from_file(TRAFFIC)
    spec.set("sample_every", 2)
    tick = 0
    kept: list[Kept] = []
    with choose_runtime("vm").load(spec) as collection, EventReader(collection) as events:
        sampler = Sampler(collection, clock=lambda: 100.0 + tick)
        edits = Edits.of(spec, CollectionSpec.from_file(TRAFFIC))
        with Recorder(
            str(path), collection, TRAFFIC.read_bytes(), edits, interval=1.0, date=lambda: 1_800_000_000.0
        ) as tape:
            tape.mark(0.0, "attached", "count_traffic", "eth1")
            for tick in range(ticks):
                for number in range(tick % 4):
                    packet = UDP[:23] + bytes([17 if number % 2 else 6]) + UDP[24:]
                    collection.programs["count_traffic"].run(packet)
                if tick == 6:
                    traffic = collection.maps["traffic"]
                    for entry in traffic.snapshot().entries:
                        traffic.delete(entry.key)
                printed = Printed((PrintedLine(f"tick {tick}", "count_traffic"),) if tick % 3 == 2 else (), tick // 10)
                late = {"traffic": tick + 0.25, "sources": tick + 0.5}
                brought = {name: replace(each, records=(*each.records,)) for name, each in events.take().items()}
                kept.append(Kept(replace(sampler.take(), map_times=late), brought, printed))
                tape.add(*kept[-1])
    return kept


def same(found: Sample, was: Sample) -> bool:
    """Whether a sample is what was taken: the order of entries is the tape's."""
    for name, snapshot in was.maps.items():
        assert {*found.maps[name].entries} == {*snapshot.entries}
        assert (found.maps[name].partial, found.maps[name].note) == (snapshot.partial, snapshot.note)
    assert found.map_times.keys() >= was.map_times.keys()
    for name, time in was.map_times.items():
        assert found.map_times[name] == pytest.approx(time, abs=1e-6)
    return (found.time, found.interval, found.variables, found.programs, found.uncounted) == (
        was.time,
        was.interval,
        was.variables,
        was.programs,
        was.uncounted,
    )


def test_each_moment_comes_back_in_any_order(tmp_path: Path) -> None:
    kept = record(tmp_path / "a.rec")
    assert (tmp_path / "a.rec").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["a.rec"]
    with Tape(str(tmp_path / "a.rec")) as tape:
        assert (tape.ticks, tape.duration, tape.began, tape.runtime) == (11, 10.0, 1_800_000_000.0, "vm")
        assert [tape.tick_at(time) for time in (-1.0, 0.0, 0.9, 1.0, 9.5, 99.0)] == [1, 1, 1, 2, 10, 11]
        for tick, sample in tape.samples():
            assert same(sample, kept[tick - 1].sample)
            assert tape.events(tick) == {
                name: Events(each.records, each.count, each.lost, 0)
                for name, each in kept[tick - 1].events.items()
                if each.count
            }
            assert tape.printed(tick) == kept[tick - 1].printed
        order = [tick for tick in range(1, 12) for _ in range(3)]
        random.Random(5).shuffle(order)
        assert all(same(tape.sample(tick), kept[tick - 1].sample) for tick in order)
        assert [tuple(mark) for mark in tape.marks] == [(0.0, "attached", "count_traffic", "eth1")]


def test_a_tape_tells_whether_it_is_being_written(tmp_path: Path) -> None:
    """Asked by another process, as the sign is a lock; it goes with whoever wrote, however that ended."""
    path = tmp_path / "a.rec"
    ask = [sys.executable, "-c", f"from bpftui.core.tape import Tape; print(Tape({str(path)!r}).is_written)"]

    def told() -> str:
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()

    spec = CollectionSpec.from_file(TRAFFIC)
    with choose_runtime("vm").load(spec) as collection:
        with Recorder(str(path), collection, TRAFFIC.read_bytes(), Edits(), interval=1.0) as tape:
            tape.add(Sampler(collection).take(), {}, Printed())
            assert told() == "True"
            with Tape(str(path)) as read:
                assert (read.is_written, read.ticks) == (True, 1)
            tape.add(Sampler(collection).take(), {}, Printed())
        assert told() == "False"
        tape.close()
        with Tape(str(path)) as read:
            assert (read.is_written, read.ticks) == (False, 2)


def test_a_tape_that_is_read_where_it_is_written_stays_whole(tmp_path: Path) -> None:
    """Who reads it closes descriptors of it, with which fcntl(2) takes SQLite's locks away from the process.

    Another process that opens it then to write, as the tool sqlite3 does, would close it as the last one: rows of
    afterwards went into a log without a name.
    """
    path = tmp_path / "a.rec"
    look = "import sqlite3; print(sqlite3.connect({!r}).execute('SELECT count(*) FROM tick').fetchone()[0])"
    spec = CollectionSpec.from_file(TRAFFIC)
    with choose_runtime("vm").load(spec) as collection:
        with Recorder(str(path), collection, TRAFFIC.read_bytes(), Edits(), interval=1.0) as tape:
            tape.add(Sampler(collection).take(), {}, Printed())
            with Tape(str(path)) as read:
                assert read.ticks == 1
            for ticks in (1, 2):
                ask = [sys.executable, "-c", look.format(str(path))]
                told = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
                assert int(told) == ticks
                tape.add(Sampler(collection).take(), {}, Printed())
        with Tape(str(path)) as read:
            assert read.ticks == 3
    assert [each.name for each in tmp_path.iterdir()] == ["a.rec"]


def test_what_ends_while_it_is_read_is_whole_in_its_one_file(tmp_path: Path) -> None:
    """The log beside it stays for who reads it; whoever copies the file alone has all of it."""
    path, copy = tmp_path / "a.rec", tmp_path / "b.rec"
    spec = CollectionSpec.from_file(TRAFFIC)
    with choose_runtime("vm").load(spec) as collection:
        with Recorder(str(path), collection, TRAFFIC.read_bytes(), Edits(), interval=1.0) as tape:
            tape.add(Sampler(collection).take(), {}, Printed())
            read = Tape(str(path))
            tape.add(Sampler(collection).take(), {}, Printed())
        with read:
            copy.write_bytes(path.read_bytes())
            assert read.sample(1).maps.keys() >= {"traffic"}
        with Tape(str(copy)) as alone:
            assert alone.ticks == 2


def test_the_object_is_as_it_was_loaded(tmp_path: Path) -> None:
    record(tmp_path / "a.rec", 1)
    with Tape(str(tmp_path / "a.rec")) as tape:
        spec = tape.spec()
        assert spec.variable("sample_every").get() == 2
        assert [difference.path for difference in spec.diff()] == ["sample_every"]


def test_a_counter_over_time(tmp_path: Path) -> None:
    from bpftui.core.live import counters, variable_counters

    record(tmp_path / "a.rec", 9)
    with Tape(str(tmp_path / "a.rec")) as tape:
        spec = tape.spec()
        (total,) = variable_counters(spec.variables["total_packets"])
        assert tape.points(total) == [(0.0, 0), (1.0, 1), (2.0, 3), (3.0, 6), (5.0, 7), (6.0, 9), (7.0, 12)]
        packets = next(each for each in counters(spec.maps["traffic"]) if each.label == "packets")
        (udp,) = {
            entry.key
            for _, sample in tape.samples()
            for entry in sample.maps["traffic"].entries
            if spec.maps["traffic"].key is not None and "UDP" in spec.maps["traffic"].key.format(entry.key)
        }
        # It was emptied at the sixth second; of three packets one is UDP.
        assert tape.points(packets, udp) == [(2.0, 1), (3.0, 2), (6.0, None), (7.0, 1)]
        assert tape.points(packets, b"none such") == []


def test_it_is_open_as_what_is_loaded(tmp_path: Path) -> None:
    kept = record(tmp_path / "a.rec")
    with Tape(str(tmp_path / "a.rec")) as tape, PlayedRuntime(tape).load(tape.spec()) as collection:
        events = PlayedEvents(collection)
        for tick in (8, 3, 11):
            collection.player.move(tick)
            was = kept[tick - 1]
            (brought,) = events.batches()
            assert brought == {name: replace(each, behind=0) for name, each in was.events.items()}
            traffic = collection.maps["traffic"]
            assert {*traffic.snapshot().entries} == {*was.sample.maps["traffic"].entries}
            assert collection.variables["total_packets"].raw() == was.sample.variables["total_packets"]
            assert collection.programs["count_traffic"].info() == was.sample.programs["count_traffic"]
            for key, value in traffic.items():
                assert traffic[key] == value
        refusals = [
            lambda: collection.variables["counting"].set(value=False),
            lambda: traffic.delete(traffic.snapshot().entries[0].key),
            collection.programs["count_traffic"].run,
            collection.programs["count_traffic"].attach,
        ]
        for refusal in refusals:
            with pytest.raises(UsageError, match="recording"):
                refusal()


def test_it_is_read_while_it_is_written(tmp_path: Path, loaded: Collection) -> None:
    path = str(tmp_path / "a.rec")
    number = 0
    sampler = Sampler(loaded, clock=lambda: float(number))
    with Recorder(path, loaded, LIVE.read_bytes(), Edits(), interval=1.0) as tape:
        with pytest.raises(UsageError, match="of that name already"):
            Recorder(path, loaded, LIVE.read_bytes(), Edits(), interval=1.0)
        tape.add(sampler.take(), {}, Printed())
        with Tape(path) as reader:
            for number in range(1, 8):  # the fifth packs what a reader has seen as it was written
                loaded.programs["alike"].run(bytes(64))
                tape.add(sampler.take(), {}, Printed())
                assert len(reader.sample(number + 1).maps["pad"].entries) == 3
                assert reader.ticks == number + 1


@pytest.fixture
def loaded() -> Collection:
    return choose_runtime("vm").load(CollectionSpec.from_file(LIVE))


WRITER = """
import sys, time
from pathlib import Path
from bpftui.core.choice import choose_runtime
from bpftui.core.live import Sampler
from bpftui.core.runtime import Printed
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.edits import Edits
from bpftui.core.tape import Recorder, recorder
recorder._MINUTE = 0.05
path = Path("bpf/count_packets.o")
collection = choose_runtime("vm").load(CollectionSpec.from_file(path))
sampler = Sampler(collection)
tape = Recorder(sys.argv[1], collection, path.read_bytes(), Edits(), interval=0.01)
while True:
    collection.programs["count_packets"].run(bytes(64))
    sample = sampler.take()
    tape.add(sample, {}, Printed())
    print(sample.maps["pkt_count"].entries[0].values[0].hex(), flush=True)
"""


def test_killed_at_any_moment_nothing_that_was_written_is_lost(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / f"{number}.rec"
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline().strip() for _ in range(20 + 17 * number)]
            writer.send_signal(signal.SIGKILL)
            told += [line.strip() for line in writer.stdout if line.endswith("\n")]
        with Tape(str(path)) as tape:
            found = [sample.maps["pkt_count"].entries[0].values[0].hex() for _, sample in tape.samples()]
            # What was written may not have been told yet.
            assert found[: len(told)] == told
            assert len(found) - len(told) in (0, 1)


def test_names_and_lines_that_are_no_utf8(tmp_path: Path) -> None:
    name = "odd\udcff.rec"
    spec = CollectionSpec.from_bytes(LIVE.read_bytes(), file="a\udc80.o")
    with (
        choose_runtime("vm").load(spec) as collection,
        Recorder(str(tmp_path / name), collection, LIVE.read_bytes(), Edits(), interval=1.0) as tape,
    ):
        tape.mark(0.0, "attached", "\udcfe", "")
        tape.add(Sampler(collection).take(), {}, Printed((PrintedLine("\udcfd \x1b[31m", "p"),)))
    with Tape(str(tmp_path / name)) as read:
        assert read.file == "a\udc80.o"
        assert read.marks[0].what == "\udcfe"
        assert read.printed(1).texts == ("\udcfd \x1b[31m",)


def test_the_oldest_events_go_where_there_is_no_room(tmp_path: Path, loaded: Collection) -> None:
    path = str(tmp_path / "a.rec")
    number = 0
    sampler = Sampler(loaded, maps=["pad"], clock=lambda: float(number))
    noise = random.Random(3)
    with Recorder(path, loaded, LIVE.read_bytes(), Edits(), interval=1.0, room=400_000) as tape:
        for number in range(1, 31):
            records = tuple(noise.randbytes(1000) for _ in range(50))
            tape.add(sampler.take(), {"tails": Events(records, 50 * number, 0, 0)}, Printed())
    with Tape(path) as read:
        assert read.ticks == 30
        left = [tick for tick in range(1, 31) if read.events(tick)]
        assert left == [*range(left[0], 31)]
        assert 1 < left[0] < 30
        dropped = [mark.what for mark in read.marks]
        assert {mark.kind for mark in read.marks} == {"dropped"}
        assert sum(int(what.split()[0].replace(",", "")) for what in dropped) == 50 * (left[0] - 1)
    assert Path(path).stat().st_size < 1_500_000


def test_a_full_disk_ends_the_tape_and_not_what_is_recorded(tmp_path: Path, loaded: Collection) -> None:
    path = str(tmp_path / "a.rec")
    sampler = Sampler(loaded)
    with Recorder(path, loaded, LIVE.read_bytes(), Edits(), interval=1.0) as tape:
        tape.add(sampler.take(), {}, Printed())
        database = tape._database
        assert database is not None
        database.execute("PRAGMA max_page_count = 1")  # as much as there is, and no more
        records = (random.Random(1).randbytes(1 << 20),)
        with pytest.raises(ObjectError, match="the recording has ended: the disk is full"):
            tape.add(sampler.take(), {"tails": Events(records, 1, 0, 0)}, Printed())
        assert tape.ended
        tape.add(sampler.take(), {}, Printed())
        tape.mark(3.0, "gone", "x")
    with Tape(path) as read:
        assert (read.ticks, read.marks) == (1, [])


def test_where_none_can_be_written(tmp_path: Path, loaded: Collection) -> None:
    (tmp_path / "link.rec").symlink_to(tmp_path / "elsewhere")
    for name, reason in (
        ("link.rec", "of that name already"),
        ("none/a.rec", "there is no directory "),
        ("a\0b", "embedded null"),
    ):
        with pytest.raises(BpftuiError, match=reason):
            Recorder(str(tmp_path / name), loaded, b"", Edits(), interval=1.0)
    assert not (tmp_path / "elsewhere").exists()


def change(path: Path, statement: str) -> None:
    """Change a tape as somebody does who knows SQL."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA writable_schema = 1")
    database.executescript(statement)
    database.close()


def test_a_recording_from_before_names_of_frames_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.rec"
    kept = record(path, 3)
    change(path, "DROP TABLE frame; PRAGMA user_version = 3")
    with Tape(str(path)) as tape:
        assert same(tape.sample(3), kept[2][0])
        assert tape.frame(Call(5), 0, 1).problem == (
            "the recording was made by a bpftui that did not write the names of functions into it"
        )
    change(path, "PRAGMA user_version = 4")
    with pytest.raises(ObjectError, match="its tables are not those of a recording"):
        Tape(str(path))


@pytest.mark.parametrize(
    "row",
    ["7, 0, x'', 0, x''", "x'41', -1, x'', 0, x''", "x'41', 'a', x'', 0, x''", "x'41', 0, NULL, 0, x''"],
)
def test_frames_that_somebody_else_wrote_are_damage(tmp_path: Path, row: str) -> None:
    path = tmp_path / "odd.rec"
    record(path, 2)
    change(path, f"INSERT INTO frame VALUES(0, x'0000000000000005', 1, {row})")
    with Tape(str(path)) as tape, pytest.raises(ObjectError, match="the recording is damaged"):
        tape.frame(Call(5), 0, 1)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PRAGMA user_version = 5", "written by a newer bpftui: its format is 5, not 4"),
        ("UPDATE tick SET time = time + 1e300", "at a time that no clock could have told"),
        ("UPDATE tick SET time = time - 1", "at a time that no clock could have told"),
        ("UPDATE mark SET time = 1e300", "at a time that no clock could have told"),
        ("UPDATE fact SET value = -1.0 WHERE name = 'interval'", "less than no time apart"),
        ("CREATE TABLE more(x)", "its tables are not those of a recording"),
        ("CREATE TRIGGER evil AFTER INSERT ON tick BEGIN SELECT 1; END", "its tables are not"),
        ("DROP TABLE tick; CREATE VIEW tick AS SELECT 1 AS id, 2 AS time", "its tables are not"),
        ("DELETE FROM fact WHERE name = 'object'", "'object' is missing"),
        ("UPDATE fact SET value = 7 WHERE name = 'object'", "damaged"),
        ("UPDATE fact SET value = '[1]' WHERE name = 'edits'", "damaged"),
        ("UPDATE fact SET value = 1e300 WHERE name = 'began'", "damaged"),
        ("UPDATE fact SET value = '[' || value WHERE name = 'machine'", "damaged"),
        ("DELETE FROM tick WHERE id = 3", "samples are missing"),
        ("UPDATE tick SET time = 9e999 WHERE id = 3", "damaged"),
        ("UPDATE tick SET time = 0.5 WHERE id = 5", "not in the order of time"),
        ("UPDATE tick SET times = 'x'", "damaged"),
        ("UPDATE tick SET state = '{}' WHERE state IS NOT NULL", "'read' is missing"),
        ("UPDATE minute SET last = 99", "samples are missing"),
        ("UPDATE tick SET times = zeroblob(7)", "damaged"),
        ("INSERT INTO change SELECT 99, id, x'00' FROM entry", "no sample"),
        ("UPDATE pack SET data = zeroblob(9)", "damaged"),
        (
            "UPDATE pack SET data = (SELECT data FROM pack JOIN entry ON pack.entry = entry.id WHERE entry.source = 1) "
            "WHERE entry IN (SELECT id FROM entry WHERE key = CAST('count_traffic' AS BLOB))",
            "damaged",
        ),
        (
            "UPDATE source SET details = replace(details, '\"cpus\": ', '\"cpus\": 1099511627776') WHERE kind = 'map'",
            "CPUs",
        ),
        ("UPDATE pack SET data = 'text'", "damaged"),
        ("UPDATE pack SET entry = entry + 1000", "damaged"),
        ("UPDATE event SET data = zeroblob(3)", "damaged"),
        ("UPDATE event SET source = 99", "damaged"),
        ("UPDATE printed SET text = NULL", "damaged"),
        ("UPDATE mark SET time = 'noon'", "damaged"),
        ('UPDATE source SET details = \'{"id": 1, "max_entries": -1, "cpus": 0}\' WHERE kind = \'map\'', "damaged"),
    ],
)
def test_what_somebody_else_has_written_is_a_sentence(tmp_path: Path, statement: str, reason: str) -> None:
    path = tmp_path / "a.rec"
    record(path)
    change(path, statement)
    with pytest.raises(ObjectError, match=reason):
        everything(path)


def everything(path: Path) -> None:
    """Read all that is in a tape."""
    from bpftui.core.live import counters, variable_counters

    with Tape(str(path)) as tape:
        spec = tape.spec()
        for each in (*counters(spec.maps["traffic"]), *variable_counters(spec.variables["total_packets"])):
            for key in (entry.key for _, sample in tape.samples() for entry in sample.maps["traffic"].entries):
                tape.points(each, key)
        assert isinstance(tape.marks, list)
        for tick, _ in tape.samples():
            tape.events(tick)
            tape.printed(tick)
        tape.sample(max(1, tape.ticks // 2))
        assert len([*tape.parts(1, tape.ticks, {"traffic": tape.keys("traffic")})]) == tape.ticks


def test_damage_that_only_a_part_has_is_a_sentence_too(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    record(path)
    change(path, "UPDATE source SET details = replace(details, '\"cpus\": ', '\"cpus\": 409') WHERE kind = 'map'")
    with Tape(str(path)) as tape, pytest.raises(ObjectError, match="a value is not of all CPUs"):
        list(tape.parts(1, tape.ticks, {"traffic": tape.keys("traffic")}))


def test_a_file_cannot_say_more_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.rec"
    record(path)
    monkeypatch.setattr("bpftui.core.tape.values._TOGETHER", 1 << 8)
    with pytest.raises(ObjectError, match=r"more (values )?than are written"):
        everything(path)


def test_a_long_recording_is_jumped_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # All changes together are more than may be kept; those of a minute, and the values at a moment, are not.
    path = tmp_path / "a.rec"
    kept = record(path, 40)
    monkeypatch.setattr("bpftui.core.tape.values._TOGETHER", 1 << 12)
    with Tape(str(path)) as tape:
        for tick in (40, 3, 21, 39, 1):
            assert same(tape.sample(tick), kept[tick - 1].sample)


def test_where_it_cannot_begin_nothing_is_left(tmp_path: Path, loaded: Collection) -> None:
    with pytest.raises(TypeError):
        Recorder(str(tmp_path / "a.rec"), loaded, b"", Edits(types={"a": object()}), interval=1.0)  # pyright: ignore[reportArgumentType]
    assert [*tmp_path.iterdir()] == []


def test_what_is_large_is_packed_before_a_minute_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.rec"
    monkeypatch.setattr(recorder, "_MINUTE", 1e9)
    monkeypatch.setattr(recorder, "_HEAVY", 200)
    kept = record(path)
    with Tape(str(path)) as tape:
        assert len(tape._values._spans) == 3
        assert all(same(sample, kept[tick - 1].sample) for tick, sample in tape.samples())


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    record(path)
    whole, damaged, chance = path.read_bytes(), tmp_path / "b.rec", random.Random(8)
    refused = 0
    for _ in range(60):
        raw = bytearray(whole)
        for _ in range(chance.choice((1, 3, 200))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        damaged.write_bytes(raw[: chance.choice((len(raw), chance.randrange(len(raw))))])
        try:
            everything(damaged)
        except ObjectError:
            refused += 1
    assert refused > 20


def test_what_is_none(tmp_path: Path) -> None:
    for name, raw in (("empty", b""), ("object", TRAFFIC.read_bytes())):
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(ObjectError, match="no recording"):
            Tape(str(tmp_path / name))
    with pytest.raises(ObjectError, match="no such file"):
        Tape(str(tmp_path / "none"))


def test_runs_are_told_in_their_order_each_when_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_module, "_RUNS", 2)
    given = [(float(number), Ran("count_traffic", bytes([number]), b"out", 2, 10 * number)) for number in range(5)]
    spec = CollectionSpec.from_file(TRAFFIC)
    path = str(tmp_path / "a.rec")
    with (
        choose_runtime("vm").load(spec) as collection,
        Recorder(path, collection, TRAFFIC.read_bytes(), Edits(), interval=1.0, start=3.0) as tape,
    ):
        sampler = Sampler(collection, clock=lambda: 100.0)
        tape.add(sampler.take(), {}, Printed((), 0))
        for time, run in given:
            tape.ran(time + 2.0, run)
            tape.mark(time + 2.0, "attached", "count_traffic", str(time))
    with Tape(path) as tape:
        assert [*tape.runs()] == [(max(0.0, time - 1.0), run) for time, run in given]
        assert [(mark.time, mark.detail) for mark in tape.marks] == [
            (max(0.0, time - 1.0), str(time)) for time, _ in given
        ]


def test_what_is_out_of_the_ordinary_with_a_map_is_kept(tmp_path: Path) -> None:
    kept = record(tmp_path / "a.rec", 3)
    with Tape(str(tmp_path / "a.rec")) as tape:
        assert [tape.sample(tick).maps["traffic"].partial for tick in (1, 2, 3)] == [False] * 3
    partial = replace(kept[-1].sample, maps={"traffic": MapSnapshot((), partial=True, note="too large")})
    assert recorder._state_of(partial)["maps"].keys() == {"traffic"}
    assert recorder._state_of(kept[-1].sample) == {"read": ["sources", "traffic"]}
