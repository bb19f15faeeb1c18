"""An explanation as text: first what is wrong and what helps, then the instruction, the state and the path."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .explanation import Explanation
    from .log import SourceLine, VerifierLog
    from .state import State

__all__ = ["explanation_lines", "path_lines", "state_lines"]

_LABELS: Final = 13
"""Cells of the column of labels."""


def explanation_lines(explanation: Explanation, *, width: int = 120) -> list[str]:
    """Return what is wrong, where, where it came from, and what helps: six to twelve lines."""
    lines = [*textwrap.wrap(explanation.sentence, max(40, width), break_long_words=False, break_on_hyphens=False), ""]

    def add(label: str, text: str) -> None:
        lines.extend(
            textwrap.wrap(
                text,
                max(40, width),
                initial_indent=f"  {label:<{_LABELS}}",
                subsequent_indent=" " * (_LABELS + 2 + 2 * text.startswith("• ")),
                break_long_words=False,
                break_on_hyphens=False,
            )
        )

    if explanation.source is not None and explanation.source.text:
        add("C", explanation.source.text)
    if explanation.instruction:
        add("instruction", f"{explanation.slot}: {explanation.instruction}")
    for number, detail in enumerate(explanation.details):
        add("because" if number == 0 else "", detail)
    for number, mend in enumerate(explanation.mends):
        add("what helps" if number == 0 else "", "• " + mend)
    add("the verifier", explanation.message)
    return lines


def state_lines(state: State) -> list[str]:
    """Return the registers and stack slots, one a line: as the kernel prints them, and in words."""
    rows = [(place, state[place]) for place in state.places]
    shown = [(place.replace("R", "r"), value.text, value.describe()) for place, value in rows if value is not None]
    if not shown:
        return []
    names = max(len(name) for name, _, _ in shown)
    texts = min(60, max(len(text) for _, text, _ in shown))
    return [
        f"  {name:<{names}}  {text:<{texts}}  {words if words != text else ''}".rstrip() for name, text, words in shown
    ]


def path_lines(log: VerifierLog, line: int, limit: int = 20) -> list[str]:
    """Return the last *limit* instructions that lead to the one on *line*, under their C lines; `▸` marks it."""
    steps = log.path(line, limit)
    lines: list[str] = []
    if len(steps) == limit and log.previous(steps[0]) is not None:
        lines.append("  …")
    last: SourceLine | None = None
    for at in steps:
        step = log.step(at)
        assert step is not None
        source = log.source(step.slot, at)
        if source is not None and source != last:
            last = source
            place = f"  @ {source.place}" if source.place else ""
            lines.append(f"  ; {source.text}{place}")
        mark = "▸" if at == line else " "
        state = f"  ; {step.state}" if step.state else ""
        jumped = f"  → {step.jumped_to}" if step.jumped_to is not None else ""
        lines.append(f"{mark} {step.slot:>5}: {step.text}{jumped}{state}".rstrip())
    return lines
