"""`run`, as a user runs it, on both runtimes: what is the same in the kernel and in the built-in machine."""

from __future__ import annotations

import json

import pytest

from tests.tui.commands.command_line import bpftui

RUNTIMES = pytest.mark.parametrize("runtime", [pytest.param("kernel", marks=pytest.mark.kernel), "vm"])


@RUNTIMES
def test_programs_of_program_arrays_are_loaded_and_what_is_missing_is_said(runtime: str) -> None:
    done = bpftui("run", "tests/objects/tail_calls.o", "entry", "--runtime", runtime)
    assert (done.code, done.out.split(" in ")[0]) == (0, "entry returned 1 (0x1)")
    missing, empty = done.err.splitlines()
    assert missing.startswith("bpftui: warning: first_table[1] stays empty: cannot load program broken: ")
    assert empty == (
        "bpftui: warning: the object puts no programs into filled_later (prog_array), which is empty in a run"
    )


@RUNTIMES
def test_a_run_that_lacks_nothing_says_nothing(runtime: str) -> None:
    done = bpftui("run", "tests/objects/nested_maps.o", "entry", "--runtime", runtime)
    assert (done.out.split(" in ")[0], done.err) == ("entry returned 3 (0x3)", "")


@pytest.mark.kernel
def test_a_function_of_a_struct_ops_map_is_loaded_with_the_map_that_says_what_it_is() -> None:
    done = bpftui("run", "tests/objects/congestion.o", "half", "--runtime", "kernel")
    assert done.refused(2) == (
        "cannot run half: the kernel has test runs of functions of bpf_dummy_ops, and of no other struct_ops "
        "(use --runtime vm)"
    )


@RUNTIMES
def test_what_programs_print_goes_to_standard_error(runtime: str) -> None:
    done = bpftui("run", "tests/objects/prints.o", "twice", "--runtime", runtime)
    assert (done.out.split(" in ")[0], done.err) == ("twice returned 2 (0x2)", "first of two\nhello 42\n")
    done = bpftui("run", "tests/objects/prints.o", "title", "--runtime", runtime)
    assert done.err == "\\x1b]0;owned\\x07 and\\x0aa second line\n"
    assert "0xffffffea" in bpftui("run", "tests/objects/prints.o", "refused", "--runtime", runtime).out


@RUNTIMES
def test_what_programs_print_is_in_the_object_of_each_run(runtime: str) -> None:
    done = bpftui("run", "tests/objects/prints.o", "title", "--json", "--repeat", "2", "--runtime", runtime)
    assert done.err == ""
    assert [json.loads(line)["printed"] for line in done.out.splitlines()] == [
        ["\x1b]0;owned\x07 and\na second line"],
        ["\x1b]0;owned\x07 and\na second line"],
    ]
