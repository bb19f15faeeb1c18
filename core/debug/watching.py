"""Watching: where bytes of memory change, are read or are written to in a run.

Where what is watched lies in one place for the whole run, as variables, entries of arrays and the stack do, the run is
gone through once, and yields what is there behind each instruction that may have changed it: at most of the speed of a
run that is not watched. Of anything else, and where reads count, it is looked at step by step.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import compress, count, islice
from operator import ne
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ..errors import GivenUpError
from ..numerical import find_numpy
from ..vm.engine.processor import Sample
from .accesses import accesses_at
from .stops import Access
from .walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from .accesses import Accesses
    from .recording import Call
    from .session import Session
    from .stops import Watchpoint
    from .timeline import Timeline
    from .world import World

__all__ = ["Met", "Watching", "changes_of"]

_ELEMENTS: Final[Mapping[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""By size of what is watched, what its bytes are looked at as."""


class Met(NamedTuple):
    """Where a watchpoint stops a run."""

    position: int
    """Behind the instruction that did it."""
    by: Watchpoint


class Watching:
    """Finds where the watchpoints of a session stop the run that it is in.

    Args:
        session: Which one; it stands somewhere else where something was looked at step by step.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def first(self, watched: Sequence[Watchpoint], start: int, stop: int) -> Met | None:
        """Return where one of them stops the run first, behind *start* and no later than *stop*; None for nowhere."""
        known = self._known(watched)
        if known is None:
            return self._step_through(watched, start, stop)
        found = [
            Met(where[at], each)
            for each, where in known
            if (at := bisect_right(where, start)) < len(where) and where[at] <= stop
        ]
        return min(found, key=lambda met: met.position, default=None)

    def last(self, watched: Sequence[Watchpoint], before: int) -> Met | None:
        """Return where one of them stops the run last, no later than *before*; None for nowhere."""
        known = self._known(watched)
        if known is not None:
            found = [Met(where[at - 1], each) for each, where in known if (at := bisect_right(where, before))]
            return max(found, key=lambda met: met.position, default=None)
        last: Met | None = None
        at = 0
        while (met := self._step_through(watched, at, before)) is not None:
            last, at = met, met.position
        return last

    # At once

    def _known(self, watched: Sequence[Watchpoint]) -> list[tuple[Watchpoint, Sequence[int]]] | None:
        """Return where each of them stops the run; None where that takes a look at each step."""
        found: list[tuple[Watchpoint, Sequence[int]]] = []
        for each in watched:
            at_once = each.access is Access.CHANGE and each.followed is None
            where = self._changes(each) if at_once else None
            if where is None:
                return None
            scope = self._scope(each)
            found.append((each, where[bisect_right(where, scope.start) : bisect_right(where, scope.stop)]))
        return found

    def _scope(self, watchpoint: Watchpoint) -> range:
        """Return between which positions of this run a watchpoint counts, as it goes now: changes make it another."""
        session = self._session
        if watchpoint.owner is None:
            return range(session.length)
        return watchpoint.owner.scope(session.timeline) if watchpoint.counts_in(session.run) else range(0)

    def _changes(self, watchpoint: Watchpoint) -> Sequence[int] | None:
        session = self._session
        kept = session.timeline.changes
        key = watchpoint.address, watchpoint.size
        if key not in kept:
            position, stop, timeline = session.position, session.stop, session.timeline
            session.close()
            session.world.before(session.run)
            try:
                kept[key] = changes_of(session.world, session.recording.calls[session.run], timeline, *key)
            finally:
                session.goto(position)
                session.stop = stop
        return kept[key]

    # Step by step

    def _step_through(self, watched: Sequence[Watchpoint], start: int, stop: int) -> Met | None:
        """Go from one position on to another, or to behind what a watchpoint stops at."""
        session = self._session
        session.goto(start)
        before = [self._bytes(each) for each in watched]
        asks = any(each.access is not Access.CHANGE for each in watched)
        scopes = [self._scope(each) for each in watched]
        given_up = session.world.processor.meter.stop
        for position in range(start + 1, stop + 1):
            if given_up is not None and given_up.is_set():
                raise GivenUpError("the run was given up")
            accesses = accesses_at(session) if asks else None
            lies = [self._lies(each) for each in watched] if asks else []
            session.take_step()
            is_lost = session.world.host.packet is None  # where the run is over, or a timer runs
            for at, (each, scope) in enumerate(zip(watched, scopes, strict=True)):
                is_looked_at = each.access is not Access.READ and not (is_lost and each.followed is not None)
                now = self._bytes(each) if is_looked_at else before[at]
                is_met = now != before[at] or (accesses is not None and _touches(each, lies[at], accesses))
                before[at] = now
                if is_met and scope.start < position <= scope.stop:
                    return Met(position, each)
        return None

    def _lies(self, watchpoint: Watchpoint) -> int | None:
        """Return the address at which that lies now which a watchpoint is on; None where it lies nowhere."""
        packet, followed = self._session.world.host.packet, watchpoint.followed
        if followed is None:
            return watchpoint.address
        offset = None if packet is None else followed.within(packet)
        return None if packet is None or offset is None else packet.begin + offset

    def _bytes(self, watchpoint: Watchpoint) -> bytes | None:
        """Return the bytes that a watchpoint is on; None where they are not there."""
        packet, followed = self._session.world.host.packet, watchpoint.followed
        if followed is None:
            return self._session.memory.own(watchpoint.address, watchpoint.size)
        offset = None if packet is None else followed.within(packet)
        # Also those that this program does not see: of them nothing changes.
        return None if packet is None or offset is None else packet.in_frame(offset, watchpoint.size)


def changes_of(world: World, call: Call, timeline: Timeline, address: int, size: int) -> Sequence[int] | None:
    """Return the positions of a run behind the instructions that change bytes, in order.

    Args:
        world: Stands before the run; stands somewhere behind it afterwards.
        call: What the run is given.
        timeline: All its steps.
        address: Where the bytes lie.
        size: How many.

    Returns:
        None where it cannot be told at once: they do not lie in one place for the whole run, or are no element that
        could be looked at as a number, or the stepping engine runs the program, or registers are changed in the run.
    """
    region = world.host.memory.find(address)
    offset = 0 if region is None else address - region.base
    is_packet = world.host.packet is not None and region is world.host.packet.region
    if region is None or size not in _ELEMENTS or offset % size or offset + size > region.size or is_packet:
        return None
    changed = bool(world.recording.changes_in(world.next))
    if changed or any(machine.is_stepped for machine in world.processor.machines):
        return None
    data, length, element = region.data, region.size, _ELEMENTS[size]
    with memoryview(data)[: length - length % size] as whole, whole.cast("B").cast(element) as view:
        found = _sampled(world, call, timeline, Sample(view, offset // size), element)
    # What was replaced meanwhile, or was another entry's, is looked at where it is at each step.
    return found if world.host.memory.find(region.base) is region and region.data is data else None


def _sampled(
    world: World, call: Call, timeline: Timeline, sample: Sample, element: Literal["B", "H", "I", "Q"]
) -> Sequence[int]:
    """Go through a run; return the positions at which a sample, of that element, is another one than before."""
    processor = world.processor
    looked = {machine.place(slot) for machine in processor.machines for slot in machine.behind_writes}
    samples = array(element)
    processor.sample = sample
    walk = Walk(world, call)
    try:
        walk.run(samples.extend)
        if isinstance(walk.error, GivenUpError):
            raise walk.error  # what was found by then is not all
        is_last_another = walk.error is None and bool(samples) and sample.view[sample.element] != samples[-1]
    finally:
        processor.sample = None
        for machine in processor.machines:
            machine.forget_samples()
        walk.close()
    places = timeline.places
    found = _changed_at(places, looked, samples)
    return [*found, len(places)] if is_last_another else found


def _changed_at(places: array[int], looked: AbstractSet[int], samples: array[int]) -> Sequence[int]:
    """Return at which steps a sample is another one than that before it.

    Args:
        places: By step, where the run was.
        looked: The places at which a sample was taken.
        samples: What was there, one for each step at one of them.
    """
    np = find_numpy()
    if np is None:  # ten times as long
        steps = islice(compress(count(), map(looked.__contains__, places)), 1, None)
        return array("Q", compress(steps, map(ne, samples, islice(samples, 1, None))))
    there, values = np.frombuffer(places, places.typecode), np.frombuffer(samples, samples.typecode)
    changed = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.flatnonzero(np.isin(there, list(looked)))[changed].tolist()


def _touches(watchpoint: Watchpoint, address: int | None, accesses: Accesses) -> bool:
    """Whether accesses are what a watchpoint stops at whose bytes lie at an address."""
    if address is None:
        return False
    parts: tuple[range, ...] = ()
    if watchpoint.access in (Access.READ, Access.ANY):
        parts += accesses.read
    if watchpoint.access in (Access.WRITE, Access.ANY):
        parts += accesses.written
    start, stop = address, address + watchpoint.size
    return any(part.start < stop and start < part.stop for part in parts)
