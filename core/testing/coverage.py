"""Coverage of the programs that tests run: gathered over tests and processes, reported at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..coverage.lines import covered
from ..coverage.report import report_lines, write_report
from ..errors import BpftuiError
from ..files import unwritable
from .bpf import read_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..coverage.gathered import Gathered
    from ..coverage.report import Wanted
    from ..spec import CollectionSpec
    from .bpf import Bpf

__all__ = ["gather", "reported"]


def gather(bpf: Bpf, into: Gathered) -> None:
    """Add what the runs of a test's programs came to."""
    for each in bpf.objects:
        for side in each.sides:
            for program in side.collection.programs.values():
                if (counts := program.counts) is not None:
                    into.add(program.spec, side.collection.spec, counts)


def reported(gathered: Gathered, wanted: Sequence[Wanted]) -> Iterator[str]:
    """Make the reports that are wanted; yield what the terminal shows of them, a line each."""
    specs: list[CollectionSpec] = []
    for file in gathered.files:
        try:
            specs.append(read_object(file))
        except BpftuiError as error:
            yield f"{file} is left out: {error.message}"
    files = covered(gathered, specs)
    if not files:
        yield "no BPF program ran on the built-in machine"
        return
    for each in wanted:
        if not each.file:
            yield from report_lines(each.kind, files)
            continue
        try:
            write_report(each, files)
        except OSError as error:
            yield unwritable(each.file, error, "the report").message
        else:
            yield f"{each.kind} report: {each.file}"
