"""An object is chosen of several, explored, and another one is, until the user quits or one goes wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.errors import ExitCode
from bpftui.tui.commands import explore

if TYPE_CHECKING:
    import argparse

    from bpftui.core.spec.container import SeveralObjectsError


@pytest.mark.parametrize(
    ("picked", "codes", "explored", "offered", "code"),
    [
        ([None], [], [], [1], ExitCode.OK),
        ([2, 3, None], [ExitCode.OK, ExitCode.OK], ["a.o#2", "a.o#3"], [1, 2, 3], ExitCode.OK),
        ([2, 3, None], [ExitCode.REFUSED], ["a.o#2"], [1], ExitCode.REFUSED),
    ],
)
def test_objects_of_a_file_are_explored_one_after_the_other(
    picked: list[int | None],
    codes: list[ExitCode],
    explored: list[str],
    offered: list[int | None],
    code: ExitCode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[str] = []
    marked: list[int | None] = []

    def pick(_several: object, chosen: int | None) -> int | None:
        marked.append(chosen)
        return picked[len(marked) - 1]

    def run(specs: list[Any], *_: object) -> ExitCode:
        found.extend(specs)
        return codes[len(found) - 1]

    monkeypatch.setattr("bpftui.tui.pickers.object_picker.pick", pick)
    monkeypatch.setattr(explore, "open_spec", lambda _options, _say, file: file)
    monkeypatch.setattr(explore, "_explore", run)
    several = cast("SeveralObjectsError", SimpleNamespace(file="a.o"))
    assert explore._explore_several(several, cast("argparse.Namespace", None), None) == code
    assert (found, marked) == (explored, offered)
