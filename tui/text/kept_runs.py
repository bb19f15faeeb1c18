"""KeptRuns: what was run of a loaded collection and what there was before, to be written as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...core.errors import UsageError
from ...core.testing.given import Given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...core.runtime import Collection

__all__ = ["KeptRuns"]

_MOST_ENTRIES: Final = 100
"""Entries of a map that a test puts there before its first run."""


class _Kept(NamedTuple):
    program: str
    given: Given
    repeat: int


class KeptRuns:
    """The runs of a collection's programs, since this was made.

    Args:
        collection: What is loaded. It is read now: what its variables and maps hold is where a test of it begins.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._kept: list[_Kept] = []
        self._values = {name: each.get() for name, each in collection.variables.items()}
        self._contents: dict[str, list[tuple[bytes, bytes]]] = {}
        self._too_many: list[str] = []
        for name, each in collection.maps.items():
            spec = each.spec
            if spec.is_data or spec.type.per_cpu or spec.type.holds_objects or not spec.key_size or each.fixed:
                continue
            entries = [(entry.key, entry.values[0]) for entry in each.snapshot(_MOST_ENTRIES + 1).entries]
            entries = [(key, value) for key, value in entries if not spec.type.is_array or any(value)]
            if len(entries) > _MOST_ENTRIES:
                self._too_many.append(name)
            elif entries:
                self._contents[name] = entries

    def add(self, program: str, packet: bytes, context: Mapping[str, str] | None, repeat: int) -> None:
        """Keep a run, as it was asked for."""
        self._kept.append(_Kept(program, Given(packet or None, context), repeat))

    def test(self, program: str, path: str) -> str:
        """Return a test of the runs of a program, on the built-in machine.

        Raises:
            UsageError: There are none, or they cannot be said in a test.
            BpftuiError: The machine cannot load the object.
        """
        from ...core.spec import CollectionSpec
        from .saved_test import runs_test

        if others := {each.program for each in self._kept} - {program}:
            raise UsageError(f"{', '.join(sorted(others))} ran here too, and a test is of one program")
        if any(each.repeat > 1 for each in self._kept):
            raise UsageError("a test runs a program once for each packet, and one of these runs was repeated")
        if self._too_many:
            raise UsageError(f"{', '.join(self._too_many)} held more than {_MOST_ENTRIES} entries: too many for a test")
        spec = CollectionSpec.from_file(self._collection.spec.file)
        usual: dict[str, Any] = {name: each.get() for name, each in spec.variables.items()}
        values = {name: each for name, each in self._values.items() if name in usual and usual[name] != each}
        return runs_test(spec, program, [each.given for each in self._kept], path, values, self._contents)
