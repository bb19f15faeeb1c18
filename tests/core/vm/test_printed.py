"""What programs print on the built-in machine, and which one does."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.runtime import Printed, PrintedLine
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.printed import PrintedLines

OBJECTS = Path(__file__).parents[2] / "objects"


def test_lines_are_those_of_the_program_that_prints_them() -> None:
    with MachineRuntime().load(CollectionSpec.from_file(OBJECTS / "prints.o")) as collection:
        collection.programs["hello"].run()
        with collection.printed() as printed:
            collection.programs["twice"].run()  # which tail calls the other
            collection.programs["hello"].run()
            assert printed.read() == Printed(
                (
                    PrintedLine("first of two", "twice"),
                    PrintedLine("hello 42", "hello"),
                    PrintedLine("hello 42", "hello"),
                )
            )
            assert printed.read() == Printed()
            collection.programs["flood"].run()
            found = printed.read()
            assert (found.lines[-1], found.lost) == (PrintedLine("line 29999", "flood"), 20_000)


def test_what_came_since_some_lines() -> None:
    lines = PrintedLines()
    assert (lines.count, lines.since(0)) == (0, Printed())
    for number in range(10_002):
        lines.append(PrintedLine(str(number), "p"))
    assert lines.count == 10_002
    assert lines.since(10_000) == Printed((PrintedLine("10000", "p"), PrintedLine("10001", "p")))
    whole = lines.since(0)
    assert (len(whole.lines), whole.lines[0].text, whole.lost) == (10_000, "2", 2)
    assert (lines.since(2).lost, lines.since(1).lost, lines.since(10_002)) == (0, 1, Printed())
