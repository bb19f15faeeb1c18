"""What users type for something that is loaded: `id:42`, `map:7`, `link:3`, `btf:1`, `name:count_*`, a pin's path.

And for what is no object, but a place of the machine where programs run, or a process that has some: `net:eth1`,
`cgroup:/system.slice`, `proc:812`.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from .errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LoadedName", "no_object", "parse_loaded", "refuse_loaded"]

_MOUNTS: Final = "/proc/thread-self/mountinfo"
_FORM: Final = re.compile(r"(id|prog|map|link|btf|name|pin|net|cgroup|proc):(.+)", re.DOTALL)
_KINDS: Final[dict[str, Literal["program", "map", "link", "BTF"]]] = {
    "id": "program",
    "prog": "program",
    "map": "map",
    "link": "link",
    "btf": "BTF",
}
_PLACES: Final = ("net", "cgroup", "proc")


class LoadedName(NamedTuple):
    """Something loaded, as it was named."""

    kind: Literal["program", "map", "link", "BTF", "name", "pin", "place"]
    text: str
    """The pattern of a name, or the path; of a place, what it is called."""
    id: int = 0
    """Of a program, map, link or types."""
    noun: str = ""
    """Of a place: the list that it is in, `net`, `cgroup` or `proc`."""


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
    if form in _PLACES:
        return LoadedName("place", rest, noun=form)
    if form in ("name", "pin"):
        return LoadedName("name" if form == "name" else "pin", rest)
    if not re.fullmatch("[0-9]{1,10}", rest) or int(rest) >> 32:
        raise UsageError(f"{text}: {rest!r} is no id", hint="bpftui list shows those that there are")
    return LoadedName(_KINDS[form], rest, int(rest))


def no_object(name: LoadedName) -> UsageError:
    """Return what is said of a place where an object is wanted."""
    hint = f"bpftui {name.noun}:{name.text} shows it among what runs here, bpftui list {name.noun} all that there are"
    return UsageError(f"{name.noun}:{name.text} is where programs run, and no object", hint=hint)


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
        name = parse_loaded(text) if isinstance(text, str) else None
        if name is not None:
            hint = f"bpftui {text} opens it; bpftui show, disasm and watch take it as well"
            if name.kind == "place":
                raise no_object(name)
            raise UsageError(f"bpftui {command} takes a file, and {text} is what is loaded: {why}", hint=hint)
