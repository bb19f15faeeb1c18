"""What can go wrong in a run, each with the instruction where it did."""

from __future__ import annotations

from typing import Final

from ...errors import BpftuiError

__all__ = ["AccessError", "InvalidCodeError", "MemoryLimitError", "RunError", "StepLimitError", "Thrown"]

_RETURN_HINT: Final = "--return {}=VALUE makes it return a value"
"""What to do about a helper or a kernel function that there is none of."""


class InvalidCodeError(BpftuiError):
    """The code holds something that no run could execute; found before the first step.

    Args:
        reason: What is wrong.
        slot: Where, in 8-byte slots; None where it is no single instruction.
    """

    def __init__(self, reason: str, slot: int | None = None) -> None:
        place = "" if slot is None else f"instruction {slot}: "
        super().__init__(f"the code cannot run: {place}{reason}")
        self.reason = reason
        self.slot = slot


class RunError(BpftuiError):
    """A run was stopped: a bad access, an unknown helper, a call too deep.

    Args:
        reason: What happened.
        hint: What to do about it, where there is something.
        lacks: The helper or kernel function that there is none of, and for which a value can stand.
    """

    def __init__(self, reason: str, *, hint: str | None = None, lacks: str = "") -> None:
        super().__init__(reason, hint=_RETURN_HINT.format(lacks) if lacks else hint)
        self.reason = reason
        self.lacks = lacks
        self.slot: int | None = None
        """The instruction's first slot; None until `locate` said where."""
        self.text = ""
        """The instruction."""
        self.line: str | None = None
        """The C line, `file:line: source`, where it is known."""

    def locate(self, slot: int, text: str, line: str | None) -> None:
        """Say where it happened, unless that has been said: the innermost place is the right one."""
        if self.slot is not None:
            return
        self.slot, self.text, self.line = slot, text, line
        source = f", {line}" if line else ""
        self.message = f"instruction {slot} ({text}{source}): {self.reason}"
        self.args = (self.message,)


class AccessError(RunError):
    """An access that no region allows.

    Args:
        reason: What happened, with the nearest region.
        address: Where the access began.
        size: How many bytes it wanted.
        region: The nearest region's name, None where there is none.
    """

    def __init__(self, reason: str, *, address: int, size: int, region: str | None) -> None:
        super().__init__(reason)
        self.address = address
        self.size = size
        self.region = region


class StepLimitError(RunError):
    """A run took more steps than it may."""


class MemoryLimitError(RunError):
    """There is no room for something in the memory of a machine."""


class Thrown(Exception):  # noqa: N818 - no error, but how a program ends (bpf_throw, Linux 6.7)
    """A program threw an exception, which ends all its functions at once.

    Args:
        cookie: What it threw: an unsigned integer.
    """

    def __init__(self, cookie: int) -> None:
        super().__init__(cookie)
        self.cookie = cookie
