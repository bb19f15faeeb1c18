"""The small programs in docs/examples do what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bpftui.core.kernel import Program
from bpftui.core.spec import CollectionSpec
from tests.kernel.private_bpffs import in_private_bpffs
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/examples"


def run(name: str, *arguments: str) -> list[str]:
    """Return the lines that an example prints."""
    command = [sys.executable, str(FOLDER / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout.splitlines()


def test_they_are_named_in_the_guide() -> None:
    named = re.findall(r"\(examples/(\w+\.py)\)", (ROOT / "docs/library.md").read_text())
    assert sorted(named) == sorted(path.name for path in FOLDER.glob("*.py"))


@pytest.mark.skipif(shutil.which("clang-19") is None, reason="clang-19 is not installed")
def test_the_objects_are_what_their_sources_say(tmp_path: Path) -> None:
    docs, bpf = tmp_path / "docs/examples", tmp_path / "bpf"
    shutil.copytree(FOLDER, docs)
    shutil.copytree(ROOT / "bpf", bpf)
    names = [f"{path.stem}.o" for path in docs.glob("*.c")]
    for name in names:
        (docs / name).unlink()
    subprocess.run(["make", "-s", "-C", str(docs), "CLANG=clang-19"], check=True)
    assert [name for name in names if (docs / name).read_bytes() != (FOLDER / name).read_bytes()] == []


@pytest.mark.kernel
def test_packets_are_counted() -> None:
    lines = run("count_packets.py")
    counts = [int(line.split()[2]) for line in lines if line.startswith("IPV4 TCP ")]
    assert len(counts) == 3
    assert 0 < counts[0] < counts[2]


@pytest.mark.kernel
def test_every_call_is_in_the_histogram() -> None:
    lines = run("latencies.py")
    assert sum(int(line.split()[4]) for line in lines) == 500
    assert all(re.match(r" *\d+ ns and more +\d+ #*$", line) for line in lines)


@pytest.mark.kernel
def test_constants_are_set_before_a_test_run() -> None:
    first, second = run("constants.py")
    assert re.match(r"60 bytes: returned 1 after \d+ ns$", first)  # XDP_DROP, as the constant says
    assert re.match(r"600 bytes: returned 1 after \d+ ns$", second)


@pytest.mark.kernel
def test_the_second_load_finds_the_pinned_map(tmp_path: Path) -> None:
    def work() -> tuple[list[str], list[str]]:
        return run("pin.py", str(tmp_path)), [path.name for path in tmp_path.iterdir() if path.name == "pkt_count"]

    assert in_private_bpffs(tmp_path, work) == (["20 packets in two loads"], [])


@pytest.mark.kernel
def test_no_packet_is_missed_by_a_replacement() -> None:
    (line,) = run("replace.py")
    # The kernel itself may send a packet to an interface that has come up.
    assert int(line.split()[0]) >= 2000
    assert line.endswith(" packets counted by two programs")


@pytest.mark.kernel
def test_what_is_loaded_is_listed() -> None:
    with CollectionSpec.from_file(ROOT / "bpf/count_packets.o").load() as loaded:
        program = loaded.programs["count_packets"]
        info = program.info()
        assert program.id in set(Program.ids())
        assert loaded.maps["pkt_count"].id in set(type(loaded.maps["pkt_count"]).ids())
        wanted = f"{program.id}: xdp count_packets, tag {info.tag}, {info.xlated_size} bytes, maps {info.map_ids[0]}"
        assert wanted in run("programs.py")


@pytest.mark.kernel
def test_who_holds_what() -> None:
    with CollectionSpec.from_file(ROOT / "bpf/count_packets.o").load() as loaded:
        number = loaded.programs["count_packets"].id
        (line,) = (each for each in run("owners.py") if each.startswith(f"{number} "))
    assert re.fullmatch(rf"{number} count_packets: held by \S+ \d+; runs at nothing", line)
