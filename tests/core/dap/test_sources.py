"""Source files as the protocol has them: by path where they are here, else by number, with what the object has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.dap.arguments import Arguments
from bpftui.core.dap.sources import Sources
from bpftui.core.errors import UsageError
from bpftui.core.spec import LineInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bpftui.core.debug import Location, Session

LINES = (
    LineInfo(0, "src/prog.c", 3, 5, "int x = 1;"),
    LineInfo(1, "src/prog.c", 6, 1, "return x;"),
    LineInfo(2, "include/small.h", 2, 1, "helper();"),
    LineInfo(3, "", 9, 1, "nowhere"),
)


def sources(folders: Sequence[str] = (), source_map: Mapping[str, str] | None = None) -> Sources:
    spec = SimpleNamespace(linked=SimpleNamespace(line_infos=LINES))
    session = SimpleNamespace(symbols=SimpleNamespace(specs=[("program", spec)]))
    return Sources(cast("Session", session), folders, source_map or {})


def asked(**given: object) -> Arguments:
    return Arguments("source", given)


def at(line: object) -> Location:
    return cast("Location", SimpleNamespace(line=line))


def test_what_is_not_here_has_a_number_and_the_lines_that_have_code() -> None:
    found = sources()
    assert found.files == ["src/prog.c", "include/small.h"]
    assert found.source("include/small.h") == {
        "name": "small.h",
        "sourceReference": 2,
        "origin": "the lines that have code, from the object",
    }
    assert found.content(1) == "\n\nint x = 1;\n\n\nreturn x;"
    assert found.content(2) == "\nhelper();"
    assert found.file(asked(sourceReference=2)) == "include/small.h"
    for number in (0, 3, -1):
        with pytest.raises(UsageError, match=f"there is no source {number}"):
            found.content(number)
    for number in (3, -1):
        with pytest.raises(UsageError, match=f"there is no source {number}"):
            found.file(asked(sourceReference=number))


def test_lines_that_have_code() -> None:
    found = sources()
    assert [found.lines("src/prog.c", *between) for between in ((1, 9), (3, 6), (4, 6), (3, 5), (7, 9))] == [
        [3, 6],
        [3, 6],
        [6],
        [3],
        [],
    ]


def test_where_a_place_is() -> None:
    found = sources()
    place = found.at(at(LINES[0]))
    assert (place["line"], place["column"], place["source"]["name"]) == (3, 5, "prog.c")
    nowhere = {"line": 0, "column": 0}
    assert [found.at(at(line)) for line in (None, LINES[3], LineInfo(0, "src/prog.c", 0, 0, ""))] == [nowhere] * 3


def test_a_file_is_looked_for_above_the_folder_that_is_given(tmp_path: Path) -> None:
    inside = tmp_path.joinpath(*"abcdefgh")
    inside.mkdir(parents=True)
    (inside.parents[6] / "src").mkdir()
    (inside.parents[6] / "src/prog.c").touch()
    assert sources([str(inside)]).source("src/prog.c") == {
        "name": "prog.c",
        "path": str(inside.parents[6] / "src/prog.c"),
    }
    assert "sourceReference" in sources([str(inside / "i")]).source("src/prog.c")  # it is too far above


def test_names_are_mapped_by_how_they_begin(tmp_path: Path) -> None:
    (tmp_path / "prog.c").touch()
    mapped = sources(source_map={"lib/": "/nowhere/", "src/": f"{tmp_path}/", "src/p": "/later/"})
    assert mapped.source("src/prog.c")["path"] == str(tmp_path / "prog.c")
    assert "path" not in mapped.source("include/small.h")


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/home/me/src/prog.c", "src/prog.c"),
        ("prog.c", "src/prog.c"),
        ("/other/prog.c", "src/prog.c"),
        ("include/../include/small.h", "include/small.h"),
    ],
)
def test_a_path_means_the_file_whose_name_ends_alike(path: str, file: str) -> None:
    assert sources().file(asked(path=path)) == file


def test_what_no_code_is_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no code of the object is from other.c") as caught:
        sources().file(asked(path="/src/other.c"))
    assert caught.value.hint == "its files: prog.c, small.h"
    for folder in ("one", "two"):
        (tmp_path / folder / "src").mkdir(parents=True)
        (tmp_path / folder / "src/prog.c").touch()
    mine, other = (str(tmp_path / folder / "src/prog.c") for folder in ("one", "two"))
    found = sources([str(tmp_path / "one")])
    with pytest.raises(UsageError, match=f"no code of the object is from {other}, but from {mine}"):
        found.file(asked(path=other))
    assert found.file(asked(path=mine)) == "src/prog.c"


def test_the_client_s_path_is_what_it_is_told() -> None:
    found = sources()
    found.file(asked(path="/home/me/src/prog.c"))
    assert found.source("src/prog.c") == {"name": "prog.c", "path": "/home/me/src/prog.c"}
