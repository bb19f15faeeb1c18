"""Threads, which the system may refuse."""

from __future__ import annotations

import threading

import pytest

from bpftui.core.asm.flow.worklist import settle
from bpftui.core.threads import NoThreadError, give_way, let_first, start_pool
from tests.waiting import PATIENCE


def test_the_threads_of_a_pool_run_before_there_is_work_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = start_pool(3)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        all_at_once = threading.Barrier(3)
        calls = [pool.submit(all_at_once.wait, 5.0) for _ in range(3)]
        assert sorted(call.result() for call in calls) == [0, 1, 2]
    pool.shutdown()


def test_a_pool_that_cannot_have_all_its_threads_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def start_two(thread: threading.Thread) -> None:
        if len(started) == 2:
            refuse(thread)
        start(thread)
        started.append(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start_two)
        with pytest.raises(NoThreadError, match="no thread can be started"):
            start_pool(3)
    for thread in started:
        thread.join(PATIENCE)
    assert threading.active_count() == before


def refuse(_: threading.Thread) -> None:
    """Do what Python does where the system starts no thread."""
    raise RuntimeError("can't start new thread")


def test_an_analysis_gives_way_at_each_of_its_steps() -> None:
    steps: list[int] = []
    let_first(lambda: steps.append(len(steps)))
    try:
        settle([0], lambda number: [number + 1] if number < 3 else [])
        assert steps == [0, 1, 2, 3]
    finally:
        let_first(None)
    give_way()
    assert len(steps) == 4
