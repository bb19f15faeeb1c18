"""Every error that bpftui raises on purpose: one sentence, a hint where one helps, and an exit code.

The sentence says what failed, where (file, section, offset, program) and why; the hint says what to do about it.
Anything else that escapes is a bug.
"""

from __future__ import annotations

import difflib
import enum
import itertools
import reprlib
from typing import TYPE_CHECKING, ClassVar, Final

from .visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "AssemblyError",
    "AttachError",
    "BpftuiError",
    "ExitCode",
    "FeatureError",
    "GivenUpError",
    "LimitError",
    "LoadError",
    "NoPermissionError",
    "ObjectError",
    "PartialError",
    "TypeMismatchError",
    "UnknownNameError",
    "UnreadableError",
    "UsageError",
    "ValueRangeError",
    "VerifierError",
    "nearest",
    "quoted",
    "reason_of",
]

_MOST_NAMES: Final = 20_000
_LONGEST_NAME: Final = 256


class ExitCode(enum.IntEnum):
    """What the process tells its caller."""

    OK = 0
    REFUSED = 1
    """The object, the verifier or the load said no."""
    USAGE = 2
    """The command line is wrong, or there is no terminal."""
    NO_PERMISSION = 3
    NO_FEATURE = 4
    """This kernel lacks a feature."""
    INTERRUPTED = 130


class BpftuiError(Exception):
    """The root of the hierarchy.

    Message and hint quote names of any origin: they are kept as `visible.visible` shows them, one line each.

    Args:
        message: One sentence without a final period: what, where, why.
        hint: What the user can do, where there is something to do.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = visible(message)
        super().__init__(self.message)
        self.hint = None if hint is None else visible(hint)
        self.problems: Mapping[str, BpftuiError] = {}
        """Where none of a collection's programs could be loaded: why not each of them, this error among them. Where a
        compiler refuses a file: each of its errors, by a number."""


class GivenUpError(BpftuiError):
    """What was being done was given up because its user said so."""

    exit_code = ExitCode.INTERRUPTED


class UsageError(BpftuiError):
    """What was asked for makes no sense: a wrong argument, an unknown target, a missing terminal."""

    exit_code = ExitCode.USAGE


class UnreadableError(BpftuiError):
    """What was to be compared cannot be read, or not be compared as it was asked for: the exit code is that of cmp."""

    exit_code = ExitCode.USAGE


class UnknownNameError(UsageError):
    """There is no such map, program, variable, member, interface, …; the hint names the nearest one that exists.

    Args:
        kind: What was looked for ("variable", "program", …).
        name: The name that is not there.
        known: The names that are.
        where: Where it was looked for, e.g. the object's file name.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str | None = None) -> None:
        self.kind = kind
        self.name = name
        self.known = list(known)
        place = f" in {where}" if where else ""
        close = nearest(name, self.known)
        if close is not None:
            hint = f"did you mean {close!r}?"
        elif self.known:
            shown = ", ".join(sorted(self.known)[:8]) + (", …" if len(self.known) > 8 else "")
            hint = f"there is: {shown}"
        else:
            hint = f"there is no {kind} at all"
        super().__init__(f"there is no {kind} {name!r}{place}", hint=hint)


class ValueRangeError(UsageError):
    """A value does not fit its type: too large, too small, too long. The message gives the allowed range."""


class TypeMismatchError(UsageError):
    """A value has the wrong shape for its type: text for an integer, an unknown enumerator, a list of wrong length."""


class ObjectError(BpftuiError):
    """A file is not a BPF object, or a part of it is damaged.

    Args:
        reason: What is wrong.
        file: The file's name as the user gave it.
        section: The section in which it is, if any.
        offset: Bytes from the start of that section, or of the file where there is no section.
    """

    def __init__(
        self,
        reason: str,
        *,
        file: str | None = None,
        section: str | None = None,
        offset: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.reason = reason
        self.file = file
        self.section = section
        self.offset = offset
        where = [file] if file else []
        if section is not None:
            where.append(f"section {section}")
        if offset is not None:
            where.append(f"offset {offset:#x}")
        super().__init__(": ".join([*where, reason]), hint=hint)


class LimitError(ObjectError):
    """An analysis was given up: a file says more than can be looked at in a time in proportion to its size."""


class AssemblyError(BpftuiError):
    """Instructions that are written as text cannot be read.

    Args:
        reason: What is wrong.
        line: Where in the text, from 1.
        column: Where in the line, from 1.
        file: What it was read from, as the user gave it.
    """

    def __init__(
        self, reason: str, *, line: int, column: int, file: str | None = None, hint: str | None = None
    ) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(f"{f'{file}: ' if file else ''}line {line}, column {column}: {reason}", hint=hint)

    @classmethod
    def at(cls, text: str, offset: int, reason: str, *, hint: str | None = None) -> AssemblyError:
        """Return the error for what is *offset* characters into *text*."""
        line = text.count("\n", 0, offset) + 1
        return cls(reason, line=line, column=offset - (text.rfind("\n", 0, offset) + 1) + 1, hint=hint)


class NoPermissionError(BpftuiError):
    """The kernel refused for want of a right."""

    exit_code = ExitCode.NO_PERMISSION


class FeatureError(BpftuiError):
    """This kernel lacks something; the message names the feature and, where known, the version that has it."""

    exit_code = ExitCode.NO_FEATURE


class LoadError(BpftuiError):
    """The kernel said no to a map, a BTF or a program."""


class VerifierError(LoadError):
    """The verifier rejected a program.

    Args:
        program: The program's name.
        log: The verifier's log, whole. Its last lines hold the cause.
    """

    def __init__(self, message: str, *, program: str, log: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.program = program
        self.log = log


class PartialError(BpftuiError):
    """A map was not read to its end, because it changed faster than it could be read."""


class AttachError(BpftuiError):
    """A program could not be attached or a link not be made."""


class _Short(reprlib.Repr):
    """Values as they are typed: what is nothing, true or false as JSON has it, and C."""

    def repr_NoneType(self, _value: None, _level: int) -> str:  # noqa: N802 - reprlib calls it
        return "null"

    def repr_bool(self, value: bool, _level: int) -> str:
        return "true" if value else "false"


_SHORT: Final = _Short()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80
_SHORT.maxlist = _SHORT.maxdict = 16
_SHORT.maxlevel = 4


def quoted(value: object) -> str:
    """Return what a user or a file gave, within a line: it may be of any size and depth.

    It is as Python writes it, but `null`, `true` and `false`.
    """
    try:
        return _SHORT.repr(value)
    except ValueError:  # an integer of more than 4,300 digits
        return f"{hex(value)[:40]}…" if isinstance(value, int) else type(value).__name__


def reason_of(error: Exception) -> str:
    """Return what the system or a library says of an error, as the end of a sentence: "no space left on device"."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return reason[:1].lower() + reason[1:]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the member of *known* that *name* is most likely a slip of, or None when nothing is close.

    Long names, and those beyond the first 20,000, are not looked at: comparing takes the square of their length.
    """
    if len(name) > _LONGEST_NAME:
        return None
    names = [candidate for candidate in itertools.islice(known, _MOST_NAMES) if len(candidate) <= _LONGEST_NAME]
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if matches:
        return matches[0]
    folded = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
