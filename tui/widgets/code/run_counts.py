"""RunCounts: what the programs of a session came to, those of tests before among it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ....core.analysis.constants import Living
    from ....core.coverage.gathered import ProgramCounts
    from ....core.coverage.program import ProgramCoverage
    from ....core.live import Session
    from ....core.spec import ProgramSpec

__all__ = ["RunCounts"]


class RunCounts:
    """Reads what runs came to: of what is loaded, where its runtime counts, and of the session's coverage data.

    Args:
        session: What loads the programs.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._left: tuple[ProgramSpec, Living] | None = None
        """What constants leave of a loaded program: they are set no more."""

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
        return ""

    def read(self, name: str) -> ProgramCoverage | None:
        """Return what runs of a program came to; None where nothing is known of its code. Takes its time."""
        from ....core.coverage.program import ProgramCoverage

        spec, earlier, here = self._session.spec, self._earlier(name), self._here(name)
        if earlier is not None and here is not None and earlier.digest == here.digest:
            earlier.add(here)
        found = earlier or here
        return None if found is None else ProgramCoverage(spec.programs[name], spec, found)

    def _here(self, name: str) -> ProgramCounts | None:
        """Return what runs of the loaded program came to."""
        from ....core.analysis.constants import living
        from ....core.coverage.gathered import ProgramCounts

        collection = self._session.collection
        program = None if collection is None else collection.programs.get(name)
        counts = None if program is None else program.counts
        if collection is None or program is None or counts is None:
            return None
        if self._left is None or self._left[0] is not program.spec:
            self._left = program.spec, living(program.spec, collection.spec)
        return ProgramCounts.of(program.spec, counts, self._left[1])

    def _earlier(self, name: str) -> ProgramCounts | None:
        """Return a copy of what the coverage data has of the program."""
        from copy import deepcopy

        gathered, spec = self._session.coverage, self._session.spec
        found = None if gathered is None else gathered.of(spec.programs[name], spec.file)
        return deepcopy(found)
