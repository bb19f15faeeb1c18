"""The forge's workflows, and what is promised of safety: what they name is there, and is what it was."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_they_make_what_the_makefile_has(path: Path) -> None:
    made = {word for line in re.findall(r"\bmake ([a-z. -]+)", path.read_text()) for word in line.split()}
    assert made & TARGETS
    assert [word for word in re.findall(r"run: make ([\w.-]+)", path.read_text()) if word not in TARGETS] == []


def test_no_workflow_has_more_rights_than_its_jobs_are_given() -> None:
    for path in WORKFLOWS:
        before_jobs = path.read_text().partition("\njobs:")[0]
        assert re.search(r"^permissions:(?: \{\}|\n  contents: read)$", before_jobs, re.MULTILINE), path.name


def test_what_stands_against_a_threat_is_there() -> None:
    named = set(re.findall(r"`((?:core|tui|tests|packaging|\.github)/[\w./-]+)`", MODEL))
    assert len(named) > 30
    assert [each for each in sorted(named) if not (ROOT / each).exists()] == []


def test_each_row_of_the_model_names_what_would_notice() -> None:
    rows = [line.strip("|").split("|") for line in MODEL.splitlines() if line.startswith("|") and "---" not in line]
    told = [row for row in rows if row[-1].strip() != "seen by"]
    assert [row for row in told if not re.search(r"`|the same|attestation", row[-1])] == []
