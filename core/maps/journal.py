"""Journal: edits of maps' entries, which can be taken back and made again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..history import History
from .typed import EXIST, NOEXIST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..runtime import Entry, Map

__all__ = ["Edit", "Journal", "Window"]

_REMEMBERED: Final = 1000
"""Edits; older ones can no longer be taken back."""

Window = tuple[int, int]
"""Where in a value something is: offset and size, in bytes."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What was done to one entry."""

    map: Map
    key: bytes
    before: Entry | None
    """The entry as it was; None for one that was added."""
    after: Entry | None
    """The entry as it was made; None for one that was removed."""
    windows: tuple[Window, ...]
    """What of the value was set; nothing where the entry was added or removed as a whole."""
    text: str
    """What was done: `sources[192.0.2.9].packets = 1000`."""


class Journal:
    """Edits the entries of maps, and remembers how they were.

    A value is read, changed where it is to be changed, and written back as a whole, for bpf(2) knows nothing smaller:
    what a program writes to the same entry within these microseconds is lost. Taking an edit back touches only what
    that edit has set; what programs changed besides stays.
    """

    def __init__(self) -> None:
        self._history = History[Edit](_REMEMBERED)

    @property
    def last(self) -> Edit | None:
        """What `undo` would take back."""
        return self._history.last

    @property
    def undone(self) -> Edit | None:
        """What `redo` would make again."""
        return self._history.undone

    def set(self, map: Map, key: bytes, values: Sequence[bytes], windows: Sequence[Window], text: str) -> Edit:  # noqa: A002
        """Set *windows* of the value at *key* to what *values* have there.

        Args:
            map: The map.
            key: The entry's key, in bytes.
            values: One whole value; for a per-CPU map one for each possible CPU.
            windows: What of it is set.
            text: What this does, for whoever takes it back.

        Raises:
            UsageError: There is no such entry any more, or the map cannot be changed.
            LoadError, NoPermissionError: The runtime said no.
        """
        _check(map)
        before = _read(map, key)
        after = _patched(before, values, windows)
        _write(map, key, after.values, EXIST)
        return self._did(Edit(map, key, before, after, tuple(windows), text))

    def add(self, map: Map, key: bytes, values: Sequence[bytes], text: str) -> Edit:  # noqa: A002
        """Add an entry.

        Raises:
            UsageError: There is one with this key already, or the map cannot be changed.
            LoadError, NoPermissionError: The runtime said no: the map is full.
        """
        _check(map)
        _write(map, key, values, NOEXIST)
        after = map.entry(key)
        return self._did(Edit(map, key, None, after, (), text))

    def remove(self, map: Map, key: bytes, text: str) -> Edit:  # noqa: A002
        """Remove an entry.

        Raises:
            UsageError: There is none with this key any more, or the map cannot be changed: an array is never shorter.
            LoadError, NoPermissionError: The runtime said no.
        """
        _check(map)
        before = _read(map, key)
        _delete(map, key)
        return self._did(Edit(map, key, before, None, (), text))

    def undo(self) -> Edit:
        """Take the last edit back, and return it.

        Raises:
            UsageError: There is none; or the entry is gone, or there again: the edit is forgotten then.
            LoadError, NoPermissionError: The runtime said no; it can be tried again.
        """
        edit = self._history.last
        if edit is None:
            raise UsageError("there is no edit to take back")
        try:
            _apply(edit, edit.before, edit.after)
        except UsageError:
            self._history.drop()
            raise
        return self._history.undo()

    def redo(self) -> Edit:
        """Make the last edit again that was taken back, and return it; errors as for `undo`."""
        edit = self._history.undone
        if edit is None:
            raise UsageError("there is no edit to make again")
        try:
            _apply(edit, edit.after, edit.before)
        except UsageError:
            self._history.drop_undone()
            raise
        return self._history.redo()

    def carried_to(self, maps: Mapping[str, Map]) -> Journal:
        """Return one with the edits of maps that another version has been handed, *maps* by name, and no others."""
        other = Journal()
        other._history = self._history.carried(
            lambda edit: replace(edit, map=maps[edit.map.name]) if edit.map.name in maps else None
        )
        return other

    def _did(self, edit: Edit) -> Edit:
        self._history.did(edit)
        return edit


def _apply(edit: Edit, wanted: Entry | None, found: Entry | None) -> None:
    """Make an entry what it was on the other side of an edit."""
    if wanted is None:
        _delete(edit.map, edit.key)
    elif found is None:
        if edit.map.entry(edit.key) is not None:  # the program has made it anew since
            raise UsageError(f"map {edit.map.name} has this entry again since: {edit.text}")
        _write(edit.map, edit.key, wanted.values, NOEXIST)
    else:
        now = _read(edit.map, edit.key)
        _write(edit.map, edit.key, _patched(now, wanted.values, edit.windows).values, EXIST)


def _check(map: Map) -> None:  # noqa: A002
    if map.fixed:
        raise UsageError(f"map {map.name} cannot be changed: {map.fixed}")


def _read(map: Map, key: bytes) -> Entry:  # noqa: A002
    found = map.entry(key)
    if found is None:
        raise _gone(map)
    return found


def _gone(map: Map) -> UsageError:  # noqa: A002
    return UsageError(f"map {map.name} has this entry no longer")


def _write(map: Map, key: bytes, values: Sequence[bytes], flags: int) -> None:  # noqa: A002
    try:
        map.update(key, list(values) if map.type.per_cpu else values[0], flags)
    except KeyError:
        raise _gone(map) from None


def _delete(map: Map, key: bytes) -> None:  # noqa: A002
    try:
        map.delete(key)
    except KeyError:
        raise _gone(map) from None


def _patched(entry: Entry, values: Sequence[bytes], windows: Sequence[Window]) -> Entry:
    """Return an entry with parts of other values."""
    changed = [bytearray(value) for value in entry.values]
    for offset, size in windows:
        for into, value in zip(changed, values, strict=True):
            into[offset : offset + size] = value[offset : offset + size]
    return entry._replace(values=tuple(bytes(value) for value in changed))
