"""Command: something to choose in the palette, and how well it is what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__ = ["Command", "match", "ranked"]


class Command(NamedTuple):
    """Something to choose."""

    title: str
    detail: str
    """What stands behind the title: a key, a type."""
    call: Callable[[], Any]
    """What does it; it may return something to wait for."""


def ranked(offered: Sequence[Command], query: str) -> list[Command]:
    """Return the commands that a query matches, the best first: see `match`."""
    found = [(rank, at, each) for at, each in enumerate(offered) if (rank := match(each.title, query)) is not None]
    return [each for _, _, each in sorted(found, key=lambda item: item[:2])]


def match(title: str, query: str) -> tuple[int, int] | None:
    """Return how well a title matches what was typed, the least being the best; None where it does not.

    Best is what the title ends with, as names do; then what a word begins with, then what is anywhere in it, then its
    letters in this order. Case plays no part. Among equals, the shorter title is better.
    """
    text, wanted = title.lower(), query.lower()
    if text.endswith(f" {wanted}") or text == wanted:
        return 0, len(text)
    if f" {text}".find(f" {wanted}") >= 0:
        return 1, len(text)
    if wanted in text:
        return 2, len(text)
    letters = iter(text)
    return (3, len(text)) if all(letter in letters for letter in wanted if letter != " ") else None
