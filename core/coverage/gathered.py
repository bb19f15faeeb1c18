"""Gathered: the counts of all runs of some programs, to which those of other tests and processes can be added."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, cast

from ..analysis.constants import Living, living
from ..documents import parse_json
from ..errors import ObjectError
from ..files import unreadable, write_whole

if TYPE_CHECKING:
    from ..runtime import Counts
    from ..spec import CollectionSpec, ProgramSpec

__all__ = ["SCHEMA", "Gathered", "ProgramCounts"]

SCHEMA: Final = "bpftui/coverage/1"
"""What a data file says that it is."""
_MOST: Final = 1 << 64
"""What a count of a data file is less than: sums of them stay numbers that can be written."""


@dataclass
class ProgramCounts:
    """What the runs of one program came to."""

    digest: str
    """SHA-256 of its linked code, in hexadecimal: counts of other code say nothing of it."""
    runs: list[int]
    """By slot."""
    outcomes: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """By the slot of a conditional jump: how often it went on, and how often it jumped."""
    dead: set[int] | None = None
    """The slots to which no run could come, whatever it was given: with each of the constants that there were."""
    decided: dict[int, bool] | None = None
    """The jumps that always went the same way with each of them: whether they jump."""

    @classmethod
    def of(cls, program: ProgramSpec, counts: Counts, left: Living) -> Self:
        """Return what runs of a program came to, with constants that have *left* this of it."""
        return cls(
            _digest(program),
            list(counts.runs),
            {slot: [*pair] for slot, pair in counts.outcomes.items()},
            set(range(program.insns)) - left.slots,
            left.decided,
        )

    def add(self, other: ProgramCounts) -> None:
        """Add what other runs of the same code came to."""
        self.runs = [mine + theirs for mine, theirs in zip(self.runs, other.runs, strict=True)]
        for slot, (on, jumped) in other.outcomes.items():
            pair = self.outcomes.setdefault(slot, [0, 0])
            pair[0] += on
            pair[1] += jumped
        if self.dead is None or self.decided is None:
            self.dead, self.decided = other.dead, other.decided
        elif other.dead is not None and other.decided is not None:
            # One of a jump that is dead with other constants is decided with these.
            self.decided = {
                slot: self.decided.get(slot, other.decided.get(slot, False))
                for slot in self.decided.keys() | other.decided.keys()
                if (slot in self.decided or slot in self.dead)
                and (slot in other.decided or slot in other.dead)
                and self.decided.get(slot, other.decided.get(slot)) == other.decided.get(slot, self.decided.get(slot))
            }
            self.dead = self.dead & other.dead


class Gathered:
    """What runs came to, by object and program.

    Args:
        programs: By the object's path and the program's name.
    """

    def __init__(self, programs: dict[tuple[str, str], ProgramCounts] | None = None) -> None:
        self.programs = programs or {}

    def __repr__(self) -> str:
        return f"<Gathered {len(self.programs)} programs>"

    def add(self, program: ProgramSpec, spec: CollectionSpec, counts: Counts) -> None:
        """Add what runs of a program of *spec*, with its constants as they were then, came to."""
        found = ProgramCounts.of(program, counts, living(program, spec))
        self._take(os.path.abspath(spec.file), program.name, found)

    def merge(self, other: Gathered) -> None:
        """Add what another one has gathered; of code that has changed since, the other's is kept."""
        for (file, name), counts in other.programs.items():
            self._take(file, name, counts)

    def _take(self, file: str, name: str, counts: ProgramCounts) -> None:
        before = self.programs.get((file, name))
        if before is None or before.digest != counts.digest or len(before.runs) != len(counts.runs):
            self.programs[file, name] = counts
        else:
            before.add(counts)

    def of(self, program: ProgramSpec, file: str) -> ProgramCounts | None:
        """Return what runs of a program of an object's file came to; None where none ran of this code."""
        found = self.programs.get((os.path.abspath(file), program.name))
        if found is None or found.digest != _digest(program) or len(found.runs) != program.insns:
            return None
        return found

    @property
    def files(self) -> list[str]:
        """The paths of the objects, each once."""
        return list(dict.fromkeys(file for file, _ in self.programs))

    def document(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        programs = [
            {
                "file": file,
                "program": name,
                "digest": each.digest,
                "runs": each.runs,
                "outcomes": [[slot, *pair] for slot, pair in sorted(each.outcomes.items())],
                "dead": None if each.dead is None else sorted(each.dead),
                "decided": None if each.decided is None else sorted([slot, way] for slot, way in each.decided.items()),
            }
            for (file, name), each in self.programs.items()
        ]
        return {"schema": SCHEMA, "programs": programs}

    @classmethod
    def from_document(cls, document: object, file: str) -> Self:
        """Read a JSON document; *file* is what errors call it.

        Raises:
            ObjectError: It is none of these, or damaged.
        """
        try:
            read = cast("dict[str, Any]", document)
            if read["schema"] != SCHEMA:
                raise ValueError
            return cls({(_text(each["file"]), _text(each["program"])): _counts(each) for each in read["programs"]})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ObjectError("this is no coverage data that is known here", file=file) from None

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write it to a data file, as a whole or not at all; OSError where that is not possible."""
        write_whole(path, [json.dumps(self.document(), separators=(",", ":")), "\n"])

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a data file.

        Raises:
            ObjectError: It is none, or cannot be read.
        """
        name = os.fspath(path)
        try:
            with open(path, "rb") as file:
                document = parse_json(file.read())
        except OSError as error:
            raise unreadable(name, error) from error
        except ValueError:
            document = None
        return cls.from_document(document, name)


def _counts(each: dict[str, Any]) -> ProgramCounts:
    """Return the counts that a document holds; ValueError, KeyError or TypeError where it holds none."""
    dead, decided = each["dead"], each["decided"]
    return ProgramCounts(
        _text(each["digest"]),
        [_number(count) for count in each["runs"]],
        {_number(slot): [_number(on), _number(jumped)] for slot, on, jumped in each["outcomes"]},
        None if dead is None else {_number(slot) for slot in dead},
        None if decided is None else {_number(slot): _truth(way) for slot, way in decided},
    )


def _number(value: object) -> int:
    """Return a count or a slot; ValueError for what is none (a truth value is not, nor is 1.0)."""
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _text(value: object) -> str:
    """Return a text; ValueError for what is none, or could be no path."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode("utf-8", "surrogateescape")
    return value


def _digest(program: ProgramSpec) -> str:
    return hashlib.sha256(program.code).hexdigest()
