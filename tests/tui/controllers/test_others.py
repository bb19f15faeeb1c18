"""What others have is changed after a question, and whatever comes of it is said and kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from bpftui.core.runtime.theirs import Consequences
from bpftui.tui.controllers.others import OthersController
from bpftui.tui.permission import Permission
from bpftui.tui.state.journal import changes_journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from bpftui.tui.controllers.controller import Stage
    from bpftui.tui.status import Failure


def test_what_nobody_expected_is_said_and_kept() -> None:
    failures: list[Failure] = []
    asked: list[Any] = []

    def ask(dialog: object, then: Callable[[bool], None]) -> None:
        asked.append(dialog)
        then(True)

    def find_out(work: Callable[[], object], then: Callable[[object], None], _failed: object = None) -> None:
        then(work())

    stage = cast("Stage", SimpleNamespace(ask=ask, find_out=find_out, fail=failures.append))
    controller = OthersController(stage, permission=Permission())

    def fail() -> None:
        raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")

    controller.change(lambda: Consequences("remove the pin /sys/fs/bpf/\udcff of map 7", ("gone",)), fail, "Remove")
    assert len(asked) == 2  # whether to leave read-only, and whether to do it
    (failure,) = failures
    assert failure.why.startswith("cannot remove the pin /sys/fs/bpf/\\xff of map 7: UnicodeEncodeError: ")
    line = changes_journal().path.read_text().splitlines()[-1]
    assert "could not remove the pin /sys/fs/bpf/\\xff of map 7: cannot remove" in line
