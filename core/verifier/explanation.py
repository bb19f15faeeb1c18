"""From a log to an explanation: what is wrong, where, and what usually helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .failure import Failure, Told
from .log import SourceLine, VerifierLog
from .moved import BOUNDS, moved_member

if TYPE_CHECKING:
    import re

    from ..spec import ProgramSpec
    from .failure import Message

__all__ = ["Explanation", "explain"]


class Explanation(NamedTuple):
    """Why the verifier refused a program, in plain words."""

    key: str
    """Which kind of refusal it is: `packet-bounds`; `kernel` for the kernel's own report, `unknown` for neither."""
    summary: str
    """One sentence, without a final period."""
    details: tuple[str, ...]
    """Where things came from, and how the numbers come about."""
    mends: tuple[str, ...]
    """What usually helps, the likeliest first."""
    message: str
    """The verifier's own words, on one line."""
    register: int | None
    """The register that it is about."""
    slot: int | None
    """The instruction at which the walk ended, or that it is about."""
    instruction: str
    """That instruction as the kernel prints it; empty where there is none."""
    source: SourceLine | None
    """Its line of C."""
    line: int | None
    """Its line in the log, from 0."""

    @property
    def place(self) -> str:
        """`prog.c:20`, `instruction 7`, or empty."""
        if self.source is not None and self.source.place:
            return self.source.place
        return "" if self.slot is None else f"instruction {self.slot}"

    @property
    def whole_place(self) -> str:
        """`instruction 7, prog.c:20: return x;`, as much of it as is known."""
        insn = "" if self.slot is None else f"instruction {self.slot}"
        line = "" if self.source is None else f"{self.source.place}: {self.source.text}".strip(": ")
        return ", ".join(filter(None, (insn, line)))

    @property
    def sentence(self) -> str:
        """The summary with its place: `prog.c:20: the check covers …`."""
        return f"{self.place}: {self.summary}" if self.place else self.summary


def explain(log: VerifierLog | str, program: ProgramSpec | None = None) -> Explanation | None:
    """Explain a refusal; None where the log is of a program that was accepted, or says nothing.

    Args:
        log: The log, or its text.
        program: What was loaded, where it is at hand.
    """
    if isinstance(log, str):
        log = VerifierLog(log, program)
    messages = log.messages
    if not messages or not any(messages):
        return None
    failure = Failure(log)
    key, told = _told(failure, "\n".join(messages))
    slot = told.slot if told.slot is not None else None if failure.step is None else failure.step.slot
    if slot is None and log.report is not None:
        slot = log.report.slot
    line = failure.line if failure.step is not None and failure.step.slot == slot else None
    step = None if line is None else log.step(line)
    text = step.text if step is not None else ""
    if slot is not None and not text:
        visits = log.visits(slot)
        found = log.step(visits[-1]) if visits else None
        text, line = (found.text, visits[-1]) if found is not None else ("", line)
    return Explanation(
        key=key,
        summary=told.summary,
        details=told.details,
        mends=told.mends,
        message="; ".join(message for message in messages if message),
        register=told.register,
        slot=slot,
        instruction=text,
        source=None if slot is None else _source(log, slot, line),
        line=line,
    )


def _told(failure: Failure, message: str) -> tuple[str, Told]:
    first = _first(message)
    if first is not None:
        known, found = first
        told = known.explain(found, failure)
        moved = None
        if known.key in BOUNDS:
            moved = moved_member(failure, known.key, told)
        return (known.key, told) if moved is None else ("core-moved", moved)
    report = failure.log.report
    if report is not None:
        details = (report.reason,) if report.reason else ()
        return "kernel", Told(_lowered(report.problem or report.category), details, (report.suggestion,))
    return "unknown", Told(message.replace("\n", "; "), (), ())


def _first(message: str) -> tuple[Message, re.Match[str]] | None:
    """Return what explains a message: what knows its first line of which anything is known, for the kernel says the
    reason first and what comes of it behind. Of several that know that line the first is taken; None without one."""
    from .messages import MESSAGES

    matches = [(known, found) for known in MESSAGES if (found := known.pattern.search(message)) is not None]
    if not matches:
        return None
    known, found = min(matches, key=lambda match: message.count("\n", 0, match[1].start()))
    return None if known.follows and message[: found.start()].strip() else (known, found)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _source(log: VerifierLog, slot: int, line: int | None) -> SourceLine | None:
    found = log.source(slot, line)
    if found is not None or log.report is None or not log.report.line:
        return found
    return SourceLine("", log.report.file.rpartition("/")[2], log.report.line)
