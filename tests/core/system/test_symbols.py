"""Functions that uprobes are at: no file is read again at each look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.kernel.attach.binary import FunctionPlace
from bpftui.core.kernel.stacks import functions
from bpftui.core.system import symbols
from bpftui.core.system.model import Attachment, Snapshot

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are read, as they are."""
    found: list[str] = []

    def places(path: str) -> list[FunctionPlace]:
        found.append(path.rpartition("/")[2])
        if path.endswith("bad"):
            raise UsageError("it is damaged")
        return [FunctionPlace(0x100, 0x20, "target")]

    monkeypatch.setattr(functions, "functions_of", places)
    return found


def seen(*files: Path) -> Snapshot:
    """Return a snapshot with an uprobe in each file."""
    at = tuple(Attachment(each, "uprobe", f"{file}+0x104") for each, file in enumerate(files, 1))
    return Snapshot(0.0, 0.0, tracing=at)


def test_thirty_files_are_read_once(tmp_path: Path, read: list[str]) -> None:
    files = [tmp_path / f"{number}" for number in range(30)]
    for file in files:
        file.write_bytes(b"some")
    names = symbols.Symbols()
    for _ in range(3):
        assert [each.detail for each in names.named(seen(*files)).tracing] == ["target+0x4"] * 30
    assert read == [str(number) for number in range(30)]
    names.named(seen())  # what is probed no more is forgotten
    names.named(seen(files[0]))
    assert read[30:] == ["0"]
    files[0].write_bytes(b"something else")
    names.named(seen(files[0]))
    assert read[31:] == ["0"]


def test_a_file_that_cannot_be_read_is_tried_once_until_it_changes(tmp_path: Path, read: list[str]) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"none")
    names = symbols.Symbols()
    assert [names.function(str(bad), offset) for offset in (0x104, 0x108, 0x104)] == ["", "", ""]
    assert names.named(seen(bad)).tracing[0].detail == ""
    assert read == ["bad"]
    bad.chmod(0o600)
    assert names.function(str(bad), 0x104) == ""
    assert read == ["bad", "bad"]
