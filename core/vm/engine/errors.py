"""What can go wrong in a run, each with the instruction where it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...errors import BpftuiError

if TYPE_CHECKING:
    from ...btf import ByteOrder

__all__ = ["AccessError", "InvalidCodeError", "Lack", "MemoryLimitError", "RunError", "StepLimitError", "Thrown"]


class Lack(NamedTuple):
    """What the machine has not and a user may know: what a function returns, or what memory holds."""

    function: str = ""
    """The helper or kernel function; empty where it is memory."""
    address: int = 0
    """Where the memory begins of which nothing is known."""
    size: int = 0
    """How many bytes are wanted there; of a text, at most."""
    byte_order: ByteOrder = "little"
    """The program's."""

    @property
    def text(self) -> str:
        """It for people."""
        if self.function:
            return f"{self.function}()"
        return f"the {self.size:,} byte{'' if self.size == 1 else 's'} at {self.address:#x}"

    @property
    def hint(self) -> str:
        """What brings it from the command line."""
        if self.function:
            return f"--return {self.function}=VALUE makes it return a value"
        return f"--memory {self.address:#x}=FILE or hex:BYTES says what is there"


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
        lacks: What there is none of, and a user can give.
    """

    def __init__(self, reason: str, *, hint: str | None = None, lacks: Lack | None = None) -> None:
        super().__init__(reason, hint=hint if lacks is None else lacks.hint)
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
