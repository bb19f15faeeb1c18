"""Presets: values of an object's variables, kept under a name in `$XDG_STATE_HOME/bpftui/presets/`.

Each object has a file, `FILE-HASH.json` with schema `bpftui/presets/1`; the hash is over the byte order and over names
and types of the variables. So an object that was only compiled anew finds its presets again, and another one of the
same name does not take them away. What was kept for another version of the object is offered too, as long as they have
a variable in common: values are kept as typed values, and each is tried for itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ...core.btf import Text
from ...core.documents import parse_json
from ...core.errors import BpftuiError, UnknownNameError, UsageError, quoted, reason_of
from ...core.files import unreadable
from .places import DamagedError, read, set_aside, state_directory, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ...core.btf import Value
    from ...core.runtime import Collection
    from ...core.spec import CollectionSpec

__all__ = ["Preset", "Presets", "Restored", "current_values", "restore"]

SCHEMA: Final = "bpftui/presets/1"
_BYTES: Final = "$bytes"
"""The key that stands for bytes in JSON: no member of a C struct can have that name."""
_MAX_NAME: Final = 64
_MAX_BASE: Final = 160
"""Bytes of an object's name that are in its file's: that has at most 255, with a hash and what it has while written."""


class Preset(NamedTuple):
    """Values under a name."""

    name: str
    saved: str
    """When, in UTC: `2026-01-31 12:00`."""
    values: Mapping[str, Value]
    """By variable."""


class Restored(NamedTuple):
    """What became of a preset."""

    variables: tuple[str, ...]
    """Those that were set."""
    problems: tuple[str, ...]
    """A sentence for each that was not."""


class Presets:
    """The presets of one object.

    Args:
        spec: The object.
        directory: Where they are; without it the user's.
    """

    def __init__(self, spec: CollectionSpec, directory: Path | None = None) -> None:
        self._spec = spec
        self._directory = directory or state_directory() / "presets"
        self._base = spec.file.rsplit("/", 1)[-1] or "object"
        while len(os.fsencode(self._base)) > _MAX_BASE:
            self._base = self._base[:-1]
        self._own = self._directory / f"{self._base}-{_fingerprint(spec)}.json"

    def all(self) -> list[Preset]:
        """Return the presets that have a variable of this object, those of just this version first.

        Raises:
            UsageError: A file is damaged, no file, or too large; the message names it.
            NoPermissionError: A file may not be read.
        """
        found: dict[str, Preset] = {}
        for path in self._files():
            for preset in _read(path):
                if not self._spec.variables.keys().isdisjoint(preset.values):
                    found.setdefault(preset.name, preset)
        return list(found.values())

    def named(self, name: str) -> Preset:
        """Return a preset by its name.

        Raises:
            UnknownNameError: There is none of that name.
        """
        found = {preset.name: preset for preset in self.all()}
        if name not in found:
            raise UnknownNameError("preset", name, found, where=self._spec.file)
        return found[name]

    def mend(self) -> list[str]:
        """Put files that are damaged beside, so that presets can be kept again; return a sentence for each of them.

        Raises:
            UsageError: One is no file, too large, or cannot be moved.
            NoPermissionError: A file may not be read.
        """
        said: list[str] = []
        for path in self._files():
            try:
                _read(path)
            except DamagedError:
                try:
                    beside = set_aside(path)
                except OSError as error:
                    raise UsageError(f"{path}: it is damaged and cannot be moved: {reason_of(error)}") from None
                said.append(f"{path} was damaged: it is {beside.name} now, and presets begin anew")
        return said

    def save(self, name: str, values: Mapping[str, Value]) -> Preset:
        """Keep *values* under a name; what had that name is replaced.

        Raises:
            UsageError: It is no name, there is nothing to keep, or the directory cannot be written to.
        """
        name = name.strip()
        if not name or not name.isprintable() or len(name) > _MAX_NAME:
            raise UsageError(f"{name!r} is no name for a preset", hint=f"1 to {_MAX_NAME} printable characters")
        if not values:
            raise UsageError("there is nothing to keep: every variable is as in the file", hint="set one first")
        preset = Preset(name, time.strftime("%Y-%m-%d %H:%M", time.gmtime()), dict(values))
        self._write(self._own, [preset, *(each for each in _read(self._own) if each.name != name)])
        return preset

    def delete(self, name: str) -> None:
        """Forget a preset, in whatever version's file it is; errors as for `save`."""
        for path in self._files():
            kept = _read(path)
            if any(each.name == name for each in kept):
                self._write(path, [each for each in kept if each.name != name])

    def _files(self) -> list[Path]:
        """Return the files of this object and of its other versions, the newest of those first."""
        try:
            others = [path for path in self._directory.iterdir() if self._is_version(path)]
            others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        except OSError:
            others = []
        return [self._own, *others]

    def _is_version(self, path: Path) -> bool:
        begins = path.name.startswith(f"{self._base}-") and path.name.endswith(".json")
        return begins and len(path.name) == len(self._own.name) and path != self._own

    def _write(self, path: Path, presets: Iterable[Preset]) -> None:
        document = {
            "schema": SCHEMA,
            "file": self._spec.file,
            "presets": {
                each.name: {
                    "saved": each.saved,
                    "variables": {name: _to_json(value) for name, value in each.values.items()},
                }
                for each in presets
            },
        }
        try:
            write(path, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise UsageError(f"{path}: the preset cannot be kept: {reason_of(error)}") from None


def current_values(
    spec: CollectionSpec, collection: Collection | None = None, edited: Iterable[str] = ()
) -> dict[str, Value]:
    """Return what a preset keeps: what was set, be it before the load, or since (*edited*) in *collection*.

    What a running program itself has changed is none of it.
    """
    values = {variable.name: variable.get() for variable in spec.variables.values() if variable.changed}
    if collection is not None:
        values |= {name: collection.variables[name].get() for name in edited if name in collection.variables}
    return values


def restore(spec: CollectionSpec, preset: Preset, collection: Collection | None = None) -> Restored:
    """Set what a preset has: in *collection* if there is one, else in *spec*, where the others become as in the file.

    Each value is tried for itself: what does not fit any more is reported, and the rest is set.
    """
    if collection is None:
        for variable in spec.variables.values():
            variable.reset()
    done: list[str] = []
    problems: list[str] = []
    for name, value in preset.values.items():
        if name not in spec.variables:
            problems.append(f"{name}: this object has no such variable")
            continue
        live = collection.variables.get(name) if collection is not None else None
        try:
            if live is None:
                spec.variables[name].set(value)
            elif live.get() != value:  # a constant that has the value already needs no setting
                live.set(value)
        except BpftuiError as error:
            problems.append(error.message if name in error.message else f"{name}: {error.message}")
        else:
            done.append(name)
    return Restored(tuple(done), tuple(problems))


def _fingerprint(spec: CollectionSpec) -> str:
    """Return what tells versions of an object apart as far as presets go."""
    parts = [spec.byte_order]
    for variable in sorted(spec.variables.values(), key=lambda variable: variable.name):
        parts.append(f"{variable.name} {variable.type.c_text if variable.type is not None else variable.size}")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _read(path: Path) -> list[Preset]:
    try:
        document: Any = parse_json(read(path))
        return [
            Preset(name, str(each["saved"]), {key: _from_json(value) for key, value in each["variables"].items()})
            for name, each in document["presets"].items()
        ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError as error:
        raise unreadable(path, error) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(path, "presets", error) from None


def _to_json(value: Value) -> Any:
    match value:
        case bytes():
            return {_BYTES: value.hex()}
        case Text() if not value.is_whole:
            return {_BYTES: value.raw.hex()}
        case list():
            return [_to_json(each) for each in value]
        case dict():
            return {name: _to_json(each) for name, each in value.items()}
        case _:
            return value


def _from_json(value: Any) -> Value:
    match value:
        case {"$bytes": str(digits)} if len(cast("dict[str, Any]", value)) == 1:
            return bytes.fromhex(digits)
        case list():
            return [_from_json(each) for each in cast("list[Any]", value)]
        case dict():
            return {name: _from_json(each) for name, each in cast("dict[str, Any]", value).items()}
        case bool() | int() | float() | str():
            return value
        case _:
            raise ValueError(f"{quoted(value)} is no value")
