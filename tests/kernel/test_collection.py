"""Whole objects: what loads, who owns it, and that nothing stays, whatever goes wrong."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core import kernel
from bpftui.core.btf import Btf, Kind
from bpftui.core.btf.kernel import vmlinux
from bpftui.core.btf.types import Composite, Function
from bpftui.core.errors import (
    BpftuiError,
    FeatureError,
    GivenUpError,
    LoadError,
    TypeMismatchError,
    UnknownNameError,
    UsageError,
    ValueRangeError,
    VerifierError,
)
from bpftui.core.interrupt import Interrupt
from bpftui.core.kernel.collection import Loader
from bpftui.core.kernel.loading import prog_load
from bpftui.core.kernel.loading.btf import degrade, load_btf, out_of_order, prepare, rename
from bpftui.core.kernel.sys import syscall
from bpftui.core.kernel.sys.layouts import BtfLoad, MapBatch
from bpftui.core.kernel.sys.syscall import Command
from bpftui.core.spec import CollectionSpec, MapSpec, MapType
from tests.census import census
from tests.core.btf.blob import Blob
from tests.tui.commands.command_line import bpftui
from tests.waiting import Effort, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.kernel

BPF = Path(__file__).parents[2] / "bpf"
OBJECTS = Path(__file__).parents[1] / "objects"
ROOT = Path(__file__).parents[2]

SHIPPED = ["constants", "count_packets", "global_example", "hidden_example", "my_map", "traffic"]
# Refused on purpose, half of an object, or tied to what not every kernel has or allows: tests/kernels/ tries these.
NOT_HERE = (
    "bad_",
    "contexts",
    "congestion",
    "conntrack",
    "core_",
    "data_pointers",
    "dead_by_constants",
    "hooks",
    "jump_tables",
    "ksym_kinds",
    "library",
    "linked_one",
    "map_attributes",
    "needs",
    "not_here",
    "nothing_left",
    "other_machine",
    "recursion",
    "replacement",
    "sections",
    "tail_calls",
    "typed",
    "undefined",
)
CALLS_THE_KERNEL = "kernel_functions.o"
"""Its programs call functions that only the kernel's own types describe."""
LOADABLE = [
    *(BPF / f"{name}.o" for name in SHIPPED),
    *(
        path
        for path in sorted(OBJECTS.glob("*.o"))
        if not path.name.startswith(NOT_HERE) and not path.name.endswith("eb.o")
    ),
]
WITH_TYPES = [path for path in LOADABLE if b".BTF\0" in path.read_bytes()]


def _open(name: str) -> CollectionSpec:
    return CollectionSpec.from_file(BPF / f"{name}.o")


def _fds() -> list[str]:
    # The kernel's own types are mapped once for the whole process, and a mapping keeps its descriptor.
    with contextlib.suppress(FeatureError):
        vmlinux()
    return sorted(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.vmlinux if path.name == CALLS_THE_KERNEL else ()) for path in LOADABLE],
    ids=lambda path: path.name,
)
def test_it_loads_whole_and_checks_out(path: Path) -> None:
    spec = CollectionSpec.from_file(path)
    before = _fds()
    with spec.load() as collection:
        assert set(collection.maps) == {name for name, found in spec.maps.items() if not found.in_arena}
        assert set(collection.programs) == {program.name for program in spec.programs.values() if program.autoload}
        for variable in collection.variables.values():
            assert len(variable.raw()) == variable.spec.size
    assert _fds() == before
    report = kernel.KernelRuntime().check(spec)
    assert report.ok, [outcome for outcome in (*report.maps, *report.programs) if not outcome.ok]
    assert all(outcome.verified_insns and "processed" in (outcome.log or "") for outcome in report.programs)
    assert _fds() == before


@pytest.mark.parametrize("path", WITH_TYPES, ids=lambda path: path.name)
def test_its_types_are_taken_also_in_the_form_for_older_kernels(path: Path) -> None:
    spec = CollectionSpec.from_file(path)
    assert spec.btf is not None
    raw = rename(prepare(spec.btf, spec.layouts))
    for form in (raw, degrade(raw)):
        fd = BtfLoad(btf=syscall.buffer(form), btf_size=len(form)).call(syscall.Command.BTF_LOAD)
        os.close(fd)
    load_btf(raw).close()


def test_types_that_the_kernel_refuses_are_done_without_and_that_is_said(tmp_path: Path) -> None:
    whole = bytearray((BPF / "count_packets.o").read_bytes())
    btf = CollectionSpec.from_file(BPF / "count_packets.o").btf
    assert btf is not None
    struct_ = next(type_id for type_id in btf.ids(Kind.STRUCT) if btf.type_name(type_id) == "xdp_md")
    start, end = btf.record(struct_)
    record = bytes(btf.raw[start:end])
    at = whole.find(record)
    whole[at + 8 : at + 12] = (4).to_bytes(4, sys.byteorder)  # the size, with more members than fit
    (tmp_path / "small.o").write_bytes(whole)
    with CollectionSpec.from_file(tmp_path / "small.o").load() as collection:
        (remark,) = collection.remarks
    assert "cannot load the object's BTF: the kernel finds it invalid (EINVAL)" in remark
    said = "STRUCT xdp_md size=4 vlen=6: data_meta type_id=6 bits_offset=64 Member bits_offset exceeds its struct size"
    assert said in remark
    assert "everything is loaded without: no lines of C in logs" in remark


def test_what_rustc_makes_is_tidied_for_the_kernel_and_for_nobody_else() -> None:
    """Its members come as in the source, its `char` has no type, its names are no C, its parameters have none."""
    spec = CollectionSpec.from_file(OBJECTS / "rust_enums.o")
    assert spec.btf is not None
    before = bytes(spec.btf.raw)
    kernels = Btf(rename(prepare(spec.btf, spec.layouts)), sys.byteorder)
    assert len(kernels) == len(spec.btf)

    def members(btf: Btf, type_id: int) -> list[tuple[str, int]]:
        found = btf.type(type_id)
        assert isinstance(found, Composite)
        return [(found.name, found.size), *((member.name, member.bit_offset) for member in found.members)]

    assert [members(spec.btf, number) for number in (14, 20, 30, 32)] == [
        [("C", 16), ("x", 64), ("y", 8)],
        [("Some", 4), ("__0", 0)],
        [("Rule", 32), ("letter", 192), ("nothing", 224), ("choice", 0), ("pair", 128)],
        [("(u32, u8)", 8), ("__0", 0), ("__1", 32)],
    ]
    assert [members(kernels, number) for number in (14, 20, 30, 32)] == [
        [("C", 16), ("y", 8), ("x", 64)],
        [("Some", 4)],
        [("Rule", 32), ("choice", 0), ("pair", 128), ("nothing", 224)],
        [("_u32__u8_", 8), ("__0", 0), ("__1", 32)],
    ]
    with spec.load() as collection:
        assert collection.remarks == []
        assert collection.variables["CHOICE"].get() == {"C": {"x": 5, "y": 6}}
        assert collection.programs["rust_enums"].info().btf_id
    assert bytes(spec.btf.raw) == before


def test_the_tags_of_members_that_move_move_with_them() -> None:
    blob = Blob()
    number = blob.integer("int", 4)
    struct_ = blob.struct("s", 8, [("b", number, 32), ("a", number, 0), ("v", 0, 64)])
    tags = [blob.add(name, Kind.DECL_TAG, struct_, index) for index, name in enumerate("bav")]
    btf = Btf(blob.bytes(), sys.byteorder)
    assert out_of_order(btf) == [struct_]
    made = Btf(prepare(btf, {}), sys.byteorder)
    assert [getattr(made.type(tag), "component", None) for tag in tags] == [1, 0, None]


@pytest.mark.vmlinux
def test_relocations_that_count_members_are_not_for_a_kernel_that_has_them_in_another_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []

    def load_program(*arguments: Any, core: bool = True, **options: Any) -> Any:
        asked.append(core)
        return prog_load.load_program(*arguments, core=core, **options)

    monkeypatch.setattr("bpftui.core.kernel.loading.single.load_program", load_program)
    for types in ([], [1]):
        monkeypatch.setattr("bpftui.core.kernel.collection.out_of_order", lambda _, types=types: types)
        CollectionSpec.from_file(OBJECTS / "core.o").load().close()
    assert asked[0] is True
    assert asked[-1] is False


def test_a_big_endian_object_is_not_loaded_here() -> None:
    with pytest.raises(LoadError, match="big-endian"):
        CollectionSpec.from_file(BPF / "count_packets.eb.o").load()


def test_a_refused_program_takes_everything_down_with_it() -> None:
    before = _fds()
    with pytest.raises(VerifierError):
        CollectionSpec.from_file(OBJECTS / "bad_null.o").load()
    assert _fds() == before


def test_where_no_program_loads_the_error_tells_why_of_each() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "needs.o")
    refused = ["bare_field", "bare_helper"]
    for program in spec.programs.values():
        program.autoload = program.name in refused
    with pytest.raises(LoadError) as caught:
        spec.load()
    problems = caught.value.problems
    assert list(problems) == refused
    assert problems["bare_field"] is caught.value
    assert "bare_helper" in problems["bare_helper"].message


def test_where_no_program_loads_the_command_line_tells_each_refusal() -> None:
    with pytest.raises(VerifierError, match=r"^cannot load program recursion: calls are nested 9 deep") as caught:
        CollectionSpec.from_file(OBJECTS / "recursion.o").load()
    other = caught.value.problems["only_itself"]
    assert isinstance(other, VerifierError)
    assert "the call stack of 8 frames is too deep" in other.log
    told = bpftui("watch", str(OBJECTS / "recursion.o"))
    assert (told.code, told.out) == (1, "")
    first, second = told.err.splitlines()
    assert first.startswith("bpftui: error: cannot load program recursion: calls are nested 9 deep")
    assert second.startswith("bpftui: error: cannot load program only_itself: calls are nested 8 deep")


def test_check_tells_each_refusal_by_itself() -> None:
    report = kernel.KernelRuntime().check(CollectionSpec.from_file(OBJECTS / "bad_null.o"))
    assert not report.ok
    assert all(outcome.ok for outcome in report.maps)
    (outcome,) = report.programs
    assert "map_value_or_null" in (outcome.error or "")
    assert "map_value_or_null" in (outcome.log or "")

    report = kernel.KernelRuntime().check(CollectionSpec.from_file(OBJECTS / "sections.o"))
    by_name = {outcome.name: outcome for outcome in report.programs}
    assert "xpd" in (by_name["unheard_of"].error or "")
    assert by_name["unheard_of"].log is None
    assert sum(outcome.ok for outcome in report.programs) > len(report.programs) / 2


def test_check_blames_a_program_for_a_map_only_if_it_uses_it() -> None:
    spec = _open("count_packets")
    spec.maps["pkt_count"].key_size = 3
    report = kernel.KernelRuntime().check(spec)
    assert "key of an array" in (report.maps[0].error or "")
    assert "pkt_count was not created" in (report.programs[0].error or "")


def test_only_the_programs_named() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "subprograms.o")
    name = next(iter(spec.programs))
    with spec.load(programs={name}) as collection:
        assert list(collection.programs) == [name]
    with pytest.raises(UnknownNameError, match="nobody"):
        spec.load(programs={"nobody"})


def test_maps_of_maps_hold_what_the_object_puts_into_them() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "nested_maps.o")
    with spec.load() as collection:
        filled = [m for m in spec.maps.values() if m.contents and m.type != MapType.PROG_ARRAY]
        assert filled
        for outer in filled:
            held = {entry.key: entry.target for entry in outer.contents}
            for key, target in held.items():
                raw = key.to_bytes(outer.key_size, sys.byteorder)
                assert collection.maps[outer.name][raw] == collection.maps[target].id
        arrays = [m for m in spec.maps.values() if m.contents and m.type == MapType.PROG_ARRAY]
        assert arrays
        for array in arrays:
            for entry in array.contents:
                key = entry.key.to_bytes(4, sys.byteorder)
                assert collection.maps[array.name][key] == collection.programs[entry.target].id


def test_a_map_of_maps_is_filled_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Command, int]] = []

    def told(command: Command, address: int, size: int) -> int:
        count = ctypes.c_uint.from_address(address + MapBatch.fields["count"].offset).value
        made.append((command, count if command == Command.MAP_UPDATE_BATCH else 0))
        return invoke(command, address, size)

    invoke = syscall.invoke
    monkeypatch.setattr(syscall, "invoke", told)
    spec = CollectionSpec.from_file(OBJECTS / "nested_maps.o")
    with spec.load(programs={"through_outer"}):
        pass
    assert len(spec.maps["outer_array"].contents) == 2
    # The kernel waits for all programs that run after each call.
    assert [each for each in made if each[0] == Command.MAP_UPDATE_BATCH] == [(Command.MAP_UPDATE_BATCH, 2)]


def test_a_map_and_a_program_can_be_put_into_maps_by_hand() -> None:
    inner = MapSpec("inner", ".maps", MapType.ARRAY, 4, 8, 1)
    outer = MapSpec("outer", ".maps", MapType.HASH_OF_MAPS, 4, 4, 2, inner=inner)
    tails = MapSpec("tails", ".maps", MapType.PROG_ARRAY, 4, 4, 2)
    spec = _open("my_map")
    spec.maps |= {"inner": inner, "outer": outer, "tails": tails}
    with spec.load() as collection:
        maps, key = collection.maps, bytes(4)
        maps["outer"][key] = maps["inner"]
        maps["tails"][key] = collection.programs["my_prog"]
        assert dict(maps["outer"].items()) == {key: maps["inner"].id}
        assert dict(maps["tails"].items()) == {key: collection.programs["my_prog"].id}


def test_constants_reach_the_program_and_cannot_be_changed_afterwards() -> None:
    spec = CollectionSpec.from_file(BPF / "traffic.o")
    spec.set("sample_every", 77)
    with spec.load() as collection:
        variable = collection.variables["sample_every"]
        assert variable.get() == 77
        assert variable.read_only
        with pytest.raises(UsageError, match="frozen") as caught:
            variable.set(1)
        assert "before loading" in (caught.value.hint or "")
        assert not collection.variables["counting"].read_only


def test_variables_are_set_typed_and_checked_as_before_loading() -> None:
    with CollectionSpec.from_file(OBJECTS / "values.o").load() as collection:
        writable = [v for v in collection.variables.values() if not v.read_only and v.spec.type is not None]
        assert writable
        for variable in writable:
            before = variable.raw()
            variable.set(bytes(len(before)))
            assert variable.raw() == bytes(len(before))
            variable.set(before)
            assert variable.spec.type is not None
            assert variable.get() == variable.spec.type.decode(before)
            with pytest.raises(ValueRangeError):
                variable.set(before + b"x")
    with _open("global_example").load() as collection:
        variable = collection.variables["global_u16"]
        variable.set_text("0x2328")
        assert variable.get() == 9000
        for text, error in (("70000", ValueRangeError), ("many", TypeMismatchError)):
            with pytest.raises(error, match="global_u16"):
                variable.set_text(text)
        assert variable.get() == 9000


def test_a_member_set_by_path_leaves_its_neighbours_alone() -> None:
    with CollectionSpec.from_file(OBJECTS / "values.o").load() as collection:
        for variable in collection.variables.values():
            if variable.read_only or variable.spec.type is None:
                continue
            integers = [leaf for leaf in variable.spec.type.leaves() if leaf[1].is_integer and not leaf[1].bit_size]
            if len(integers) < 2 or not integers[0][0]:
                continue
            path, kind, offset = integers[0]
            before = variable.raw()
            variable.set_text("1", path)
            after = variable.raw()
            assert kind.decode(after[offset : offset + kind.size]) == 1
            assert after[offset + kind.size :] == before[offset + kind.size :]
            return
    pytest.fail("values.o has no struct or array to try it on")


def _fail_at(monkeypatch: pytest.MonkeyPatch, number: int) -> Callable[[], int]:
    """Have the Nth call of bpf(2) fail with ENOMEM; returns how many were made."""
    calls = 0
    real = syscall.invoke

    def invoke(command: int, address: int, size: int) -> int:
        nonlocal calls
        calls += 1
        return -12 if calls == number else real(command, address, size)

    monkeypatch.setattr(syscall, "invoke", invoke)
    return lambda: calls


@pytest.mark.parametrize("name", ["bpf/traffic.o", "tests/objects/nested_maps.o"])
def test_whichever_call_fails_nothing_stays_open(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    spec = CollectionSpec.from_file(ROOT / name)
    with spec.load():
        pass
    before = _fds()
    outcomes: list[str | None] = []
    for number in range(1, 200):
        with monkeypatch.context() as patch:
            calls = _fail_at(patch, number)
            outcomes.append(_load_and_close(spec))
        assert _fds() == before, f"call {number}"
        if calls() < number:
            break
    assert len(outcomes) < 199, "there is no end to the calls"
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert all("ENOMEM" in message for message in refused)
    # A failure to load the types, or the first try of a program, is made good; most others are not.
    assert len(refused) > len(outcomes) / 2


def _load_and_close(spec: CollectionSpec) -> str | None:
    try:
        spec.load().close()
    except BpftuiError as error:
        return error.message
    return None


def test_two_hundred_loads_leave_no_descriptor_and_no_object() -> None:
    spec = _open("traffic")
    with spec.load() as collection:
        collection.programs["count_traffic"].run()
    before = _fds()
    things: set[tuple[str, str]] = set()
    for number in range(200):
        with spec.load() as collection:
            if number % 20 == 0:
                things |= {("map", str(m.id)) for m in collection.maps.values()}
                things |= {("program", str(p.id)) for p in collection.programs.values()}
                assert things & census()
    assert _fds() == before
    _wait_until_gone(things)


def _wait_until_gone(things: set[tuple[str, str]]) -> None:
    """The kernel frees objects with a delay."""
    assert wait_for(lambda: not things & census())


@pytest.mark.parametrize("state", ["loaded", "attached"])
def test_kill_leaves_nothing(state: str) -> None:
    script = f"""
        import time
        from bpftui.core import kernel
        from bpftui.core.spec import CollectionSpec
        collection = kernel.load(CollectionSpec.from_file({str(BPF / "count_packets.o")!r}))
        program = collection.programs["count_packets"]
        ids = [("map", collection.maps["pkt_count"].id), ("program", program.id)]
        if {state == "attached"}:
            sandbox = kernel.Sandbox()
            link = program.attach(sandbox.target())
            sandbox.send(10)
            ids.append(("link", link.id))
        print(*(f"{{kind}}:{{number}}" for kind, number in ids), flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        things = {
            (kind, number) for kind, _, number in (word.partition(":") for word in process.stdout.readline().split())
        }
        try:
            assert len(things) == (3 if state == "attached" else 2)
            assert things <= census()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    _wait_until_gone(things)


def test_hidden_functions_are_verified_where_they_are_called() -> None:
    """The verifier knows nothing about the arguments of a global function; usdt.bpf.h of libbpf relies on this."""
    spec = CollectionSpec.from_file(OBJECTS / "subprograms.o")
    assert spec.btf is not None
    hidden = spec.btf.find("hidden_helper")
    assert hidden is not None
    function = spec.btf.type(hidden)
    assert isinstance(function, Function)
    assert function.linkage == 1
    with Loader(spec) as loader:
        assert hidden in loader.static_functions()
    function = Btf(prepare(spec.btf, spec.layouts, {hidden}), sys.byteorder).type(hidden)
    assert isinstance(function, Function)
    assert function.linkage == 0


def _own() -> set[tuple[str, str]]:
    """Return the programs and maps that this process has descriptors of."""
    found: set[tuple[str, str]] = set()
    for entry in Path("/proc/self/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found |= {
                ("program" if kind == "prog" else kind, number)
                for kind, number in re.findall(r"^(prog|map)_id:\s*(\d+)$", entry.read_text(), re.MULTILINE)
            }
    return found


def test_a_load_is_given_up_between_two_programs_and_leaves_nothing() -> None:
    spec, stop, before = CollectionSpec.from_file(OBJECTS / "live.o"), threading.Event(), _own()
    steps: list[tuple[int, int, str]] = []
    made: set[tuple[str, str]] = set()

    def progress(number: int, total: int, name: str) -> None:
        steps.append((number, total, name))
        if number == 2:
            made.update(_own() - before)
            stop.set()

    with pytest.raises(GivenUpError) as caught:
        kernel.load(spec, progress=progress, stop=stop)
    assert caught.value.message == f"the load of {spec.file} was given up after 2 of 7 programs"
    assert steps == [(1, 7, "alike"), (2, 7, "mixes")]
    assert sorted(kind for kind, _ in made) == ["map"] * 12 + ["program"]
    assert _own() == before
    _wait_until_gone(made)
    with pytest.raises(GivenUpError, match="given up after 0 of 7 programs"):
        kernel.load(spec, stop=stop)
    stop.clear()
    del steps[:]
    with spec.load(progress=progress, stop=None) as loaded:
        assert [(number, name) for number, _, name in steps] == list(enumerate(loaded.programs, 1))


def test_a_load_is_given_up_while_the_verifier_is_at_it() -> None:
    spec, stop, before = CollectionSpec.from_file(OBJECTS / "bad_complexity.o"), Interrupt(), _own()
    timer = threading.Timer(0.3, stop.set)
    effort = Effort()
    timer.start()
    with pytest.raises(GivenUpError, match="was given up after 0 of 1 programs"):
        kernel.load(spec, stop=stop)
    assert effort.within(5)  # undisturbed, it takes 15 s and more
    assert _own() == before
