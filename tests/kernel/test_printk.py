"""What programs print in the kernel: the lines of the programs that were asked for, and nobody else's."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.kernel import KernelRuntime, printk
from bpftui.core.kernel.printk import MachinePrintReader, prints
from bpftui.core.kernel.sys.layouts import ProgStreamRead
from bpftui.core.kernel.sys.perf import open_tracefs
from bpftui.core.kernel.sys.trace_instance import EVENT, make_instance, remove_instance, switch_on
from bpftui.core.runtime import Printed, PrintedLine
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from collections.abc import Callable

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
            assert printed.read() == Printed()
            ours.programs["twice"].run(repeat=2)
            others.programs["hello"].run()
            # The second of them is another program, which the first one tail calls.
            assert printed.read() == Printed(
                (PrintedLine("first of two", "twice"), PrintedLine("hello 42", "hello")) * 2
            )
            assert len(instances()) == 1
        assert (printed.read(), instances()) == (Printed(), [])


def test_the_lines_of_all_programs_with_the_program_that_printed() -> None:
    spec, runtime = CollectionSpec.from_file(OBJECTS / "prints.o"), KernelRuntime()
    with MachinePrintReader() as printed, runtime.load(spec, programs={"hello"}) as found:
        assert printed.problem == ""
        number = found.programs["hello"].info().id
        found.programs["hello"].run()
        lines = printed.read({number: f"{number} hello"}).lines  # those of others, too
        assert PrintedLine("hello 42", f"{number} hello") in lines
        found.programs["hello"].run()
        with runtime.load(spec, programs={"hello"}) as later:
            other = later.programs["hello"].info().id
            later.programs["hello"].run()
            names = {number: f"{number} hello", other: f"{other} hello"}
            mine = [line for line in printed.read(names).lines if line.program in names.values()]
        assert mine == [PrintedLine("hello 42", names[number]), PrintedLine("hello 42", names[other])]
        # Where one that is gone had its code there may be another's now.
        found.programs["hello"].run()
        assert {line.program for line in printed.read({}).lines} == {""}
    assert instances() == []


def test_what_is_too_much_is_counted_and_the_newest_is_kept() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "prints.o")
    with KernelRuntime().load(spec, programs={"flood"}) as collection, collection.printed() as printed:
        collection.programs["flood"].run()
        found = printed.read()
        assert found.lines[-1] == PrintedLine("line 29999", "flood")
        assert 5_000 < len(found.lines) <= 10_000
        # What overwrote them may be of others, who print at the same time.
        assert len(found.lines) + found.lost >= 30_000
        assert printed.read() == Printed()


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


def test_an_instance_of_another_process_is_left_alone() -> None:
    """Whoever reads its lines takes them from it; and a steward does no more than its client may."""
    with subprocess.Popen(["sleep", "60"]) as other:
        theirs, folder = f"bpftui-{other.pid}-1", open_tracefs("instances")
        os.mkdir(theirs, dir_fd=folder)
        try:
            for call in (switch_on, make_instance, remove_instance):
                with pytest.raises(PermissionError):
                    call(theirs)
            with pytest.raises(FileNotFoundError):
                open_tracefs(f"instances/{theirs}/per_cpu")
            assert theirs in os.listdir(folder)
        finally:
            os.rmdir(theirs, dir_fd=folder)
            os.close(folder)
            other.kill()


def test_that_tracing_is_off_is_said() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "prints.o")
    with KernelRuntime().load(spec, programs={"hello"}) as collection, collection.printed() as printed:
        (name,) = instances()
        for switch, problem in (
            (b"0", "tracing is off where what the programs print is read from (tracing_on): it is lost"),
            (b"1", ""),
        ):
            number = open_tracefs("instances")
            on = os.open(f"{name}/tracing_on", os.O_WRONLY, dir_fd=number)
            os.close(number)
            os.write(on, switch)
            os.close(on)
            collection.programs["hello"].run()
            lines = () if problem else (PrintedLine("hello 42", "hello"),)
            assert (printed.read().lines, printed.problem) == (lines, problem)
        printed.close()
        assert printed.problem == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENODEV, "No such device"), "this kernel has no tracefs (CONFIG_TRACING)"),
        (
            FileNotFoundError(errno.ENOENT, "No such file", "/t/events/bpf_trace/bpf_trace_printk/format"),
            "this kernel does not trace what programs print (Linux 5.9, CONFIG_BPF_EVENTS)",
        ),
        (PermissionError(errno.EACCES, "Permission denied"), "permission denied"),
    ],
)
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, error: OSError, said: str) -> None:
    def refuse(_path: str) -> str:
        raise error

    spec = CollectionSpec.from_file(OBJECTS / "prints.o")
    monkeypatch.setattr(printk, "read_tracefs", refuse)
    with KernelRuntime().load(spec, programs={"hello"}) as collection, collection.printed() as printed:
        assert printed.problem == f"what the programs print cannot be read: {said}"
        assert printed.read() == Printed()


def test_streams_are_read_as_far_as_the_kernel_writes_them() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "streams.o")
    with KernelRuntime().load(spec) as collection, collection.printed() as printed:
        assert not collection.problems
        collection.programs["writes"].run()
        returned = collection.variables["returned"].get()
        # A kernel without the function leaves -1; one that finds no memory for it, and so writes nothing, -ENOMEM.
        expected = {
            0: (
                PrintedLine("hello 42", "writes", "stdout"),
                PrintedLine("and more", "writes", "stdout"),
                PrintedLine("failed 42", "writes", "stderr"),
            ),
            -1: (),
            -errno.ENOMEM: (),
        }
        assert isinstance(returned, list)
        assert returned[0] in expected
        assert printed.read().lines == expected[returned[0]]
        assert printed.read() == Printed()


def test_streams_are_read_to_their_end_and_program_by_program(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(OBJECTS / "prints.o")
    waiting: dict[tuple[int, int], bytes] = {}

    def call(attr: ProgStreamRead, _command: object) -> int:
        text = waiting.pop((attr.prog_fd, attr.stream_id), b"")
        size = min(len(text), attr.stream_buf_len)
        assert attr.stream_buf is not None
        attr.stream_buf[:size] = text[:size]
        if text[size:]:
            waiting[attr.prog_fd, attr.stream_id] = text[size:]
        return size

    monkeypatch.setattr(ProgStreamRead, "call", call)
    with KernelRuntime().load(spec, programs={"hello", "flood"}) as collection:
        hello, flood = (collection.programs[name].fileno() for name in ("hello", "flood"))
        waiting[hello, 1] = b"of before\n"
        with collection.printed() as printed:
            long = b"x" * 100_000
            waiting.update({(hello, 2): b"one\ntwo \xff", (flood, 1): long})
            assert printed.read().lines == (
                PrintedLine(long.decode(), "flood", "stdout"),
                PrintedLine("one", "hello", "stderr"),
                PrintedLine("two \ufffd", "hello", "stderr"),
            )
            assert printed.read() == Printed()


@pytest.mark.parametrize("options", [[], ["--drop"]], ids=["root", "drop"])
def test_an_instance_goes_with_a_process_that_is_killed(options: list[str]) -> None:
    command = [sys.executable, "-m", "bpftui.tui", "watch", str(OBJECTS / "prints.o"), *options]
    folder = open_tracefs("instances")

    def left() -> list[str]:
        return [name for name in os.listdir(folder) if name.startswith(f"bpftui-{process.pid}-")]

    def is_used() -> bool:
        for name in left():
            switch = os.open(f"{name}/{EVENT}/enable", os.O_RDONLY, dir_fd=folder)
            try:
                return os.read(switch, 1) == b"1"
            finally:
                os.close(switch)
        return False

    try:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            until(is_used)
            process.kill()
        until(lambda: not left())
    finally:
        os.close(folder)


def until(check: Callable[[], bool]) -> None:
    stop = time.monotonic() + 60
    while not check():
        assert time.monotonic() < stop
        time.sleep(0.05)
