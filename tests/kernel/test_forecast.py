"""What is said before a load: it has to be what the load then says, and nothing may be left behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bpftui.core.btf.kernel import loaded_modules, vmlinux
from bpftui.core.kernel import KernelRuntime
from bpftui.core.spec import CollectionSpec
from tests.tui.commands.command_line import bpftui

pytestmark = pytest.mark.kernel

OBJECTS = Path(__file__).parents[1] / "objects"

ASKED = {"asked_field", "asked_helper", "constant_helper", "argument_helper", "asked_kfunc"}
LACKING = {
    "bare_field": ("task_struct___needs.tgit does not exist in this kernel's BTF (nearest: tgid)", (1,)),
    "bare_helper": ("bpf_xdp_adjust_head() is not available to programs of this type on this kernel", (4,)),
    "bare_kfunc": (
        "the kernel function kfunc_that_is_not_there is not in this kernel's BTF, nor in that of a module",
        (1,),
    ),
    "misspelt_hook": (
        "btf_trace_sched_swich is not in the kernel's BTF, nor in that of a module (nearest: sched_switch)",
        (),
    ),
}
UNFORESEEN = {
    "recursion.o": {"recursion", "only_itself"},
    "contexts.o": {"bad_time"},
    "tail_calls.o": {"broken"},
}
"""Programs that are wrong on every kernel, which only the verifier tells; so are all of the objects `bad_….o`."""


@pytest.fixture(scope="module", autouse=True)
def kernel_types() -> None:
    """Map the types of the kernel, which stay mapped: a mapping holds a descriptor of its own."""
    vmlinux()
    list(loaded_modules())


def test_what_is_lacking_is_named_and_what_is_asked_for_first_counts_not():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "needs.o"))
    assert found.maps == {}
    assert {name: (each[0].reason, each[0].slots) for name, each in found.programs.items()} == LACKING
    assert all(each[0].hint for each in found.programs.values())


def test_a_constant_brings_dead_code_to_life():
    spec = CollectionSpec.from_file(OBJECTS / "needs.o")
    spec.set("wanted", value=True)
    assert KernelRuntime().forecast(spec).programs.keys() == {*LACKING, "constant_helper", "argument_helper"}


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(OBJECTS.glob("*.o")) if ".eb." not in p.name and "2eb" not in p.name],
    ids=lambda p: p.name,
)
def test_nothing_that_loads_is_said_not_to(path: Path):
    spec = CollectionSpec.from_file(path)
    runtime = KernelRuntime()
    before = len(os.listdir("/proc/self/fd"))
    found = runtime.forecast(spec)
    assert len(os.listdir("/proc/self/fd")) == before
    if path.name == "bad_complexity.o":  # the verifier takes seconds to give up
        assert found.programs == {}
        return
    report = runtime.check(spec)
    assert found.maps.keys() == {each.name for each in report.maps if not each.ok}
    refused = {each.name for each in report.programs if not each.ok}
    assert found.programs.keys() <= refused
    if not path.name.startswith("bad_"):
        assert refused - found.programs.keys() == UNFORESEEN.get(path.name, set())


def test_another_machines_object_is_refused_whole():
    found = KernelRuntime().forecast(CollectionSpec.from_file(OBJECTS / "core.eb.o"))
    assert found.programs.keys() == {"core"}
    assert "it is big-endian, and this machine is little-endian" in found.programs["core"][0].reason
    assert found.maps.keys() == {".bss"}


def test_a_map_that_cannot_be_created_is_named_by_the_program_that_uses_it():
    spec = CollectionSpec.from_file(OBJECTS / "data_sections.o")
    name, program = next((name, each) for each in spec.programs.values() for name in each.maps)
    spec.maps[name].max_entries = 0
    found = KernelRuntime().forecast(spec)
    assert found.maps[name][0].reason == "max_entries is 0 (EINVAL)"
    assert found.programs[program.name][0].reason == f"map {name}: max_entries is 0 (EINVAL)"


def test_the_command():
    told = bpftui("doctor", "tests/objects/needs.o", "--json")
    document = json.loads(told.out)
    assert (told.code, document["schema"], document["ok"]) == (1, "bpftui/forecast/1", False)
    bad = {each["name"]: each["obstacles"] for each in document["programs"] if not each["ok"]}
    assert {name: (each[0]["reason"], tuple(each[0]["instructions"])) for name, each in bad.items()} == LACKING
    text = bpftui("doctor", "tests/objects/needs.o", "--set", "wanted=true")
    assert text.code == 1
    assert "instruction 4: bpf_xdp_adjust_head() is not available" in text.out
    assert "6 of 12 cannot be loaded here" in text.out
    fine = bpftui("doctor", "bpf/traffic.o", "bpf/my_map.o")
    assert (fine.code, fine.err) == (0, "")
    assert fine.out.count("nothing known keeps it from being loaded here") == 2
    assert bpftui("doctor", "--set", "x=1").code == 2
    assert bpftui("doctor", "bpf/my_map.o", "--helpers", "xdp").code == 2


def test_what_of_the_sections_is_not_usable_is_remarked_on() -> None:
    remark = (
        ".rel.data: 10 pointers in .data (label, direct, inside, options, …) that no loader can set: programs find "
        "there what stands in the file, which is no address"
    )
    told = bpftui("doctor", "tests/objects/data_pointers.o", "--json")
    assert (told.code, json.loads(told.out)["remarks"]) == (0, [remark])
    assert f"· {remark}\n" in bpftui("doctor", "tests/objects/data_pointers.o").out
