"""Permission: whether what others have loaded may be changed, in this run of the program."""

from __future__ import annotations

__all__ = ["Permission"]


class Permission:
    """Nothing of others is changed before its user has said once that it may be.

    Args:
        never: Whether it never may (`--read-only`).
    """

    def __init__(self, *, never: bool = False) -> None:
        self.never = never
        self.given = False

    never: bool
    given: bool
    """Whether the user has said so."""

    @property
    def word(self) -> str:
        """What the top line says of it."""
        return "WRITE" if self.given else "read-only"
