"""What the overview says first of something that is not as it was in the version before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...core.diff import Change
from ..nodes import NodeKind
from .page import Page, Part
from .signs import change_sign

if TYPE_CHECKING:
    from ..changes import Changes
    from ..nodes import Node

__all__ = ["add_changes"]

_MOST: Final = 8
"""Facts and sentences that are told."""


def add_changes(page: Page, changes: Changes, node: Node) -> None:
    """Say on the page of *node*, before all else, in what it differs from what it was; nothing where it does not."""
    change = changes.nodes.get(node)
    gone = changes.gone if node.kind is NodeKind.COLLECTION else ()
    if change is None and not gone:
        return
    told = Page("", "")
    if change is Change.ADDED:
        told.add(Part(f"{change_sign(change)} new in this version", "good"))
    elif change is not None:
        told.add(Part(f"{change_sign(change)} not as in the version before", "warning"))
    for text in changes.breaks(node)[:_MOST]:
        told.add(Part("    "), Part("✗ breaks: ", "bad"), Part(text), hang=4)
    for fact in changes.facts(node)[:_MOST]:
        told.add(Part("    "), Part(f"{fact.what}: ", "muted"), Part(f"{fact.old or '–'} → {fact.new or '–'}"), hang=4)
    for each in gone[:_MOST]:
        told.add(Part(f"{change_sign(Change.REMOVED)} {each} is gone", "warning"), hang=2)
    if len(gone) > _MOST:
        told.note(f"  and {len(gone) - _MOST:,} more")
    told.note("")
    page.lines[:0] = told.lines
