"""The objects that were explored last: `$XDG_STATE_HOME/bpftui/recent.json`, newest first."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.documents import parse_json
from ...core.errors import UsageError
from .places import read, state_directory, write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["recent", "remember"]

SCHEMA: Final = "bpftui/recent/1"
_MOST: Final = 20


def recent(path: Path | None = None) -> list[str]:
    """Return the absolute names of the objects that were explored last and still exist; none where none are kept."""
    try:
        document: Any = parse_json(read(path or _file()))
        files = cast("list[object]", document["files"])
        return [name for name in files if isinstance(name, str) and _exists(name)]
    except (OSError, UsageError, ValueError, KeyError, TypeError):
        return []  # a list of conveniences: a damaged one is begun anew


def remember(file: str, path: Path | None = None) -> None:
    """Put an object first; standard input is none, and where nothing can be kept, nothing is."""
    if file == "-":
        return
    name = os.path.abspath(file)
    files = [name, *(each for each in recent(path) if each != name)][:_MOST]
    with suppress(OSError):
        write(path or _file(), json.dumps({"schema": SCHEMA, "files": files}, indent=2) + "\n")


def _exists(name: str) -> bool:
    """Whether there is a file of that name, which may have a `#` in it, or one whose second object is `FILE#2`."""
    return os.path.isfile(name) or os.path.isfile(name.rpartition("#")[0])


def _file() -> Path:
    return state_directory() / "recent.json"
