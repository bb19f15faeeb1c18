"""Work on many items that is spread over the processors, by processes that are forked: each has all that this one has.

It is for a command whose process has one thread: of a process with several, a fork has locks that nobody lets go.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import signal
from typing import TYPE_CHECKING, BinaryIO, Final, Generic, NoReturn, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

__all__ = ["Apply", "is_worth_it", "spread"]

_MANY: Final = 50_000
"""Instructions: looking at fewer takes less time than it does to fork."""
_MOST: Final = 8
"""Processes: what has been read grows in each, and one reads from all of them."""
_AHEAD: Final = 1 << 20
"""Bytes of results that a process may be ahead of who reads them: what a pipe may hold without rights."""
_TOGETHER: Final = 16
"""Items that a process takes at a time: of most work the results have room in a pipe."""
_ITEM = TypeVar("_ITEM")
_RESULT = TypeVar("_RESULT")


class Apply(Protocol):
    """What does some work with each of many items: `map`, or `spread`."""

    def __call__(self, work: Callable[[_ITEM], _RESULT], items: Sequence[_ITEM], /) -> Iterable[_RESULT]:
        """Yield what *work* makes of each item, in their order."""
        ...


def is_worth_it(insns: int) -> bool:
    """Whether work on so many instructions, subprograms of each program included, is worth more than one process."""
    return insns >= _MANY and _processors() > 1


def _processors() -> int:
    """Return how many processors there are for this process."""
    return min(len(os.sched_getaffinity(0)), _MOST)


def spread(work: Callable[[_ITEM], _RESULT], items: Sequence[_ITEM]) -> Generator[_RESULT]:
    """Yield what *work* makes of each item, in the order of the items, as `map` does.

    As many processes as there are processors take the items in turn, some that lie together each time: they have in
    common what is made when it is first asked for. Results come through pipes, so they are what can be pickled, and
    what else *work* changes is changed there and not here. What a process does not bring (*work* raised something,
    there can be no more processes, it was killed) is done here: what is raised is raised here.
    """
    count = min(_processors(), len(items))
    if count < 2:
        yield from map(work, items)
        return
    together = min(_TOGETHER, -(-len(items) // count))
    whose = [number // together % count for number in range(len(items))]
    workers: list[_Worker[_RESULT]] = []
    try:
        for number in range(count):
            own = [item for item, worker in zip(items, whose, strict=True) if worker == number]
            workers.append(_Worker(work, own))
        for item, number in zip(items, whose, strict=True):
            found = workers[number].result()
            yield work(item) if found is None else found[0]
    finally:
        for worker in workers:
            worker.end()


class _Worker(Generic[_RESULT]):
    """A process that works on its share of the items."""

    def __init__(self, work: Callable[[_ITEM], _RESULT], items: Sequence[_ITEM]) -> None:
        self._pipe: BinaryIO | None = None
        self._process = 0
        with contextlib.suppress(OSError):
            reads, writes = os.pipe()
            self._pipe = os.fdopen(reads, "rb")
            try:
                with contextlib.suppress(OSError):
                    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, _AHEAD)
                self._process = os.fork()
                if not self._process:
                    self._pipe.close()  # who writes to a pipe that nobody else reads is ended by that
                    _serve(work, items, writes)
            finally:
                os.close(writes)

    def result(self) -> tuple[_RESULT] | None:
        """Return the next result; None where none comes any more."""
        if self._pipe is None:
            return None
        try:
            return pickle.load(self._pipe)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            return None

    def end(self) -> None:
        """End the process, if it has not ended."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0


def _serve(work: Callable[[_ITEM], object], items: Sequence[_ITEM], writes: int) -> NoReturn:
    """Write what becomes of each item, up to the first of which nothing does, and end this process.

    Nothing else of it is done here: what is in the buffers of streams is the other process' to write.
    """
    try:
        with os.fdopen(writes, "wb") as pipe:
            for item in items:
                pickle.dump((work(item),), pipe, pickle.HIGHEST_PROTOCOL)
                pipe.flush()
    finally:
        os._exit(0)
