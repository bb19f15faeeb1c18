"""What is loaded, opened as an object is: by id, name, link and pin; and what says that it takes files alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bpftui import bpf
from bpftui.core import kernel
from bpftui.core.errors import UsageError
from bpftui.core.references import LoadedName, parse_loaded
from bpftui.core.spec import CollectionSpec, MapType, ProgramType
from bpftui.core.spec.program import ReferenceKind
from bpftui.core.system.loaded import find_loaded, loaded_spec
from bpftui.tui.__main__ import main
from tests.kernel.private_bpffs import in_private_bpffs
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bpftui.core.kernel import KernelCollection

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def traffic() -> Iterator[KernelCollection]:
    spec = CollectionSpec.from_file(bpf.path("traffic"))
    spec.variable("sample_every").set(7)
    with kernel.load(spec) as loaded:
        yield loaded


def opened(text: str) -> CollectionSpec:
    name = parse_loaded(text)
    assert name is not None
    return loaded_spec(find_loaded(name), text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id:42", LoadedName("program", "42", 42)),
        ("prog:42", LoadedName("program", "42", 42)),
        ("map:7", LoadedName("map", "7", 7)),
        ("link:3", LoadedName("link", "3", 3)),
        ("name:count_*", LoadedName("name", "count_*")),
        ("prog.o", None),
        ("./id:42", None),
        ("btf:1", LoadedName("BTF", "1", 1)),
        ("net:eth1", LoadedName("place", "eth1", noun="net")),
        ("proc:812", LoadedName("place", "812", noun="proc")),
        ("cgroup:/a:b", LoadedName("place", "/a:b", noun="cgroup")),
        ("pin:/sys/fs/bpf/x", LoadedName("pin", "/sys/fs/bpf/x")),
        ("./net:eth1", None),
        ("/", None),
        ("/proc/self/status", None),  # of no size as well
    ],
)
def test_what_users_type(text: str, name: LoadedName | None) -> None:
    assert parse_loaded(text) == name


@pytest.mark.parametrize("text", ["id:", "id:x", "map:-1", "link:4294967296"])
def test_what_is_no_id(text: str) -> None:
    if text == "id:":
        assert parse_loaded(text) is None
        return
    with pytest.raises(UsageError, match="is no id"):
        parse_loaded(text)


def test_a_program_has_its_code_names_lines_and_variables(traffic: KernelCollection) -> None:
    spec = opened(f"id:{traffic.programs['count_traffic'].id}")
    assert [*spec.programs] == ["count_traffic"]
    program = spec.programs["count_traffic"]
    assert program.type is ProgramType.XDP
    assert program.linked.problem == "it is loaded already: this is what the verifier made of it"
    assert [function.name for function in program.functions] == ["count_traffic", "fill"]
    assert {name for name in spec.maps if not name.startswith(".")} == {"traffic", "sources", "events"}
    assert spec.maps["traffic"].type is MapType.PERCPU_HASH
    kinds = {reference.kind for reference in program.linked.references.values()}
    assert kinds >= {ReferenceKind.DATA, ReferenceKind.MAP, ReferenceKind.CALL}
    called = {each.name for each in program.linked.references.values() if each.kind is ReferenceKind.CALL}
    assert called == {"fill"}
    line = program.linked.line_at(0)
    assert line is not None
    assert line.text.startswith("traffic.c:")
    variable = spec.variables["sample_every"]
    assert (variable.get(), variable.section, variable.constant) == (7, ".rodata", True)


def test_its_listing(traffic: KernelCollection, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disasm", f"id:{traffic.programs['count_traffic'].id}"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("; it is loaded already: this is what the verifier made of it\ncount_traffic:\n")
    assert ".data[counting]" in text
    assert "call bpf_ktime_get_ns#5" in text
    assert "call bpf_ringbuf_submit#132" in text
    assert "call fill" in text
    assert "ctx->data_meta" not in text.replace("; parse(", "")  # its context is the kernel's own by now


@pytest.mark.parametrize("dropping", [False, True])
def test_its_native_code_stands_beside_it(traffic: KernelCollection, dropping: bool) -> None:
    number, events = traffic.programs["count_traffic"].id, traffic.maps["events"].id
    done = bpftui("disasm", "--jited", f"id:{number}", *["--drop"] * dropping, is_fresh=dropping)
    assert done.code == 0, done.err
    lines = [line.partition(" | ") for line in done.out.splitlines()]
    rows = [(left.strip(), right.partition(": ")[2]) for left, _, right in lines]
    assert ("fill:", "") in rows
    assert "push rbp" in [right for _, right in rows]
    assert any(left.endswith("r1 = map[traffic]") and right.startswith("movabs") for left, right in rows)
    assert bpftui("disasm", "--jited", f"map:{events}").refused(2) == f"map:{events} holds no programs"
    done = bpftui("disasm", f"map:{events}")
    assert done.err == f"bpftui: warning: map:{events} holds no programs; bpftui list says which have it\n"


@pytest.mark.parametrize("dropping", [False, True])
def test_show_says_who_holds_it(traffic: KernelCollection, dropping: bool) -> None:
    program = traffic.programs["count_traffic"]
    command = [sys.executable, "-m", "bpftui.tui", "show", f"id:{program.id}", "--json", *["--drop"] * dropping]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["schema"] == "bpftui/spec/1"
    assert [each["functions"] for each in found["programs"]] == [["count_traffic", "fill"]]
    (loaded,) = found["loaded"]["programs"]
    assert (loaded["id"], loaded["tag"]) == (program.id, program.info().tag)
    assert {each["id"] for each in found["loaded"]["maps"]} == set(program.info().map_ids)
    assert found["loaded"]["links"] == []


def test_a_name_is_found_where_the_right_to_list_was_given_up(traffic: KernelCollection) -> None:
    command = [sys.executable, "-m", "bpftui.tui", "show", "name:count_traf*", "--json", "--drop"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert traffic.programs["count_traffic"].id in {each["id"] for each in found["loaded"]["programs"]}


def test_a_map_a_pin_and_a_name(traffic: KernelCollection, tmp_path: Path) -> None:
    sources = traffic.maps["sources"]
    spec = opened(f"map:{sources.id}")
    assert [*spec.maps] == ["sources"]
    assert spec.programs == {}
    key, value = spec.maps["sources"].key, spec.maps["sources"].value
    assert key is not None
    assert value is not None
    assert (key.c_text, value.c_text) == ("struct address", "struct source")

    def work() -> tuple[list[str], list[str]]:
        pin = tmp_path / "here"
        traffic.programs["count_traffic"].pin(pin)
        try:
            return [*opened(str(pin)).programs], [*opened("name:count_traf*").programs][:1]
        finally:
            traffic.programs["count_traffic"].unpin()

    assert in_private_bpffs(tmp_path, work) == (["count_traffic"], ["count_traffic"])


@pytest.mark.parametrize("dropping", [False, True])
def test_a_map_is_watched_and_never_changed(traffic: KernelCollection, dropping: bool) -> None:
    program, events = traffic.programs["count_traffic"], traffic.maps["events"]
    frame = bytes(12) + b"\x08\x00\x45" + bytes(8) + b"\x11" + bytes(40)
    program.run(frame, repeat=14)
    words = ["--duration", "0.2", "--interval", "0.1", "--json", *["--drop"] * dropping]
    samples = [
        json.loads(line) for line in bpftui("watch", f"map:{traffic.maps['traffic'].id}", *words).out.splitlines()
    ]
    (entry,) = samples[-1]["maps"]["traffic"]["entries"]
    assert entry["key"] == {"family": "IPV4", "protocol": "UDP"}
    assert entry["value"]["packets"] >= 14
    whole = bpftui("watch", f"id:{program.id}", *words)
    last = json.loads(whole.out.splitlines()[-1])
    assert last["variables"]["sample_every"] == 7
    assert last["variables"]["total_packets"] >= 14
    assert {*last["maps"]} == {"traffic", "sources"}  # whoever reads a stream takes its records away
    assert last["events"] == {}
    assert {*last["programs"]} == {"count_traffic"}
    line = bpftui("watch", f"map:{events.id}").refused(2)
    assert line == (
        f"map:{events.id} has no map that could be read without changing anything "
        "(a stream's records would be taken from its owner)"
    )


def test_what_is_loaded_is_recorded_and_opens_without_it(traffic: KernelCollection, tmp_path: Path) -> None:
    program, path = traffic.programs["count_traffic"], str(tmp_path / "a.rec")
    words = ["--duration", "0.2", "--interval", "0.1", "--json"]
    live = bpftui("watch", f"id:{program.id}", *words, "--record", path).out
    assert bpftui("watch", path, "--json").out == live
    shown = bpftui("show", path).out.splitlines()
    assert shown[0].startswith(f"{program.id} count_traffic  little-endian")
    assert shown[2].split("insns")[0].strip("│ └─") == "count_traffic  xdp  183"
    code = bpftui("disasm", path, "count_traffic").out
    assert "r1 = map[traffic]" in code
    stops = bpftui("run", path, "count_traffic", "--runtime", "vm", "--json").out
    assert json.loads(stops)["retval"] == 2
    assert bpftui("watch", f"map:{traffic.maps['traffic'].id}", *words, "--record", path).refused(2) == (
        f"{path}: there is a file of that name already (name another one, or remove it)"
    )


def test_what_takes_files_alone_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    for words, why in (
        (["run", "id:1", "x"], "a test run changes maps, and those that are loaded are somebody's"),
        (["check", "id:1"], "the verifier has taken what is loaded"),
        (["doctor", "id:1"], "what is loaded can be loaded here"),
        (["log", "id:1"], "the verifier's log was told to whoever loaded it, and the kernel keeps none"),
        (["log", "-", "--object", "id:1"], "a log is of the code that the file has, which is another by now"),
        (["export", "id:1"], "watch --record makes a recording of it"),
        (["disasm", "id:1", "--raw"], "the kernel keeps none of the instructions that the object had"),
        (["disasm", "id:1", "--heat"], "what the verifier walked over and removed was told to whoever loaded it"),
    ):
        assert main(words) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"bpftui: error: bpftui {words[0]} ")
        assert " takes a file, and id:1 is what is loaded: " in told
        assert why in told


def test_what_is_not_there() -> None:
    for words, message in (
        (["show", "net:eth1"], "net:eth1 is where programs run, and no object (bpftui net:eth1 shows it among what"),
        (["watch", "cgroup:/a"], "cgroup:/a is where programs run, and no object"),
        (["check", "proc:1"], "proc:1 is where programs run, and no object"),
        (["net:eth1", "x.o"], "net:eth1 is named alone: it is where programs run, and no object"),
        (["net:eth1"], "the explorer needs a terminal, and there is none (try: bpftui list net)"),
        (["show", "btf:4294967295"], "there is no BTF with the id '4294967295' in the kernel"),
        (["show", "id:4294967295"], "there is no program with the id '4294967295' in the kernel (bpftui list shows"),
        (["disasm", "map:4294967295"], "there is no map with the id '4294967295' in the kernel (bpftui list shows"),
        (["show", "name:no_such_program"], "there is no loaded program or map 'no_such_program'"),
        (["watch", "id:1", "--attach", "x=lo"], "id:1 is loaded already: it is read, and not changed"),
        (["watch", "id:1", "--runtime", "vm"], "id:1 is loaded in the kernel, and not in the built-in machine"),
        (["show", "id:1", "--set", "x=1"], "id:1 is loaded already: its variables and types are as they are"),
    ):
        assert message in bpftui(*words).refused(2)
