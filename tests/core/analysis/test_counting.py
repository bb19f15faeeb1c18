"""Which integers of a map's values count something."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.analysis.counting import Counting
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[3]


def test_code_tells_what_counts() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/live.o")
    value = spec.maps["last"].value
    assert value is not None
    counts = {
        path: spec.derived(Counting).counts("last", path, leaf, at, leaf.size) for path, leaf, at in value.leaves()
    }
    assert counts == {
        ".count": True,  # +=
        ".seen_ns": False,  # a moment
        ".pid": False,
        ".flags": False,  # |=
        ".seen": False,
        ".who": False,
        ".atomic": True,
        ".packets": True,  # by its name: no program touches it
        ".largest": False,  # read, compared, stored
    }


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("pkt_count", "", True),
        ("stats", ".rx_bytes", True),
        ("stats", ".ip_packets", True),
        ("stats", ".packet_ip", False),
        ("stats", ".lastCount", False),
        ("stats", ".maxBytes", False),
        ("stats", ".packet_size", False),
        ("stats", ".nrRetries", True),
        ("stats", ".addr", False),
        ("stats", ".total_count_per_second", False),
        ("histogram", "[3]", True),
        ("sessions", "", False),
        ("state", ".ts", False),
        ("by_cpu", ".value", False),
    ],
)
def test_without_code_names_tell(name: str, path: str, expected: bool) -> None:
    assert Counting().counts(name, path, None, 0, 8) is expected
