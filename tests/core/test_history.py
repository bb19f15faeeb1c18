"""What was done is undone from the last one on, and done again; something new forgets what was undone."""

from __future__ import annotations

import pytest

from bpftui.core.history import History


def test_undone_and_done_again() -> None:
    history = History[str]()
    assert (history.last, history.undone) == (None, None)
    for what in "abc":
        history.did(what)
    assert [history.undo(), history.undo()] == ["c", "b"]
    assert (history.last, history.undone) == ("a", "b")
    assert history.redo() == "b"
    history.did("d")
    assert (history.last, history.undone) == ("d", None)
    with pytest.raises(IndexError):
        history.redo()


def test_what_cannot_be_undone_any_more_is_dropped() -> None:
    history = History[str]()
    history.did("a")
    history.did("b")
    history.drop()
    assert history.undo() == "a"
    history.drop_undone()
    assert (history.last, history.undone) == (None, None)


def test_the_oldest_are_forgotten() -> None:
    history = History[int](2)
    for number in range(5):
        history.did(number)
    assert [history.undo(), history.undo()] == [4, 3]
    assert history.last is None
