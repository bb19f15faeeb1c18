"""Every command in the documentation is one that its parser takes; those of the guides that begin do what they say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands import COMMANDS
from tests.documented import ROOT, blocks, commands
from tests.man_page import parsers
from tests.tui.commands.command_line import bpftui
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BEGIN = (ROOT / "docs/begin.md").read_text()
COMING = (ROOT / "docs/coming-from.md").read_text()
INTERACTIVE = ("bpftui drop.c", "bpftui drop.c --attach drop=sandbox", "bpftui a.rec", "bpftui demo")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_parsers_take_what_is_documented(path: Path) -> None:
    made = parsers()
    refused: list[str] = []
    for name, words in commands(path):
        try:
            made[name].parse_args(words)
        except UsageError as error:
            refused.append(f"bpftui {name} {' '.join(words)}: {error}")
    assert refused == []


def test_every_command_has_its_line() -> None:
    told = {name for name, _ in commands(ROOT / "docs/scripts.md")}
    assert {*COMMANDS} - told == {"completion"}, "docs/scripts.md has a line for each command"


def test_commands_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text `bpftui no`\n\n    $ bpftui show a.o   # what it's\n    x | bpftui log - > out; sudo bpftui a.rec\n"
        "    bpftui: error: no\n\n```python\nbpftui no\n```\n\n```sh\nbpftui run a.o 'p q'\n```\n"
    )
    assert sorted(commands(page)) == [
        ("explore", ["a.rec"]),
        ("log", ["-"]),
        ("run", ["a.o", "p q"]),
        ("show", ["a.o"]),
    ]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of docs/begin.md, where its programs are found."""
    if shutil.which("clang") is None and shutil.which("clang-19") is None:
        pytest.skip("clang is not installed")
    if not os.path.isfile("/usr/include/bpf/bpf_helpers.h"):
        pytest.skip("libbpf-dev is not installed")
    folder = tmp_path_factory.mktemp("begun")
    for name, body in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", BEGIN, re.MULTILINE | re.DOTALL):
        (folder / name).write_text(body)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def steps(title: str) -> list[list[str]]:
    """Return the words of each command below a heading of the guide that needs no terminal."""
    typed = [
        line.partition(" # ")[0].strip() for line in blocks(BEGIN.partition(f"## {title}\n")[2].partition("\n## ")[0])
    ]
    return [shlex.split(line) for line in typed if line.startswith(("bpftui ", "pytest ")) and line not in INTERACTIVE]


def told(folder: Path, words: list[str]) -> str:
    """Return what a command of the guide prints."""
    if words[0] == "bpftui":
        done = bpftui(*words[1:], cwd=folder)
        assert done.code == 0, (words, done)
        return done.out
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *words[1:]]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        stdout=-1,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout


def test_the_first_guide_looks(begun: Path) -> None:
    assert [words[1] for words in steps("Look at it")] == ["show", "disasm", "check"]
    assert all(told(begun, words) for words in steps("Look at it"))


def test_the_first_guide_runs(begun: Path) -> None:
    dropped, passed, stopped = [told(begun, words) for words in steps("Run it")]
    assert dropped.startswith("drop returned XDP_DROP (1) ")
    assert passed.startswith("drop returned XDP_PASS (2) ")
    assert stopped.splitlines()[-1] == "protocol = 17"


def test_the_first_guide_tests(begun: Path) -> None:
    tested, reached_by_tests, searched, covered = [told(begun, words) for words in steps("Test it")]
    assert "2 passed" in tested
    assert re.search(r"drop\.c +11 of 11 +6 of 10 ", reached_by_tests), reached_by_tests
    # How far it comes in a second is the machine's. What it tells is what it wrote: so many packets run the first line.
    found = re.match(
        r"drop: (\d+) of 10 outcomes of jumps .* (\d+) inputs? reach (?:them|(\d+) of them, .*)$", searched, re.M
    )
    assert found, searched
    outcomes, inputs, reached = (int(number or found[1]) for number in found.groups())
    assert 1 <= inputs <= reached <= outcomes <= 10
    assert re.search(rf"drop\.c\n +{inputs} +22 void \*data = ", covered), covered


@pytest.mark.kernel
def test_the_first_guide_watches(begun: Path) -> None:
    watched, shown, exported = [told(begun, words) for words in steps("Watch it")]
    assert "packets[17] = " in watched
    assert "attached  drop  sandbox" in shown
    assert exported == ""
    assert (begun / "a.csv").read_text().startswith("time,")


def rows(title: str, text: str = COMING) -> list[list[str]]:
    """Return the cells of the table below a heading, without its head."""
    table = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    found = [row.strip("|").split(" | ") for row in table.splitlines() if row.startswith("|")]
    return [[cell.strip() for cell in row] for row in found[2:]]


TYPED = [row[1].strip("`") for title in ("bpftool", "bpftop") for row in rows(title)]
"""What stands in the place of others' commands; `top` alone is for a terminal, and metrics go on until told to end."""


@pytest.fixture(scope="module")
def loaded() -> Iterator[dict[str, str]]:
    """Have something loaded; return what stands for its numbers, and for files."""
    with CollectionSpec.from_file(ROOT / "bpf/traffic.o").load() as collection:
        yield {
            "prog.o": "bpf/traffic.o",
            "PROGRAM": "count_traffic",
            "id:42": f"id:{collection.programs['count_traffic'].id}",
            "map:7": f"map:{collection.maps['traffic'].id}",
        }


@pytest.mark.kernel
@pytest.mark.parametrize("typed", [line for line in TYPED if line != "bpftui top" and "--prometheus" not in line])
def test_what_is_said_to_those_who_come_from_bpftool(typed: str, loaded: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(bytes(64))
    names = {**loaded, "@in": f"@{tmp_path / 'in'}"}
    done = bpftui(*(names.get(word, word) for word in shlex.split(typed)[1:]))
    assert done.code == 0, done
    assert done.out


@pytest.mark.kernel
@pytest.mark.parametrize("title", ["ebpf-go", "libbpf"])
def test_what_is_said_to_those_who_come_from_a_library(title: str) -> None:
    names = {"prog.o": f"{ROOT}/bpf/traffic.o", "PROGRAM": "count_traffic", "MAP": "traffic", "NAME": "sample_every"}
    known: dict[str, object] = {"CollectionSpec": CollectionSpec, "packet": bytes(64)}
    lines = [row[1].strip("`") for row in rows(title)]
    assert lines[-1] == "coll.close()"
    for line in lines:
        for name, meaning in names.items():
            line = line.replace(f'"{name}"', repr(meaning))
        exec(line, known)
    spec = known["spec"]
    assert isinstance(spec, CollectionSpec)
    assert (spec.maps["traffic"].max_entries, spec.variable("sample_every").get()) == (1024, 5)
