"""Commands in forked processes: what becomes of one that takes too long."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.forked import Forks
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_command_whose_time_is_over_before_it_has_begun(tmp_path: Path) -> None:
    """It is said as of any other one, and the next one runs."""
    forks = Forks("platform")
    env = dict(os.environ)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            forks.run(["--terse"], cwd=tmp_path, env=env, timeout=0)
        done = forks.run(["--terse"], cwd=tmp_path, env=env, timeout=PATIENCE)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Linux")
    finally:
        forks.close()
