"""The units that were chosen for numbers of objects: `$XDG_STATE_HOME/bpftui/units.json`, by the objects' names."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.btf.units import Unit
from ...core.documents import parse_json
from ...core.errors import UsageError
from .places import read, state_directory, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["keep_units", "kept_units"]

SCHEMA: Final = "bpftui/units/1"
_MOST: Final = 100
"""Objects of which they are kept: those for which one was chosen last."""


def kept_units(file: str, path: Path | None = None) -> dict[str, Unit]:
    """Return the units that were chosen for numbers of an object, by what these are called; nothing where none were."""
    found: dict[str, Unit] = {}
    for number, unit in _all(path).get(os.path.basename(file), {}).items():
        with suppress(ValueError):
            found[number] = Unit(unit)
    return found


def keep_units(file: str, units: Mapping[str, Unit], path: Path | None = None) -> None:
    """Keep the units that were chosen for an object; where nothing can be kept, nothing is."""
    name = os.path.basename(file)
    others = {each: kept for each, kept in _all(path).items() if each != name}
    kept = {name: {number: unit.value for number, unit in units.items()}} if units else {}
    document = {"schema": SCHEMA, "objects": dict([*kept.items(), *others.items()][:_MOST])}
    with suppress(OSError):
        write(path or _file(), json.dumps(document, indent=2) + "\n")


def _all(path: Path | None) -> dict[str, dict[str, str]]:
    try:
        document: Any = parse_json(read(path or _file()))
        objects = cast("dict[str, object]", document["objects"])
        return {
            name: {number: unit for number, unit in cast("dict[str, object]", units).items() if isinstance(unit, str)}
            for name, units in objects.items()
            if isinstance(units, dict)
        }
    except (OSError, UsageError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # conveniences: what is damaged is begun anew


def _file() -> Path:
    return state_directory() / "units.json"
