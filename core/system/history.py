"""What looks brought over time: the snapshot before, and how often programs ran in the last minute."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .load import Look
    from .model import Attachment, Snapshot

__all__ = ["BUCKETS", "BUCKET_SECONDS", "History", "Location", "Minute", "Seen", "place_key"]

BUCKETS: Final = 10
"""Parts of the last minute of which each has a mean."""
BUCKET_SECONDS: Final = 6.0


class Minute:
    """Runs a second of programs in the last minute, as means of six seconds each.

    Means of ten parts are kept rather than readings: of 10,000 programs that is some megabytes less.
    """

    def __init__(self) -> None:
        self._parts: deque[tuple[float, dict[int, float]]] = deque(maxlen=BUCKETS)
        """Seconds that were looked for, and runs by program; what did not run is not in it."""
        self._peak: float | None = None

    def add(self, seconds: float, rates: Mapping[int, float]) -> None:
        """Add what programs did in the *seconds* since the look before.

        Args:
            seconds: Since the look before.
            rates: Runs a second, by program.
        """
        if not self._parts or self._parts[-1][0] >= BUCKET_SECONDS:
            self._parts.append((0.0, {}))
        known, runs = self._parts[-1]
        for number, rate in rates.items():
            if rate:
                runs[number] = runs.get(number, 0.0) + rate * seconds
        self._parts[-1] = known + seconds, runs
        self._peak = None

    def of(self, program: int) -> list[float]:
        """Return the mean rates of a program, the oldest first; as many as there are by now."""
        return [runs.get(program, 0.0) / seconds for seconds, runs in self._parts if seconds > 0]

    def total(self) -> list[float]:
        """Return the mean rates of all programs together, the oldest first."""
        return [sum(runs.values()) / seconds for seconds, runs in self._parts if seconds > 0]

    @property
    def peak(self) -> float:
        """The highest mean rate of any program: what strips are drawn against."""
        if self._peak is None:
            highest = (max(runs.values(), default=0.0) / seconds for seconds, runs in self._parts if seconds > 0)
            self._peak = max(highest, default=0.0)
        return self._peak


Location: TypeAlias = "tuple[int, int] | str"
"""Where something is attached: the inode of a network namespace with the index of an interface, 0 for the namespace
itself; or the path of a control group."""

PlaceKey: TypeAlias = "tuple[int, str, int | None, int | None, str]"
"""What tells an attachment from all others: see `place_key`."""


def place_key(attachment: Attachment) -> PlaceKey:
    """Return what tells an attachment from all others, whether it is listed with its program or where it is."""
    target = attachment.target.partition(" in ")[0]  # with its program it says in which namespace
    return attachment.program, attachment.hook, attachment.link, attachment.order, target


def _places(snapshot: Snapshot) -> dict[PlaceKey, Location]:
    """Return where everything is that is attached to interfaces, their namespaces and control groups."""
    found: dict[PlaceKey, Location] = {}
    for namespace in snapshot.namespaces:
        hooks = [(0, hook) for hook in namespace.hooks]
        hooks += [(each.ifindex, hook) for each in namespace.interfaces for hook in each.hooks]
        for index, hook in hooks:
            for each in hook.attached:
                found.setdefault(place_key(each), (namespace.inode, index))
    for group in snapshot.control_groups:
        for hook in group.hooks:
            for each in hook.attached:
                if not each.detail.startswith("from "):
                    found[place_key(each)] = group.path
    return found


class Seen(NamedTuple):
    """What there is to show at a look."""

    look: Look
    before: Snapshot | None
    """The last snapshot that was another one; None while there was but one."""
    minute: Minute
    places: Mapping[PlaceKey, Location]
    """Where what is attached is, by `place_key`."""
    unknown: Sequence[str] = ()
    """Why runs are not counted, as a sentence; empty where they are."""

    @property
    def snapshot(self) -> Snapshot:
        """What the machine runs."""
        return self.look.snapshot

    @property
    def total_runs(self) -> float:
        """Runs a second of all programs."""
        return sum(each.runs_per_s for each in self.look.loads.values())

    @property
    def total_cpu(self) -> float:
        """What all programs take of a CPU, in percent."""
        return sum(each.cpu_percent for each in self.look.loads.values())


class History:
    """Makes of one look after the other what there is to show."""

    def __init__(self) -> None:
        self._minute = Minute()
        self._last: Look | None = None
        self._before: Snapshot | None = None
        self._places: dict[PlaceKey, Location] = {}

    def add(self, look: Look, unknown: Sequence[str] = ()) -> Seen:
        """Return what there is to show now."""
        last = self._last
        if last is not None and last.snapshot is not look.snapshot:
            self._before = last.snapshot
        if last is None or last.snapshot is not look.snapshot:
            self._places = _places(look.snapshot)
        if last is not None and look.loads and look.time > last.time:
            rates = {number: load.runs_per_s for number, load in look.loads.items()}
            self._minute.add(look.time - last.time, rates)
        self._last = look
        return Seen(look, self._before, self._minute, self._places, unknown)
