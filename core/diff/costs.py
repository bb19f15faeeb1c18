"""What programs cost the verifier and the kernel, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from .changes import Change, matched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["NUMBERS", "Cost", "CostDiff", "costs_between"]

NUMBERS: Final = {"verified": "verified instructions", "states": "states", "jited": "bytes of native code"}
"""What the numbers of a cost are called."""


class Cost(NamedTuple):
    """What one program costs; None for what is not known."""

    ok: bool
    """Whether it loads."""
    verified: int | None = None
    """Instructions that the verifier went through."""
    states: int | None = None
    """States that it kept."""
    jited: int | None = None
    """Bytes of native code."""
    error: str = ""
    """Why it does not load."""

    @property
    def verdict(self) -> str:
        """Whether it loads, as a clause."""
        return "loads" if self.ok else f"does not load: {self.error.partition(chr(10))[0]}"


class CostDiff(NamedTuple):
    """A program in both objects, or in one of them."""

    name: str
    old: Cost | None
    new: Cost | None

    @property
    def differs(self) -> bool:
        """Whether it costs something else, or loads in one of them alone."""
        return self.old != self.new

    @property
    def change(self) -> Change:
        """What has become of it."""
        if self.old is None:
            return Change.ADDED
        if self.new is None:
            return Change.REMOVED
        return Change.CHANGED if self.differs else Change.SAME

    def growth(self, what: str) -> float | None:
        """Return by how many percent one of the numbers grew, `verified`; None where it is not known of both."""
        before, after = (None if cost is None else getattr(cost, what) for cost in (self.old, self.new))
        if before is None or after is None:
            return None
        return 100 * (after - before) / before if before else (float("inf") if after else 0.0)

    def grown(self, what: str) -> str:
        """Return by how much one of the numbers grew, `(+10.5 %)`; nothing where that is not known."""
        growth = self.growth(what)
        return "" if growth is None else f"({growth:+.1f} %)"


def costs_between(old: Mapping[str, Cost], new: Mapping[str, Cost]) -> Iterator[CostDiff]:
    """Yield what the programs of two objects cost."""
    for name, before, after in matched(old, new):
        yield CostDiff(name, before, after)
