"""What is said where a file was looked for in vain, and where one cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.files import beside, check_place, inside

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
