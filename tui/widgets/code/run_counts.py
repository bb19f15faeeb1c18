"""RunCounts: what the programs of a session came to, those of tests before among it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ....core.analysis.constants import Living
    from ....core.coverage.gathered import ProgramCounts
    from ....core.coverage.program import ProgramCoverage
    from ....core.live import Session
    from ....core.runtime import Counts
    from ....core.spec import CollectionSpec, ProgramSpec

__all__ = ["RunCounts"]


class _Seen(NamedTuple):
    """All that coverage is reckoned from."""

    program: ProgramSpec
    earlier: ProgramCounts | None
    loaded: ProgramSpec | None
    counts: Counts | None


class RunCounts:
    """Reads what runs came to: of what is loaded, where its runtime counts, and of the session's coverage data.

    Args:
        session: What loads the programs.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._left: tuple[ProgramSpec, Living] | None = None
        """What constants leave of a loaded program: they are set no more."""
        self._last: tuple[_Seen, ProgramCoverage | None] | None = None
        """What was read last, and what it came to."""

    @property
    def why_not(self) -> str:
        """Why nothing is counted; empty where something is."""
        session = self._session
        if session.coverage is not None:
            return ""
        if session.theirs is not None:
            return "it is somebody else's, and the kernel does not count what ran of it"
        if session.verifies:
            return "the kernel does not count what ran: --runtime vm does, or --coverage FILE has what tests came to"
        if session.collection is None:
            return "nothing has run yet: L loads it, R runs it on a packet"
        if not session.is_counting:
            return "what ran is not in a recording: --coverage FILE has what tests came to"
        return ""

    def read(self, name: str) -> ProgramCoverage | None:
        """Return what runs of a program came to; None where nothing is known of its code. Takes its time.

        It is the same object as the last time where nothing of it has run since.
        """
        from ....core.coverage.gathered import ProgramCounts
        from ....core.coverage.program import ProgramCoverage

        spec, earlier, collection = self._session.spec, self._earlier(name), self._session.collection
        program = None if collection is None else collection.programs.get(name)
        counts = None if program is None else program.counts
        seen = _Seen(spec.programs[name], earlier, None if program is None else program.spec, counts)
        if self._last is not None and self._last[0] == seen:
            return self._last[1]
        found = deepcopy(earlier)
        if collection is not None and program is not None and counts is not None:
            here = ProgramCounts.of(program.spec, counts, self._living(program.spec, collection.spec))
            if found is None:
                found = here
            elif found.digest == here.digest:
                found.add(here)
        coverage = None if found is None else ProgramCoverage(spec.programs[name], spec, found)
        self._last = seen, coverage
        return coverage

    def _living(self, program: ProgramSpec, spec: CollectionSpec) -> Living:
        """Return what constants leave of a loaded program."""
        from ....core.analysis.constants import living

        if self._left is None or self._left[0] is not program:
            self._left = program, living(program, spec)
        return self._left[1]

    def _earlier(self, name: str) -> ProgramCounts | None:
        """Return what the coverage data has of the program."""
        gathered, spec = self._session.coverage, self._session.spec
        return None if gathered is None else gathered.of(spec.programs[name], spec.file)
