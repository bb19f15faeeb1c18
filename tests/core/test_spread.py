"""Work that is spread over processes comes to what it comes to in one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from bpftui.core import spread as module
from bpftui.core.spread import is_worth_it, spread

if TYPE_CHECKING:
    from collections.abc import Callable

# pytest-xdist has threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
HERE = os.getpid


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let there be three processors, and return the processes that are forked."""
    found: list[int] = []
    fork = os.fork

    def noted() -> int:
        if process := fork():
            found.append(process)
        return process

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(os, "fork", noted)
    return found


def has_ended(process: int) -> bool:
    """Whether a process of this one's is there no more, and nothing waits to be told of its end."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_results_come_in_the_order_of_the_items(forked: list[int]) -> None:
    here = HERE()
    found = list(spread(lambda number: (number, "x" * 300_000, os.getpid()), range(10)))
    assert [(number, len(text)) for number, text, _ in found] == [(number, 300_000) for number in range(10)]
    by = [process for *_, process in found]
    # Some that lie together are done by one process.
    assert by == [forked[number // 4] for number in range(10)]
    assert here not in by
    assert all(map(has_ended, forked))


def test_what_is_raised_is_raised_here(forked: list[int]) -> None:
    def work(number: int) -> int:
        if number == 4:
            raise ValueError("four")
        return number * 2

    found = spread(work, range(9))
    assert [next(found) for _ in range(4)] == [0, 2, 4, 6]
    with pytest.raises(ValueError, match="four"):
        next(found)
    assert len(forked) == 3
    assert all(map(has_ended, forked))


def test_what_a_killed_process_does_not_bring_is_done_here(forked: list[int]) -> None:
    here = HERE()

    def work(number: int) -> tuple[int, bool]:
        if number == 4 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return number, os.getpid() == here

    assert list(spread(work, range(9))) == [(number, number in (4, 5)) for number in range(9)]
    assert all(map(has_ended, forked))


def refused() -> int:
    raise BlockingIOError("no more processes")


def without_pipes() -> tuple[int, int]:
    raise OSError("no more descriptors")


@pytest.mark.parametrize(("name", "instead"), [("fork", refused), ("pipe", without_pipes)])
def test_without_processes_it_is_done_here(
    name: str, instead: Callable[[], object], forked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, name, instead)
    assert list(spread(lambda number: (number, os.getpid()), range(4))) == [(number, HERE()) for number in range(4)]
    assert not forked


def test_who_takes_no_more_leaves_no_process(forked: list[int]) -> None:
    found = spread(lambda number: "x" * 5_000_000 + str(number), range(9))
    assert next(found)[-1] == "0"
    found.close()
    assert len(forked) == 3
    assert all(map(has_ended, forked))


def test_few_items_and_one_processor_take_no_process(forked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(spread(str, [1])) == ["1"]
    assert list(spread(str, list[int]())) == []
    assert is_worth_it(1_000_000)
    assert not is_worth_it(1_000)
    monkeypatch.setattr(module, "_processors", lambda: 1)
    assert list(spread(str, range(3))) == ["0", "1", "2"]
    assert not is_worth_it(1_000_000)
    assert not forked
