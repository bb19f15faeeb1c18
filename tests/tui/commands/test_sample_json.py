"""What `watch --json` and `demo --json` say of maps: schema bpftui/sample/2, literally."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.analysis.counting import Counting
from bpftui.core.choice import choose_runtime
from bpftui.core.live import Sampler
from bpftui.core.live.stacks import Stacks
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.sample_json import map_json, sample_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.runtime import Collection

OBJECT = Path(__file__).parents[2] / "objects" / "live.o"
PACKET = bytes(64)


@pytest.fixture(params=["vm", pytest.param("kernel", marks=pytest.mark.kernel)])
def loaded(request: pytest.FixtureRequest) -> Iterator[Collection]:
    with choose_runtime(request.param).load(CollectionSpec.from_file(OBJECT)) as collection:
        yield collection


def maps_of(collection: Collection, *names: str, limit: int = 10, **options: Any) -> dict[str, Any]:
    """Return the maps of a sample of a collection as JSON has them."""
    sample = Sampler(collection, maps=names or None, limit=limit).take()
    document = sample_json(collection, sample, **options)
    assert document["schema"] == "bpftui/sample/2"
    return document["maps"]


def test_entries_whose_keys_look_alike_are_all_there(loaded: Collection) -> None:
    loaded.programs["alike"].run(PACKET)
    found = maps_of(loaded, "pad", "bits", "reals")
    for each in found.values():
        each["entries"].sort(key=lambda entry: entry["value"])
    assert found == {
        "pad": {
            "entries": [
                {"key": {"a": 1, "b": 5}, "key_bytes": "0100000005000000", "value": 1},
                {"key": {"a": 1, "b": 5}, "key_bytes": "01cc000005000000", "value": 2},
                {"key": {"a": 1, "b": 5}, "key_bytes": "0100000905000000", "value": 3},
            ],
            "count": 3,
            "partial": False,
        },
        "bits": {
            "entries": [
                {"key": {"x": 5, "y": 4}, "key_bytes": "25000000", "value": 1},
                {"key": {"x": 5, "y": 4}, "key_bytes": "a5000000", "value": 2},
            ],
            "count": 2,
            "partial": False,
        },
        "reals": {
            "entries": [
                {"key": "nan", "key_bytes": "0000c07f", "value": 1},
                {"key": "nan", "key_bytes": "0100c07f", "value": 2},
            ],
            "count": 2,
            "partial": False,
        },
    }


def test_a_key_that_says_all_has_no_bytes_and_one_that_does_not_has_them_even_alone(loaded: Collection) -> None:
    loaded.maps["pad"][b"\1\0\0\0\5\0\0\0"] = 1
    assert maps_of(loaded, "pad")["pad"]["entries"] == [{"key": {"a": 1, "b": 5}, "value": 1}]
    del loaded.maps["pad"][b"\1\0\0\0\5\0\0\0"]
    loaded.maps["pad"][b"\1\0\0\1\5\0\0\0"] = 1
    assert maps_of(loaded, "pad")["pad"]["entries"] == [
        {"key": {"a": 1, "b": 5}, "key_bytes": "0100000105000000", "value": 1}
    ]


def test_text_ends_at_its_nul_and_the_rest_is_there_on_demand(loaded: Collection) -> None:
    loaded.programs["writes_text"].run(PACKET)
    (entry, _) = maps_of(loaded, "kept")["kept"]["entries"]
    assert entry == {"key": 0, "value": {"n": 7, "comm": "sh", "file": "/tmp/x"}}
    (entry, _) = maps_of(loaded, "kept", texts=True)["kept"]["entries"]
    assert entry["value"] == {
        "n": 7,
        "comm": {"text": "sh", "bytes": "736800005e6f6c00"},
        "file": {"text": "/tmp/x", "bytes": "2f746d702f780063616c6500"},
    }


def test_beyond_the_limit_entries_are_counted(loaded: Collection) -> None:
    for number in range(7):
        loaded.maps["bits"][number.to_bytes(4, "little")] = number
    found = maps_of(loaded, "bits", limit=3)["bits"]
    assert (len(found["entries"]), found["count"], found["partial"]) == (3, 7, True)
    assert "at_least" not in found
    assert (len(maps_of(loaded, "bits", limit=7)["bits"]["entries"]), found["count"]) == (7, 7)


def test_where_entries_were_not_counted_there_are_as_many_at_least() -> None:
    with choose_runtime("vm").load(CollectionSpec.from_file(OBJECT)) as collection:
        bits = collection.maps["bits"]
        one = (Entry(bytes(4), (bytes(8),)),)
        told = [
            (found.get("at_least"), found["count"], found["partial"], found.get("note"))
            for found in (
                map_json(bits, snapshot, collection.spec.derived(Counting), Stacks(collection))
                for snapshot in (
                    MapSnapshot(one, partial=True, beyond=4, is_counted=False),
                    MapSnapshot(one, partial=True, beyond=4),
                    MapSnapshot((), partial=True, is_counted=False, note="too many"),
                    MapSnapshot(one),
                )
            )
        ]
        assert told == [
            (True, 5, True, None),
            (None, 5, True, None),
            (True, None, True, "too many"),
            (None, 1, False, None),
        ]


def test_a_queue_shows_what_comes_next(loaded: Collection) -> None:
    empty: dict[str, Any] = {
        "entries": [],
        "partial": False,
        "note": "a queue can only be peeked and popped",
        "size": 4,
    }
    assert maps_of(loaded)["waiting"] == empty | {"count": 0, "peek": None}
    loaded.programs["pushes"].run(PACKET)
    assert maps_of(loaded)["waiting"] == empty | {"count": None, "peek": 42}
    assert maps_of(loaded)["waiting"]["peek"] == 42  # looking takes nothing


def test_of_a_per_cpu_map_what_counts_is_summed_and_all_else_is_by_cpu(loaded: Collection) -> None:
    program = loaded.programs["mixes"]
    for _ in range(3):
        program.run(PACKET)
    (entry,) = maps_of(loaded, "last")["last"]["entries"]
    value = entry["value"]
    cpus = len(value["pid"])
    assert (value["count"], value["atomic"], value["packets"]) == (3, 192, 0)
    assert list(value) == ["count", "seen_ns", "pid", "flags", "seen", "who", "atomic", "packets", "largest"]
    lists = {name: value[name] for name in ("seen_ns", "pid", "flags", "seen", "who", "largest")}
    assert all(isinstance(each, list) and len(each) == cpus for each in lists.values())
    assert set(value["pid"]) <= {0, 1000}
    assert max(value["flags"]) == 4
    assert set(map(type, value["seen"])) == {bool}
    (entry,) = maps_of(loaded, "last", per_cpu=True)["last"]["entries"]
    assert sum(each["count"] for each in entry["value"]) == 3


def test_what_json_lacks_is_text_and_stays_valid(loaded: Collection) -> None:
    """NaN and infinity as keys, and as values: `json.loads` of other languages takes neither."""
    for number, raw in enumerate(("0000c07f", "0000807f", "000080ff")):
        loaded.maps["reals"][bytes.fromhex(raw)] = number
    found = maps_of(loaded, "reals")["reals"]
    assert sorted(entry["key"] for entry in found["entries"]) == ["-inf", "inf", "nan"]
    assert "key_bytes" not in found["entries"][0]
    json.dumps(found, allow_nan=False)
