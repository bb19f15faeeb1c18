"""KeptRuns: what was run of a loaded collection and what there was before, to be written as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import UsageError
from .given import Given

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..runtime import Collection

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
        self._left_out: list[str] = []
        """Maps that held something which a test does not put there."""
        for name, each in collection.maps.items():
            spec = each.spec
            if spec.is_data:
                continue
            snapshot = each.snapshot(_MOST_ENTRIES + 1)
            entries = [entry for entry in snapshot.entries if not spec.type.is_array or any(map(any, entry.values))]
            if spec.type.per_cpu or spec.type.holds_objects or not spec.key_size or each.fixed:
                # What an object puts into a map of maps or programs is there without a test's doing as well.
                if (entries and not spec.contents) or snapshot.upcoming is not None:
                    self._left_out.append(name)
            elif len(entries) > _MOST_ENTRIES:
                self._too_many.append(name)
            elif entries:
                self._contents[name] = [(entry.key, entry.values[0]) for entry in entries]

    def add(self, program: str, packet: bytes, context: Mapping[str, str] | None, repeat: int) -> None:
        """Keep a run that came to its end, as it was asked for."""
        self._kept.append(_Kept(program, Given(packet or None, context), repeat))

    @property
    def remark(self) -> str:
        """What is to be known of a test of them; mostly nothing."""
        return f"it begins without what {', '.join(self._left_out)} held" if self._left_out else ""

    def test(self, program: str, path: str) -> str:
        """Return a test of the runs of a program, on the built-in machine.

        Raises:
            UsageError: There are none, they cannot be said in a test, or the object's file is another one by now.
            ObjectError, NoPermissionError: The file cannot be read.
            BpftuiError: The machine cannot load the object.
        """
        from ..spec import CollectionSpec
        from ..spec.container import read_source
        from ..spec.edits import Edits
        from .saved import runs_test, unsaid

        if not self._kept:
            raise UsageError("nothing has come to its end here yet")
        if others := {each.program for each in self._kept} - {program}:
            raise UsageError(f"{', '.join(sorted(others))} ran here too, and a test is of one program")
        if any(each.repeat > 1 for each in self._kept):
            raise UsageError("a test runs a program once for each packet, and one of these runs was repeated")
        if self._too_many:
            raise UsageError(f"{', '.join(self._too_many)} held more than {_MOST_ENTRIES} entries: too many for a test")
        loaded = self._collection.spec
        raw = read_source(loaded.file)
        if loaded.raw is not None and raw != loaded.raw:
            raise UsageError(f"{loaded.file} was changed since it was loaded: a test would be of another object")
        spec = CollectionSpec.from_bytes(raw, file=loaded.file)
        if found := [what for what, is_so in unsaid(Edits.of(loaded, spec)).items() if is_so]:
            raise UsageError(f"what was loaded has what a test does not say: {', '.join(found)}")
        usual: dict[str, Any] = {name: each.get() for name, each in spec.variables.items()}
        values = {name: each for name, each in self._values.items() if name in usual and usual[name] != each}
        return runs_test(spec, program, [each.given for each in self._kept], path, values, self._contents)
