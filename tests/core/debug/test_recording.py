"""Recordings in files: what comes back, and what is said of what is none."""

from __future__ import annotations

import errno
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.recording import digest
from bpftui.core.errors import BpftuiError, ObjectError, UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.edits import Edits
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

TRAFFIC = Path("bpf/traffic.o")
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A run of the shipped counter, with a variable set and a helper that returns what was asked for."""
    spec = CollectionSpec.from_file(TRAFFIC)
    spec.set("track_sources", value=False)
    settings = Settings(
        seed=7,
        clock=lambda: 12_345,
        returns={"bpf_ringbuf_reserve": 0},
        memory={0xFFFF_8880_0000_1000: b"\1\2\3"},
    )
    contents = {"traffic": [(bytes([1, 0, 0, 0, 17, 0, 0, 0])[: spec.map("traffic").key_size], bytes(32))]}
    recording = Recording.of(
        spec, "count_traffic", [Call(UDP, origin="packet 1"), Call(UDP, cpu=1)], settings=settings, contents=contents
    )
    with Session(recording) as session:
        session.enter(1)
        session.resume()
    path = tmp_path / "run.json"
    recording.save(path)
    return path


def test_a_file_brings_the_same_run_back(saved: Path) -> None:
    found = Recording.read(saved)
    assert found.times == [12_345, 12_345]
    assert [(call.data, call.cpu, call.origin) for call in found.calls] == [(UDP, 0, "packet 1"), (UDP, 1, "")]
    assert found.settings.seed == 7
    assert found.settings.returns == {"bpf_ringbuf_reserve": 0}
    assert found.settings.memory == {0xFFFF_8880_0000_1000: b"\1\2\3"}
    assert found.spec().variable("track_sources").get() is False
    with Session(found) as session:
        session.enter(1)
        session.resume()
        assert session.retval == 2
        assert found.times == [12_345, 12_345]
        # With sources off there is no look-up of one; the entry was there before.
        length = session.length
    found.save(saved)
    with Session(Recording.read(saved)) as session:
        session.enter(1)
        assert session.length == length


def test_what_is_saved_has_the_times_of_runs_that_nobody_went_through(tmp_path: Path) -> None:
    ticks = iter(range(100, 200))
    settings = Settings(clock=lambda: next(ticks))
    spec = CollectionSpec.from_file(TRAFFIC)
    recording = Recording.of(spec, "count_traffic", [Call(UDP), Call(UDP), Call(UDP)], settings=settings)
    with Session(recording) as session:
        session.step_instruction(5)
        session.save(tmp_path / "run.json")
        assert (session.run, session.position, str(session.stop.reason)) == (0, 5, "step")
        session.enter(1)
        session.resume()
        session.save(tmp_path / "again.json")
        assert (session.run, session.at_end, session.retval) == (1, True, 2)
    assert Recording.read(tmp_path / "run.json").times == [100, 101, 102]
    assert Recording.read(tmp_path / "again.json").times == [100, 101, 102]


def _recorded(settings: Settings | None = None, call: Call | None = None) -> Recording:
    return Recording.of(
        CollectionSpec.from_file(TRAFFIC), "count_traffic", [call or Call(UDP)], settings=settings or Settings()
    )


def test_what_no_file_can_keep_is_said_and_an_older_file_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("older")
    counted = _recorded(Settings(returns={"bpf_get_smp_processor_id": lambda: 3}))
    with pytest.raises(UsageError, match="cannot keep the function that tells what bpf_get_smp_processor_id returns"):
        counted.save(path)
    with pytest.raises(UsageError, match="cannot keep the field mark of a context: it is float"):
        _recorded(call=Call(UDP, {"mark": [1.5]})).save(path)
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def test_bytes_inside_of_a_list_of_a_context_come_back(tmp_path: Path) -> None:
    _recorded(call=Call(UDP, {"cb": [1, b"\2\3", "0x4"], "mark": b"\5"})).save(tmp_path / "run.json")
    context = Recording.read(tmp_path / "run.json").calls[0].context
    assert context == {"cb": [1, "hex:0203", "0x4"], "mark": "hex:05"}


def test_writing_that_is_interrupted_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    path.write_text("older")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ObjectError, match="the recording cannot be written: no space left on device"):
        _recorded().save(path)
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def _changed(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def damage(raw: bytes) -> bytes:
        document = json.loads(raw)
        change(document)
        body = {name: value for name, value in document.items() if name not in ("schema", "sha256")}
        document["sha256"] = digest(body)
        return json.dumps(document).encode()

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda raw: raw[: len(raw) // 2], "this is no recording: it is no JSON"),
        (lambda _: b"\x7fELF", "this is no recording: it is no JSON"),
        (lambda _: b"[]", "this is no recording: it is no object of JSON"),
        (lambda _: b"{}", "this is no recording that is known here: it has no schema"),
        (
            lambda raw: raw.replace(b"recording/1", b"recording/9"),
            "this is no recording that is known here: its schema is 'bpftui/recording/9'",
        ),
        (lambda raw: raw.replace(b"12345", b"12346", 1), "does not have|do not have the checksum"),
        (_changed(lambda document: document.pop("calls")), "the recording is damaged: 'calls' is missing"),
        (_changed(lambda document: document.update(times=["x"])), "the recording is damaged: a time is no number"),
        (_changed(lambda document: document.update(object="!")), "the recording is damaged: "),
        (_changed(lambda document: document.update(settings=[])), "the recording is damaged: "),
        (_changed(lambda document: document["calls"][0].update(data="zz")), "the recording is damaged: "),
    ],
)
def test_what_is_no_recording_is_one_sentence(saved: Path, damage: Callable[[bytes], bytes], said: str) -> None:
    saved.write_bytes(damage(saved.read_bytes()))
    with pytest.raises(ObjectError, match=said):
        Recording.read(saved)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cpus": 0}, "cpus is 0, not a number from 1 to 8192"),
        ({"cpus": -1}, "cpus is -1, not a number from 1 to 8192"),
        ({"cpus": 10**9}, "cpus is 1000000000, not a number from 1 to 8192"),
        ({"cpus": True}, "cpus is no number"),
        ({"cpus": None}, "cpus is no number"),
        ({"limit": -5}, "limit is -5, not a number from 1 to 268435456"),
        ({"limit": 1 << 60}, "limit is 1152921504606846976, not a number from 1 to 268435456"),
        ({"pid": 1 << 32}, "pid is 4294967296, not a number from 0 to 4294967295"),
        ({"uid": -1}, "uid is -1, not a number from 0 to 4294967295"),
        ({"cgroup_id": 1 << 64}, "cgroup_id is 18446744073709551616, not a number from 0 to 18446744073709551615"),
        ({"seed": 1.5}, "seed is no number"),
        ({"comm": "\ud800"}, "comm is no text"),
        ({"kconfig": [1]}, "kconfig is no object"),
        ({"kconfig": {"CONFIG_HZ": 250}}, "kconfig of CONFIG_HZ is no text"),
        ({"returns": [1]}, "returns is no object"),
        ({"returns": {"f": [1]}}, "what f returns is no number"),
        ({"returns": {"f": 1.5}}, "what f returns is no number"),
        ({"returns": {"f": True}}, "what f returns is no number"),
        ({"returns": {"f": 1 << 64}}, "what f returns has more than 64 bits"),
    ],
)
def test_settings_that_no_machine_has_are_one_sentence(saved: Path, settings: dict[str, Any], said: str) -> None:
    saved.write_bytes(_changed(lambda document: document["settings"].update(settings))(saved.read_bytes()))
    with pytest.raises(ObjectError, match=f"the recording is damaged: {said}$"):
        Recording.read(saved)


def test_an_object_whose_name_is_no_unicode_comes_back(tmp_path: Path) -> None:
    recording = _recorded()
    recording.file = "a\udcff.o"
    recording.save(tmp_path / "run.json")
    assert Recording.read(tmp_path / "run.json").file == "a\udcff.o"


@pytest.mark.parametrize(
    "changes",
    [
        [[1, 9, 0, "00"], [0, 7, 0, "00"], [0, 3, 0, "00"]],
        [[0, 1 << 40, 0, "00"], [7, 0, 0, "00"]],
        [[0, 0, 4095, "0000"], [0, 0, (1 << 64) - 1, "0000"]],
    ],
)
def test_changes_of_a_file_come_in_their_order_wherever_they_are(saved: Path, changes: list[Any]) -> None:
    saved.write_bytes(_changed(lambda document: document.update(changes=changes))(saved.read_bytes()))
    found = Recording.read(saved)
    assert [each[:3] for each in found.changes] == sorted(tuple(each[:3]) for each in changes)
    assert list(found.changes_in(1)) == [each for each in found.changes if each.run == 1]
    with Session(found) as session:
        session.enter(1)
        session.resume()
        assert session.retval == 2


def test_a_change_of_what_cannot_be_written_is_none(saved: Path) -> None:
    """Whatever memory there is may be named in a file."""
    found = Recording.read(saved)
    with Session(found) as session:
        regions = [(region.base, len(region.data)) for region in session.memory.all_regions()]
    changes = [[0, 5, base, "00"] for base, size in regions if size]
    saved.write_bytes(_changed(lambda document: document.update(changes=changes))(saved.read_bytes()))
    with Session(Recording.read(saved)) as session:
        session.resume()
        assert session.length


def test_no_change_is_behind_all_steps(saved: Path) -> None:
    changes = [[0, 1 << 63, 0, "00"]]
    saved.write_bytes(_changed(lambda document: document.update(changes=changes))(saved.read_bytes()))
    with pytest.raises(ObjectError, match="the recording is damaged: no run has so many steps"):
        Recording.read(saved)


def test_settings_that_would_not_be_read_again_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot keep the settings: limit is 1073741824, not a number from 1 to"):
        _recorded(Settings(limit=1 << 30)).save(tmp_path / "run.json")
    assert not list(tmp_path.iterdir())


def test_what_all_parts_unpack_to_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part for itself is small enough."""
    room = 2 << 20
    memory = {0xFFFF_8880_0000_0000 + number * room: bytes(room // 4) for number in range(5)}
    recording = _recorded(Settings(memory=memory))
    recording.save(tmp_path / "run.json")
    monkeypatch.setattr("bpftui.core.debug.recording._LARGEST", room)
    with pytest.raises(ObjectError, match="the recording is damaged: its parts are larger than 2 MiB together"):
        Recording.read(tmp_path / "run.json")
    with pytest.raises(UsageError, match="a recording cannot keep more than 2 MiB of memory and types"):
        recording.save(tmp_path / "run.json")


ODD = (None, True, -1, 0, 1 << 70, "", "x", "hex:", "hex:00", [], {}, [None], {"a": None}, {"a": {}}, 1.5, [[1]])


def test_whatever_is_in_a_recording_is_a_run_or_one_sentence(saved: Path) -> None:
    """Any part of a recording is replaced by something odd; the checksum is right."""
    whole = json.loads(saved.read_bytes())
    rng = random.Random(1)
    kinds: dict[str, int] = {}
    for _ in range(25):
        document = json.loads(json.dumps(whole))
        place = document
        while True:
            key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
            inner = place[key]
            if not inner or not isinstance(inner, dict | list) or rng.random() < 0.4:
                break
            place = inner
        place[key] = rng.choice(ODD)
        document.pop("sha256", None)
        document.setdefault("schema", "")
        body = {name: value for name, value in document.items() if name != "schema"}
        saved.write_text(json.dumps({**document, "sha256": digest(body)}))
        try:
            with Session(Recording.read(saved)) as session:
                session.resume()
            kind = "ran"
        except BpftuiError:
            kind = "refused"
        kinds[kind] = kinds.get(kind, 0) + 1
    assert kinds.keys() == {"ran", "refused"}


def test_a_recording_without_an_object_in_it(saved: Path) -> None:
    found = Recording.read(saved)
    found.edits = Edits(data={"traffic": {0: b"x"}})
    with pytest.raises(ObjectError, match="the recording does not fit its object: section traffic has no 1 bytes at 0"):
        found.spec()


def test_a_constant_that_no_variable_names_is_recorded() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    spec.set("sample_every", 7)
    rodata = spec.map(".rodata").data
    assert rodata is not None
    del spec.variables["sample_every"]  # as a static one is not there
    found = Recording.of(spec, "count_traffic")
    assert found.edits.data == {".rodata": {0: b"\x07\0"}}  # 1000 is 0x3e8: two bytes are others
    assert found.spec().variable("sample_every").get() == 7
    assert Recording.of(CollectionSpec.from_file("bpf/traffic.o"), "count_traffic").edits.data == {}
