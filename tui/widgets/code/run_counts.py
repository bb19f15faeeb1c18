"""RunCounts: what the programs of a session came to, those of tests before among it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from ....core.errors import BpftuiError
from .kernel_answer import reasons, state_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ....core.analysis.constants import Living
    from ....core.coverage.gathered import ProgramCounts
    from ....core.coverage.program import ProgramCoverage
    from ....core.live import Session
    from ....core.runtime import Counts
    from ....core.spec import CollectionSpec, ProgramSpec

__all__ = ["Counted", "RunCounts"]


class Counted(NamedTuple):
    """What runs of a program came to."""

    program: str
    state: Hashable
    """What the reasons depend on: the constants, and the program's type."""
    coverage: ProgramCoverage
    removed: Mapping[int, str]
    """Why what nothing can come to is dead, by slot."""

    @property
    def summary(self) -> str:
        """How often it ran, and how much of it, as a title says it."""
        from ....core.coverage.text import percent
        from ...text.format import counted

        found = self.coverage.summary
        parts = [counted(self.coverage.runs, "run")]
        if found.all_lines:
            parts.append(f"{percent(found.lines, found.all_lines)} of lines")
        if found.all_outcomes:
            parts.append(f"{found.outcomes:,} of {found.all_outcomes:,} outcomes")
        return " · ".join(parts)


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

    def count(self, name: str, before: Counted | None) -> Counted | str:
        """Return what runs of a program came to, *before* where that is still so; or why it is not known, as text.

        Takes its time.
        """
        try:
            coverage, state = self.read(name), state_of(self._session.spec, name)
            if coverage is None:
                return self.why_not or "nothing was counted of this code: what ran was built otherwise"
            if before is not None and before.coverage is coverage and before.state == state:
                return before
            return Counted(name, state, coverage, self._reasons(name, state, coverage, before))
        except BpftuiError as error:
            return f"{error.message}\n{error.hint}" if error.hint else error.message
        except Exception as error:
            return f"cannot count what ran of {name}: {type(error).__name__}: {error}"

    def _reasons(
        self, name: str, state: Hashable, coverage: ProgramCoverage, before: Counted | None
    ) -> Mapping[int, str]:
        """Return why each instruction is dead, which only constants change."""
        if before is not None and (before.program, before.state) == (name, state):
            old = before.coverage
            if (old.removed, old.decided) == (coverage.removed, coverage.decided):
                return before.removed
        spec = self._session.spec
        return reasons(spec.programs[name], spec, coverage.removed, coverage.decided)

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
