"""What takes CAP_SYS_ADMIN, for a process that gave it up; see `bpftui.core.privileges.steward`."""

from __future__ import annotations

import errno

from ...privileges import errand
from .syscall import BpfError

__all__ = ["brought"]


def brought(refusal: BpfError, name: str, argument: str = "") -> int:
    """Return the descriptor that the steward brings where this process was refused one.

    Raises:
        BpfError: *refusal*, where there is no steward or it is about something else; or what the steward was told.
    """
    if refusal.errno != errno.EPERM:
        raise refusal
    try:
        found = errand(name, argument)
    except OSError as error:
        raise BpfError(refusal.command, error.errno or errno.EPERM) from None
    if found is None:
        raise refusal
    return found
