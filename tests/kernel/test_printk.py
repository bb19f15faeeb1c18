"""What programs print in the kernel: the lines of the programs that were asked for, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpftui.core.kernel import KernelRuntime
from bpftui.core.kernel.printk import prints
from bpftui.core.kernel.sys.perf import open_tracefs
from bpftui.core.runtime import Printed
from bpftui.core.spec import CollectionSpec

pytestmark = pytest.mark.kernel

OBJECTS = Path(__file__).parents[1] / "objects"


def instances() -> list[str]:
    """Return the instances of this process that the tracefs has."""
    folder = open_tracefs("instances")
    try:
        return [name for name in os.listdir(folder) if name.startswith(f"bpftui-{os.getpid()}-")]
    finally:
        os.close(folder)


def test_only_the_lines_of_its_own_programs_and_only_while_it_is_open() -> None:
    spec, runtime = CollectionSpec.from_file(OBJECTS / "prints.o"), KernelRuntime()
    with runtime.load(spec, programs={"twice"}) as ours, runtime.load(spec, programs={"hello"}) as others:
        ours.programs["hello"].run()
        with ours.printed() as printed:
            assert printed.problem == ""
            others.programs["hello"].run(repeat=100)
            assert printed.read() == Printed(())
            ours.programs["twice"].run(repeat=2)
            others.programs["hello"].run()
            assert printed.read() == Printed(("first of two", "hello 42") * 2)
            assert len(instances()) == 1
        assert (printed.read(), instances()) == (Printed(()), [])


def test_what_is_too_much_is_counted_and_the_newest_is_kept() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "prints.o")
    with KernelRuntime().load(spec, programs={"flood"}) as collection, collection.printed() as printed:
        collection.programs["flood"].run()
        found = printed.read()
        assert found.lines[-1] == "line 29999"
        assert 5_000 < len(found.lines) <= 10_000
        # What overwrote them may be of others, who print at the same time.
        assert len(found.lines) + found.lost >= 30_000
        assert printed.read() == Printed(())


def test_nothing_is_set_up_for_programs_that_do_not_print() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "nested_maps.o")
    assert not any(prints(program) for program in spec.programs.values())
    with KernelRuntime().load(spec) as collection, collection.printed() as printed:
        assert (printed.problem, instances()) == ("", [])


def test_an_instance_of_a_process_that_was_killed_is_removed() -> None:
    folder = open_tracefs("instances")
    try:
        # A process that is no more: the largest number that there can be.
        os.mkdir("bpftui-4194303-1", dir_fd=folder)
        spec = CollectionSpec.from_file(OBJECTS / "prints.o")
        with KernelRuntime().load(spec, programs={"hello"}) as collection, collection.printed():
            assert "bpftui-4194303-1" not in os.listdir(folder)
    finally:
        os.close(folder)
