"""What programs print on the built-in machine, and which one does."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.runtime import Printed, PrintedLine
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime

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
