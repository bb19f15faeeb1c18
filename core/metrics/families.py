"""What is told of something loaded to whoever collects metrics: families of numbers, each with its labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["Family", "FamilyKind"]

FamilyKind: TypeAlias = Literal["counter", "gauge", "info"]
"""What only grows, what is as it is, and what says something in its labels and is always 1."""


@dataclass(slots=True)
class Family:
    """All numbers of one meaning. The name has its unit and, of a counter, `_total` at its end; of an info `_info`."""

    name: str
    kind: FamilyKind
    help: str
    """What it is, as a sentence."""
    labels: tuple[str, ...] = ()
    """The names of the labels that each number has."""
    numbers: list[tuple[tuple[str, ...], float]] = field(default_factory=list[tuple[tuple[str, ...], float]])
    """The texts of the labels, and the number."""

    def add(self, value: float, *labels: str) -> None:
        """Add a number."""
        self.numbers.append((labels, value))
