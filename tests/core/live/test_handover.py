"""Which maps and variables of a version another one can have, by their specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.live import Handover, handover
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[3]


def spec(name: str) -> CollectionSpec:
    return CollectionSpec.from_file(ROOT / f"{name}.o")


@pytest.mark.parametrize(
    ("name", "maps"),
    [
        ("bpf/traffic", ("traffic", "sources", "events", ".data", ".bss")),
        # Not the table of programs `jumps`, which each version fills with its own.
        (
            "tests/objects/nested_maps",
            ("inner_a", "inner_b", "outer_array", "outer_hash", "routes", "sizes_only", "queue"),
        ),
        ("tests/objects/tail_calls", ("filled_later",)),
        ("tests/objects/congestion", ()),
    ],
)
def test_of_the_same_object_all_is_handed_over_that_is_not_each_versions_own(name: str, maps: tuple[str, ...]) -> None:
    assert handover(spec(name), spec(name)) == Handover(maps, {}, (), {})


def test_of_another_version_what_has_the_same_layout() -> None:
    assert handover(spec("tests/objects/versions"), spec("tests/objects/versions.new")) == Handover(
        (".bss",),
        {
            "counts": "max_entries is 2,048 instead of 1,024; value grew from 16 to 24 bytes; "
            "member bytes moved from 8 to 16",
            ".data": "inserted is new in it",
        },
        ("threshold",),
        {},
    )


def test_of_another_object_nothing() -> None:
    for one, other in (("bpf/count_packets", "bpf/traffic"), ("bpf/traffic", "bpf/count_packets")):
        assert handover(spec(one), spec(other)) == Handover((), {}, (), {})


def test_a_map_of_maps_goes_with_the_maps_that_it_holds() -> None:
    other = spec("tests/objects/nested_maps")
    other.maps["inner_b"].max_entries += 1
    found = handover(spec("tests/objects/nested_maps"), other)
    assert "outer_array" not in found.maps
    assert found.fresh["outer_array"] == "it holds inner_b, which begins anew"


def test_what_the_runtime_cannot_hand_over() -> None:
    found = handover(spec("bpf/traffic"), spec("bpf/traffic"), lambda name: "no" if name == "events" else "")
    assert found.fresh == {"events": "no"}
