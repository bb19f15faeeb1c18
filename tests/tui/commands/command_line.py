"""bpftui in a process of its own, as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def bpftui(*arguments: str | Path, prefix: Sequence[str] = (), **options: Any) -> Outcome:
    """Run bpftui without a terminal; *prefix* is a command that runs it, such as setpriv."""
    options = {"stdin": subprocess.DEVNULL, "timeout": PATIENCE, "cwd": ROOT, "env": user_environment()} | options
    command = [*prefix, *COMMAND, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return Outcome(done.returncode, done.stdout, done.stderr)
