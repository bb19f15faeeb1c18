"""constants.c: what each of its constants changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.testing.codes import XDP_DROP, XDP_PASS

if TYPE_CHECKING:
    from bpftui.core.testing.bpf import Bpf

OBJECT = "bpf/constants.o"


@pytest.mark.parametrize(
    ("constants", "retval", "counted"),
    [
        ({}, XDP_PASS, 1),
        ({"enabled": False}, XDP_PASS, 0),
        ({"mode": "MODE_PASS"}, XDP_PASS, 0),
        ({"mode": "MODE_DROP"}, XDP_DROP, 0),
        ({"min_length": 64}, XDP_PASS, 1),
        ({"min_length": 65}, XDP_PASS, 0),
    ],
)
def test_what_is_looked_at(bpf: Bpf, constants: dict[str, Any], retval: int, counted: int) -> None:
    run = bpf.load(OBJECT, set=constants).program("constants").run(bytes(64))
    assert run.retval == retval
    assert run.maps["weighted"][0] == counted


@pytest.mark.parametrize(
    ("length", "index", "weight"), [(128, 0, 1), (129, 1, 2), (512, 1, 2), (513, 2, 4), (1024, 2, 4), (1025, 3, 8)]
)
def test_a_packet_weighs_what_its_size_class_does(bpf: Bpf, length: int, index: int, weight: int) -> None:
    run = bpf.load(OBJECT).program("constants").run(bytes(length))
    expected = [0, 0, 0, 0]
    expected[index] = weight
    assert [value for _, value in run.maps["weighted"].after.items()] == expected


def test_packets_are_counted_under_a_name(bpf: Bpf) -> None:
    obj = bpf.load(OBJECT, set={"name": "uplink"})
    obj.program("constants").run(bytes(64))
    run = obj.program("constants").run(bytes(64))
    assert run.maps["by_name"].after.items() == [("uplink", 2)]
    run = bpf.load(OBJECT, set={"name": ""}).program("constants").run(bytes(64))
    assert len(run.maps["by_name"]) == 0


@pytest.mark.parametrize(("strict", "passing"), [(True, 2), (False, 5)])
def test_a_limit_holds_for_an_interval(bpf: Bpf, strict: bool, passing: int) -> None:
    limits = {"cfg.strict": strict, "cfg.limits[1].rate": 2, "cfg.limits[1].burst": 3, "cfg.interval": 1_000}
    obj = bpf.load(OBJECT, set={"mode": "MODE_LIMIT"} | limits)
    limit = obj.program("constants")
    obj.advance(0)  # what follows is not to take time: it is skipped in the kernel
    assert [limit.run(bytes(200)).retval for _ in range(7)] == [XDP_PASS] * passing + [XDP_DROP] * (7 - passing)
    assert limit.run(bytes(64)).retval == XDP_PASS  # another size class
    obj.advance(ns=999)
    assert limit.run(bytes(200)).retval == XDP_DROP
    obj.advance(ns=1)
    assert limit.run(bytes(200)).retval == XDP_PASS


@pytest.mark.parametrize(("strict", "retval"), [(True, XDP_DROP), (False, XDP_PASS)])
def test_without_a_window_a_strict_limit_lets_nothing_through(bpf: Bpf, strict: bool, retval: int) -> None:
    constants = {"mode": "MODE_LIMIT", "cfg.strict": strict, "name": ""}
    obj = bpf.load(OBJECT, set=constants, helpers={"bpf_map_lookup_elem": 0})
    assert obj.program("constants").run(bytes(64)).retval == retval
