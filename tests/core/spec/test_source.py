"""Source files that an object names: which of them are read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bpftui.core.dwarf.line import SourceFile
from bpftui.core.spec.source import SourceTexts
from bpftui.tui.__main__ import main

LEAK = Path(__file__).parents[2] / "objects/source_elsewhere.dwarf4.o"


@pytest.fixture
def place(public_path: Path) -> Path:
    """Return a folder with an object in it, and beside it one with a file that is older than the object."""
    (public_path / "build").mkdir()
    (public_path / "secret").mkdir()
    (public_path / "secret/file.c").write_text("one\ntwo\n")
    (public_path / "build/prog.o").write_bytes(b"")
    return public_path


def lines(place: Path, path: object, *directories: Path, md5: bytes = b"") -> str:
    """Return the second line of the source file *path* of the object in *place*."""
    texts = SourceTexts(str(place / "build/prog.o"), [str(directory) for directory in directories])
    return texts.line(SourceFile(str(path), md5), 2)


def test_what_lies_below_the_object_or_a_directory_that_was_named(place: Path) -> None:
    (place / "build/src").mkdir()
    inside = place / "build/src/file.c"
    inside.write_text("one\ntwo\n")
    os.utime(inside, (0, 0))
    assert lines(place, inside) == "two"
    assert lines(place, "src/file.c") == "two"
    os.utime(place / "secret/file.c", (0, 0))
    assert lines(place, place / "secret/file.c") == ""
    assert lines(place, place / "secret/file.c", place / "secret") == "two"
    assert lines(place, "../secret/file.c") == ""
    assert lines(place, place / "build/../secret/file.c") == ""


def test_of_an_object_that_is_part_of_a_file_the_file_counts(place: Path) -> None:
    inside = place / "build/file.c"
    inside.write_text("one\ntwo\n")
    os.utime(inside, (0, 0))
    found = [
        SourceTexts(f"{place}/build/{name}").line(SourceFile("file.c"), 2)
        for name in ("prog.o#1", "gone.o", "gone.o#1")
    ]
    assert found == ["two", "", ""]


def test_what_was_compiled_elsewhere_is_found_in_a_directory_that_was_named(place: Path) -> None:
    (place / "tree/net").mkdir(parents=True)
    (place / "tree/net/file.c").write_text("one\nthe right one\n")
    os.utime(place / "tree/net/file.c", (0, 0))
    assert lines(place, "/home/builder/net/file.c", place / "tree") == "the right one"
    assert lines(place, "/home/builder/net/../file.c", place / "tree") == "the right one"
    assert lines(place, "/home/builder/net/file.c") == ""


def test_a_newer_file_and_another_one_are_not_the_source(place: Path) -> None:
    os.utime(place / "build/prog.o", (1000, 1000))
    inside = place / "build/file.c"
    inside.write_text("one\ntwo\n")
    os.utime(inside, (1001, 1001))
    assert lines(place, inside) == ""
    assert lines(place, inside, md5=hashlib.md5(b"one\ntwo\n").digest()) == "two"
    assert lines(place, inside, md5=bytes(16)) == ""


def test_symbolic_links_do_not_lead_out(place: Path) -> None:
    os.utime(place / "secret/file.c", (0, 0))
    (place / "build/link.c").symlink_to(place / "secret/file.c")
    (place / "build/folder").symlink_to(place / "secret")
    assert lines(place, place / "build/link.c") == ""
    assert lines(place, "folder/file.c") == ""
    (place / "build/real.c").write_text("one\ntwo\n")
    os.utime(place / "build/real.c", (0, 0))
    (place / "build/inner.c").symlink_to("real.c")
    assert lines(place, "inner.c") == "two"


def test_pipes_devices_and_what_is_too_large(place: Path) -> None:
    os.mkfifo(place / "build/pipe.c")
    os.truncate(os.open(place / "build/huge.c", os.O_CREAT | os.O_WRONLY), (16 << 20) + 1)
    os.utime(place / "build/huge.c", (0, 0))
    for name in ("pipe.c", "huge.c", ".", "/dev/tty", "/dev/zero"):
        assert lines(place, name, Path("/dev")) == ""
    assert lines(place, "a\0b") == ""
    assert lines(place, "") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read what others cannot")
def test_under_sudo_what_its_caller_may_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = place / "build/file.c"
    source.write_text("one\ntwo\n")
    os.utime(source, (0, 0))
    monkeypatch.setenv("SUDO_UID", "65534")
    monkeypatch.setenv("SUDO_GID", "65534")
    outcomes: dict[str, str] = {}
    for name, owner, group, mode in (
        ("root's", 0, 0, 0o600),
        ("all may read", 0, 0, 0o644),
        ("its own", 65534, 0, 0o600),
        ("its group's", 0, 65534, 0o640),
        ("not its owner's", 65534, 65534, 0o044),
        ("root's group", 0, 0, 0o640),
    ):
        os.chown(source, owner, group)
        source.chmod(mode)
        outcomes[name] = lines(place, source)
    assert [name for name, line in outcomes.items() if line] == ["all may read", "its own", "its group's"]
    source.chmod(0o644)
    os.chown(source, 0, 0)
    (place / "build").chmod(0o700)
    assert lines(place, source) == ""
    monkeypatch.delenv("SUDO_UID")
    assert lines(place, source) == "two"


def test_disasm_shows_names_alone_unless_the_folder_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The object says that its lines are those of /srv/b/h/faults/secret.txt."""
    folder = tmp_path / "faults"
    folder.mkdir()
    (folder / "secret.txt").write_text("first\nthe secret\nthird\n")
    os.utime(folder / "secret.txt", (0, 0))
    assert main(["disasm", str(LEAK), "--no-arrows"]) == 0
    assert "; /srv/b/h/faults/secret.txt @ secret.txt:2\n" in capsys.readouterr().out
    assert main(["disasm", str(LEAK), "--no-arrows", "--source", str(tmp_path)]) == 0
    assert "; the secret @ secret.txt:2\n" in capsys.readouterr().out


def test_where_a_file_is_that_is_to_be_edited(place: Path) -> None:
    texts = SourceTexts(str(place / "build/prog.o"))
    inside = place / "build/file.c"
    inside.write_text("one\n")  # newer than the object: that is why it is edited
    assert texts.find("file.c") == str(inside)
    assert texts.find(str(inside)) == str(inside)
    assert texts.find("/home/builder/src/file.c") == str(inside)
    assert texts.find("../secret/file.c") == str(inside), "its name, below the object's folder"
    assert texts.find(str(place / "secret/other.c")) is None
    assert texts.find("nothing.c") is None
    assert texts.find("") is None
    assert texts.find("file.c\0") is None
    inside.unlink()
    inside.symlink_to(place / "secret/file.c")
    assert texts.find("file.c") is None
    assert texts.find(str(place / "secret/file.c")) is None
