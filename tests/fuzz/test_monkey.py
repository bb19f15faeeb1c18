"""The monkey for a short while, with both runtimes; and that it is not let loose on what is not its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.fuzz.monkey import PLACES, Monkey, NotApartError, Plan, places, require_apart

ROOT = Path(__file__).parents[2]
TRAFFIC = ROOT / "bpf/traffic.o"


@pytest.mark.parametrize(
    ("runtime", "seed"), [("vm", 2), pytest.param("kernel", 1, marks=pytest.mark.kernel)], ids=["vm", "kernel"]
)
def test_nothing_goes_wrong_and_nothing_is_left(runtime: str, seed: int, tmp_path: Path) -> None:
    monkey = Monkey(Plan.of(seed, runtime), tmp_path)
    why = monkey.stay(lambda self: len(self.done) < 150)
    (tmp_path / "bpftui").mkdir(exist_ok=True)
    with (tmp_path / "bpftui/log").open("a") as log:
        log.write("ValueError: what was said\n")
    kept = monkey.keep(why or "nothing", tmp_path / "kept").read_text()
    assert kept.startswith(f"{monkey.plan}: {why or 'nothing'}\n\n{monkey.done[0]!r} ")
    assert "ValueError: what was said\n" in kept
    assert monkey.shown[-200:] in kept
    assert monkey.places["explorer"] > 0
    assert why == "", f"{monkey.plan}, {monkey.done}: {monkey.shown[-1500:]}"


def test_where_it_is_is_what_snapshots_show() -> None:
    told = {
        "home.txt": {"home"},
        "system-links.txt": {"system"},
        "overview.txt": {"explorer"},
        "recording.txt": {"explorer", "recording"},
        "test-run.txt": {"test run"},
        "debugger.txt": {"debugger"},
        "dialog-finder.txt": {"explorer", "finder"},
        "dialog-help.txt": {"explorer", "help"},
    }
    snapshots = ROOT / "tests/tui/snapshots"
    assert {name: places((snapshots / name).read_text()) for name in told} == told
    assert set.union(*told.values()) == set(PLACES) - {"comparison"}
    assert places("enter go there · < > hunks · / search · esc close") == {"comparison"}


def test_some_of_its_plans_open_a_recording() -> None:
    plans = [Plan.of(seed, "vm") for seed in range(1, 9)]
    assert [plan.seed for plan in plans if plan.recorded] == [4, 8]
    assert all(("--record" in plan.recorded) == (plan.path.name == "traffic.rec") for plan in plans)
    assert [plan.arguments[-2:] for plan in plans if plan.recorded] == [["traffic.rec", str(TRAFFIC)]] * 2


def test_it_is_not_let_loose_in_namespaces_of_others() -> None:
    with pytest.raises(NotApartError, match="has no net namespace of its own"):
        require_apart(os.getpid(), TRAFFIC)


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("more", "path", "why"),
    [
        ("true", "bpf/traffic.o", ""),
        ("true", "bpf/inventory.o", "attaches to the whole machine"),
        ("ip link add veth9 type veth", "bpf/traffic.o", "sees lo, veth"),
    ],
)
def test_it_is_let_loose_only_where_it_reaches_nothing(more: str, path: str, why: str) -> None:
    command = ["unshare", "--net", "--mount", "--cgroup", "sh", "-c", f"{more} && echo && exec sleep 300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            if why:
                with pytest.raises(NotApartError, match=why):
                    require_apart(process.pid, ROOT / path)
            else:
                require_apart(process.pid, ROOT / path)
        finally:
            process.kill()
