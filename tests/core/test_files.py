"""What is said where a file was looked for in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.files import beside, inside

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
