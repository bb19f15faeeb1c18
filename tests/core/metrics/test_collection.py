"""What a collection tells as metrics, literally."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.btf import Btf, CType
from bpftui.core.choice import choose_runtime
from bpftui.core.live import EventReader, Sampler
from bpftui.core.metrics import CollectionMetrics, Family
from bpftui.core.metrics.collection import _Integers
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from bpftui.core.runtime import MapSnapshot

DATA = Path(__file__).parents[2] / "objects" / "data_sections.o"
LIVE = Path(__file__).parents[2] / "objects" / "live.o"
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(2) + bytes([192, 0, 2, 9]) + bytes(34)


def families(path: Path | str, runs: dict[str, bytes], series: int = 10_000) -> dict[str, Family]:
    """Run programs on packets, and return what is told then; a second look must find the same."""
    with choose_runtime("vm").load(CollectionSpec.from_file(path)) as collection, EventReader(collection) as events:
        for name, packet in runs.items():
            collection.programs[name].run(packet)
        metrics = CollectionMetrics(collection, series=series)
        sampler = Sampler(collection, limit=100)
        first = {
            each.name: (each.labels, [*each.numbers]) for each in metrics.families(sampler.take(), events.totals())
        }
        found = metrics.families(sampler.take(), events.totals())
        assert {each.name: (each.labels, each.numbers) for each in found} == first
        assert len(first) == len(found)
        return {each.name: each for each in found}


def test_the_shipped_counter() -> None:
    found = families("bpf/traffic.o", {"count_traffic": UDP})
    told = {name: (each.kind, each.labels, each.numbers) for name, each in found.items()}
    assert told.pop("bpf_program_info")[:2] == ("info", ("id", "program", "type", "tag"))
    told.pop("bpf_map_sources_last_seen")
    maps = ("map", "type")
    program = ("counter", ("program", "type"), [(("count_traffic", "xdp"), 0)])
    key, source = ("family", "protocol"), ("address",)
    assert told == {
        "bpf_map_entries": ("gauge", maps, [(("traffic", "percpu_hash"), 1), (("sources", "lru_hash"), 1)]),
        "bpf_map_max_entries": ("gauge", maps, [(("traffic", "percpu_hash"), 256), (("sources", "lru_hash"), 4096)]),
        "bpf_map_unexported_entries": ("gauge", ("map",), [(("traffic",), 0), (("sources",), 0)]),
        "bpf_map_partial_reads_total": ("counter", ("map",), [(("traffic",), 0), (("sources",), 0)]),
        "bpf_program_runs_total": program,  # nobody has it counted
        "bpf_program_run_seconds_total": program,
        "bpf_program_missed_runs_total": program,
        "bpf_stream_records_total": ("counter", ("map",), [(("events",), 1)]),
        "bpf_stream_lost_records_total": ("counter", ("map",), [(("events",), 0)]),
        "bpf_stream_full_total": ("counter", ("map",), [(("events",), 0)]),
        "bpf_map_traffic_packets_total": ("counter", key, [(("IPV4", "UDP"), 1)]),
        "bpf_map_traffic_bytes_total": ("counter", key, [(("IPV4", "UDP"), 64)]),
        "bpf_map_sources_packets_total": ("counter", source, [(("192.0.2.9",), 1)]),
        "bpf_map_sources_bytes_total": ("counter", source, [(("192.0.2.9",), 64)]),
        "bpf_variable_sample_every": ("gauge", (), [((), 1000)]),
        "bpf_variable_total_packets_total": ("counter", (), [((), 1)]),
        "bpf_variable_total_bytes_total": ("counter", (), [((), 64)]),
        "bpf_variable_lost_events_total": ("counter", (), [((), 0)]),
    }


def test_keys_that_look_alike_have_labels_of_their_own() -> None:
    # Two numbers with the same labels, and Prometheus takes nothing of a scrape.
    found = families(LIVE, {"alike": bytes(64)})
    for each in found.values():
        labels = [labels for labels, _ in each.numbers]
        assert len({*labels}) == len(labels)
    assert found["bpf_map_pad"].labels == ("a", "b")
    assert sorted(labels for labels, _ in found["bpf_map_pad"].numbers) == [
        ("1", "5 0100000005000000"),
        ("1", "5 0100000905000000"),
        ("1", "5 01cc000005000000"),
    ]


def test_what_is_beyond_the_limit_is_counted() -> None:
    found = families(LIVE, {"alike": bytes(64)}, series=2)
    assert len(found["bpf_map_pad"].numbers) == 2
    assert dict(found["bpf_map_unexported_entries"].numbers)["pad",] == 1
    assert dict(found["bpf_map_entries"].numbers)["pad", "hash"] == 3


def test_numbers_of_long_arrays_and_beyond_the_limit_are_counted() -> None:
    # __u32 in_bss_big[300]: of a value the first 256 numbers are known.
    found = families(DATA, {})
    assert len(found["bpf_variable_in_bss_big"].numbers) == 256
    assert found["bpf_variable_unexported_numbers"].numbers == [(("in_bss_big",), 44)]
    cut = families(DATA, {}, series=3)
    assert len(cut["bpf_variable_in_bss_big"].numbers) == 3
    assert dict(cut["bpf_variable_unexported_numbers"].numbers)["in_bss_big",] == 297


def test_a_map_that_kept_changing_is_told() -> None:
    with choose_runtime("vm").load(CollectionSpec.from_file(LIVE)) as collection:
        collection.programs["alike"].run(bytes(64))
        sample = Sampler(collection, limit=100).take()
        snapshot = sample.maps["pad"]
        metrics = CollectionMetrics(collection)

        def partial_reads(found: MapSnapshot) -> float:
            told = metrics.families(replace(sample, maps={"pad": found}), {})
            return next(dict(each.numbers)["pad",] for each in told if each.name == "bpf_map_partial_reads_total")

        assert partial_reads(snapshot) == 0
        assert partial_reads(replace(snapshot, partial=True)) == 1
        assert partial_reads(replace(snapshot, partial=True, beyond=1)) == 1  # the limit cut it, which is told
        assert partial_reads(snapshot) == 1


def test_integers_of_unions_of_unions_are_counted_by_their_types() -> None:
    blob = Blob()
    inner = blob.integer("unsigned int", 4, signed=False)
    for level in range(30):
        inner = blob.union(f"level_{level}", 4, [("a", inner, 0), ("b", inner, 0)])
    pair = blob.array(inner, 2)
    whole = blob.struct("whole", 8, [("pair", pair, 0)])
    # A walk along its 2³¹ paths would take hours.
    assert _Integers().of(CType(Btf(blob.bytes()), whole)) == 2_147_483_648


def test_a_struct_that_is_said_to_be_in_itself_has_an_end() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    assert number == 1
    loop = blob.struct("loop", 4, [("a", 2, 0), ("b", 2, 0), ("c", number, 0)])
    assert _Integers().of(CType(Btf(blob.bytes()), loop)) == 1


def test_no_two_families_have_one_name() -> None:
    """`_total` aside, which is no part of a name in OpenMetrics; those of the whole collection are taken."""
    with choose_runtime("vm").load(CollectionSpec.from_file("bpf/traffic.o")) as collection:
        metrics = CollectionMetrics(collection)
        taken = [metrics._taken("bpf_map_x_bytes", counts) for counts in (False, True, False, True)]
        assert taken == ["bpf_map_x_bytes", "bpf_map_x_bytes_2_total", "bpf_map_x_bytes_3", "bpf_map_x_bytes_4_total"]
        assert metrics._taken("bpf_map_entries", counts=False) == "bpf_map_entries_2"
