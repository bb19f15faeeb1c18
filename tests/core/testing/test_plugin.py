"""The pytest plugin, as another project has it: options, skips, and what a failure shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]

PASSES = """
def test_counts(bpf):
    obj = bpf.load("{root}/bpf/traffic.o")
    assert obj.program("count_traffic").run(bytes(64)).retval == "XDP_PASS"
"""
FAILS = """
from bpftui.core.packet import template

def test_drops(bpf):
    run = bpf.load("{root}/bpf/traffic.o", set={{"sample_every": 5}}).program("count_traffic").run(bytes(range(64)))
    assert run.retval == "XDP_DROP"

def test_code(bpf):
    run = bpf.load("{root}/bpf/traffic.o").program("count_traffic").run(bytes(64))
    assert run.retval == 1

def test_writes(bpf):
    packet = template("IPv4 UDP")
    run = bpf.load("{root}/bpf/traffic.o").program("count_traffic").run(packet)
    assert run.packet == packet.with_text(1, "TTL", "63")

def test_stops(bpf):
    obj = bpf.load("{root}/bpf/traffic.o", limit=3)
    obj.program("count_traffic").run(bytes(64))
"""
OWN_TIME = """
def test_time(bpf):
    bpf.load("{root}/bpf/traffic.o", time=5)
"""


def run(folder: Path, body: str, *options: str) -> tuple[int, str]:
    """Run pytest on a module with this *body*, in a project that knows nothing of this one; return how it ended."""
    (folder / "test_one.py").write_text(body.format(root=ROOT))
    (folder / "pytest.ini").write_text("[pytest]\n")
    loaded = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio", "-p", "no:hypothesispytest")
    command = [sys.executable, "-m", "pytest", "-rs", *loaded, *options, str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_failure_shows_the_runs_before_it(tmp_path: Path) -> None:
    status, out = run(tmp_path, FAILS)
    assert status == 1, out
    assert "it returned XDP_PASS (2), not XDP_DROP\n" in out
    assert "it returned XDP_PASS (2), not XDP_DROP (1)\n" in out
    assert "IPv4 TTL: 64, not 63" in out
    digits = bytes(range(64)).hex()
    assert f"  $ bpftui debug {ROOT}/bpf/traffic.o count_traffic --set sample_every=5 --data {digits}\n" in out
    assert "count_traffic returned XDP_PASS (2) on the vm runtime\n" in out
    assert "  total_packets: 0 -> 1\n" in out
    assert "this run was stopped:\n  $ bpftui debug " in out


def test_the_machine_takes_no_rights_and_no_options(tmp_path: Path) -> None:
    status, out = run(tmp_path, PASSES)
    assert (status, "1 passed" in out) == (0, True), out


@pytest.mark.kernel
def test_what_only_the_machine_has_is_skipped_with_the_reason(tmp_path: Path) -> None:
    status, out = run(tmp_path, OWN_TIME, "--bpf-runtime=both")
    assert status == 0, out
    assert "time: only the built-in machine has a world that a test owns" in out


@pytest.mark.kernel
def test_runtimes_that_do_not_agree_fail_the_test(tmp_path: Path) -> None:
    status, out = run(tmp_path, PASSES, "-o", "bpf_runtime=both")
    assert status == 1, out
    assert "DisagreementError: count_traffic: the runtimes differ\n" in out
    assert re.search(r"events\[0\]\.time: 1000000000 \(vm\), \d+ \(kernel\)\n", out)
    agreeing = PASSES.replace("traffic.o", "count_packets.o").replace("count_traffic", "count_packets")
    status, out = run(tmp_path, agreeing, "-o", "bpf_runtime=both")
    assert status == 0, out


def test_a_runtime_that_there_is_not(tmp_path: Path) -> None:
    status, out = run(tmp_path, PASSES, "-o", "bpf_runtime=qemu")
    assert status == 4, out
    assert "bpf_runtime = qemu: there is vm, kernel and both" in out


def test_other_projects_pay_nothing_for_it(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import sys\ndef test_x(): print('heavy:', sorted(m for m in sys.modules if m.startswith('bpftui.')))\n"
    )
    command = [sys.executable, "-m", "pytest", "-s", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "heavy: ['bpftui.core', 'bpftui.core.testing', 'bpftui.core.testing.plugin']" in done.stdout
