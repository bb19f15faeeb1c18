"""What the maps of a loaded program hold is what the debugger's run of its object begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.kernel.runtime import KernelRuntime
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec
from bpftui.tui.__main__ import main
from tests.tui.commands.command_line import bpftui

pytestmark = pytest.mark.kernel

TRAFFIC = str(Path(__file__).parents[3] / "bpf/traffic.o")


@pytest.mark.parametrize("dropping", [False, True])
def test_a_run_begins_with_what_a_loaded_program_has_counted(dropping: bool) -> None:
    packet = bytes(template("IPv4 UDP", ethernet=True))
    spec = CollectionSpec.from_file(TRAFFIC)
    spec.set("sample_every", 7)
    with KernelRuntime().load(spec) as collection:
        program = collection.programs["count_traffic"]
        for _ in range(3):
            program.run(packet)
        commands = ("print total_packets", "print sample_every", "print traffic[{IPV4, UDP}].packets", "continue")
        batch = [word for each in (*commands, "print total_packets") for word in ("--batch", each)]
        name = f"id:{program.id}"
        command = ["debug", TRAFFIC, "count_traffic", "--data", packet.hex(), "--maps", name, *batch]
        done = bpftui(*command, *["--drop"] * dropping, is_fresh=dropping)
        assert done.code == 0, done.err
        warning = "map events begins as the object has it: a ring buffer is a stream of records"
        assert done.err == f"bpftui: warning: {warning}\n"
        lines = done.out.splitlines()
        assert lines[1:3] == ["total_packets = 3", "sample_every = 7"]
        assert lines[-1] == "total_packets = 4"
        # Nothing was changed in what is loaded.
        assert collection.variables["total_packets"].get() == 3


def test_what_is_no_program_of_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with KernelRuntime().load(CollectionSpec.from_file(TRAFFIC)) as collection:
        name = f"id:{collection.programs['count_traffic'].id}"
        other = str(Path(TRAFFIC).with_name("count_packets.o"))
        assert main(["debug", other, "count_packets", "--maps", name, "--batch", "continue"]) == 2
        said = capsys.readouterr().err
        assert "map pkt_count begins as the object has it: no map that is loaded has its name" in said
        assert f"{name} has no map that count_packets uses" in said
    assert main(["debug", TRAFFIC, "count_traffic", "--maps", "traffic", "--batch", "continue"]) == 2
    assert "--maps takes what is loaded" in capsys.readouterr().err


def test_constants_alone_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(Path(TRAFFIC).with_name("constants.o"))
    spec = CollectionSpec.from_file(path)
    spec.set("min_length", 77)
    with KernelRuntime().load(spec) as collection:
        (name,) = collection.programs
        batch = ["--batch", "print min_length"]
        assert main(["debug", path, name, "--maps", f"id:{collection.programs[name].id}", *batch]) == 0
        assert "min_length = 77" in capsys.readouterr().out
