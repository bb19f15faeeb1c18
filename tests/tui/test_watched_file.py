"""A file that an object was read from: when it is another one, when it is gone, and what was set in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bpftui.core.diff import diff
from bpftui.core.errors import ObjectError
from bpftui.tui.changes import Changes
from bpftui.tui.watched_file import Version, WatchedFile
from tests.core.diff.listings import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bpftui.core.spec import CollectionSpec


def read(_: Callable[[str], None]) -> CollectionSpec:
    return spec_of("exit")


def take(watched: WatchedFile, *headers: Path) -> None:
    """Take what is there now for a version that was read, which includes these headers."""
    spec = spec_of("exit")
    spec.headers = tuple(map(str, headers))
    watched.take(Version(spec, Changes(diff(spec, spec)), (), watched.look()))


def test_it_has_changed_when_two_looks_see_the_same(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a")
    watched = WatchedFile(str(path), read)
    assert [watched.has_changed() for _ in range(2)] == [False, False]
    assert not watched.is_settling
    path.write_bytes(b"ab")
    assert [watched.has_changed() for _ in range(3)] == [False, True, True]  # until it is taken
    path.write_bytes(b"abc")
    assert watched.has_changed() is False
    assert watched.is_settling
    assert watched.has_changed() is True
    assert not watched.is_settling  # it is looked at sooner once, however long it is not taken
    take(watched)
    assert watched.has_changed() is False
    assert not watched.is_settling
    os.utime(path, ns=(1, 1))
    assert [watched.has_changed() for _ in range(2)] == [False, True]


def test_headers_are_watched_with_it(tmp_path: Path) -> None:
    path, near, far = (tmp_path / name for name in ("a.c", "near.h", "far.h"))
    path.touch()
    near.touch()
    watched = WatchedFile(str(path), read, [str(near)])
    assert [watched.has_changed() for _ in range(2)] == [False, False]
    near.write_text("int a;")
    assert [watched.has_changed() for _ in range(2)] == [False, True]
    far.touch()
    take(watched, near, far)
    assert [watched.has_changed() for _ in range(2)] == [False, False]
    far.write_text("int b;")
    assert [watched.has_changed() for _ in range(2)] == [False, True]
    take(watched)
    near.unlink()
    assert [watched.has_changed() for _ in range(2)] == [False, False]


def test_one_that_is_gone_is_missed_after_some_looks_and_once(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a")
    watched = WatchedFile(str(path), read)

    def looks() -> tuple[bool, bool, bool]:
        return watched.has_changed(), watched.has_gone(), watched.has_returned()

    assert looks() == (False, False, False)
    path.unlink()  # as a compiler does before it writes
    assert [looks() for _ in range(4)] == [(False, False, False)] * 4
    path.write_bytes(b"ab")
    assert [looks() for _ in range(2)] == [(False, False, False), (True, False, False)]
    take(watched)
    path.unlink()
    assert [looks() for _ in range(6)] == [*[(False, False, False)] * 4, (False, True, False), (False, False, False)]
    path.write_bytes(b"abc")
    assert [looks() for _ in range(3)] == [(False, False, True), (True, False, False), (True, False, False)]


def test_a_fifo_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a")
    watched = WatchedFile(str(path), read)
    path.unlink()
    os.mkfifo(path)
    assert [(watched.has_changed(), watched.has_gone()) for _ in range(5)] == [*[(False, False)] * 4, (False, True)]


def test_one_that_cannot_be_read_is_read_again_before_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "f.o"
    path.write_bytes(b"a")

    def refuse(_: Callable[[str], None]) -> CollectionSpec:
        raise ObjectError("no ELF file", file=str(path))

    watched, before = WatchedFile(str(path), refuse), spec_of("exit")
    path.write_bytes(b"ab")
    for _ in range(2):
        assert (watched.has_changed(), watched.is_news()) in ((False, True), (True, True))
        assert watched.next_version(before) is None
    with pytest.raises(ObjectError):
        watched.next_version(before)
    with pytest.raises(ObjectError):
        WatchedFile(str(path), refuse).read_version(before)  # who asks for it now is told now
