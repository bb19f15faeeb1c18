"""Sources: the C files that an object names, and where the client has them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..debug import Location, Session
    from .arguments import Arguments

__all__ = ["Sources"]

_MOST_LINES: Final = 1 << 20
"""Of a file that is put together from what the object has of it."""
_LEVELS: Final = 8
"""Folders above the object's in which files are looked for."""


class Sources:
    """Knows the source files of a session's object.

    Args:
        session: Which one.
        folders: Where files are looked for that have no absolute name.
        source_map: By how names in the object begin, what is there on this machine.
    """

    def __init__(self, session: Session, folders: Sequence[str], source_map: Mapping[str, str]) -> None:
        self._lines: dict[str, dict[int, str]] = {}
        """By file, the lines that have code, as far as they are known."""
        for _, spec in session.symbols.specs:
            for info in spec.linked.line_infos:
                if info.file:
                    self._lines.setdefault(info.file, {})[info.line] = info.source
        self.files = list(self._lines)
        """As the object calls them."""
        self._paths: dict[str, str] = {}
        """Where the client has them."""
        self._folders = list(folders)
        self._source_map = source_map

    def source(self, file: str) -> dict[str, Any]:
        """Return a file as the protocol has it: by its path, or by a number for what the object has of it."""
        name = file.rpartition("/")[2]
        path = self._path(file)
        if path is not None:
            return {"name": name, "path": path}
        origin = "the lines that have code, from the object"
        return {"name": name, "sourceReference": self.files.index(file) + 1, "origin": origin}

    def at(self, location: Location) -> dict[str, Any]:
        """Return the source and the line of a place, as the protocol has them in several of its types."""
        line = location.line
        if line is None or not line.line or line.file not in self._lines:
            return {"line": 0, "column": 0}
        return {"source": self.source(line.file), "line": line.line, "column": line.column}

    def _path(self, file: str) -> str | None:
        if file in self._paths:
            return self._paths[file]
        mapped = file
        for start, there in self._source_map.items():
            if file.startswith(start):
                mapped = there + file.removeprefix(start)
                break
        candidates = [mapped] if os.path.isabs(mapped) else []
        for folder in self._folders:
            here = os.path.abspath(folder)
            for _ in range(_LEVELS):
                candidates.append(os.path.join(here, mapped.lstrip("/")))
                here = os.path.dirname(here)
        found = next((each for each in candidates if os.path.isfile(each)), None)
        if found is not None:
            found = self._paths[file] = os.path.normpath(found)
        return found

    def file(self, source: Arguments) -> str:
        """Return what the object calls a file that a client means, and remember where the client has it.

        Raises:
            UsageError: No code is from it.
        """
        number = source.number("sourceReference", 0)
        if number:
            return self._numbered(number)
        path = source.text("path", "") or source.text("name")
        wanted = os.path.normpath(path).split(os.sep)
        best = max(self.files, key=lambda file: _common(file, wanted), default=None)
        if best is None or not _common(best, wanted):
            known = ", ".join(each.rpartition("/")[2] for each in self.files[:5]) or "none: it has no line information"
            raise UsageError(f"no code of the object is from {wanted[-1]}", hint=f"its files: {known}")
        if os.path.isabs(path):
            here = self._path(best)
            if here is not None and os.path.exists(path) and not os.path.samefile(here, path):
                raise UsageError(f"no code of the object is from {path}, but from {here}")
            self._paths[best] = path
        return best

    def _numbered(self, number: int) -> str:
        """Return a file by the number that `source` gave it; UsageError where there is none."""
        if not 0 < number <= len(self.files):
            raise UsageError(f"there is no source {number}")
        return self.files[number - 1]

    def lines(self, file: str, start: int, stop: int) -> list[int]:
        """Return the lines of a file that have code, between two."""
        return sorted(line for line in self._lines[file] if start <= line <= stop)

    def content(self, number: int) -> str:
        """Return what the object has of a file, by the number that `source` gave it.

        Raises:
            UsageError: There is none.
        """
        lines = self._lines[self._numbered(number)]
        last = min(max(lines, default=0), _MOST_LINES)
        return "\n".join(lines.get(line, "") for line in range(1, last + 1))


def _common(file: str, wanted: Sequence[str]) -> int:
    """Return how many parts two names have in common at their ends; 0 where the last ones differ."""
    parts = os.path.normpath(file).split(os.sep)
    count = 0
    for one, other in zip(reversed(parts), reversed(wanted), strict=False):
        if one != other:
            break
        count += 1
    return count
