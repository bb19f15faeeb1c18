"""Stops of the debugger, by object, in `$XDG_STATE_HOME/bpftui/stops.json` (bpftui/stops/1)."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...core.documents import parse_json
from ...core.errors import UsageError, reason_of
from ...core.files import unreadable
from .places import DamagedError, read, state_directory, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["KeptStop", "SavedStops"]

SCHEMA: Final = "bpftui/stops/1"
_MOST_OBJECTS: Final = 200
"""Objects of which stops are kept: those in which they were changed last."""
_CHANGING: Final = threading.Lock()
"""All objects are in one file, which is read, changed and written, for each debugger in a thread of its own."""


class KeptStop(NamedTuple):
    """A breakpoint or a watchpoint."""

    what: str
    condition: str = ""
    enabled: bool = True
    access: str = ""
    """What a watchpoint stops at, as `Access` has it; empty for a breakpoint."""


class SavedStops:
    """What a user has set.

    Args:
        path: The file; without it the user's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state_directory() / "stops.json"

    def of(self, file: str) -> tuple[tuple[KeptStop, ...], tuple[str, ...]]:
        """Return the stops of an object, and the expressions that are watched.

        Raises:
            UsageError: The file is damaged, no file, or too large.
            NoPermissionError: It may not be read.
        """
        found = self._all().get(file, {"stops": [], "watched": []})
        return tuple(found["stops"]), tuple(found["watched"])

    def save(self, file: str, stops: Sequence[KeptStop], watched: Sequence[str]) -> None:
        """Keep the stops of an object; errors as for `of`, and UsageError where the file cannot be written."""
        mine = {file: {"stops": [list(each) for each in stops], "watched": list(watched)}} if stops or watched else {}
        with _CHANGING:
            others = {name: each for name, each in self._all().items() if name != file}
            kept = dict(list({**mine, **others}.items())[:_MOST_OBJECTS])
            try:
                write(self._path, json.dumps({"schema": SCHEMA, "objects": kept}, indent=1) + "\n")
            except OSError as error:
                raise UsageError(f"{self._path}: the stops cannot be kept: {reason_of(error)}") from None

    def _all(self) -> dict[str, Any]:
        try:
            document: Any = parse_json(read(self._path))
            return {str(name): _checked(each) for name, each in document["objects"].items()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except PermissionError as error:
            raise unreadable(self._path, error) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(self._path, "stops", error) from None


def _checked(found: Any) -> dict[str, Any]:
    """Return what is kept of an object; ValueError where it is nothing of that kind."""
    from ...core.debug.stops import Access

    stops: list[KeptStop] = []
    for what, condition, enabled, access in found["stops"]:
        if not (isinstance(what, str) and isinstance(condition, str)):
            raise ValueError("a stop is no text")
        if not isinstance(enabled, bool):
            raise ValueError("a stop is neither on nor off")
        # Before there were watchpoints on reads, it said whether it is one.
        text: Any = (Access.CHANGE.value if access else "") if isinstance(access, bool) else access
        stops.append(KeptStop(what, condition, enabled, Access(text).value if text != "" else ""))
    if not all(isinstance(each, str) for each in found["watched"]):
        raise ValueError("an expression is no text")
    return {"stops": stops, "watched": found["watched"]}
