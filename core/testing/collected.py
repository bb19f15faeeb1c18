"""Objects with tests of their own as pytest collects them: `pytest filter_test.o` (see `harness`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import BpftuiError
from ..spec import CollectionSpec
from ..visible import visible, visible_lines
from .errors import NotHereError
from .harness import harness_tests, prepared, run_harness_test
from .loaded import BpfObject  # noqa: TC001
from .suite_result import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .bpf import Bpf
    from .harness import HarnessTest, Outcome

__all__ = ["HarnessFile", "HarnessItem"]


class HarnessFile(pytest.File):
    """An object; it is loaded once for all its tests."""

    bpf: Bpf
    obj: BpfObject | None = None
    _spec: CollectionSpec
    _ended: Callable[[Bpf], object]

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, bpf: Bpf, ended: Callable[[Bpf], object]) -> HarnessFile:
        """Return the node of a file.

        Args:
            parent: Where it is collected.
            path: The object.
            bpf: What loads it, and is closed at the end.
            ended: Called with what has run them, before that is closed.
        """
        found: HarnessFile = cls.from_parent(parent, path=path)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        found.bpf = bpf
        found._ended = ended
        return found

    def collect(self) -> Iterator[HarnessItem]:
        """Yield its tests."""
        try:
            self._spec = prepared(CollectionSpec.from_file(self.path))
            tests = harness_tests(self._spec)
        except BpftuiError as error:
            raise self.CollectError(visible(str(error))) from error
        if not tests and self.session.isinitpath(self.path):
            raise self.CollectError(visible(f'{self.path} has no tests: no program of SEC("TYPE/test/NAME/check")'))
        for test in tests:
            item: HarnessItem = HarnessItem.from_parent(self, name=visible(test.name))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            item.test = test
            item.place = _place(self._spec, test.check)
            yield item

    def setup(self) -> None:
        """Load it, where a runtime is asked for that is here; NotHereError where it is not."""
        try:
            self.obj = self.bpf.load(self._spec)
        except NotHereError:
            raise
        except BpftuiError as error:
            pytest.fail("\n".join(visible_lines(str(error))), pytrace=False)

    def teardown(self) -> None:
        """Close it."""
        self.obj = None
        try:
            self._ended(self.bpf)
        finally:
            self.bpf.close()


class _HarnessFailedError(Exception):
    """A test of an object failed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class HarnessItem(pytest.Item):
    """One test of an object."""

    test: HarnessTest
    place: tuple[str, int] | None
    """Where its check begins: a C file that is here, and the line's number."""

    @property
    def file(self) -> HarnessFile:
        """The object that it is in."""
        assert isinstance(self.parent, HarnessFile)
        return self.parent

    def runtest(self) -> None:
        """Run it."""
        obj = self.file.obj
        assert obj is not None
        obj.history.clear()  # a failure tells of the runs of its own test
        outcome = run_harness_test(obj, self.test)
        if outcome.status is Status.SKIP:
            pytest.skip("; ".join(outcome.lines))
        if outcome.status is not Status.PASS:
            raise _HarnessFailedError(outcome)
        self.add_report_section("call", "results", "\n".join(outcome.lines))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what a failure shows: the parts of the test with their lines, or why it could not run."""
        if isinstance(excinfo.value, _HarnessFailedError):
            return "\n".join(excinfo.value.outcome.lines)
        if isinstance(excinfo.value, BpftuiError | AssertionError):
            return "\n".join(visible_lines(str(excinfo.value)))
        return super().repr_failure(excinfo, style)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return where the test stands in the source (pytest counts lines from 0) or else in which object; its name."""
        if self.place is None:
            return self.path, None, self.name
        path, line = self.place
        return path, line - 1, self.name


def _place(spec: CollectionSpec, program: str) -> tuple[str, int] | None:
    """Return the C file and the line at which a program begins; None where they are not known, or that is not here."""
    line = spec.programs[program].linked.line_at(0)
    if line is None or not line.line:
        return None
    path = os.path.normpath(os.path.join(os.path.dirname(spec.file), line.file))
    return (path, line.line) if os.path.isfile(path) else None
