"""Permission: whether what others have loaded may be changed, in this run of the program."""

from __future__ import annotations

__all__ = ["BESIDE_A_FILE", "READ_ONLY", "Permission"]

READ_ONLY = "bpftui was started with --read-only: what others have loaded is not changed"
BESIDE_A_FILE = "start bpftui without a file, or with id:N, to change what others have loaded"
"""A file may be hostile: the process that reads it has no steward that changes anything of others."""


class Permission:
    """Nothing of others is changed before its user has said once that it may be.

    Args:
        refusal: Why it never may, as a sentence for the user; empty where it may.
    """

    def __init__(self, *, refusal: str = "") -> None:
        self.refusal = refusal
        self.given = False

    refusal: str
    given: bool
    """Whether the user has said so."""

    @property
    def word(self) -> str:
        """What the top line says of it."""
        return "WRITE" if self.given else "read-only"
