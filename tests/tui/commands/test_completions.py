"""The completion scripts are what shtab makes of the parsers, and bash's answers as it should."""

from __future__ import annotations

import re
import subprocess

import pytest

from bpftui.tui.commands import COMMANDS, EXPLORE
from tests.completions import FOLDER, SCRIPTS, script
from tests.tui.commands.command_line import bpftui


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_are_current(shell: str) -> None:
    assert (FOLDER / SCRIPTS[shell]).read_text() == script(shell), "run: make completions"


def completed(*words: str) -> list[str]:
    """Return what bash offers for the last of some words."""
    line = f"source {FOLDER}/bpftui.bash; COMP_WORDS=(bpftui {' '.join(words)}); COMP_CWORD={len(words)}"
    ask = f"{line}; _shtab_bpftui bpftui '{words[-1]}' '{(['bpftui', *words])[-2]}' 2>/dev/null"
    ask += '; printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", ask], cwd=FOLDER, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != EXPLORE])
def test_every_option_of_a_command_is_offered(command: str) -> None:
    told = bpftui(command, "--help").out.splitlines()
    options = {found for line in told if re.match(r"  -", line) for found in re.findall(r"--[a-z-]+", line)}
    assert set(completed(command, "--")) == options
    assert "--color" in options


def test_values_files_and_what_is_explored() -> None:
    assert completed("dis") == ["disasm"]
    assert completed("bpftui.f") == ["bpftui.fish"]
    assert completed("prog.o", "--att") == ["--attach"]
    assert completed("disasm", "--syntax", "k") == ["kernel"]
    assert completed("show", "bpftui.f") == ["bpftui.fish"]
    assert completed("run", "x.o", "prog", "--pcap", "bpftui.f") == ["bpftui.fish"]
