"""An object that `bpftui check` tried, and the JSON that tells of it, schema bpftui/check/1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ....core.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....core.btf import Btf
    from ....core.runtime import CheckReport, LoadOutcome, Runtime
    from ....core.spec import CollectionSpec
    from ....core.verifier import Explanation

__all__ = ["COLUMNS", "SCHEMA", "SORTS", "Checked", "but_for", "check_json", "chosen", "explained", "explaining"]

SCHEMA: Final = "bpftui/check/1"
COLUMNS: Final = {
    "insns": "insns",
    "verified": "processed_insns",
    "states": "states",
    "peak": "peak_states",
    "time": "time_usec",
    "log": "log_size",
}
"""What a program's row says in numbers, and the field of the JSON that has it."""
SORTS: Final = ("name", *COLUMNS)
"""What programs can be sorted by."""


class Checked(NamedTuple):
    """An object that was tried."""

    spec: CollectionSpec
    runtime: str
    """`kernel` or `vm`."""
    report: CheckReport
    open_ms: float
    explain: Callable[[LoadOutcome], Explanation | None]
    """Explains why a program was refused."""


def explained(checked: Checked, outcome: LoadOutcome) -> Explanation | None:
    """Return the explanation of a program's refusal; None where it was not the verifier who refused it."""
    return None if outcome.ok or not outcome.log else checked.explain(outcome)


def explaining(
    spec: CollectionSpec, runtime: Runtime, target: Btf | None
) -> Callable[[LoadOutcome], Explanation | None]:
    """Return what explains why programs were refused that were tried in a runtime, adapted to *target*'s types."""

    def explain(outcome: LoadOutcome) -> Explanation | None:
        from ....core.verifier import VerifierLog

        program = spec.programs.get(outcome.name)
        return runtime.explain(VerifierLog(outcome.log or "", program, target=target), program)

    return explain


def but_for(optional: int) -> str:
    """Return what is said, behind a verdict, of what did not load and need not; empty for none."""
    return f", but for {optional} that {'is' if optional == 1 else 'are'} optional (?)" if optional else ""


def check_json(checked: Checked) -> dict[str, Any]:
    """Return an object that was tried as what schema bpftui/check/1 says."""
    report = checked.report
    return {
        "schema": SCHEMA,
        "file": checked.spec.file,
        "runtime": checked.runtime,
        "ok": report.ok,
        "maps": [
            {"name": m.name, "type": m.type, "ok": m.ok, "error": m.error, "optional": m.optional} for m in report.maps
        ],
        "programs": [_program(checked, outcome) for outcome in report.programs],
        "open_ms": round(checked.open_ms, 3),
        "load_ms": round(report.load_ms, 3),
    }


def _program(checked: Checked, outcome: LoadOutcome) -> dict[str, Any]:
    from ....core.verifier import parse_summary
    from ..log import explanation_json

    summary = parse_summary(outcome.log or "")
    explanation = explained(checked, outcome)
    verified = outcome.verified_insns if outcome.verified_insns is not None else summary.insns
    return {
        "name": outcome.name,
        "type": outcome.type,
        "ok": outcome.ok,
        "error": outcome.error,
        "optional": outcome.optional,
        "verified_insns": outcome.verified_insns,
        "log": outcome.log,
        "insns": checked.spec.programs[outcome.name].insns,
        "processed_insns": verified,
        "states": summary.states,
        "peak_states": summary.peak_states,
        "states_per_insn": summary.states_per_insn,
        "time_usec": summary.time_usec,
        "stack": list(summary.stack),
        "log_size": len((outcome.log or "").encode()),
        "explanation": None if explanation is None else explanation_json(explanation),
    }


def chosen(spec: CollectionSpec, patterns: Sequence[str]) -> CollectionSpec:
    """Return the part of an object that the programs need whose names match; without patterns, the whole."""
    from fnmatch import fnmatchcase

    if not patterns:
        return spec
    names = {name for name in spec.programs if any(fnmatchcase(name, pattern) for pattern in patterns)}
    if not names:
        raise UnknownNameError("program", patterns[0], spec.programs, where=spec.file)
    return spec.subset(maps=set(), programs=names, variables=set())
