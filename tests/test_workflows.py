"""The forge's workflows, and what is promised of safety: what they name is there, and is what it was."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z.-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
MODEL = (ROOT / "docs" / "threat-model.md").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_named_by_their_commit(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


def targets(line: str) -> list[str]:
    """Return what a line of a shell has make make: of each command in it, as itself or by sudo."""
    found: list[str] = []
    for command in re.split(r"&&|[;|]", line.partition("run: ")[2]):
        words = [word for word in shlex.split(command) if not word.startswith("-") and "=" not in word]
        words = words[1:] if words[:1] == ["sudo"] else words
        found += words[1:] if words[:1] == ["make"] else []
    return found


def test_targets_are_all_that_a_line_makes() -> None:
    assert targets("  - run: make dist bpftui.pyz sbom PYTHON=python") == ["dist", "bpftui.pyz", "sbom"]
    assert targets('  run: cd a && sudo --preserve-env=CI make test PYTHON="$(command -v python)"; make deb') == [
        "test",
        "deb",
    ]
    assert targets("  run: apt-get install -qq -y make git") == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_they_make_what_the_makefile_has(path: Path) -> None:
    text = path.read_text()
    assert "run: |" not in text, "several lines: targets() reads one"
    made = [target for line in text.splitlines() for target in targets(line)]
    assert made
    assert [target for target in made if target not in TARGETS] == []


def test_a_release_is_attested_and_takes_no_password() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    build, debian, publish = re.split(r"^  (?:debian|publish):\n", text.partition("\njobs:")[2], flags=re.MULTILINE)
    assert [job.count("uses: actions/attest-build-provenance@") for job in (build, debian)] == [1, 1]
    assert "subject-path: dist/*\n" in build
    assert "subject-path: dist/*.deb\n" in debian
    assert "uses: pypa/gh-action-pypi-publish@" in publish
    assert "id-token: write" in publish
    assert "password" not in publish
    assert re.findall(r"secrets\.\w+", text) == []


def test_no_workflow_has_more_rights_than_its_jobs_are_given() -> None:
    for path in WORKFLOWS:
        before_jobs = path.read_text().partition("\njobs:")[0]
        assert re.search(r"^permissions:(?: \{\}|\n  contents: read)$", before_jobs, re.MULTILINE), path.name


def test_what_stands_against_a_threat_is_there() -> None:
    named = set(re.findall(r"`((?:core|tui|tests|packaging|\.github)/[\w./-]+)`", MODEL))
    assert len(named) > 30
    assert [each for each in sorted(named) if not (ROOT / each).exists()] == []


def watchers(text: str) -> list[tuple[str, set[str]]]:
    """Return each row of the tables of a text, and what it says would notice; "the same" is that of the row before."""
    found: list[tuple[str, set[str]]] = []
    before = set[str]()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or "---" in line or cells[-1] == "seen by":
            before = set()  # another table
            continue
        names = {name for name in re.findall(r"`([^`]+)`", cells[-1]) if name.startswith(("tests/", "make "))}
        before = names or (before if cells[-1].startswith("the same") else set())
        found.append((line, before))
    return found


def test_each_row_of_the_model_names_what_would_notice() -> None:
    told = watchers(MODEL)
    assert len(told) > 30
    assert [line for line, names in told if not names] == []
    made = {name.removeprefix("make ") for _, names in told for name in names if name.startswith("make ")}
    assert sorted(made - TARGETS) == []


def test_the_same_is_that_of_the_row_before_in_its_table() -> None:
    head, ruler = "| who | what | seen by |", "|---|---|---|"
    table = [head, ruler, "| a | `x.py` | `tests/a.py`, by eye |", "| b | y | the same |", "| c | `make z` | a look |"]
    assert [names for _, names in watchers("\n".join([*table, "", head, ruler, "| d | z | the same |"]))] == [
        {"tests/a.py"},
        {"tests/a.py"},
        set(),
        set(),
    ]
