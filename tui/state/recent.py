"""The objects that were explored last: `$XDG_STATE_HOME/bpftui/recent.json`, newest first, and what became of them."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ...core.documents import parse_json
from ...core.errors import UsageError
from .places import read, state_directory, write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Outcome", "outcomes", "recent", "remember", "remember_outcome"]

SCHEMA: Final = "bpftui/recent/1"
_MOST: Final = 20
_MOST_TEXT: Final = 200


class Outcome(NamedTuple):
    """What became of an object when it was last loaded or attached."""

    when: float
    """Seconds since the epoch."""
    text: str
    """`loaded`, `attached to eth1`, or why it was refused."""
    good: bool


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
    _write([name, *(each for each in recent(path) if each != name)][:_MOST], outcomes(path), path)


def outcomes(path: Path | None = None) -> dict[str, Outcome]:
    """Return what became of the objects that were explored last, by their absolute names, as far as it is known."""
    try:
        document: Any = parse_json(read(path or _file()))
        kept = cast("dict[str, list[Any]]", document["outcomes"])
        return {
            name: Outcome(float(when), text[:_MOST_TEXT], good is True)
            for name, (when, text, good) in kept.items()
            if isinstance(text, str)
        }
    except (OSError, UsageError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def remember_outcome(file: str, text: str, *, good: bool, path: Path | None = None) -> None:
    """Keep what became of an object that is among the last ones."""
    name = os.path.abspath(file)
    files = recent(path)
    if name in files:
        _write(files, {**outcomes(path), name: Outcome(time.time(), text[:_MOST_TEXT], good)}, path)


def _write(files: list[str], kept: dict[str, Outcome], path: Path | None) -> None:
    document = {"schema": SCHEMA, "files": files, "outcomes": {name: kept[name] for name in files if name in kept}}
    with suppress(OSError):
        write(path or _file(), json.dumps(document, indent=2) + "\n")


def _exists(name: str) -> bool:
    """Whether there is a file of that name, which may have a `#` in it, or one whose second object is `FILE#2`."""
    return os.path.isfile(name) or os.path.isfile(name.rpartition("#")[0])


def _file() -> Path:
    return state_directory() / "recent.json"
