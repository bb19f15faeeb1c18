"""What users type for something that is loaded: `id:42`, `map:7`, `link:3`, `name:count_*`, a path under a bpffs."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LoadedName", "parse_loaded", "refuse_loaded"]

_MOUNTS: Final = "/proc/thread-self/mountinfo"
_FORM: Final = re.compile(r"(id|prog|map|link|name):(.+)", re.DOTALL)
_KINDS: Final[dict[str, Literal["program", "map", "link"]]] = {
    "id": "program",
    "prog": "program",
    "map": "map",
    "link": "link",
}


class LoadedName(NamedTuple):
    """Something loaded, as it was named."""

    kind: Literal["program", "map", "link", "name", "pin"]
    text: str
    """The pattern of a name, or the path."""
    id: int = 0
    """Of a program, map or link."""


def parse_loaded(text: str) -> LoadedName | None:
    """Return what is loaded that *text* names; None where it names a file.

    A file that is called so is opened as `./id:42`. Whether a path is a pin is asked of the mounts that this process
    sees.

    Raises:
        UsageError: It has such a form, but no number where one has to be.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return LoadedName("pin", text) if _is_pin(text) else None
    form, rest = found.groups()
    if form == "name":
        return LoadedName("name", rest)
    if not re.fullmatch("[0-9]{1,10}", rest) or int(rest) >> 32:
        raise UsageError(f"{text}: {rest!r} is no id", hint="bpftui list shows those that there are")
    return LoadedName(_KINDS[form], rest, int(rest))


def _is_pin(path: str) -> bool:
    """Whether a path is a file in a bpffs that this process sees."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size:
            return False  # what is pinned has no size
        with open(_MOUNTS, encoding="utf-8", errors="replace") as mounts:
            fields = [line.split(" ") for line in mounts]
    except (OSError, ValueError):
        return False
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    return any(row[2] == device and row[row.index("-") + 1] == "bpf" for row in fields if "-" in row)


def refuse_loaded(texts: Iterable[object], command: str, why: str) -> None:
    """Refuse what is loaded, for a command that takes files.

    Raises:
        UsageError: One of *texts* names something that is loaded; says *why* it cannot be.
    """
    for text in texts:
        if isinstance(text, str) and parse_loaded(text) is not None:
            hint = f"bpftui {text} opens it; bpftui show, disasm and watch take it as well"
            raise UsageError(f"bpftui {command} takes a file, and {text} is what is loaded: {why}", hint=hint)
