"""What there is where a file was looked for in vain: hints for those who mistype a name, or name a directory."""

from __future__ import annotations

import itertools
import os
from typing import Final

from .errors import nearest

__all__ = ["beside", "inside"]

_MOST: Final = 2000
"""Files of a directory that are looked at."""
_NAMED: Final = 4
"""Of those, that are named."""


def inside(directory: str) -> str:
    """Return which objects there are in a directory, as a hint; empty where that cannot be said."""
    names = sorted(name for name in _files(directory) if name.endswith(".o"))
    if not names:
        return "no file in it ends with .o"
    shown = ", ".join(os.path.join(directory, name) for name in names[:_NAMED])
    return f"there is {shown}{f' and {len(names) - _NAMED:,} more' if len(names) > _NAMED else ''}"


def beside(path: str) -> str:
    """Return which file is meant where there is none of a name, as a hint; empty where none is near."""
    directory, name = os.path.split(path)
    close = nearest(name, _files(directory or "."))
    return f"did you mean {os.path.join(directory, close)}?" if close is not None else ""


def _files(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in itertools.islice(entries, _MOST)]
    except (OSError, ValueError):
        return []
