"""What the lines of a verifier log are.

The log is text made by `verbose()` in the kernel's verifier.c, log.c and, since Linux 7.3, diagnostics.c. Its format is
no interface and changes between versions; what is not known here is a message, and stays readable as text.
"""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple

__all__ = ["JUMPED", "LineKind", "Step", "cause", "classify", "is_verifier_log", "parse_step"]

_TAIL: Final = 100
"""Lines at the end of a log that tell whether it is a verifier's."""


class LineKind(enum.Enum):
    """What a line of a verifier's log is."""

    SOURCE = "source"
    """A line of C: `; if (data + 14 > end) @ prog.c:12`."""
    INSTRUCTION = "instruction"
    """`7: (61) r1 = *(u32 *)(r1 +0)    ; R1_w=scalar()`."""
    STATE = "state"
    """Registers and how the verifier walks: `R0=map_value()`, `from 5 to 7:`, `regs=1 stack=0 before 5:`."""
    SUMMARY = "summary"
    """`processed 12 insns …`, `verification time 80 usec`."""
    REPORT = "report"
    """A line of the report in sections with which Linux 7.3 and later explain a refusal."""
    MESSAGE = "message"
    """Everything else: what the verifier has to say. Its last words are why it refused."""


_KINDS: Final = (
    (LineKind.SOURCE, re.compile(r"\s*;")),
    (LineKind.INSTRUCTION, re.compile(r"\d+: \([0-9a-f]{2}\)")),
    (
        LineKind.STATE,
        re.compile(
            r"\s*(?:\d+: )?(?:frame\d+: )?(?:[RrWw]\d+(?:_\w+)?=|fp-?\d+(?:_\w+)?=)"
            r"|from \d+ to \d+|\d+: safe|(?:caller|callee|returning from callee|to caller at \d+):?"
            r"|mark_precise|force_precise|last_idx|regs=|parent |frame\d+:|frame \d+: propagating|propagating"
            r"|(?:old|cur) state:|func#\d+ @|Live regs before insn|\s+(?:\d+ +)?\d+: [.\d]{10} \([0-9a-f]{2}\)|SCC "
            r"|Validating .* func#|Func#\d+ .* is (?:safe|global)|\s*reg type unsupported"
        ),
    ),
    (
        LineKind.SUMMARY,
        re.compile(r"processed \d+ insns|verification time|stack depth|max_states|insns processed|peak_states"),
    ),
)

JUMPED: Final = re.compile(r"^(?P<text>.*?) (?P<to>\d+): (?P<state>(?:frame\d+: )?R\d+(?:_\w+)?=.*)$")
"""A jump whose other side is walked on with: its state follows on the same line, whole (log level 1, Linux 5.16)."""

_STEP: Final = re.compile(r"(?P<slot>\d{1,9}): \((?P<opcode>[0-9a-f]{2})\) ?(?P<text>[^;]*?)\s*(?:;\s*(?P<state>.*))?$")


class Step(NamedTuple):
    """One line of a log on which an instruction was walked over."""

    slot: int
    opcode: int
    text: str
    """The instruction as the kernel prints it."""
    state: str
    """What the line says of registers and stack slots after it; empty where it says nothing."""
    jumped_to: int | None = None
    """Where the walk goes on, where the line says so; `state` is then whole."""


def classify(line: str) -> LineKind:
    """Return what a line of the log is."""
    return next((kind for kind, pattern in _KINDS if pattern.match(line)), LineKind.MESSAGE)


def parse_step(line: str) -> Step | None:
    """Return the instruction that a line is about; None where it is about none."""
    found = _STEP.match(line)
    if found is None:
        return None
    text, state = found["text"], found["state"] or ""
    jumped = JUMPED.match(text)
    if jumped is None:
        return Step(int(found["slot"]), int(found["opcode"], 16), text, state)
    return Step(int(found["slot"]), int(found["opcode"], 16), jumped["text"], jumped["state"], int(jumped["to"]))


def is_verifier_log(lines: list[str]) -> bool:
    """Whether the lines end as a verifier's log does: with instructions or statistics."""
    return any(classify(line) in (LineKind.INSTRUCTION, LineKind.SUMMARY) for line in lines[-_TAIL:])


def cause(lines: list[str], *, refused: bool = False) -> range:
    """Return the lines that say why the verifier refused; none when this is no log of a refusal.

    They are the last messages before the statistics; states that it compared (`cur state:`) may stand between.

    Args:
        lines: The log.
        refused: That it is one of a refusal, whatever it looks like.
    """
    if not refused and not is_verifier_log(lines):
        return range(0)
    stop = len(lines)
    while stop and (not lines[stop - 1].strip() or classify(lines[stop - 1]) is LineKind.SUMMARY):
        stop -= 1
    compared = stop
    while compared and lines[compared - 1].startswith(("cur state:", "old state:")):
        compared -= 1
    if compared < stop and compared and classify(lines[compared - 1]) is LineKind.MESSAGE:
        stop = compared
    start = stop
    while start and lines[start - 1].strip() and classify(lines[start - 1]) is LineKind.MESSAGE:
        start -= 1
    return range(start, stop)
