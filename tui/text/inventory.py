"""What an inventory of the machine says, in the words of a cell: where something runs, and what keeps it alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .format import byte_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.system import Attachment, Owner, Snapshot

__all__ = ["attached_to", "bytes_of", "few", "held", "name_of"]

_SHOWN: Final = 2
"""Owners, places and the like that are named in a cell; how many more there are is said."""


def attached_to(attachments: Sequence[Attachment]) -> str:
    """Return where a program runs, as a cell: `xdp eth1`."""
    return few([f"{each.hook} {each.target}".strip() for each in attachments])


def held(owners: Sequence[Owner] | None, pinned: Sequence[str], others: Sequence[str]) -> str:
    """Return what keeps an object alive, as a cell; `?` where its owners may not be known."""
    if owners is None and not pinned and not others:
        return "?"
    return few([*(f"{each.comm} {each.pid}" for each in owners or ()), *pinned, *others])


def few(texts: Sequence[str]) -> str:
    """Return the first of several names, and how many more there are."""
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" +{more}" if more > 0 else "")


def bytes_of(count: int | None) -> str:
    """Return a size; `?` where it is not known."""
    return "?" if count is None else byte_size(count)


def name_of(snapshot: Snapshot, number: int) -> str:
    """Return a program's id with its name, where it has one: `42 count_traffic`."""
    found = snapshot.programs.get(number)
    return f"{number} {found.name}".rstrip() if found is not None else str(number or "")
