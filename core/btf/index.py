"""Where each type of a BTF blob begins, the one pass over a blob that cannot be spared, and their order by names."""

from __future__ import annotations

import array
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from .types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["TAIL", "Index", "find_places", "in_order_of_names", "name_offsets"]

TAIL: Final[dict[int, tuple[int, int]]] = {
    Kind.INT: (1, 0),
    Kind.PTR: (0, 0),
    Kind.ARRAY: (3, 0),
    Kind.STRUCT: (0, 3),
    Kind.UNION: (0, 3),
    Kind.ENUM: (0, 2),
    Kind.FWD: (0, 0),
    Kind.TYPEDEF: (0, 0),
    Kind.VOLATILE: (0, 0),
    Kind.CONST: (0, 0),
    Kind.RESTRICT: (0, 0),
    Kind.FUNC: (0, 0),
    Kind.FUNC_PROTO: (0, 2),
    Kind.VAR: (1, 0),
    Kind.DATASEC: (0, 3),
    Kind.FLOAT: (0, 0),
    Kind.DECL_TAG: (1, 0),
    Kind.TYPE_TAG: (0, 0),
    Kind.ENUM64: (0, 3),
}
"""32-bit words after the common three (name_off, info, size or type), per kind: how many, and how many per vlen."""


@dataclass(frozen=True, slots=True)
class Index:
    """All that a look-up needs: as arrays, so that it can be kept in a file."""

    places: Sequence[int]
    """The first word of each type, counted in 32-bit words from the start of the type section, in ascending order."""
    by_name: Sequence[int]
    """The types in the order of their names, those of one name as they are listed: each by its number, from 0."""


class _Steps(dict[int, int]):
    """How many words a type takes, by its info word: a handful of different ones cover nearly all types."""

    def __missing__(self, info: int) -> int:
        """Compute it; KeyError for an unknown kind."""
        tail = TAIL[info >> 24 & 0x1F]
        step = self[info] = 3 + tail[0] + tail[1] * (info & 0xFFFF)
        return step


def find_places(words: Sequence[int]) -> tuple[array.array[int], int]:
    """Return the first word of each type, and the word that the search ended at: the end, or what is damaged."""
    places: list[int] = []
    append = places.append
    steps, infos, at = _Steps(), words[1:], 0
    try:
        # 126,000 times for a kernel: the end is found by running into it, which costs a third less than looking out.
        while True:
            append(at)
            at += steps[infos[at]]
    except (IndexError, KeyError):
        places.pop()
    if places and places[-1] + 3 > len(words):
        at = places.pop()
    return array.array("I", places), at


def name_offsets(words: Sequence[int], places: Sequence[int]) -> bytes:
    """Return where each type's name is in the string table: 32 bits each in this machine's byte order, so that
    `bytes.find` searches them."""
    if len(places) < 2:
        return array.array("I", [words[at] for at in places]).tobytes()
    return array.array("I", itemgetter(*places)(words)).tobytes()


def in_order_of_names(words: Sequence[int], places: Sequence[int], text: Callable[[int], bytes]) -> array.array[int]:
    """Return `Index.by_name`; *text* returns the string at an offset of the string table."""
    names = [text(words[at]) for at in places]
    return array.array("I", sorted(range(len(names)), key=names.__getitem__))
