"""One after the other, in the order asked for; what the end of a turn asks for comes before what was waiting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.tui.controllers.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.tui.controllers.controller import Stage


class Threads:
    """A stage whose threads end when the test says so."""

    def __init__(self) -> None:
        self.running: list[tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]] = []

    def find_out(
        self, work: Callable[[], Any], then: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        self.running.append((work, then, failed))

    def end(self) -> None:
        """End the one that runs: there is never another."""
        ((work, then, failed),) = self.running
        self.running.clear()
        try:
            found = work()
        except ValueError as error:
            failed(error)
        else:
            then(found)

    def end_all(self) -> None:
        while self.running:
            self.end()


class Book:
    """What was done, in turn, and what went wrong."""

    def __init__(self) -> None:
        self.threads, self.done = Threads(), list[str]()
        self.turns = Turns(cast("Stage", self.threads), self.failed)
        self.on_failure: Callable[[], None] = lambda: None

    def failed(self, error: Exception) -> None:
        self.done.append(str(error))
        self.on_failure()

    def take(self, name: str, then: Callable[[], None] = lambda: None) -> None:
        def end(found: str) -> None:
            self.done.append(found)
            then()

        self.turns.take(lambda: name, end)

    def fail(self) -> None:
        raise ValueError("failed")


@pytest.fixture
def book() -> Book:
    return Book()


def test_one_at_a_time_in_order(book: Book) -> None:
    for name in "abc":
        book.take(name)
    assert book.turns.is_taken
    book.threads.end()
    assert book.done == ["a"]
    assert book.turns.is_taken
    book.threads.end_all()
    assert book.done == ["a", "b", "c"]
    assert not book.turns.is_taken
    book.take("d")
    book.threads.end_all()
    assert book.done[-1] == "d"


def test_what_the_end_of_a_turn_asks_for_comes_before_what_waits(book: Book) -> None:
    def more() -> None:
        assert book.turns.is_taken
        book.take("a1", partial(book.take, "a1x"))
        book.take("a2")

    book.take("a", more)
    book.take("b")
    book.threads.end_all()
    assert book.done == ["a", "a1", "a1x", "a2", "b"]


def test_what_failed_ends_its_turn_and_no_other(book: Book) -> None:
    book.on_failure = partial(book.take, "again")
    book.turns.take(book.fail, lambda _: book.done.append("never"))
    book.take("b")
    book.threads.end_all()
    assert book.done == ["failed", "again", "b"]
    assert not book.turns.is_taken


def test_after_is_now_where_nothing_is_done_and_behind_what_is(book: Book) -> None:
    book.turns.after(lambda: book.done.append("now"))
    assert book.done == ["now"]
    book.take("a")
    book.turns.after(partial(book.take, "of it"))
    book.take("b")
    assert book.done == ["now"]
    book.threads.end_all()
    assert book.done == ["now", "a", "of it", "b"]
