"""What is installed: every package of the repository is listed."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

from bpftui.core.errors import FeatureError
from bpftui.tui.commands.completion import SCRIPTS

ROOT = Path(__file__).parents[1]
SHELLS = {
    "bash": "bash-completion/completions",
    "zsh": "zsh/site-functions",
    "fish": "fish/vendor_completions.d",
}
"""Below share/: where each looks for scripts that packages bring."""


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        f"bpftui.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
        for folder in ("bpf", "core", "tui")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(listed) == found


def test_every_part_of_the_namespace_says_that_it_is_typed() -> None:
    # PEP 561: a namespace package has no py.typed of its own.
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for folder in ("bpf", "core", "tui"):
        assert "py.typed" in shipped[f"bpftui.{folder}"]
        assert (ROOT / folder / "py.typed").exists()


def test_shells_and_man_find_theirs_where_they_look() -> None:
    placed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    assert placed == {
        "share/man/man1": ["docs/bpftui.1"],
        **{f"share/{place}": [f"tui/completions/{SCRIPTS[shell]}"] for shell, place in SHELLS.items()},
    }
    assert [name for (name,) in placed.values() if not (ROOT / name).is_file()] == []


def test_arrays_are_an_extra_and_what_needs_them_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = [re.match(r"[\w.-]+", entry) for entry in project["project"]["dependencies"]]
    assert "numpy" not in [found[0] for found in needed if found]
    assert project["project"]["optional-dependencies"]["arrays"] == ["numpy>=1.26"]
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "bpftui.core.maps.arrays", raising=False)
    with pytest.raises(FeatureError, match="maps as arrays take numpy, which is not installed") as raised:
        importlib.import_module("bpftui.core.maps.arrays")
    assert raised.value.hint == "pip install numpy: it is the extra arrays"


def test_extras_are_told_with_what_they_are() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\S+) \|$", (ROOT / "docs/packages.md").read_text(), re.MULTILINE)
    names = {name: [re.match(r"[\w.-]+", each) for each in needed] for name, needed in extras.items()}
    assert dict(rows) == {name: "".join(each[0] for each in found if each) for name, found in names.items()}


def test_nobody_is_told_to_install_a_stranger_by_this_name() -> None:
    documents = [
        ROOT / "README.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "tui/manual").glob("*.md"),
    ]
    sources = [path for folder in ("core", "tui") for path in (ROOT / folder).rglob("*.py")]
    for path in (*documents, *sources):
        told = re.findall(r"(?:pip|pipx|uv tool|uvx)(?: install)? (?:'|\")?bpftui(?!\S* @ git)", path.read_text())
        assert told == [], path


def test_the_project_has_one_address() -> None:
    source = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Source"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [
        ROOT / name for name in listed.split("\0") if name.endswith((".md", ".toml", ".yml")) or "packaging/" in name
    ]
    found = {
        (path.relative_to(ROOT).as_posix(), address)
        for path in paths
        for address in re.findall(r"https://github\.com/[\w.-]+/bpftui\b", path.read_text())
    }
    assert {("pyproject.toml", source), ("packaging/debian/control", source)} <= found
    assert {place for place in found if place[1] != source} == set()
    (maintainer,) = re.findall(r"^Maintainer: (.*)$", (ROOT / "packaging/debian/control").read_text(), re.MULTILINE)
    assert f" -- {maintainer}  " in (ROOT / "packaging/deb").read_text()


def test_the_changelog_begins_with_what_is_not_released() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    first, *others = re.findall(
        r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert first == ("Unreleased", "") or (first[0] == version and first[1])
    assert version in [first[0], *(name for name, _ in others)]


def test_the_tools_are_a_group_that_any_pip_can_be_given() -> None:
    group = subprocess.run([sys.executable, ".ci/group", "dev"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"pytest>=8", "basedpyright>=1.28", "numpy>=1.26"} <= set(group.stdout.split())


def test_a_source_distribution_is_of_one_time_and_nobodys(tmp_path: Path) -> None:
    """Whoever makes it, whenever, in whatever order: the same bytes, and no directories."""
    made = list[bytes]()
    for number, names in enumerate((["p/a.py", "p/run"], ["p/run", "p/a.py"])):
        path = tmp_path / f"{number}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            folder = tarfile.TarInfo("p")
            folder.type, folder.mtime = tarfile.DIRTYPE, number
            archive.addfile(folder)
            for name in names:
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.uid, member.uname = 1, 1000 + number, number, f"user{number}"
                member.mode = (0o755 if name == "p/run" else 0o644) | (0o020 * number)
                archive.addfile(member, io.BytesIO(b"x"))
        subprocess.run([sys.executable, ROOT / "packaging/sdist.py", path, "1234567890"], check=True)
        made.append(path.read_bytes())
    assert made[0] == made[1]
    with tarfile.open(tmp_path / "0.tar.gz") as archive:
        told = [(each.name, each.mode, each.mtime, each.uid, each.uname) for each in archive]
    assert told == [("p/a.py", 0o644, 1234567890, 0, ""), ("p/run", 0o755, 1234567890, 0, "")]
