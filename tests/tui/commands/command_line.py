"""bpftui in a process of its own, as a user runs it."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.forked import Forks
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["COMMAND", "ROOT", "Outcome", "bpftui", "user_environment"]

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "bpftui.tui"]


def user_environment(**more: str) -> dict[str, str]:
    """Return the environment for a command: this test's, of a user who says nothing of colours; and *more*."""
    return {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")} | more


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    code: int
    out: str
    err: str

    def refused(self, code: int) -> str:
        """Check that it failed as it should, with nothing on stdout and one line on stderr; return that line."""
        assert self.code == code, self
        assert self.out == "", self
        (line,) = self.err.splitlines()
        assert line.startswith("bpftui: error: ")
        return line.removeprefix("bpftui: error: ")


def bpftui(
    *arguments: str | Path,
    prefix: Sequence[str] = (),
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    is_fresh: bool = False,
) -> Outcome:
    """Run bpftui without a terminal and without a standard input.

    Args:
        arguments: Its command and what that is given.
        prefix: A command that runs it, such as setpriv.
        cwd: Its working directory.
        env: Its environment; a user's, if there is none.
        is_fresh: Whether it begins with nothing loaded, as users have it; as with a *prefix*; else it is forked.
    """
    words, env = [*map(str, arguments)], user_environment() if env is None else env
    if prefix or is_fresh:
        done = subprocess.run(
            [*prefix, *COMMAND, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env=env,
            timeout=PATIENCE,
        )
    else:
        done = _forks().run(words, cwd=cwd, env=env, timeout=PATIENCE)
    return Outcome(done.returncode, done.stdout, done.stderr)


@functools.cache
def _forks() -> Forks:
    return Forks("bpftui.tui")
