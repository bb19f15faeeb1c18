"""The completion scripts are what shtab makes of the parsers, and each shell takes its own and answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bpftui.tui.commands import COMMANDS, EXPLORE
from bpftui.tui.commands.completion import FOLDER, SCRIPTS
from tests.completions import script
from tests.man_page import parsers
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from pathlib import Path


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
    told = parsers()[command].format_help().splitlines()
    named = [line.strip().partition("  ")[0] for line in told if re.match(r"  -", line)]  # what is said of it is behind
    options = {found for names in named for found in re.findall(r"--[a-z-]+", names)}
    assert set(completed(command, "--")) == options
    assert "--color" in options


def test_values_files_and_what_is_explored() -> None:
    assert completed("dis") == ["disasm"]
    assert completed("bpftui.f") == ["bpftui.fish"]
    assert completed("prog.o", "--att") == ["--attach"]
    assert completed("disasm", "--syntax", "k") == ["kernel"]
    assert completed("show", "bpftui.f") == ["bpftui.fish"]
    assert completed("run", "x.o", "prog", "--pcap", "bpftui.f") == ["bpftui.fish"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_command_prints_them(shell: str) -> None:
    done = bpftui("completion", shell)
    assert (done.code, done.err, done.out) == (0, "", (FOLDER / SCRIPTS[shell]).read_text())


def test_a_shell_that_there_is_no_script_for() -> None:
    assert "choose from" in bpftui("completion", "csh").refused(2)


def answered(shell: str, words: str, home: Path) -> str:
    """Return what a shell of its own prints, which has its script where a package puts it, and no other.

    fish keeps files in its *home*.
    """
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [shell, *({"fish": ["--no-config"], "zsh": ["-f"]}[shell]), "-c", words],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_fish_offers_commands_options_and_files(tmp_path: Path) -> None:
    def offered(line: str) -> set[str]:
        told = answered("fish", f"source bpftui.fish; complete -C '{line}'", tmp_path)
        return {each.partition("\t")[0] for each in told.splitlines() if each}

    assert offered("bpftui dis") == {"disasm"}
    assert offered("bpftui show --exter") == {"--externs"}
    assert offered("bpftui completion ") == set(SCRIPTS)
    assert "bpftui.bash" in offered("bpftui bpftui.b")


def test_zsh_finds_its_script_and_loads_it(tmp_path: Path) -> None:
    find = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -D -u; autoload +X _bpftui; print $_comps[bpftui]"
    assert answered("zsh", find, tmp_path) == "_bpftui\n"
    # Outside of its line editor nothing is completed: what `_arguments` would be given.
    told = answered(
        "zsh", "_arguments() { true }; source ./_bpftui; print -rl -- $_shtab_bpftui_show_options", tmp_path
    )
    assert re.search(r"^--externs\[", told, re.MULTILINE)
