"""`bpftui doctor OBJECT --kernels`: the table, the reasons with their sources, JSON, and what makes no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.commands.command_line import bpftui

ROOT = Path(__file__).parents[4]
TRAFFIC = str(ROOT / "bpf/traffic.o")


def test_the_table_and_why() -> None:
    done = bpftui("doctor", TRAFFIC, "--kernels", "5.15,5.4")
    assert (done.code, done.err) == (1, "")
    out = done.out.splitlines()
    assert out[0].split() == ["kind", "name", "type", "5.4", "5.15"]
    assert [line.split() for line in out if line.startswith(("map      events", "program"))] == [
        ["map", "events", "ringbuf", "NO", "ok"],
        ["program", "count_traffic", "xdp", "NO", "ok"],
    ]
    assert "count_traffic needs Linux 5.12 or newer" in out
    reserve = "    5.8  helper bpf_ringbuf_reserve, instruction 144  https://git.kernel.org/linus/457f44363a88"
    assert reserve in out
    assert bpftui("doctor", TRAFFIC, "--kernels", "5.15").code == 0
    old = bpftui("doctor", TRAFFIC, "--kernels", "5.1,6.1").out
    assert "\n5.1: programs of at most 4,096 instructions, 131,072 looked at by the verifier, " in old
    assert "whose log has 16 MiB at most\n" in old
    assert "\n6.1: programs" not in old
    assert (
        "its types have kinds that loaders replace where a kernel does not know them\n   5.16  BTF kind decl_tag" in old
    )
    assert "\n    5.2  BTF kind datasec  include/uapi/linux/btf.h, commit of 2019-04-09\n" in old


def test_as_json() -> None:
    done = bpftui("doctor", TRAFFIC, "--kernels", "5.10,6.1", "--json")
    assert done.code == 1
    document = json.loads(done.out)
    assert (document["schema"], document["ok"], document["kernels"]) == ("bpftui/kernels/1", False, ["5.10", "6.1"])
    large = {"program_insns": 1_000_000, "verified_insns": 1_000_000, "log_bytes": 1_073_741_823}
    assert document["limits"] == {"5.10": large, "6.1": large}
    (tags,) = document["types"]["5.10"]
    assert (tags["what"], tags["since"], document["types"]["6.1"]) == ("BTF kind decl_tag", "5.16", [])
    (program,) = document["programs"]
    assert (program["name"], program["since"], program["kernels"]["6.1"]) == (
        "count_traffic",
        "5.12",
        {"ok": True, "lacks": []},
    )
    assert program["kernels"]["5.10"]["lacks"] == [
        {
            "what": "atomics that fetch",
            "why": "__sync_fetch_and_add",
            "since": "5.12",
            "source": "include/uapi/linux/bpf.h, commit of 2021-01-14",
            "instructions": [],
            "to_attach": False,
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kernels", "six"], "'six' is no version of Linux"),
        (["--kernels", ","], "--kernels names no version of Linux"),
        (["--kernel-btf", "6.1"], "--kernel-btf '6.1' is not of the form VERSION=FILE"),
        (["--kernels", "6.1", "--helpers"], "are about an OBJECT, and go with neither --helpers nor --btf"),
    ],
)
def test_what_makes_no_sense(arguments: list[str], said: str) -> None:
    assert said in bpftui("doctor", TRAFFIC, *arguments).refused(2)
