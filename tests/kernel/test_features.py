"""The facts behind `doctor`."""

from __future__ import annotations

import dataclasses
import json
import os
import time

import pytest

from bpftui.core import kernel
from bpftui.core.spec import MapType, ProgramType

pytestmark = pytest.mark.kernel


def test_probing_is_quick_complete_and_leaves_nothing():
    kernel.probe()
    before = sorted(os.listdir("/proc/self/fd"))
    start = time.monotonic()
    features = kernel.probe()
    assert time.monotonic() - start < 1
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert json.loads(json.dumps([dataclasses.asdict(feature) for feature in features]))
    names = {group: [f.name for f in features if f.group == group] for group in ("maps", "programs")}
    assert names["maps"] == [type_.label for type_ in MapType if type_]
    assert names["programs"] == [type_.label for type_ in ProgramType if type_]


def test_what_works_everywhere_that_these_tests_run():
    ok = {(feature.group, feature.name): feature.ok for feature in kernel.probe()}
    for type_ in (MapType.HASH, MapType.ARRAY, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.HASH_OF_MAPS):
        assert ok["maps", type_.label]
    for type_ in (ProgramType.XDP, ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.KPROBE):
        assert ok["programs", type_.label]
    for name in ("batches", "test runs", "mapped arrays"):
        assert ok["kernel", name]
    assert kernel.available() is None


def test_everything_missing_says_how_to_get_it():
    for feature in kernel.probe():
        if feature.ok is False:
            assert feature.detail
            assert feature.remedy or feature.name == "lockdown"
