"""`bpftui list` and `bpftui top`, beside what others attached and what a program of ours does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from bpftui import bpf
from bpftui.core import kernel
from bpftui.core.errors import ExitCode
from bpftui.core.spec import CollectionSpec
from bpftui.tui.__main__ import main
from tests.kernel.system.others import attached_by_others
from tests.nobody import NOBODY, as_nobody, nobody_with
from tests.tui.commands.command_line import ROOT, bpftui, user_environment
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernel.system.others import Others

pytestmark = pytest.mark.kernel

BPFTUI = [sys.executable, "-m", "bpftui.tui"]
UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(2) + bytes([192, 0, 2, 9]) + bytes(34)


@pytest.fixture(scope="module")
def others() -> Iterator[Others]:
    with attached_by_others() as made:
        yield made


def listed(*words: str) -> Any:
    done = bpftui("list", "--json", *words, is_fresh="--drop" in words)
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.mark.vmlinux
@pytest.mark.parametrize("dropping", [False, True])
def test_everything_as_json(others: Others, dropping: bool) -> None:
    found = listed(*["--drop"] * dropping)
    assert found["schema"] == "bpftui/list/1"
    assert [*found] == [
        "schema",
        *("programs", "maps", "links", "btf", "pins", "processes", "net", "cgroups"),
        *("partial", "gone", "missing"),
    ]
    program = next(each for each in found["programs"] if each["id"] == others.program("tcx_ingress"))
    owner = {"pid": others.pid, "comm": "attacher"}
    assert (program["name"], program["type"], program["pids"]) == ("on_tc", "sched_cls", [owner])
    assert program["links"] == [others.link("tcx_ingress")]
    assert program["pinned"] == [f"{others.bpffs}/classifier"]
    assert [each["hook"] for each in program["attached"]] == ["tcx_ingress", "clsact_ingress", "clsact_ingress"]
    namespace = os.stat(f"/proc/{others.pid}/ns/net").st_ino
    link = next(each for each in found["links"] if each["id"] == others.link("netfilter"))
    assert link == {
        "id": others.link("netfilter"),
        "type": "netfilter",
        "program": others.program("netfilter"),
        "attach_type": "netfilter",
        "target": f"ipv4 input priority -7 in net:[{namespace}]",
        "order": 2,
        "pids": [owner],
        "pinned": [],
        "detached": False,
        "details": {"pf": 2, "hook": 1, "prio": -7, "flags": 0, "netns_ino": namespace},
    }
    (interface,) = (each for each in found["net"] if (each["namespace"], each["name"]) == (namespace, "v0"))
    assert [(hook["hook"], len(hook["programs"])) for hook in interface["hooks"]] == [
        ("xdp", 1),
        ("tcx_ingress", 2),
        ("clsact_ingress", 2),
        ("tcx_egress", 1),
    ]
    assert {each["path"] for each in found["pins"]} >= {f"{others.bpffs}/{name}" for name in ("lonely", "sockets")}
    (process,) = (each for each in found["processes"] if each["pid"] == others.pid)
    assert others.link("xdp") in process["links"]
    assert process["mount_namespace"] == os.stat(f"/proc/{others.pid}/ns/mnt").st_ino
    uprobe = next(each for each in found["links"] if each["id"] == others.link("uprobe"))
    # Without rights nobody looks into the mounts of others.
    assert uprobe["details"].get("symbols") == (None if dropping else ["target"])


@pytest.mark.vmlinux
def test_one_noun_has_its_list_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "btf", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [*found] == ["schema", "btf", "partial", "gone", "missing"]
    assert found["btf"][0] | {"size": 0} == {
        "id": 1,
        "name": "vmlinux",
        "size": 0,
        "kernel": True,
        "pids": [],
        "programs": [],
        "maps": [],
    }


def test_tables(others: Others, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "net"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["namespace", "interface", "hook", "order", "program", "link", "detail"]
    first, link = str(others.program("tcx_ingress")), str(others.link("tcx_ingress"))
    namespace = f"net:[{os.stat(f'/proc/{others.pid}/ns/net').st_ino}]"
    assert [namespace, "v0", "tcx_ingress", "1", first, "on_tc", link] in rows
    assert main(["list", "link"]) == 0
    text = capsys.readouterr().out
    assert any(f"attacher {others.pid}" in line for line in text.splitlines() if "sched_process_fork" in line)
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    titles = [text.find(f"\n{title} ") for title in ("Maps", "Links", "Types", "Pinned", "Processes", "Control groups")]
    assert text.startswith("Programs ")
    assert titles == sorted(titles)
    assert titles[0] > 0


def test_what_a_program_costs() -> None:
    with kernel.load(CollectionSpec.from_file(bpf.path("count_packets"))) as loaded:
        program = loaded.programs["count_packets"]
        number = program.id
        top = subprocess.Popen(
            [*BPFTUI, "top", "--json", "--only", "count_pack*", "--interval", "0.2", "--duration", "3"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert top.stdout is not None
        looks: list[Any] = []
        for line in top.stdout:
            looks.append(json.loads(line))
            program.run(bytes(64), repeat=10_000)
            if any(each["runs_per_s"] for each in looks[-1]["programs"] if each["id"] == number):
                break
        top.terminate()
        top.communicate()
        last = looks[-1]
    assert last["schema"] == "bpftui/top/1"
    assert last["time"] > 0
    (row,) = (each for each in last["programs"] if each["id"] == number)
    assert (row["name"], row["type"], row["missed"]) == ("count_packets", "xdp", 0)
    assert row["runs_per_s"] > 100
    assert 5 < row["ns_per_run"] < 100_000
    assert row["cpu_percent"] == pytest.approx(row["runs_per_s"] * row["ns_per_run"] / 1e7, rel=0.01)


def test_top_in_a_pipe_is_a_table_a_look() -> None:
    top = subprocess.Popen(
        [*BPFTUI, "top", "--duration", "60", "--interval", "0.1", "--sort", "name"], stdout=subprocess.PIPE, text=True
    )
    assert top.stdout is not None
    kinds: list[str] = []
    for line in top.stdout:
        if line.split()[:2] == ["id", "name"]:
            kinds.append("head")
        elif " program" in line and line.endswith("% of a CPU\n"):
            kinds.append("total")
        if kinds.count("head") == 3:
            break
    top.terminate()
    top.communicate()
    assert kinds == ["total", "head"] * 3


@as_nobody
@pytest.mark.parametrize("command", ["list", "top"])
def test_without_rights_one_line_says_what_is_missing(command: str) -> None:
    done = subprocess.run([*NOBODY, *BPFTUI, command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert "this process lacks CAP_SYS_ADMIN" in line


@pytest.mark.vmlinux
@as_nobody
def test_what_a_right_would_add_is_said() -> None:
    with kernel.Sandbox(), kernel.load(CollectionSpec.from_file(bpf.path("count_packets"))) as loaded:
        command = [*nobody_with("sys_admin"), *BPFTUI, "list", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        number = loaded.programs["count_packets"].id
    found = json.loads(done.stdout)
    (sentence,) = (each for each in found["missing"] if "network namespace" in each)
    assert found["partial"]
    assert sentence.endswith("could not be entered: that takes CAP_SYS_PTRACE")
    assert f"bpftui: warning: {sentence}" in done.stderr.splitlines()
    (program,) = (each for each in found["programs"] if each["id"] == number)
    assert [each["pid"] for each in program["pids"]] == [os.getpid()]  # the iterator tells, /proc would not


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["list", "--runtime", "vm"],
            "the built-in machine has nothing to list: whatever runs there is of one command",
        ),
        (["list", "progs"], "argument NOUN: invalid choice: 'progs'"),
        (["top", "--interval", "0"], "--interval 0 is not between 0.1 and 86,400 seconds"),
        (["top", "--sort", "size"], "argument --sort: invalid choice: 'size'"),
    ],
)
def test_mistakes(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err


@pytest.mark.vmlinux
@pytest.mark.parametrize("dropping", [False, True])
def test_metrics_of_the_machine(dropping: bool) -> None:
    """With --drop, a process that has no rights asks its steward for them."""
    spec = CollectionSpec.from_file(bpf.path("traffic"))
    command = [*BPFTUI, "top", "--prometheus", "127.0.0.1:0", "--only", "count_traffic", *["--drop"] * dropping]
    with kernel.load(spec) as loaded:
        program, map_ = loaded.programs["count_traffic"], loaded.maps["sources"]
        labels = f'{{id="{program.info().id}",program="count_traffic",type="xdp"}}'
        of_map = f'{{id="{map_.info().id}",map="sources",type="lru_hash"}}'
        with subprocess.Popen(command, cwd=ROOT, env=user_environment(), stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            where = re.fullmatch(r"bpftui: metrics are at (http://\S+)\n", running.stderr.readline())
            assert where is not None
            before = scraped(where[1])
            program.run(UDP, repeat=1000)
            after = scraped(where[1])
            running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE) == ExitCode.INTERRUPTED
            assert running.stderr.read() == ""
    runs, seconds = f"bpf_program_runs_total{labels}", f"bpf_program_run_seconds_total{labels}"
    assert float(after[runs]) - float(before[runs]) == 1000
    assert 0 < float(after[seconds]) - float(before[seconds]) < 60
    assert after[f"bpf_map_entries{of_map}"] == "1"
    assert after[f"bpf_map_max_entries{of_map}"] == "4096"
    assert float(after[f"bpf_map_memory_bytes{of_map}"]) > 0
    assert after["bpf_unexported_programs"] == "0"


def scraped(url: str) -> dict[str, str]:
    """Return what is told there: each series, and its number."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
