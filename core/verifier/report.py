"""The report with which Linux 7.3 and later end the log of a refusal (`bpf_diag_*` in kernel/bpf/diagnostics.c).

It stands after the messages of old, begins with `Verification failed: CATEGORY: PROBLEM`, and has sections whose titles
stand alone at the line's start: Reason, At, Causal path, Active lock, Suggestion.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Report", "find_report"]

_HEAD: Final = re.compile(r"^Verification failed: (?P<category>[^:\n]+)(?:: (?P<problem>.*))?$")
_TITLE: Final = re.compile(r"^(?P<title>[A-Z][A-Za-z ]+):$")
_STATISTICS: Final = re.compile(r"^(processed \d+ insns|verification time|stack depth)")
_INSN: Final = re.compile(r"^\s*>>>\s*(?P<slot>\d+) \| (?P<text>.*)$|^\s+insn (?P<alone>\d+)$")
_PLACE: Final = re.compile(r"^\s+(?:(?P<function>\S+) @ )?(?P<file>\S+):(?P<line>\d+):(?P<column>\d+)$")
_TAIL: Final = 4000
"""Lines at a log's end in which a report is looked for: it shows at most 64 events of about 12 lines each."""


class Report(NamedTuple):
    """A refusal as the kernel explains it."""

    lines: range
    """Where it stands in the log."""
    category: str
    problem: str
    reason: str
    suggestion: str
    slot: int | None
    """The instruction that it is about."""
    file: str
    line: int
    """The C line; 0 where there is none."""


def find_report(lines: list[str]) -> Report | None:
    """Return the report at the end of a log; None where the kernel made none."""
    first = max(0, len(lines) - _TAIL)
    start = next((n for n in range(len(lines) - 1, first - 1, -1) if _HEAD.match(lines[n])), None)
    if start is None:
        return None
    head = _HEAD.match(lines[start])
    assert head is not None
    stop = start + 1
    sections: dict[str, list[str]] = {}
    title = ""
    while stop < len(lines) and not _STATISTICS.match(lines[stop]):
        found = _TITLE.match(lines[stop])
        if found is not None:
            title = found["title"]
        sections.setdefault(title, []).append("" if found is not None else lines[stop])
        stop += 1
    while stop > start + 1 and not lines[stop - 1].strip():
        stop -= 1
    at = sections.get("At", [])
    insns = [found for line in at if (found := _INSN.match(line))]
    insn = insns[-1] if insns else None  # the last mark: the C line has one too
    place = next((found for line in at if (found := _PLACE.match(line))), None)
    return Report(
        lines=range(start, stop),
        category=head["category"].strip(),
        problem=(head["problem"] or "").strip(),
        reason=_joined(sections.get("Reason", [])),
        suggestion=_joined(sections.get("Suggestion", [])),
        slot=int(insn["slot"] or insn["alone"]) if insn else None,
        file=place["file"] if place else "",
        line=int(place["line"]) if place else 0,
    )


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
