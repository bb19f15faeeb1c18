"""What is loaded, as its object had it: the kernel's rewriting undone, and run on the built-in machine."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bpftui import bpf
from bpftui.core.debug import Call, Recording, Session
from bpftui.core.errors import FeatureError
from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import CollectionSpec
from bpftui.core.system.loaded import Loaded, LoadedSpec, loaded_spec
from bpftui.core.system.restored import restored
from bpftui.core.system.rewriting import pieces
from bpftui.tui.__main__ import main
from bpftui.tui.screens.debugger import DebuggerScreen
from tests.kernel.system.test_opened import explored, somebody
from tests.tui.conftest import let_messages_stay

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bpftui.core.kernel import KernelCollection
    from bpftui.core.spec import ProgramSpec

pytestmark = pytest.mark.kernel

UDP = bytes(12) + b"\x08\x00" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


@contextmanager
def loaded(path: str) -> Generator[tuple[KernelCollection, dict[str, LoadedSpec]]]:
    """Load an object, and yield what the kernel tells of each of its programs."""
    with KernelRuntime().load(CollectionSpec.from_file(path)) as collection:
        yield (
            collection,
            {name: loaded_spec(Loaded([each.id]), f"id:{each.id}") for name, each in collection.programs.items()},
        )


def only(spec: LoadedSpec) -> str:
    (name,) = spec.programs
    return name


def as_told(program: ProgramSpec) -> list[tuple[object, ...]]:
    """Return instructions as they mean the same in an object and in what is loaded of it, with names cut as there."""
    return [(slot, None if name and insn.is_wide else insn, name[:15]) for slot, (insn, name) in pieces(program)]


@pytest.mark.parametrize(
    "path",
    [
        "bpf/traffic.o",  # XDP, maps per CPU, subprograms, a ring buffer
        "bpf/count_packets.o",  # a look-up in an array
        "docs/examples/block.o",  # constants in .rodata that the verifier may not use
        "tests/objects/map_kinds.o",  # a look-up in each kind of map
        "tests/objects/nested_maps.o",  # maps in maps
        "tests/objects/packet_room.o",  # types that see packets in other ways
        "tests/objects/contexts.o",  # fields of many contexts
    ],
)
def test_the_code_is_what_the_object_has(path: str) -> None:
    with loaded(path) as (collection, found):
        for name, spec in found.items():
            if name == "on_connect":
                continue  # it reads a socket: below
            code = as_told(restored(spec, only(spec)).programs[only(spec)])
            assert code == as_told(collection.programs[name].spec), name


@pytest.mark.parametrize(
    ("path", "name", "why"),
    [
        ("tests/objects/contexts.o", "on_connect", "instruction 0: bpf_sock_addr.sk is a socket"),
        ("tests/objects/isa.o", "packet_loads", "instruction 3: it is part of a load of the packet by LD_ABS or"),
        ("tests/objects/arena_globals.o", "bump", "its pointers into the arena pages are none any more"),
    ],
)
def test_what_cannot_be_undone_is_refused(path: str, name: str, why: str) -> None:
    with loaded(path) as (_, found), pytest.raises(FeatureError) as raised:
        restored(found[name], name)
    assert raised.value.message.startswith(f"the code of {name} cannot be restored from what the kernel has made of it")
    assert why in raised.value.message
    assert raised.value.hint == "give the object file, and what its maps hold with --maps"


def test_what_the_verifier_removed_changes_no_run() -> None:
    path = "bpf/constants.o"
    own = CollectionSpec.from_file(path)
    with loaded(path) as (_, found):
        spec = restored(found["constants"], "constants")
    assert len(spec.programs["constants"].code) < len(own.programs["constants"].code)
    results = []
    for each in (spec, own):
        with Session(Recording.of(each, "constants", [Call(UDP)])) as session:
            session.goto(session.length)
            results.append((session.retval, session.error))
    assert results[0] == results[1]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "run.json")
    with KernelRuntime().load(CollectionSpec.from_file(bpf.path("traffic"))) as collection:
        collection.variables["counting"].set(True)
        program = collection.programs["count_traffic"]
        for _ in range(3):
            program.run(UDP)
        words = ["debug", f"id:{program.id}", "--data", UDP.hex(), "--batch", "break return XDP_PASS"]
        words += ["--batch", "print total_packets", "--batch", "continue", "--batch", "print total_packets"]
        assert main([*words, "--save", file]) == 0
        out, err = capsys.readouterr()
        assert [line for line in out.splitlines() if line.startswith("total_packets")] == [
            "total_packets = 3",
            "total_packets = 4",
        ]
        assert "traffic.c:197: }" in out
        assert err == "bpftui: warning: map events begins empty: a ring buffer is a stream of records\n"
        # Only the machine's copy has counted.
        assert collection.variables["total_packets"].get() == 3
        assert main([*words, "--set", "total_packets=40"]) == 0
        assert "total_packets = 41" in capsys.readouterr().out
        assert main(["debug", f"id:{program.id}", "count_trafic"]) == 2
        assert "count_traffic" in capsys.readouterr().err
        assert main(["debug", f"id:{program.id}", "--maps", f"id:{program.id}"]) == 2
        assert "the maps of id:" in capsys.readouterr().err
        assert main(["debug", f"map:{collection.maps['traffic'].id}"]) == 2
        assert "is no program that could be run" in capsys.readouterr().err
    # What is kept needs no kernel that has it loaded, and tells the same.
    assert main(["debug", file, "--batch", "continue", "--batch", "print total_packets"]) == 0
    assert "total_packets = 4" in capsys.readouterr().out


async def test_what_others_have_loaded_is_stepped_through_in_the_explorer(monkeypatch: pytest.MonkeyPatch) -> None:
    let_messages_stay(monkeypatch)
    with somebody(str(bpf.path("traffic")), "count_traffic", "traffic", "20") as ids:
        async with explored(f"id:{ids.program}") as walk:
            await walk.press("d")
            await walk.until(lambda: isinstance(walk.app.screen, DebuggerScreen) and "step 0 of" in walk.screen)
            assert "the run begins with what maps and variables hold now; map events begins empty" in walk.screen
            assert f"home › {ids.program} count_traffic › count_traffic › run 1" in walk.screen
            debuggee = walk.app.screen.debuggee if isinstance(walk.app.screen, DebuggerScreen) else None
            assert debuggee is not None
            ((_, section),) = debuggee.recording.contents[".bss"]
            assert int.from_bytes(section[:8], sys.byteorder) > 0  # what it had counted by then
            # Its verifier walks through it once more.
            await walk.until(lambda: "the verifier knew" in walk.screen)
            assert "✓ ctx" in walk.screen
