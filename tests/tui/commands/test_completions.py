"""The completion scripts offer every option that a command has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.tui.commands.command_line import bpftui

SCRIPTS = Path(__file__).parents[3] / "tui" / "completions"
COMMANDS = ["show", "disasm", "run", "watch", "check", "log", "demo", "doctor"]


def options_of(command: str) -> set[str]:
    """Return the options that `bpftui COMMAND --help` tells."""
    text = bpftui(command, "--help").out
    return {found for line in text.splitlines() if re.match(r"  -", line) for found in re.findall(r"--[a-z-]+", line)}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_offered(command: str) -> None:
    options = options_of(command)
    assert "--color" in options
    words = f"source {SCRIPTS}/bpftui.bash; COMP_WORDS=(bpftui {command} --); COMP_CWORD=2; _bpftui"
    ask = words + '; echo "${COMPREPLY[@]}"'
    offered = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert options - set(offered) == set(), "bash"
    fish = set()
    for line in (SCRIPTS / "bpftui.fish").read_text().splitlines():
        name = re.search(r" -l ([a-z-]+)", line)
        only = re.search(r"__fish_seen_subcommand_from ([a-z ]+)'", line)
        if name is not None and (only is None or command in only[1].split()):
            fish.add(f"--{name[1]}")
    assert options - fish == set(), "fish"
    zsh = (SCRIPTS / "_bpftui").read_text()
    case = re.search(rf"^    {command}\) (.*?);;", zsh, re.MULTILINE | re.DOTALL)
    assert case is not None
    lists = dict(re.findall(r"local -a (\w+)=\((.*?)\n?\)\n", zsh, re.DOTALL))
    told = lists["options"] + case[1] + "".join(lists[name] for name in re.findall(r"\$(\w+)", case[1]))
    assert options - set(re.findall(r"--[a-z-]+", told)) == set(), "zsh"
