"""What the whole machine runs as metrics, literally."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.kernel.sys.survey import Runs
from bpftui.core.metrics import machine_families
from bpftui.core.system.load import Look
from tests.tui.looker import machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bpftui.core.metrics import Family

LOOK = Look(0.0, machine(), {}, {number: Runs(number, number * 1_000_000_000, 2) for number in machine().programs})


def families(
    look: Look = LOOK,
    *,
    counted: bool = True,
    series: int = 1000,
    only: str | None = None,
    entries: Mapping[int, int] | None = None,
) -> dict[str, Family]:
    found = machine_families(look, entries or {}, counted=counted, series=series, only=only)
    assert all(len(labels) == len(each.labels) for each in found for labels, _ in each.numbers)
    return {each.name: each for each in found}


def test_programs_and_maps() -> None:
    programs, maps = machine().programs, machine().maps
    first, map_ = programs[min(programs)], maps[min(maps)]
    found = families(entries={map_.id: 7})
    labels, of_map = (str(first.id), first.name, first.type), (str(map_.id), map_.name, map_.type)
    assert (found["bpf_program_runs_total"].kind, found["bpf_program_runs_total"].labels) == (
        "counter",
        ("id", "program", "type"),
    )
    assert found["bpf_program_runs_total"].numbers[0] == (labels, first.id)
    assert found["bpf_program_run_seconds_total"].numbers[0] == (labels, first.id)
    assert found["bpf_program_missed_runs_total"].numbers[0] == (labels, 2)
    assert found["bpf_program_memory_bytes"].numbers[0] == (labels, first.memlock)
    assert found["bpf_program_info"].labels == ("id", "program", "type", "tag")
    assert found["bpf_program_info"].numbers[0] == ((*labels, first.tag), 1)
    assert found["bpf_map_entries"].numbers == [(of_map, 7)]
    assert found["bpf_map_max_entries"].numbers[0] == (of_map, map_.max_entries)
    assert len(found["bpf_map_max_entries"].numbers) == len(maps)
    assert found["bpf_map_memory_bytes"].labels == ("id", "map", "type")
    assert {found[name].unit for name in ("bpf_map_memory_bytes", "bpf_program_memory_bytes")} == {"bytes"}
    assert found["bpf_unexported_programs"].numbers == [((), 0)]
    assert found["bpf_unexported_maps"].numbers == [((), 0)]


def test_where_nobody_counts_nothing_is_told_of_runs() -> None:
    found = families(counted=False)
    assert not [name for name in found if "run" in name]
    assert len(found["bpf_program_info"].numbers) == len(machine().programs)


def test_a_program_that_has_gone_since_the_snapshot_is_not_told() -> None:
    gone = min(LOOK.counters)
    look = LOOK._replace(counters={number: runs for number, runs in LOOK.counters.items() if number != gone})
    assert str(gone) not in {labels[0] for labels, _ in families(look)["bpf_program_info"].numbers}


def test_beyond_the_limit_they_are_counted() -> None:
    found = families(series=1)
    assert [labels[0] for labels, _ in found["bpf_program_runs_total"].numbers] == [str(min(LOOK.counters))]
    assert found["bpf_unexported_programs"].numbers == [((), len(machine().programs) - 1)]
    assert found["bpf_unexported_maps"].numbers == [((), len(machine().maps) - 1)]


@pytest.mark.parametrize("only", [next(iter(machine().programs.values())).name, "no_such_*"])
def test_only_some(only: str) -> None:
    found = families(only=only)
    expected = [each for each in machine().programs.values() if each.name == only]
    assert sorted(found.get("bpf_program_info", found["bpf_unexported_maps"]).numbers) == (
        sorted(((str(each.id), each.name, each.type, each.tag), 1) for each in expected) or [((), 0)]
    )
    used = {number for each in expected for number in each.map_ids if number in machine().maps}
    told = found["bpf_map_max_entries"].numbers if "bpf_map_max_entries" in found else []
    assert {int(labels[0]) for labels, _ in told} == used
