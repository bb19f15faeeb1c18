"""Samples for the commands that print them, until they are told to end."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
from typing import TYPE_CHECKING, Protocol, TypeVar

from ...core.threads import NoThreadError, start_thread
from ..terminal.guardian import until_told
from ..terminal.process import process

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

__all__ = ["Sampling", "each_sample"]


_Seen = TypeVar("_Seen", covariant=True)


class Sampling(Protocol[_Seen]):
    """What is looked at again and again: a `Sampler`, for one."""

    def samples(self, duration: float | None, *, until: Callable[[], bool]) -> Iterator[_Seen]:
        """Iterate over what is seen, for so many seconds, or until that is so."""
        ...

    def stop(self) -> None:
        """End the iteration, from any thread."""
        ...


def each_sample(sampler: Sampling[_Seen], duration: float | None, until: Callable[[], bool]) -> Iterator[_Seen]:
    """Iterate over samples as `Sampler.samples` does, also until the process is told to end, or nobody reads it.

    Raises:
        KeyboardInterrupt: It was told to.
    """
    with until_told(sampler.stop) as told, _until_unread(sampler.stop):
        try:
            yield from sampler.samples(duration, until=until)
        finally:
            process.finishing()
    if told:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _until_unread(leave: Callable[[], object]) -> Generator[None]:
    """Call *leave* in a thread when whoever reads standard output through a pipe has gone (`| head`).

    Otherwise what is attached would stay so until the next line is written, which may be never.
    """
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(1).st_mode)
    except OSError:
        is_pipe = False
    if not (is_pipe and process.own):
        yield
        return
    over, end = os.pipe()
    poll = select.poll()
    poll.register(1, 0)  # that there is no reader (POLLERR) is always told
    poll.register(over, select.POLLIN)

    def watch() -> None:
        if any(descriptor == 1 for descriptor, _ in poll.poll()):
            leave()

    thread = threading.Thread(target=watch, name="bpftui-reader", daemon=True)
    try:
        with contextlib.suppress(NoThreadError):  # then the next line tells
            start_thread(thread)
        yield
    finally:
        os.close(end)
        if thread.ident is not None:
            thread.join()
        os.close(over)
