"""Units: told by names and types."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf.units import Unit, is_moment, unit_of
from bpftui.core.live import counters
from bpftui.core.spec import CollectionSpec

TRAFFIC_O = Path(__file__).parents[3] / "bpf" / "traffic.o"


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("traffic.bytes", Unit.BYTES),
        ("total_bytes", Unit.BYTES),
        ("rxBytes", Unit.BYTES),
        ("bytes_by_cpu[3]", Unit.BYTES),
        (".stats[1].tx_octets", Unit.BYTES),
        ("run_time_ns", Unit.NANOSECONDS),
        ("wait_usecs", Unit.MICROSECONDS),
        ("idle_ms", Unit.MILLISECONDS),
        ("uptime_seconds", Unit.SECONDS),
        ("packets", Unit.NUMBER),
        ("ns_switches", Unit.NUMBER),  # namespaces: of times the last word tells
        ("pkt_len", Unit.NUMBER),
        ("bytes.count", Unit.NUMBER),
        ("kilobytes", Unit.NUMBER),
        ("[0]", Unit.NUMBER),
        ("", Unit.NUMBER),
    ],
)
def test_a_name_tells_the_unit(name: str, unit: Unit) -> None:
    assert unit_of(name, None) is unit


def test_a_counter_has_the_unit_of_its_name() -> None:
    spec = CollectionSpec.from_file(TRAFFIC_O)
    assert [(each.label, each.unit) for each in counters(spec.maps["traffic"])] == [
        ("packets", Unit.NUMBER),
        ("bytes", Unit.BYTES),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("time", True),
        ("ts", True),
        (".header.timestamp", True),
        ("ts_ns", True),
        ("when", True),
        ("ts_us", False),
        ("spent_time", False),
        ("time_ms", False),
        ("times", False),
        ("", False),
    ],
)
def test_a_name_tells_when_something_was(name: str, expected: bool) -> None:
    assert is_moment(name) is expected
