"""Which objects there are to choose from: explored last, in the directory where one is, and those that ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpftui.tui.state.objects import KnownObject, known_objects
from bpftui.tui.state.recent import remember

TRAFFIC = Path("bpf/traffic.o").resolve()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one is: a directory in one's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path / "src"


def listed(group: str) -> list[tuple[str, str, str]]:
    """Return the objects of a group, by the file's name."""
    return [(each.group, os.path.basename(each.path), each.note) for each in known_objects() if each.group == group]


def test_what_is_no_file_for_bpf_is_not_listed(here: Path) -> None:
    raw = TRAFFIC.read_bytes()
    big = raw[:5] + b"\2" + raw[6:18] + (247).to_bytes(2, "big") + raw[20:]
    files = {
        "b.o": raw,
        "a.o": big,
        "cut.o": raw[:20],
        "shorter.o": raw[:18],
        "other.o": raw[:18] + (62).to_bytes(2, "little") + raw[20:],
        "swapped.o": raw[:18] + (247).to_bytes(2, "big") + raw[20:],
        "text.o": b"\x7fELG" + raw[4:],
        "empty.o": b"",
        "unnamed": raw,
        "program.c": b'int x;\nSEC("xdp") int f(void *ctx) { return 2; }',
        "helpers.c": b"#include <bpf/bpf_helpers.h>\n",
        "attribute.c": b'__attribute__((section("license"))) char l[] = "GPL";',
        "plain.c": b"int main(void) { return 0; }",
        "far.c": b" " * (64 << 10) + b"SEC(",
        "just.c": b" " * ((64 << 10) - 5) + b" SEC(",
    }
    for name, content in files.items():
        (here / name).write_bytes(content)
    (here / "folder.o").mkdir()
    (here / "nowhere.o").symlink_to("/nowhere")
    compiled = "C: ⏎ compiles it"
    assert listed("Here: ~/src") == [
        ("Here: ~/src", "a.o", ""),
        ("Here: ~/src", "attribute.c", compiled),
        ("Here: ~/src", "b.o", ""),
        ("Here: ~/src", "cut.o", ""),
        ("Here: ~/src", "helpers.c", compiled),
        ("Here: ~/src", "just.c", compiled),
        ("Here: ~/src", "program.c", compiled),
    ]


def test_no_file_stands_there_twice_and_the_last_ones_are_first(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.o", "b.o"):
        (here / name).write_bytes(TRAFFIC.read_bytes())
    (here.parent / "elsewhere.o").write_bytes(b"")
    for path in (str(TRAFFIC), "b.o", str(here.parent / "elsewhere.o")):
        remember(path)
    found = known_objects()
    assert found[:3] == [
        KnownObject("Recent", str(here.parent / "elsewhere.o"), "~"),
        KnownObject("Recent", str(here / "b.o"), "~/src"),
        KnownObject("Here: ~/src", str(here / "a.o"), ""),
    ]
    assert {each.group for each in found[3:]} == {"Shipped"}
    assert [each.path for each in found].count(str(TRAFFIC)) == 1
    monkeypatch.setenv("HOME", f"{here.parent}/sr")  # whose name the directory's begins with
    assert {each.group for each in known_objects()[2:3]} == {f"Here: {here}"}
    monkeypatch.setenv("HOME", "/")
    assert {each.group for each in known_objects()[2:3]} == {f"Here: {here}"}


def test_of_many_the_first_are_listed(here: Path) -> None:
    for number in range(202):
        (here / f"{number:03}.o").write_bytes(TRAFFIC.read_bytes()[:20])
    names = [name for _, name, _ in listed("Here: ~/src")]
    assert (len(names), names[-1]) == (200, "199.o")
