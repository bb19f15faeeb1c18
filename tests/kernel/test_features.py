"""The facts behind `doctor`."""

from __future__ import annotations

import dataclasses
import errno
import json
import os

import pytest

from bpftui.core import kernel
from bpftui.core.kernel.probe.instructions import INSTRUCTIONS, try_instructions
from bpftui.core.kernel.probe.link_types import LINK_TYPES, try_link
from bpftui.core.spec import MapType, ProgramType
from tests.waiting import Effort

pytestmark = pytest.mark.kernel


def test_probing_is_quick_complete_and_leaves_nothing():
    kernel.probe.report()
    before = sorted(os.listdir("/proc/self/fd"))
    effort = Effort()
    features = kernel.probe.report()
    assert effort.within(1)
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert json.loads(json.dumps([dataclasses.asdict(feature) for feature in features]))
    names = {group: [f.name for f in features if f.group == group] for group in ("maps", "programs")}
    assert names["maps"] == [type_.label for type_ in MapType if type_]
    assert names["programs"] == [type_.label for type_ in ProgramType if type_]


def test_what_works_everywhere_that_these_tests_run():
    ok = {(feature.group, feature.name): feature.ok for feature in kernel.probe.report()}
    for type_ in (MapType.HASH, MapType.ARRAY, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.HASH_OF_MAPS):
        assert ok["maps", type_.label]
    for type_ in (ProgramType.XDP, ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.KPROBE):
        assert ok["programs", type_.label]
    for name in ("batches", "test runs", "mapped arrays"):
        assert ok["kernel", name]
    assert kernel.available() is None


def test_everything_missing_says_how_to_get_it():
    for feature in kernel.probe.report():
        if feature.ok is False:
            assert feature.detail
            assert feature.remedy or feature.name == "lockdown"


@pytest.mark.vmlinux  # some kinds of link are tried with programs of tracing
def test_link_types_and_instructions_are_told_without_attaching():
    before = os.listdir("/proc/self/fd")
    told = {(feature.group, feature.name): feature for feature in kernel.probe.report()}
    assert len(os.listdir("/proc/self/fd")) == len(before)
    for name in ("raw_tracepoint", "tracing", "cgroup", "netns", "xdp", "perf_event", "tcx", "netfilter", "sockmap"):
        assert told["links", name].ok, name
    names = [name for group, name in told if group == "instructions"]
    assert names[:7] == ["v2: jumps if less", "v3: 32-bit jumps"] + [
        f"v4: {name}" for name in ("movsx", "ldsx", "bswap", "sdiv", "gotol")
    ]
    assert all(told["instructions", name].ok for name in (*names[:10], "may_goto"))


def test_a_link_or_an_instruction_that_no_kernel_has_is_missing():
    link = LINK_TYPES[2]
    assert link.name == "cgroup"
    assert try_link(link) == 0
    # A program of a type that has no links at all, as an older kernel sees a newer link.
    assert try_link(link._replace(program=ProgramType.SOCKET_FILTER)) == errno.EINVAL
    assert try_link(link._replace(known=errno.ENOENT)) is None
    unknown = INSTRUCTIONS[0]._replace(code=((0xB7, 0, 0, 0), (0x8F, 0, 0, 0), (0x95, 0, 0, 0)))
    assert try_instructions(unknown) == errno.EINVAL
