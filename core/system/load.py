"""What programs cost: rates between two readings of their counters, while somebody looks."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ..closing import Closing
from ..errors import FeatureError, NoPermissionError
from ..kernel.sys.statistics import always_counted, stats_enabled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kernel.sys.survey import Runs
    from .errands import Reader
    from .model import Snapshot

__all__ = ["MEASURING_NS", "Look", "Looker", "Observer", "ProgramLoad", "Rates"]

MEASURING_NS: Final = 40
"""Nanoseconds of each run, about, that are the measuring itself: what an empty program is said to take."""


_STALE: Final = 5.0
"""Seconds after which a snapshot is read anew, though no program came or went: links and owners may have."""
_REST: Final = 60
"""How many times as long as it took to read one is waited before the next: among thousands of objects too, looking
takes no more than its share."""
_SHORT_REST: Final = 20
"""The same where programs came or went, which some machines have all the time."""
_LONGEST: Final = 30.0
"""Seconds to the next one at most."""


class ProgramLoad(NamedTuple):
    """What a program did between two readings."""

    runs_per_s: float
    ns_per_run: float | None
    """None where it did not run."""
    cpu_percent: float
    """Of one CPU."""
    missed_per_s: float
    """Runs that were left out because it was running on that CPU already."""


class Rates:
    """Turns readings of counters into rates; a program has one from its second reading on."""

    def __init__(self) -> None:
        self._before: Mapping[int, Runs] = {}
        self._time = 0.0

    def feed(self, now: float, counters: Mapping[int, Runs]) -> dict[int, ProgramLoad]:
        """Return what programs did since the reading before.

        Args:
            now: When they were read, in seconds of a clock that only goes forward.
            counters: By the programs' ids.
        """
        seconds = now - self._time
        found: dict[int, ProgramLoad] = {}
        for number, after in counters.items() if self._before and seconds > 0 else ():
            before = self._before.get(number)
            if before is None or after.run_cnt < before.run_cnt:
                continue
            runs = after.run_cnt - before.run_cnt
            spent = max(after.run_time_ns - before.run_time_ns, 0)
            missed = max(after.recursion_misses - before.recursion_misses, 0)
            found[number] = ProgramLoad(
                runs / seconds, spent / runs if runs else None, spent / seconds / 1e7, missed / seconds
            )
        self._before, self._time = counters, now
        return found


class Look(NamedTuple):
    """What an observer saw."""

    time: float
    """Seconds since the first one."""
    snapshot: Snapshot
    loads: Mapping[int, ProgramLoad]
    """What programs did since the look before; empty at the first one."""
    counters: Mapping[int, Runs]
    """What they have done in all, as of this look: the snapshot may be older."""


class Looker(Protocol):
    """What looks again and again: an observer, or what stands in for one."""

    uncounted: str
    """Why runs are not counted, as a sentence; empty where they are."""

    def look(self) -> Look:
        """Look once more."""
        ...

    def close(self) -> None:
        """Have runs counted no more."""
        ...


class Observer(Closing):
    """Looks again and again, and has runs counted meanwhile (BPF_ENABLE_STATS, Linux 5.8).

    The snapshot is read anew where programs came or went, and every few seconds, later where that takes long; in
    between there are counters alone. What the first one takes says nothing of the next: it reads what is known then.

    Args:
        reader: What reads snapshots. It stays its owner's.
        clock: Seconds, of a clock that only goes forward.
    """

    def __init__(self, reader: Reader, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader, self._clock = reader, clock
        self._rates = Rates()
        self._stack = contextlib.ExitStack()
        self.uncounted: str = ""
        """Why runs are not counted, as a sentence; empty where they are."""
        try:
            self._stack.enter_context(stats_enabled())
        except (NoPermissionError, FeatureError) as error:
            self.uncounted = "" if always_counted() else error.message
        self._start: float | None = None
        self._snapshot: Snapshot | None = None
        self._read_at = self._took = 0.0

    def look(self) -> Look:
        """Look once more.

        Raises:
            NoPermissionError: It takes CAP_SYS_ADMIN.
        """
        now = self._clock()
        self._start = now if self._start is None else self._start
        counters = self._reader.counters()
        before = self._snapshot
        if before is None or self._is_due(now - self._read_at, is_other=counters.keys() != before.programs.keys()):
            self._snapshot, self._read_at = self._reader.snapshot(), now
            self._took = 0.0 if before is None else self._clock() - now
        assert self._snapshot is not None
        return Look(now - self._start, self._snapshot, self._rates.feed(now, counters), counters)

    def _is_due(self, age: float, *, is_other: bool) -> bool:
        rest = _SHORT_REST * self._took if is_other else max(_STALE, _REST * self._took)
        return age >= min(rest, _LONGEST)

    def close(self) -> None:
        """Have runs counted no more; a second call does nothing."""
        self._stack.close()
