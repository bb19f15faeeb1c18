"""An inventory of 500 programs, 500 maps and 300 links, against what bpftool takes to list the same.

Both look at the same machine in turn. bpftool is five commands, of which each is a process; the inventory is a process
that has its iterators loaded, as `bpftui top` and the explorer have, which is measured by itself.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import struct
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

import pytest

from bpftui.core.kernel.attach.targets import cgroup_mount
from bpftui.core.kernel.sys.layouts import LinkCreate, MapCreate, ProgLoad
from bpftui.core.kernel.sys.syscall import Command, buffer
from bpftui.core.spec import AttachType, MapType, ProgramType
from bpftui.core.system import Inventory
from tests.bench.timing import compare
from tests.census import why_no_bpf

if TYPE_CHECKING:
    from collections.abc import Generator

PROGRAMS, MAPS, LINKS = 500, 500, 300
ALLOW = struct.pack("=BBhiBBhi", 0xB7, 0, 0, 1, 0x95, 0, 0, 0)
LISTS = (["prog", "show"], ["map", "show"], ["link", "show"], ["net"], ["cgroup", "tree"])


@contextlib.contextmanager
def many_objects() -> Generator[None]:
    """Have that many in the kernel: programs that allow all, in control groups without processes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    with contextlib.ExitStack() as stack:
        mount = cgroup_mount()
        if mount is None:
            pytest.skip("no cgroup2 is mounted")
        base = tempfile.mkdtemp(prefix="bpftui-bench-", dir=mount)
        stack.callback(os.rmdir, base)
        code, license_ = buffer(ALLOW), buffer(b"GPL\0")
        programs: list[int] = []
        for number in range(PROGRAMS):
            attr = ProgLoad(
                prog_type=ProgramType.CGROUP_SKB,
                insn_cnt=2,
                insns=code,
                license=license_,
                prog_name=f"p{number}",
                expected_attach_type=AttachType.CGROUP_INET_EGRESS,
            )
            programs.append(attr.call(Command.PROG_LOAD))
            stack.callback(os.close, programs[-1])
        for number in range(MAPS):
            kind = (MapType.HASH, MapType.ARRAY)[number % 2]
            created = MapCreate(map_type=kind, key_size=4, value_size=8, max_entries=16, map_name=f"m{number}")
            stack.callback(os.close, created.call(Command.MAP_CREATE))
        group = -1
        for number in range(LINKS):
            if number % 30 == 0:
                path = f"{base}/{number // 30}"
                os.mkdir(path)
                stack.callback(os.rmdir, path)
                group = os.open(path, os.O_RDONLY)
                stack.callback(os.close, group)
            link = LinkCreate(prog_fd=programs[number], target_fd=group, attach_type=AttachType.CGROUP_INET_EGRESS)
            stack.callback(os.close, link.call(Command.LINK_CREATE))
        yield


def timed(call: object) -> float:
    assert callable(call)
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def by_bpftool() -> None:
    for words in LISTS:
        subprocess.run(["bpftool", "-j", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def test_a_snapshot_and_its_counters() -> None:
    """Goals: a snapshot with owners at most 0.5 × bpftool's lists; the counters of 500 programs in 5 ms."""
    if (reason := why_no_bpf()) is not None:
        pytest.skip(reason)
    if shutil.which("bpftool") is None:
        pytest.skip("bpftool is not installed")
    with many_objects():
        start = time.perf_counter()
        inventory = Inventory()
        print(f"\nopened in {(time.perf_counter() - start) * 1e3:.0f} ms: {type(inventory._walk).__name__}")
        with inventory:
            snapshot = inventory.snapshot()
            assert len(snapshot.programs) >= PROGRAMS
            assert len(snapshot.maps) >= MAPS
            assert len(snapshot.links) >= LINKS
            assert sum(len(each.owners or ()) > 0 for each in snapshot.programs.values()) >= PROGRAMS
            ratio = compare(
                f"{len(snapshot.programs)} programs, {len(snapshot.maps)} maps, {len(snapshot.links)} links",
                lambda: timed(inventory.snapshot),
                lambda: timed(by_bpftool),
            )
            times = sorted(timed(inventory.counters) for _ in range(31))
            print(f"counters: {times[0] * 1e3:.1f} ms at best, {times[15] * 1e3:.1f} ms as a rule")
    assert ratio <= 0.5
    assert times[0] <= 0.005
