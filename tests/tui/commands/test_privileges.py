"""What a steward is hired for: nothing of others is changed beside a file, which may be hostile."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.privileges import Capability
from bpftui.tui.commands import privileges
from bpftui.tui.commands.explore import make_parser
from bpftui.tui.commands.system import top
from tests.documented import ROOT
from tests.man_page import parsers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CHANGES = {"map_to_change", "detach_link", "unpin"}
READ_ONLY = "bpftui was started with --read-only: what others have loaded is not changed"
BESIDE_A_FILE = "start bpftui without a file, or with id:N, to change what others have loaded"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("", ""),
        ("id:42", ""),
        ("id:42 map:7 name:count_*", ""),
        ("some.o", BESIDE_A_FILE),
        ("-", BESIDE_A_FILE),
        ("id:42 some.o", BESIDE_A_FILE),
        ("--read-only", READ_ONLY),
        ("--read-only some.o", READ_ONLY),
    ],
)
def test_errands_that_change_something_are_hired_where_no_file_is_named(
    words: str, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hired: set[str] = set()

    def hire(errands: Mapping[str, str], _: Iterable[Any]) -> None:
        hired.update(errands)

    monkeypatch.setattr(privileges, "hire", hire)
    monkeypatch.setattr(privileges, "drop", lambda *_, **__: "")
    monkeypatch.setattr(privileges, "privileges", lambda: SimpleNamespace(permitted=(1 << 41) - 1))
    options = make_parser().parse(words.split())
    assert privileges.changes_refused(options) == refusal
    privileges.give_up_for(privileges.EXPLORER, options)
    assert "inventory" in hired
    assert hired & CHANGES == (set() if refusal else CHANGES)


def test_top_names_no_file() -> None:
    assert privileges.changes_refused(top.make_parser().parse([])) == ""
    assert privileges.changes_refused(top.make_parser().parse(["--read-only"])) == READ_ONLY


def test_the_readme_says_what_commands_keep() -> None:
    """One without a case in `kept` keeps everything."""
    table = (ROOT / "README.md").read_text().partition("| with `--drop` | capabilities |")[2].partition("\n\n")[0]
    told = [{*re.findall(r"`(\w+)`", row)} for row in table.strip().splitlines()[1:]]
    found = dict[tuple[Capability, ...], set[str]]()
    for name, parser in parsers().items():
        placed = [action for action in parser._get_positional_actions() if action.nargs in (None, "+")]
        words = [next(iter(action.choices or ("x",))) for action in placed]
        found.setdefault(privileges.kept(name, parser.parse_args(words)), set()).add(name)
    loading = (Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_PERFMON)
    assert told == [
        found[()] - {"list", "top", "completion"},  # which read no file
        found[loading],
        found[*loading, Capability.CAP_SYSLOG] - {"explore"},
    ], "README.md tells what --drop leaves, and privileges.kept() what it is"


LOADING = "BPF NET_ADMIN PERFMON"
EVERYTHING = f"{LOADING} SYSLOG"


@pytest.mark.parametrize(
    ("words", "capabilities"),
    [
        ("disasm x.o", ""),
        ("disasm x.o --xlated", EVERYTHING),
        ("disasm x.o --jited", EVERYTHING),
        ("disasm x.o --dead", EVERYTHING),
        ("disasm id:7", "BPF SYSLOG"),
        ("show x.o", ""),
        ("show x.o --externs", "SYSLOG"),
        ("show id:7", "BPF SYSLOG"),
        ("watch x.o", EVERYTHING),
        ("watch x.o --record f", EVERYTHING),
        ("watch id:7", "BPF SYSLOG"),
        ("watch id:7 --record f", EVERYTHING),
        ("check x.o", LOADING),
        ("check x.o --kernels 6.1", ""),
        ("diff x.o y.o", ""),
        ("diff x.o y.o --cost", LOADING),
        ("diff x.o id:7", "BPF SYSLOG"),
        ("diff id:7 x.o --cost", EVERYTHING),
        ("debug x.o", ""),
        ("debug x.o --ranges kernel", LOADING),
        ("fuzz x.o p", ""),
        ("fuzz x.o p --compare kernel", LOADING),
        ("run x.o p", EVERYTHING),
        ("run x.o p --runtime vm", ""),
    ],
)
def test_what_a_command_keeps_is_what_its_options_need(words: str, capabilities: str) -> None:
    name, *rest = words.split()
    found = privileges.kept(name, parsers()[name].parse_args(rest))
    assert sorted(each.name.removeprefix("CAP_") for each in found) == sorted(capabilities.split())
