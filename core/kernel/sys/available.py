"""Whether bpf(2) can be used here at all, found out by creating a map."""

from __future__ import annotations

import os

from ...errors import BpftuiError
from ...spec import MapType
from . import probes
from .explain import explain
from .syscall import BpfError, Command

__all__ = ["available", "require"]


def available() -> str | None:
    """Return why bpf(2) cannot be used here, as a sentence; None when it can."""
    try:
        require()
    except BpftuiError as error:
        return error.message
    return None


def require() -> None:
    """Raise what explains why bpf(2) cannot be used here; return when it can."""
    fd, number = probes.create_map(MapType.ARRAY, 4, 8, 1)
    if fd < 0:
        raise explain(BpfError(Command.MAP_CREATE, number), "use BPF")
    os.close(fd)
