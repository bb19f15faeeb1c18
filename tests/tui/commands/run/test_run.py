"""`run`, as a user runs it, on both runtimes: what is the same in the kernel and in the built-in machine."""

from __future__ import annotations

import json

import pytest

from bpftui.core.choice import RuntimeName, choose_runtime
from bpftui.core.context.values import parse_context
from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from tests.tui.commands.command_line import bpftui

RUNTIMES = pytest.mark.parametrize("runtime", [pytest.param("kernel", marks=pytest.mark.kernel), "vm"])


@RUNTIMES
def test_programs_of_program_arrays_are_loaded_and_what_is_missing_is_said(runtime: str) -> None:
    done = bpftui("run", "tests/objects/tail_calls.o", "entry", "--runtime", runtime)
    assert (done.code, done.out.split(" in ")[0]) == (0, "entry returned XDP_DROP (1)")
    missing, empty = done.err.splitlines()
    assert missing.startswith("bpftui: warning: first_table[1] stays empty: cannot load program broken: ")
    assert empty == (
        "bpftui: warning: the object puts no programs into filled_later (prog_array), which is empty in a run"
    )


@RUNTIMES
def test_a_run_that_lacks_nothing_says_nothing(runtime: str) -> None:
    done = bpftui("run", "tests/objects/nested_maps.o", "entry", "--runtime", runtime)
    assert (done.out.split(" in ")[0], done.err) == ("entry returned XDP_TX (3)", "")


@pytest.mark.kernel
@pytest.mark.vmlinux
def test_a_function_of_a_struct_ops_map_is_loaded_with_the_map_that_says_what_it_is() -> None:
    done = bpftui("run", "tests/objects/congestion.o", "half", "--runtime", "kernel")
    assert done.refused(2) == (
        "cannot run half: the kernel has test runs of functions of bpf_dummy_ops, and of no other struct_ops "
        "(use --runtime vm)"
    )


@RUNTIMES
def test_what_programs_print_goes_to_standard_error(runtime: str) -> None:
    done = bpftui("run", "tests/objects/prints.o", "twice", "--runtime", runtime)
    assert (done.out.split(" in ")[0], done.err) == ("twice returned XDP_PASS (2)", "first of two\nhello 42\n")
    done = bpftui("run", "tests/objects/prints.o", "title", "--runtime", runtime)
    assert done.err == "\\x1b]0;owned\\x07 and\\na second line\n"
    assert "0xffffffea" in bpftui("run", "tests/objects/prints.o", "refused", "--runtime", runtime).out


@RUNTIMES
def test_what_programs_print_is_in_the_object_of_each_run(runtime: str) -> None:
    done = bpftui("run", "tests/objects/prints.o", "title", "--json", "--repeat", "2", "--runtime", runtime)
    assert done.err == ""
    assert [json.loads(line)["printed"] for line in done.out.splitlines()] == [
        ["\x1b]0;owned\x07 and\na second line"],
        ["\x1b]0;owned\x07 and\na second line"],
    ]
    done = bpftui("run", "tests/objects/prints.o", "twice", "--json", "--runtime", runtime)
    assert json.loads(done.out)["printed_by"] == ["twice", "hello"]


@pytest.mark.parametrize(
    ("context", "seen"),
    [("args[0]=5", 5), ("args=[5,6]", 5), ("args=[1,2,3,4,5,6]", 7), ("args[5]=9,args[0]=1", 10), ("args[1000]=1", 0)],
)
def test_an_array_without_a_length_has_as_many_elements_as_are_given_or_read(context: str, seen: int) -> None:
    spec = CollectionSpec.from_file("tests/objects/flexible_context.o")
    with MachineRuntime().load(spec, programs={"enters"}) as collection:
        collection.programs["enters"].run()
        assert collection.variables["seen"].get() == 0
        assert collection.programs["enters"].run(context=parse_context(f"number=3,{context}")).retval == 3
        assert collection.variables["seen"].get() == seen


def test_what_does_not_fit_into_a_record_is_refused() -> None:
    done = bpftui("run", "tests/objects/flexible_context.o", "enters", "--ctx", "args[1022]=5", "--runtime", "vm")
    assert done.refused(2) == "args[1022]: args has 1022 elements"


@pytest.mark.parametrize(("name", "retval", "seen"), [("raw", 7, 0), ("asks", 3, 0), ("looks_up", 1, 2)])
@pytest.mark.parametrize("runtime", [pytest.param("kernel", marks=pytest.mark.kernel), "vm"])
def test_a_context_that_nobody_gives_is_as_long_as_what_is_read_of_it(
    runtime: RuntimeName, name: str, retval: int, seen: int
) -> None:
    spec = CollectionSpec.from_file("tests/objects/flexible_context.o")
    with choose_runtime(runtime).load(spec, programs={name}) as collection:
        assert collection.programs[name].run().retval == retval
        assert collection.variables["seen"].get() == seen


@pytest.mark.parametrize(
    ("context", "reason"),
    [("family=3", "family is 3"), ("local_port=70000", "a port has 16 bits"), ("ingress_ifindex=1", "are 0 in a test")],
)
@pytest.mark.parametrize("runtime", [pytest.param("kernel", marks=pytest.mark.kernel), "vm"])
def test_look_ups_that_the_kernel_refuses_are_refused_by_name(runtime: RuntimeName, context: str, reason: str) -> None:
    spec = CollectionSpec.from_file("tests/objects/flexible_context.o")
    with (
        choose_runtime(runtime).load(spec, programs={"looks_up"}) as collection,
        pytest.raises(UsageError, match=reason),
    ):
        collection.programs["looks_up"].run(context=parse_context(context))


@RUNTIMES
def test_each_object_says_what_its_run_changed(runtime: str) -> None:
    done = bpftui("run", "tests/objects/changes.o", "change", "--json", "--repeat", "2", "--runtime", runtime)
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert first["maps"] == {
        "table": {"entries": [{"key": {"a": 0, "b": 1}, "value": 10}], "count": 1, "partial": False}
    }
    assert second["maps"] == {
        "table": {
            "entries": [{"key": {"a": 1, "b": 1}, "value": 20}],
            "count": 1,
            "partial": False,
            "deleted": [{"key": {"a": 0, "b": 1}}],
        }
    }
    assert [run["variables"] for run in (first, second)] == [{"runs": 1}, {"runs": 2}]
    assert [run["printed"] for run in (first, second)] == [["run 1"], ["run 2"]]
    assert first["events"] == {"events": [{"run": 1, "name": "run"}]}
    assert second["lost"] == {"events": 0}


def test_a_dump_that_begins_behind_the_ethernet_header_is_remarked_on() -> None:
    packet = "45000024000100004011f9637f0000017f00000104d2003500106162ca61642063616665"
    done = bpftui("run", "bpf/traffic.o", "count_traffic", "--runtime", "vm", "--data", packet)
    assert done.code == 0
    assert "the packet begins like an IP packet, without an Ethernet header: tcpdump -xx has it" in done.err
    done = bpftui("run", "bpf/traffic.o", "count_traffic", "--runtime", "vm", "--data", "02" * 12 + "0800" + packet)
    assert done.code == 0
    assert "Ethernet header" not in done.err
