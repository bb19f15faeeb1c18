"""Runs: those of a recording, as far as they have been gone through: all their steps, and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from .symbols import Symbols
from .timeline import Timeline
from .world import World

if TYPE_CHECKING:
    from .recording import Change, Recording
    from .world import Outcome

__all__ = ["Runs"]

_MOST_TIMELINES: Final = 8
"""Runs whose steps are kept."""


class Runs:
    """The runs of a recording and the machine that goes through them; no walk may be under way where it is asked.

    Args:
        recording: What comes from outside.

    Raises:
        LoadError, FeatureError: The object cannot be loaded into the machine.
        UsageError: There is no run, or what the recording holds does not fit the object.
    """

    def __init__(self, recording: Recording) -> None:
        if not recording.calls:
            raise UsageError("there is nothing to run: the recording has no call")
        self.recording = recording
        self.world = World(recording)
        self.symbols = Symbols(self.world)
        self.outcomes: dict[int, Outcome] = {}
        """What came of the runs that were gone through, by their numbers."""
        self._timelines: dict[int, Timeline] = {}

    def known(self, run: int) -> Timeline | None:
        """Return all steps of a run that was gone through; None where it was not, or that is long ago."""
        return self._timelines.get(run)

    def timeline(self, run: int) -> Timeline:
        """Return all steps of a run, which it is gone through for where they are not known."""
        found = self._timelines.get(run)
        if found is None:
            self.world.before(run)
            found = Timeline(self.world, self.recording.calls[run], self.symbols)
            while len(self._timelines) >= _MOST_TIMELINES:
                del self._timelines[next(iter(self._timelines))]
            self._timelines[run] = found
        return found

    def change(self, change: Change) -> Recording:
        """Change something: what comes after is another run. Return the recording as it was."""
        before, run = self.recording.copy(), change.run
        at = run, change.position
        self.recording.changes[:] = [*(each for each in before.changes if (each.run, each.position) <= at), change]
        self.world.forget(run)
        for number in [each for each in self._timelines if each >= run]:
            del self._timelines[number]
        for number in [each for each in self.outcomes if each >= run]:
            del self.outcomes[number]
        return before

    def replace(self, recording: Recording) -> None:
        """Go through another recording from now on; errors as for a new one.

        The machine is another one then, which is stopped by the same event, and nothing is known of its runs.
        """
        stop = self.world.processor.meter.stop
        self.recording, self.world = recording, World(recording)
        self.world.processor.meter.stop = stop
        self.symbols.renew(self.world)
        self._timelines.clear()
        self.outcomes.clear()
