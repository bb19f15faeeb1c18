"""Verdict: yes, or why not, as `assert` shows it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What was found out of an object: true where nothing is wrong, and written as what is."""

    problems: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.problems

    def __repr__(self) -> str:
        return "; ".join(self.problems) or "yes"
