"""What is said where a file was looked for in vain, and where one cannot be written."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError, NoPermissionError, ObjectError, UsageError
from bpftui.core.files import beside, check_place, inside, unreadable, unwritable

if TYPE_CHECKING:
    from pathlib import Path


def test_the_nearest_name_in_the_same_directory(tmp_path: Path) -> None:
    (tmp_path / "traffic.o").touch()
    assert beside(str(tmp_path / "trafic.o")) == f"did you mean {tmp_path}/traffic.o?"
    assert beside(str(tmp_path / "something")) == ""
    assert beside(str(tmp_path / "none" / "traffic.o")) == ""
    assert beside("a\0b") == ""


def test_the_objects_in_a_directory(tmp_path: Path) -> None:
    assert inside(str(tmp_path)) == "no file in it ends with .o"
    for name in "fbacde":
        (tmp_path / f"{name}.o").touch()
    (tmp_path / "b.c").touch()
    assert inside(str(tmp_path)) == f"there is {', '.join(f'{tmp_path}/{name}.o' for name in 'abcd')} and 2 more"


def test_whether_a_file_could_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("new")
    for name in ("new", "file", "link"):
        check_place(tmp_path / name)
    check_place("/dev/null")
    for name, error in (("none/new", FileNotFoundError), ("file/new", NotADirectoryError), (".", IsADirectoryError)):
        with pytest.raises(error):
            check_place(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


def refusal(number: int) -> OSError:
    """Return what the system raises for an errno."""
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (refusal(errno.ENOENT), ObjectError, "/no/such/a.csv: the report cannot be written: there is no directory /no"),
        (refusal(errno.EISDIR), ObjectError, "/no/such/a.csv: the report cannot be written: this is a directory"),
        (refusal(errno.ENOSPC), ObjectError, "/no/such/a.csv: the report cannot be written: no space left on device"),
        (refusal(errno.EACCES), NoPermissionError, "/no/such/a.csv: the report cannot be written: permission denied"),
        (refusal(errno.EEXIST), UsageError, "/no/such/a.csv: there is a file of that name already"),
        (
            ValueError("embedded null byte"),
            ObjectError,
            "/no/such/a.csv: the report cannot be written: embedded null byte",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_said(error: OSError | ValueError, kind: type[BpftuiError], message: str) -> None:
    found = unwritable("/no/such/a.csv", error, "the report")
    assert (type(found), found.message) == (kind, message)


def test_which_directory_is_missing(tmp_path: Path) -> None:
    for place, missing in (("a/b/c.csv", f"{tmp_path}/a"), ("c.csv", str(tmp_path))):
        found = unwritable(tmp_path / place, refusal(errno.ENOENT))
        assert found.message == f"{tmp_path / place}: it cannot be written: there is no directory {missing}"
    assert unwritable("", refusal(errno.ENOENT)).message == "'': it cannot be written: there is no directory ."


def test_what_cannot_be_read_is_said() -> None:
    for number, message in (
        (errno.ENOENT, "a.o: there is no such file"),
        (errno.EISDIR, "a.o: it is a directory, not a file"),
        (errno.EPERM, "a.o: it cannot be read: permission denied"),
        (errno.EIO, "a.o: it cannot be read: input/output error"),
    ):
        assert unreadable("a.o", refusal(number)).message == message
