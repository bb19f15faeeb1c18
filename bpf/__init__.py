"""The BPF programs that ship with bpftui: C sources and, beside each, the object that clang made of it.

They are small, load on any kernel that has BTF, and show what the explorer can do: counters, typed variables,
constants that remove code, per-CPU and LRU maps, events. `make -C bpf` in the repository compiles them anew.
"""

from __future__ import annotations

from pathlib import Path

from ..core.errors import UnknownNameError

__all__ = ["names", "path"]

_FOLDER = Path(__file__).parent
_SUFFIX = ".o"


def names() -> list[str]:
    """Return the names of the shipped objects, sorted, without ".o"; NAME.eb is big-endian."""
    return sorted(file.name.removesuffix(_SUFFIX) for file in _FOLDER.glob(f"*{_SUFFIX}"))


def path(name: str) -> Path:
    """Return the file of the shipped object *name*, e.g. "count_packets" or "constants.eb".

    Raises:
        UnknownNameError: No such object ships.
    """
    file = _FOLDER / (name.removesuffix(_SUFFIX) + _SUFFIX)
    if not file.is_file():
        raise UnknownNameError("shipped object", name, names())
    return file
