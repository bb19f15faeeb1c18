"""The objects that there are to choose from: those explored last, those of this directory, those that ship."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Final, NamedTuple

from ... import bpf
from ...core.foreign import is_source
from .recent import recent

__all__ = ["COMPILED", "KnownObject", "known_objects"]

_SHIPPED: Final = {
    "traffic": "what comes in, by protocol and source; every 1000th packet as an event",
    "count_packets": "the smallest counter: packets that an interface receives",
    "my_map": "the smallest collection: one map, one program",
    "global_example": "a variable that every run counts up",
    "hidden_example": "a variable that belongs to the object alone",
    "constants": "configuration by constants, and what the verifier makes of them",
}
"""The objects that ship, and what each shows."""
_MOST_HERE: Final = 200
_ELF: Final = b"\x7fELF"
_EM_BPF: Final = 247
"""`e_machine` of BPF objects (elf.h)."""
_C: Final = re.compile(rb"""\bSEC\(|<bpf/bpf_\w+\.h>|\bsection\("(?:xdp|tc|maps|\.maps|license)""")
"""What a C file has that is compiled for BPF."""
_LOOKED_AT: Final = 64 << 10
"""Bytes of a C file that it is looked for in."""
COMPILED: Final = "C: ⏎ compiles it"
"""What is said of a C file."""


class KnownObject(NamedTuple):
    """An object to choose."""

    group: str
    """Where it comes from: `Recent`, `Here: ~/src`, `Shipped`."""
    path: str
    note: str
    """What it is, or where."""


def known_objects() -> list[KnownObject]:
    """Return what there is to choose from, no file twice; what was explored before is first."""
    shipped = {str(bpf.path(name)): what for name, what in _SHIPPED.items()}
    last = [path for path in recent() if path not in shipped]
    here = [path for path in _here() if path not in shipped and path not in last]
    directory = _short(os.getcwd())
    return [
        *(KnownObject("Recent", path, _short(os.path.dirname(path))) for path in last),
        *(KnownObject(f"Here: {directory}", path, COMPILED if is_source(path) else "") for path in here),
        *(KnownObject("Shipped", path, what) for path, what in shipped.items()),
    ]


def _here() -> list[str]:
    """Return the BPF objects of the current directory, and the C files that come to one, by name."""
    found: list[str] = []
    with suppress(OSError), os.scandir() as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith((".o", ".c")))
        for name in names:
            path = os.path.abspath(name)
            if len(found) < _MOST_HERE and _is_bpf(path):
                found.append(path)
    return found


def _is_bpf(path: str) -> bool:
    """Whether a regular file begins as an object for BPF does, or is a C file for BPF."""
    with suppress(OSError):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                if is_source(path):
                    return _C.search(file.read(_LOOKED_AT)) is not None
                head = file.read(20)
            order = "big" if head[5:6] == b"\2" else "little"
            return head[:4] == _ELF and int.from_bytes(head[18:20], order) == _EM_BPF
    return False


def _short(directory: str) -> str:
    """Return a directory with the user's home as `~`."""
    home = os.path.expanduser("~")
    inside = home not in ("", "/") and (directory == home or directory.startswith(f"{home}/"))
    return f"~{directory[len(home) :]}" if inside else directory
