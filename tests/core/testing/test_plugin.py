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
    obj = bpf.load("{root}/tests/objects/bad_null.o")
    obj.program("bad_null").run(bytes(64))

def test_line(bpf):
    obj = bpf.load("{root}/bpf/constants.o", set={{"mode": "MODE_DROP"}})
    assert obj.program("constants").run(bytes(64)).retval == "XDP_PASS"

def test_no_object(bpf):
    bpf.load("{root}/README.md")

def test_no_program(bpf):
    bpf.load("{root}/bpf/traffic.o").program("count_trafic")

def test_long(bpf):
    bpf.load("{root}/tests/objects/names.o").program("second").run(bytes(64))
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
    status, out = run(tmp_path, FAILS, "--bpf-limit", "50")
    assert status == 1, out
    assert "it returned XDP_PASS (2), not XDP_DROP\n" in out
    assert "it returned XDP_PASS (2), not XDP_DROP (1)\n" in out
    assert "IPv4 TTL: 64, not 63" in out
    digits = bytes(range(64)).hex()
    assert f"  $ bpftui debug {ROOT}/bpf/traffic.o count_traffic --set sample_every=5 --data {digits}\n" in out
    assert "count_traffic returned XDP_PASS (2) on the vm runtime\n" in out
    assert "  total_packets: 0 -> 1\n" in out
    # Where a program was stopped is told with its C line, and nothing of who runs it.
    assert "this run was stopped:\n  $ bpftui debug " in out
    assert re.search(
        r"\nE +bpftui\.\S*AccessError: program bad_null was stopped at instruction 9 .*bad_null\.c:18: ", out
    )
    assert "core/vm" not in out
    assert re.search(r"> +bpf.load\(.*README\.md.\)\n( +\^+\n)?E +bpftui\.\S+ObjectError: ", out)
    assert "constants returned XDP_DROP (1) on the vm runtime\n  what it returned was set at constants.c:115: " in out
    assert "  ran traffic.c:98-108, 122-149, " in out
    # What one can do about it stands below it.
    assert re.search(r"\nE +bpftui\.\S+UnknownNameError: .*count_trafic.*\nE +did you mean 'count_traffic'\?\n", out)
    assert re.search(r"after 50 steps\nE +give the loop an end, .*--bpf-limit in tests", out)


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
    assert 'is named: bpf.load(…, may_differ=["events.time"])' in out
    agreeing = PASSES.replace("traffic.o", "count_packets.o").replace("count_traffic", "count_packets")
    status, out = run(tmp_path, agreeing, "-o", "bpf_runtime=both")
    assert status == 0, out


@pytest.mark.parametrize("limit", ["many", "9" * 20])
def test_a_limit_that_is_none(tmp_path: Path, limit: str) -> None:
    status, out = run(tmp_path, PASSES, "-o", f"bpf_limit={limit}")
    assert (status, f"bpf-limit {limit}: it is a number of instructions, at least 1" in out) == (4, True), out


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


COVERED = """
import pytest
from bpftui.core.packet import template

@pytest.mark.parametrize("name", ["IPv4 UDP", "IPv6 TCP"])
def test_counts(bpf, name):
    obj = bpf.load("{root}/bpf/traffic.o", set={{"track_sources": False}})
    run = obj.program("count_traffic").run(template(name))
    assert run.steps == {{"IPv4 UDP": 122, "IPv6 TCP": 123}}[name]
    assert obj.program("count_traffic").run(template(name)).steps < run.steps  # the entry is there
"""


def test_coverage_is_gathered_over_tests_and_reported(tmp_path: Path) -> None:
    code, told = run(tmp_path, COVERED, "--bpf-cov", "--bpf-cov-report=term", "--bpf-cov-report=lcov:out.info")
    assert code == 0, told
    assert "BPF coverage" in told
    assert "traffic.c:185: if w1 != 0x1 goto pc+150 never jumped to line 197" in told
    assert "traffic.c:111" not in told  # reached by the second test
    assert "lcov report: out.info" in told
    info = (tmp_path / "out.info").read_text()
    assert "DA:98,4\n" in info
    assert "DA:144," not in info  # track_sources is false
    code, told = run(tmp_path, COVERED, "--bpf-cov", "--bpf-cov-append", "--bpf-cov-report=lcov:out.info", "-k", "UDP")
    assert code == 0, told
    assert "DA:98,6\n" in (tmp_path / "out.info").read_text()


def test_coverage_without_a_report_of_that_name_is_refused(tmp_path: Path) -> None:
    code, told = run(tmp_path, PASSES, "--bpf-cov", "--bpf-cov-report=pdf")
    assert (code, "there is no report 'pdf'" in told) == (4, True)


def test_coverage_data_that_cannot_be_written_is_refused_before_the_tests(tmp_path: Path) -> None:
    code, told = run(tmp_path, PASSES, "--bpf-cov", "--bpf-cov-data=/dev/null/data")
    assert (code, "--bpf-cov-data: /dev/null/data: it cannot be written: not a directory" in told) == (4, True), told


def test_workers_hand_over_what_they_gathered(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(COVERED.format(root=ROOT))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-n", "2", "--bpf-cov", "--bpf-cov-report=lcov:out.info")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DA:98,4\n" in (tmp_path / "out.info").read_text()
