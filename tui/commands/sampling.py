"""Samples for the commands that print them, until they are told to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..guardian import until_told
from . import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...core.live import Sample, Sampler

__all__ = ["each_sample"]


def each_sample(sampler: Sampler, duration: float | None, until: Callable[[], bool]) -> Iterator[Sample]:
    """Iterate over samples as `Sampler.samples` does, also until the process is told to end.

    Raises:
        KeyboardInterrupt: It was told to.
    """
    with until_told(sampler.stop) as told:
        try:
            yield from sampler.samples(duration, until=until)
        finally:
            process.finishing()
    if told:
        raise KeyboardInterrupt
