"""What takes a look into one program and its maps: what it returns, and how full they are."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NamedTuple

from ..analysis.outline import Outline
from ..analysis.xrefs import Uses
from ..errors import BpftuiError
from ..kernel import Map
from ..maps.shape import why_unreadable
from .loaded import Loaded, loaded_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["NOT_EXAMINED", "Examined", "Filled", "examine"]

_PATIENCE: Final = 0.05
"""Seconds for which the entries of one map are counted."""


class Filled(NamedTuple):
    """How full a map is."""

    entries: int
    most: int
    """The entries that it may have."""
    is_all: bool
    """Whether all were counted, or there are more."""

    def __str__(self) -> str:
        share = 100 * self.entries / self.most if self.most else 0.0
        text = f"{share:.0f}" if share >= 1 or not self.entries else "under 1"
        return f"{'' if self.is_all else '≥ '}{text} % full"


class Examined(NamedTuple):
    """What was found out."""

    returns: tuple[str, ...] | None
    """What the program returns, by the names that its type has for it; `?` stands for what is no constant. None where
    its code could not be read."""
    filled: Mapping[int, Filled]
    """How full maps are, by their ids: those whose entries come and go, and can be listed."""


NOT_EXAMINED: Final = Examined(None, {})
"""What is known of a program that could not be looked into."""


def examine(program: int, maps: Iterable[int]) -> Examined:
    """Look into a loaded program and maps, by their ids; it changes nothing."""
    try:
        returns = _returned_by(program)
    except BpftuiError:
        returns = None
    return Examined(returns, _filled(maps))


@functools.lru_cache(maxsize=1000)
def _returned_by(program: int) -> tuple[str, ...]:
    """Return what a loaded program returns; its id means the same one for good."""
    spec = loaded_spec(Loaded([program]), f"id:{program}")
    outline = Outline(Uses(spec), next(iter(spec.programs)))
    found = [code.name or str(code.value) for code in outline.returns if code.value is not None]
    found += [f"what {code.name} returns" if code.name else "?" for code in outline.returns if code.value is None]
    return tuple(dict.fromkeys(found + ["what its tail calls return"] * bool(outline.tail_calls)))


def _filled(maps: Iterable[int]) -> dict[int, Filled]:
    found: dict[int, Filled] = {}
    for number in maps:
        try:
            with Map.from_id(number, read_only=True) as map_:
                spec = map_.spec
                if spec.type.is_array or spec.type.is_indexed or why_unreadable(spec.type) is not None:
                    continue
                count, is_all = map_.count(_PATIENCE)
                found[number] = Filled(count, spec.max_entries, is_all)
        except BpftuiError:
            continue  # it is gone, or not to be read: nothing is said of it
    return found
