"""What metrics and their labels are called: literals, which dashboards and alerts are written for."""

from __future__ import annotations

import pytest

from bpftui.core.btf.units import Unit, unit_of
from bpftui.core.metrics import label_names, metric_name


@pytest.mark.parametrize(
    ("parts", "counts", "name"),
    [
        (("bpf", "map", "traffic", ".packets"), True, "bpf_map_traffic_packets_total"),
        (("bpf", "map", "traffic", ".bytes"), True, "bpf_map_traffic_bytes_total"),
        (("bpf", "map", "volume", ".rxBytes"), True, "bpf_map_volume_rx_bytes_total"),
        (("bpf", "map", "q", ".bytes_queued"), False, "bpf_map_q_queued_bytes"),
        (("bpf", "map", "lat", ".run_time_ns"), True, "bpf_map_lat_run_time_seconds_total"),
        (("bpf", "map", "lat_us", ""), False, "bpf_map_lat_seconds"),
        (("bpf", "map", "ns", ""), False, "bpf_map_seconds"),
        (("bpf", "map", "pkt_count", ""), True, "bpf_map_pkt_count_total"),
        (("bpf", "map", "pkt_count", ""), False, "bpf_map_pkt_number"),
        (("bpf", "variable", "total", ""), True, "bpf_variable_total"),
        (("bpf", "variable", "total", ""), False, "bpf_variable"),
        (("bpf", "variable", "time_sum", ""), False, "bpf_variable_time"),
        (("bpf", "map", "x", ".a.__b$c\x1b[31m"), False, "bpf_map_x_a_b_c_31m"),
        (("bpf", "map", "größe", ""), False, "bpf_map_gr_e"),
    ],
)
def test_names(parts: tuple[str, ...], counts: bool, name: str) -> None:
    unit = unit_of("".join(parts[2:]), None)
    assert metric_name(parts, unit, counts=counts) == name


def test_a_number_of_nothing() -> None:
    assert metric_name(("bpf", "x"), Unit.NUMBER, counts=False) == "bpf_x"


def test_labels_are_told_apart() -> None:
    assert label_names(["family", "protocol"]) == ["family", "protocol"]
    assert label_names(["a.b", "a_b", "a b"]) == ["a_b", "a_b_2", "a_b_3"]
    assert label_names(["le", "quantile", "4tuple", "", "\x1b"]) == [
        "key_le",
        "key_quantile",
        "key_4tuple",
        "key",
        "key_2",
    ]
    assert label_names(["__name__"]) == ["name"]
