"""What a search found, told: as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...text.format import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ....core.coverage.lines import FileCoverage
    from ....core.fuzz.inputs import Input, Part
    from ....core.fuzz.search import Found, Search
    from ....core.spec import CollectionSpec
    from ....core.testing.compared import Comparison

__all__ = ["SCHEMA", "as_json", "covered_lines", "told_lines"]

SCHEMA: Final = "bpftui/fuzz/1"


def covered_lines(
    spec: CollectionSpec, name: str, begin: Callable[[], Search], inputs: Sequence[Input]
) -> tuple[list[FileCoverage], int]:
    """Return what the inputs reach, by C lines, and how many outcomes of jumps those are."""
    from ....core.coverage.gathered import Gathered
    from ....core.coverage.lines import covered

    gathered = Gathered()
    with begin() as search:
        program = search.target.program
        program.count()
        for given in inputs:
            search.run(given)
        if (counts := program.counts) is not None:
            gathered.add(program.spec, search.collection.spec, counts)
    with begin() as search:  # code that counts notes no outcomes
        for given in inputs:
            search.run(given)
        return covered(gathered, [spec], program=name), search.found.outcomes


def told_lines(
    name: str,
    found: Found,
    inputs: Sequence[Input],
    reached: int,
    files: Sequence[FileCoverage],
    comparison: Comparison | None,
) -> Iterator[str]:
    """Yield what was found, what was not reached, and what the kernel answers differently.

    Args:
        name: The program.
        found: What the search came to.
        inputs: The fewest that reach as much.
        reached: How many outcomes those reach: what only comes after thousands of runs, as a full map, they do not.
        files: What they reach, by C lines.
        comparison: What the kernel said; None where it was not asked.
    """
    from ....core.coverage.text import percent, summary

    them = "them" if reached >= found.outcomes else f"{reached:,} of them, and the rest what many runs left behind"
    share = percent(found.outcomes, found.all_outcomes)
    yield (
        f"{name}: {found.outcomes:,} of {found.all_outcomes:,} outcomes of jumps ({share}) in {found.seconds:.1f} s "
        f"and {counted(found.runs, 'run')}; {counted(len(inputs), 'input')} reach {them}"
    )
    for finding in found.findings:
        yield f"stopped: {finding.message}"
    if comparison is not None:
        yield from _compared(comparison)
    yield from summary(files)


def _compared(comparison: Comparison) -> Iterator[str]:
    found = comparison.found.values()
    said = f"{counted(len(found), 'difference')}" if found else "the same answers"
    yield f"kernel: {said} to {counted(comparison.asked, 'input')}"
    for each in found:
        more = f" (and {counted(each.count - 1, 'input')} more)" if each.count > 1 else ""
        yield f"differs: {each.text}{more}"
    if comparison.untaken:
        yield f"kernel: {counted(comparison.untaken, 'input')} not taken: {comparison.reason}"


def as_json(
    file: str,
    name: str,
    seed: int,
    found: Found,
    parts: Sequence[Part],
    inputs: Sequence[Input],
    comparison: Comparison | None,
) -> dict[str, Any]:
    """Return the same as a document."""

    def told(given: Input) -> dict[str, str]:
        return {
            " ".join(filter(None, (part.kind.value, part.name))): raw.hex()
            for part, raw in zip(parts, given, strict=True)
            if raw is not None
        }

    return {
        "schema": SCHEMA,
        "file": file,
        "program": name,
        "seed": seed,
        "seconds": round(found.seconds, 3),
        "runs": found.runs,
        "outcomes": {"reached": found.outcomes, "of": found.all_outcomes},
        "inputs": [told(given) for given in inputs],
        "stopped": [{"message": each.message, "input": told(each.given)} for each in found.findings],
        "kernel": None
        if comparison is None
        else {
            "inputs": comparison.asked,
            "not_taken": comparison.untaken,
            "differs": [
                {"where": each.where, "text": each.text, "inputs": each.count, "input": told(found.told[each.number])}
                for each in comparison.found.values()
            ],
        },
    }
