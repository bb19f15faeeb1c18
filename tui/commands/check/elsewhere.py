"""`bpftui check OBJECT --kernels 6.1,6.12`: what loads in kernels that are not the running one."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from ....core.errors import ExitCode, UsageError
from ....core.guest.check import Question, try_objects
from ....core.guest.job import Job
from ....core.guest.kernels import debian_kernel, own_kernel
from ....core.guest.machine import emulation_remark, require_emulator
from ....core.since import Version
from ....core.spec import CollectionSpec
from ....core.spec.reader import read_into
from ...terminal.output import complain, write_line, write_table
from ...text.colors import assembled
from ..common import configured, print_json, read_object, wants_color, warn
from .checked import Checked, check_json, chosen
from .table import mark_of, plain_table, print_comparison, print_report, read_results

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ....core.guest.check import Tried
    from ....core.guest.kernels import Kernel
    from ....core.runtime import LoadOutcome

__all__ = ["SCHEMA", "run_elsewhere"]

SCHEMA: Final = "bpftui/check-kernels/1"


def run_elsewhere(options: argparse.Namespace) -> int:
    """Try all objects on all kernels, and report; exit code 1 where something does not load on one of them."""
    versions = dict.fromkeys(Version.of(text) for text in (options.kernels or "").split(",") if text.strip())
    if not versions and not options.kernel_image:
        raise UsageError("--kernels names no version of Linux", hint="--kernels 6.1,6.12")
    before = read_results(options.compare) if options.compare else None
    specs: list[tuple[CollectionSpec, float]] = []
    questions: list[Question] = []
    for file in options.objects:
        start = time.perf_counter()
        data = read_object(file, options.cflags)
        spec = configured(read_into(CollectionSpec(file), data, options.source), options)
        values = {name: each.raw.hex() for name, each in spec.variables.items() if each.changed}
        spec = chosen(spec, options.only)
        types = (
            (name.strip(), text.strip()) for name, _, text in (each.partition("=") for each in options.program_types)
        )
        only = tuple(spec.programs) if options.only else None
        questions.append(Question(data, Job(file, tuple(types), values, only, options.log_level)))
        specs.append((spec, (time.perf_counter() - start) * 1000))
    require_emulator()
    kernels = [*_own_kernels(options.kernel_image, {str(each) for each in versions}), *map(debian_kernel, versions)]
    tried = dict(_tried(kernels, questions))
    documents = [
        _report(spec, open_ms, {name: found[number] for name, found in tried.items()}, before, options)
        for number, (spec, open_ms) in enumerate(specs)
    ]
    if options.json:
        print_json(documents[0] if len(documents) == 1 else documents)
    return ExitCode.OK if all(each["ok"] for each in documents) else ExitCode.REFUSED


def _own_kernels(files: Sequence[str], taken: set[str]) -> list[Kernel]:
    """Return the kernels in files, each once, under names that tell them apart from each other and from those *taken*.

    Each tree of Linux has its own `bzImage`: where two files are called the same, they are called by their paths.
    """
    kernels = {os.path.abspath(file): own_kernel(file) for file in files}
    names = Counter(each.name for each in kernels.values()) + Counter(taken)
    return [each if names[each.name] == 1 else each._replace(name=path) for path, each in kernels.items()]


def _tried(kernels: Sequence[Kernel], questions: Sequence[Question]) -> Iterator[tuple[str, list[Tried]]]:
    """Yield what each kernel makes of all objects; what takes long is announced on a terminal."""
    told = False

    def booting(kernel: Kernel) -> None:
        nonlocal told
        if not told and (remark := emulation_remark()):
            warn(remark)
        told = True
        if sys.stderr.isatty():
            complain(f"booting {kernel.name} …")

    for kernel in kernels:
        yield kernel.name, try_objects(kernel, questions, lambda kernel=kernel: booting(kernel))


def _report(
    spec: CollectionSpec,
    open_ms: float,
    tried: dict[str, Tried],
    before: list[dict[str, Any]] | None,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Print what came of one object, unless it is to be JSON, and return it as such."""
    found = {name: Checked(spec, "kernel", each.answer.report, open_ms, _explain(each)) for name, each in tried.items()}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "file": spec.file,
        "ok": not any(each.answer.problem or not each.answer.report.ok for each in tried.values()),
        "kernels": [
            {
                "kernel": name,
                "release": each.answer.release,
                "cached": each.cached,
                "problem": each.answer.problem or None,
                "check": None if each.answer.problem else check_json(found[name]),
            }
            for name, each in tried.items()
        ],
    }
    if options.json:
        return document
    _print_table(spec, tried, color=wants_color(options.color))
    first = ""
    for name, each in tried.items():
        write_line()
        known = ", known from before" if each.cached else ""
        heading = f"{spec.file} on {each.answer.release}{known}"
        if each.answer.problem:
            write_line(f"══ {heading}: {each.answer.problem}")
            continue
        print_report(found[name], heading=heading, sort=options.sort, color=options.color)
        for remark in each.answer.report.remarks:
            warn(f"{name}: {remark}")
        against = before
        if before is None and options.compare is not None and first:
            against = [check_json(found[first])]
        if against is not None:
            print_comparison(against, check_json(found[name]), options.compare or first, options.color)
        first = first or name
    return document


def _explain(tried: Tried) -> Any:
    def explain(outcome: LoadOutcome) -> Any:
        return tried.answer.explanations.get(outcome.name)

    return explain


def _print_table(spec: CollectionSpec, tried: dict[str, Tried], *, color: bool) -> None:
    """Print what loads on which kernel."""
    table = plain_table("kind", "name", "type", *tried)
    rows: dict[tuple[str, str, str], dict[str, LoadOutcome]] = {}
    for kernel, each in tried.items():
        for kind, outcomes in (("map", each.answer.report.maps), ("program", each.answer.report.programs)):
            for outcome in outcomes:
                rows.setdefault((kind, outcome.name, outcome.type), {})[kernel] = outcome
    for (kind, name, type_), marks in rows.items():
        cells = (mark_of(marks[kernel]) if kernel in marks else assembled("") for kernel in tried)
        table.add_row(kind, assembled(name), type_, *cells)
    if rows:
        write_table(table, color=color)
    else:
        write_line(f"{spec.file}: nothing could be tried")
