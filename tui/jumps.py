"""JumpList: where the user has been in the code, as vim's jump list."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CodePlace", "JumpList"]

_MAX_PLACES = 100


class CodePlace(NamedTuple):
    """An instruction of a program."""

    program: str
    slot: int


class JumpList:
    """Places that jumps were made from. Going back remembers where one was, so that forward leads there again."""

    def __init__(self) -> None:
        self._places: list[CodePlace] = []
        self._at = 0

    def push(self, here: CodePlace) -> None:
        """Remember *here* before a jump; what lay ahead is forgotten."""
        del self._places[self._at :]
        if not self._places or self._places[-1] != here:
            self._places.append(here)
        del self._places[:-_MAX_PLACES]
        self._at = len(self._places)

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place before."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a place ahead."""
        return self._at + 1 < len(self._places)

    def back(self, here: CodePlace | None) -> CodePlace | None:
        """Return the place before; *here* is None where the user is not in the code."""
        if not self.can_go_back:
            return None
        if self._at == len(self._places) and here is not None:
            self._places.append(here)
        self._at -= 1
        return self._places[self._at]

    def forward(self) -> CodePlace | None:
        """Return the place that the last step back left."""
        if not self.can_go_forward:
            return None
        self._at += 1
        return self._places[self._at]
