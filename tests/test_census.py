"""The rules of conftest.py, tried on small runs of pytest in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

pytestmark = pytest.mark.alone  # what is loaded meanwhile would be left behind

ROOT = Path(__file__).parent.parent

NO_BPF = """
import tests.census
tests.census.why_no_bpf = lambda: "no bpf(2) for this test"
"""


def run_pytest(folder: Path, body: str, *options: str, bpf: bool = True) -> subprocess.CompletedProcess[str]:
    """Run pytest on a module with this *body* under the rules of conftest.py, or as if without bpf(2)."""
    (folder / "settings.py").write_text("" if bpf else NO_BPF)
    module = folder / "test_one.py"
    module.write_text(f"import pytest\nfrom tests.census import _bpf\n{body}\n")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    command += ["-p", "settings", "-p", "tests.conftest", "-p", "no:cacheprovider", *options, str(module)]
    environment = os.environ | {"PYTHONPATH": f"{folder}:{ROOT}"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_skipping_another_test_is_fine(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, "@pytest.mark.skip(reason='x')\ndef test_x(): pass")
    assert result.returncode == 0, result.stdout


def test_without_bpf_kernel_tests_are_skipped_with_the_reason(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, "@pytest.mark.kernel\ndef test_x(): assert False", bpf=False)
    assert result.returncode == 0, result.stdout
    assert "no bpf(2) for this test" in result.stdout


@pytest.mark.kernel
def test_a_skipped_kernel_test_fails_the_run(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, "@pytest.mark.kernel\ndef test_x(): pytest.skip('no mood')")
    assert result.returncode == 6, result.stdout
    assert "skipped though bpf(2) is available: " in result.stdout


@pytest.mark.kernel
def test_a_map_left_behind_fails_the_run(tmp_path: Path) -> None:
    """The map's fd stays open in the run's process, which ends only after the count."""
    create = "_bpf(0, bytearray.fromhex('02000000 04000000 08000000 01000000'))"
    result = run_pytest(tmp_path, f"def test_x(): assert {create} > 0")
    assert result.returncode == 6, result.stdout
    assert "left behind: map" in result.stdout


@pytest.mark.kernel
def test_a_skipped_kernel_test_of_a_worker_fails_the_run(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    body = "@pytest.mark.kernel\ndef test_x(): pytest.skip('no mood')"
    result = run_pytest(tmp_path, body, "-n", "1")
    assert result.returncode == 6, result.stdout
    assert "skipped though bpf(2) is available: " in result.stdout
