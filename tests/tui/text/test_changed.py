"""What stands first on the page of something that is not as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from bpftui.core.diff import Change, Fact
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.text.changed import add_changes
from bpftui.tui.text.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpftui.tui.changes import Changes

PROGRAM = Node(NodeKind.PROGRAM, "count")
OBJECT = Node(NodeKind.COLLECTION)


def page(
    node: Node,
    nodes: dict[Node, Change],
    facts: Sequence[Fact] = (),
    breaks: Sequence[str] = (),
    gone: Sequence[str] = (),
) -> list[str]:
    """Return the lines of a page of one line, with what changed of the node above it."""
    changes = SimpleNamespace(nodes=nodes, facts=lambda _: facts, breaks=lambda _: breaks, gone=gone)
    found = Page("count", "program")
    found.note("the page")
    add_changes(found, cast("Changes", changes), node)
    return [line.plain for line in found.lines]


def test_what_did_not_change_says_nothing() -> None:
    assert page(PROGRAM, {}) == ["the page"]
    assert page(PROGRAM, {OBJECT: Change.CHANGED}, gone=["map counts"]) == ["the page"]
    assert page(OBJECT, {}) == ["the page"]


def test_what_changed_stands_above_all_else() -> None:
    facts = [Fact("max entries", "10", "20"), Fact("pinning", "", "by_name"), Fact("license", "GPL", "")]
    assert page(PROGRAM, {PROGRAM: Change.CHANGED}, facts, ["its map has another key"]) == [
        "± not as in the version before",
        "    ✗ breaks: its map has another key",
        "    max entries: 10 → 20",
        "    pinning: – → by_name",
        "    license: GPL → –",
        "",
        "the page",
    ]


def test_what_is_new() -> None:
    assert page(PROGRAM, {PROGRAM: Change.ADDED}) == ["+ new in this version", "", "the page"]


def test_what_is_gone_is_told_of_the_object() -> None:
    assert page(OBJECT, {}, gone=["map counts"]) == ["− map counts is gone", "", "the page"]
    said = page(OBJECT, {OBJECT: Change.CHANGED}, gone=[f"map m{number}" for number in range(1200)])
    assert said[0] == "± not as in the version before"
    assert said[1:9] == [f"− map m{number} is gone" for number in range(8)]
    assert said[9:] == ["  and 1,192 more", "", "the page"]
    assert "more" not in " ".join(page(OBJECT, {}, gone=[f"map m{number}" for number in range(8)]))


def test_the_first_eight_facts_are_told() -> None:
    facts = [Fact(f"fact {number}", "a", "b") for number in range(9)]
    breaks = [f"reason {number}" for number in range(9)]
    said = page(PROGRAM, {PROGRAM: Change.CHANGED}, facts, breaks)
    assert [line for line in said if "reason" in line] == [f"    ✗ breaks: reason {number}" for number in range(8)]
    assert [line for line in said if "fact" in line] == [f"    fact {number}: a → b" for number in range(8)]
