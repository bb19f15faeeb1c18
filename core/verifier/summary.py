"""The numbers at a log's end."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Summary", "parse_summary"]

_PROCESSED: Final = re.compile(
    r"^processed (?P<insns>\d+) insns(?: \(limit (?P<limit>\d+)\))?(?: max_states_per_insn (?P<per>\d+) "
    r"total_states (?P<total>\d+) peak_states (?P<peak>\d+)(?: mark_read (?P<read>\d+))?)?",
    re.MULTILINE,
)
_TIME: Final = re.compile(r"^verification time (\d+) usec", re.MULTILINE)
_STACK: Final = re.compile(r"^stack depth (\d+(?:\+\d+)*)", re.MULTILINE)
_END: Final = 4096
"""Characters at a log's end in which its numbers stand."""


class Summary(NamedTuple):
    """What a log says of the work that the verifier had; None where it does not say."""

    insns: int | None = None
    """Instructions walked over, each as often as it was."""
    limit: int | None = None
    states: int | None = None
    """States kept, in all (`total_states`)."""
    peak_states: int | None = None
    states_per_insn: int | None = None
    """Most states kept for one instruction."""
    time_usec: int | None = None
    """Since Linux 5.2, with statistics (log level 4)."""
    stack: tuple[int, ...] = ()
    """Bytes of stack of each function."""


def parse_summary(log: str) -> Summary:
    """Return the numbers at a log's end."""
    end = log[-_END:]
    found = _PROCESSED.search(end)
    time = _TIME.search(end)
    stack = _STACK.search(end)

    def number(name: str) -> int | None:
        return int(found[name]) if found is not None and found[name] is not None else None

    return Summary(
        insns=number("insns"),
        limit=number("limit"),
        states=number("total"),
        peak_states=number("peak"),
        states_per_insn=number("per"),
        time_usec=int(time[1]) if time else None,
        stack=tuple(map(int, stack[1].split("+"))) if stack else (),
    )
