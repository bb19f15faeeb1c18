"""What an analysis may cost.

A file of some kilobytes can say more than anybody could look at: a union of seven structs, each with a union of seven
structs, has 7ⁿ members. Whatever can take more than time in proportion to the size of what it looks at spends from a
`Budget`, which is in that proportion, and says so once it is used up: an analysis that has no answer then raises
`LimitError`, one that goes on with less tells what is missing where the damage of an object is told.
"""

from __future__ import annotations

from typing import Final

from .errors import LimitError

__all__ = ["Budget"]

_LEAST: Final = 1 << 20
_EACH: Final = 16


class Budget:
    """Steps that an analysis may take: no sound input needs as many.

    Args:
        size: The size of what is looked at, in bytes (or in whatever else its cost is in proportion to).
        what: What is analysed, as the error begins: "the types of this object".
        file: What errors call the file.
        least: Steps for an input of no size: a second of work for the usual ones.
        each: Steps for each byte.
    """

    def __init__(
        self, size: int, what: str, *, file: str | None = None, least: int = _LEAST, each: int = _EACH
    ) -> None:
        self.what = what
        self.file = file
        self.steps: int = least + each * size
        """How many there were at the start."""
        self.left: int = self.steps

    @property
    def reached(self) -> bool:
        """Whether the limit was reached."""
        return self.left < 0

    def take(self, steps: int = 1) -> bool:
        """Count some steps; return whether there were as many. For what goes on with less."""
        self.left -= steps
        return self.left >= 0

    def spend(self, steps: int = 1) -> None:
        """Count some steps.

        Raises:
            LimitError: The limit is reached.
        """
        self.left -= steps
        if self.left < 0:
            raise self.error()

    def error(self) -> LimitError:
        """Return the error that says that the limit was reached."""
        return LimitError(
            f"{self.what}: given up after {self.steps:,} steps, more than anything sound takes", file=self.file
        )
