"""The zipapp: it unpacks itself once, where nobody else may write."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.nobody import NOBODY
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = Path(__file__).parents[1] / "packaging" / "pyz.py"
USER = NOBODY if os.geteuid() == 0 else []  # for root it is unpacked where the whole machine would see it
PRINTS = "def main():\n    print(__file__)\n    return 5\n"


def pyz() -> Any:
    """Return the module that makes it."""
    spec = importlib.util.spec_from_file_location("pyz", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with a module in the place of bpftui's, which tells where it is."""
    module = tmp_path / "site" / "any" / "bpftui" / "tui" / "__main__.py"
    module.parent.mkdir(parents=True)
    module.write_text(PRINTS)
    made = tmp_path / "made.pyz"
    pyz().pack(tmp_path / "site", made)
    return made


def run(archive: Path, home: Path, prefix: Sequence[str] = ()) -> tuple[int, Path]:
    """Run it as a user with a home; return the code and where it was unpacked."""
    done = subprocess.run(
        [*prefix, sys.executable, "-I", archive],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PATH": os.defpath},
        timeout=PATIENCE,
    )
    assert done.stderr == ""
    return done.returncode, Path(done.stdout.strip())


def test_the_same_files_make_the_same_archive(tmp_path: Path, archive: Path) -> None:
    again = tmp_path / "again.pyz"
    os.utime(tmp_path / "site" / "any" / "bpftui" / "tui" / "__main__.py", (0, 5e8))
    pyz().pack(tmp_path / "site", again)
    assert again.read_bytes() == archive.read_bytes()
    assert again.read_bytes().startswith(b"#!/usr/bin/env python3\n")


def test_it_unpacks_itself_once_and_keeps_its_exit_code(archive: Path, public_path: Path) -> None:
    home = public_path / "home"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    mine = public_path / "made.pyz"
    mine.write_bytes(archive.read_bytes())
    code, first = run(mine, home, USER)
    assert code == 5
    assert first.is_relative_to(home / "cache" / "bpftui" / "pyz")
    made = first.stat().st_mtime_ns
    assert run(mine, home, USER) == (5, first)
    assert first.stat().st_mtime_ns == made
    # What somebody else could have written is not run: it is unpacked anew, for this time.
    (home / "cache" / "bpftui" / "pyz").chmod(0o777)
    code, elsewhere = run(mine, home, USER)
    assert code == 5
    assert not elsewhere.is_relative_to(home)
    assert not elsewhere.exists()
