"""What is asked of a guest that checks an object, and what it answers: JSON in both directions."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..runtime import CheckReport, LoadOutcome
from ..verifier import Explanation
from ..verifier.log import SourceLine

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "Job", "answer_of", "answered"]


@dataclass(frozen=True)
class Job:
    """An object to try, but for its bytes."""

    file: str
    """What messages call it."""
    types: tuple[tuple[str, str], ...] = ()
    """Programs, and what each is, as `CollectionSpec.set_type` takes it."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables that were set: their bytes, in hexadecimal digits."""
    only: tuple[str, ...] | None = None
    """The programs that are tried; None for all."""
    log_level: int = 4

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Job:
        """Read what `text` wrote."""
        found: dict[str, Any] = json.loads(text)
        types = tuple((name, type_) for name, type_ in found["types"])
        only = None if found["only"] is None else tuple(found["only"])
        return cls(found["file"], types, found["values"], only, found["log_level"])


class Answer(NamedTuple):
    """What a kernel made of an object."""

    release: str
    """As `uname -r` has it."""
    report: CheckReport
    problem: str
    """Why it could not be tried at all, as a sentence; else empty."""
    explanations: Mapping[str, Explanation]
    """Why the verifier refused a program, by the program's name, with what that kernel's types say."""


def answered(
    release: str, report: CheckReport, explanations: Mapping[str, Explanation | None], problem: str = ""
) -> dict[str, Any]:
    """Return an answer as JSON has it; *problem* is why there is none."""
    return {
        "release": release,
        "problem": problem,
        "maps": [asdict(outcome) for outcome in report.maps],
        "programs": [asdict(outcome) for outcome in report.programs],
        "load_ms": report.load_ms,
        "remarks": list(report.remarks),
        "explanations": {
            name: each._asdict() | {"source": None if each.source is None else each.source._asdict()}
            for name, each in explanations.items()
            if each is not None
        },
    }


def answer_of(found: Mapping[str, Any]) -> Answer:
    """Read what `answered` wrote.

    Raises:
        KeyError, TypeError, ValueError: It is something else.
    """
    maps, programs = (tuple(LoadOutcome(**each) for each in found[key]) for key in ("maps", "programs"))
    explanations = {name: _explanation(each) for name, each in found["explanations"].items()}
    report = CheckReport(maps, programs, float(found["load_ms"]), tuple(found["remarks"]))
    return Answer(str(found["release"]), report, str(found["problem"]), explanations)


def _explanation(found: dict[str, Any]) -> Explanation:
    source = None if found["source"] is None else SourceLine(**found["source"])
    parts: dict[str, Any] = {
        **found,
        "details": tuple(found["details"]),
        "mends": tuple(found["mends"]),
        "source": source,
    }
    return Explanation(**parts)
