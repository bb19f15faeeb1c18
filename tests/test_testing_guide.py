"""The tests of docs/testing.md do what it says, without root and in a process of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs/testing.md"


def test_what_the_guide_tests(tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for name, body in re.findall(r"```python (\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        files[name] = files.get(name, "") + body + "\n"
    assert sorted(files) == ["test_object.py", "test_red.py", "test_traffic.py", "test_world.py"]
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
