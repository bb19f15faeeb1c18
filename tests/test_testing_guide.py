"""The tests of docs/testing.md do what it says, without root and in a process of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs/testing.md"


def test_what_the_guide_tests(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for name, body in re.findall(r"```python (\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        files[name] = files.get(name, "") + body + "\n"
    del files["test_filter.py"]
    assert sorted(files) == ["test_object.py", "test_packets.py", "test_red.py", "test_traffic.py", "test_world.py"]
    for name, body in files.items():
        (tmp_path / name).write_text(body)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "bpf").symlink_to(ROOT / "bpf")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert re.findall(r"^(?:FAILED|ERROR) \S*?::(\w+)", done.stdout, re.M) == ["test_drops_udp"], done.stdout
    for line in (
        "E       assert it returned XDP_PASS (2), not XDP_DROP\n",
        "count_traffic returned XDP_PASS (2) on the vm runtime\n",
        "  traffic: {} -> {{family=IPV4, protocol=UDP}: {packets=1, bytes=60}}\n",
        "  $ bpftui debug bpf/traffic.o count_traffic --data 02000000000002000000000108004500",
    ):
        assert line in done.stdout
        assert line in GUIDE.read_text()


def test_what_the_guide_has_a_service_do(tmp_path: Path) -> None:
    """What its steps run, but for what they install: with clang and libbpf's headers it does what it says."""
    clang = next(filter(None, map(shutil.which, ("clang", "clang-19"))), None)
    if clang is None or not os.path.isfile("/usr/include/bpf/bpf_helpers.h"):
        pytest.skip("clang or libbpf-dev is not installed")
    blocks = dict(re.findall(r"```\w+ (\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL))
    for name in ("filter.c", "test_filter.py"):
        (tmp_path / name).write_text(blocks[name])
    steps = re.findall(r"^ +- run: (.*)$", blocks[".github/workflows/bpf.yml"], re.M)
    assert [step.split()[0] for step in steps] == ["sudo", "clang", "pip", "pytest"]
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "clang").symlink_to(clang)
    (programs / "pytest").write_text(f'#!/bin/sh\nexec {sys.executable} -m pytest -p no:cacheprovider "$@"\n')
    (programs / "pytest").chmod(0o755)
    told = ""
    for step in steps:
        if step.split()[0] in ("clang", "pytest"):
            done = subprocess.run(
                ["sh", "-ec", step],
                cwd=tmp_path,
                env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTEST_ADDOPTS": ""},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            told += done.stdout
    assert "filter.c" in told
    assert "html report: bpf-coverage.html\n" in told
    assert "<html" in (tmp_path / "bpf-coverage.html").read_text()
