"""What a steward tells of ids, by an answer of a kernel that was made up."""

from __future__ import annotations

import os

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.kernel.sys import object as objects
from bpftui.core.kernel.sys.syscall import Command


def test_ids_are_asked_for_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {Command.MAP_GET_NEXT_ID: [1, 2, 300], Command.PROG_GET_NEXT_ID: []}
    monkeypatch.setattr(objects, "_ids", known.__getitem__)
    with open(objects.list_ids("map"), "rb") as file:
        file.seek(0)
        assert [int.from_bytes(file.read(4), "little") for _ in range(3)] == [1, 2, 300]
        assert file.read() == b""
    fd = objects.list_ids("program")
    assert os.fstat(fd).st_size == 0
    os.close(fd)
    with pytest.raises(UsageError, match="ids are asked for by kind"):
        objects.list_ids("../x")
