"""The inventory of what a program of the other large library attached, cilium/ebpf, beside what bpftool says of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from bpftui.core.kernel.attach.targets import cgroup_mount
from bpftui.core.system import Inventory, Owner
from tests.kernel.system.others import ATTACHED, COUNTING

_SOURCES = Path("/usr/share/gocode")
"""Where Debian has the sources of Go's libraries (golang-github-cilium-ebpf-dev)."""

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.vmlinux,
    pytest.mark.xfail(
        shutil.which("go") is None or not (_SOURCES / "src/github.com/cilium/ebpf").exists(),
        reason="Go, or its library for BPF, is not installed",
        run=False,
    ),
]

SETUP = 'ip link add v0 type veth peer name v1 && ip link set v0 up && exec "$@"'


def test_what_ebpf_go_attached(tmp_path: Path) -> None:
    executable, mount = tmp_path / "goer", cgroup_mount()
    assert mount is not None
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(_SOURCES), "GOCACHE": str(tmp_path / "cache")}
    build = ["go", "build", "-o", str(executable), str(Path(__file__).with_name("attacher.go"))]
    subprocess.run(build, env=environment, check=True)
    group = tempfile.mkdtemp(prefix="bpftui-go-", dir=mount)
    words = [str(executable), str(ATTACHED), str(COUNTING), group, "v0"]
    process = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", SETUP, "sh", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        made: list[list[str]] = []
        for line in process.stdout:  # which has an end where it dies
            if line == "ready\n":
                break
            made.append(line.split())
        else:
            pytest.fail(f"it ended before it was ready, after {made}")
        with Inventory() as inventory:
            snapshot = inventory.snapshot()
        told = {
            each["id"]: each
            for each in json.loads(subprocess.run(["bpftool", "-j", "link"], capture_output=True, check=True).stdout)
        }
        inside = f"v0 in net:[{os.stat(f'/proc/{process.pid}/ns/net').st_ino}]"
    finally:
        process.communicate()
        os.rmdir(group)
    places = {
        "xdp": ("count_packets", inside),
        "raw_tracepoint": ("on_raw", "sched_process_fork"),
        "cgroup_inet_egress": ("on_cgroup", group.removeprefix(mount)),
    }
    assert [hook for hook, _, _ in made] == [*places]
    for hook, number, held in made:
        program, link = snapshot.programs[int(number)], snapshot.links[int(held)]
        assert (program.name, link.target) == places[hook]
        assert program.owners == link.owners == (Owner(process.pid, "goer"),)
        assert program.links == (link.id,)
        them = told[link.id]
        assert (them["type"], them["prog_id"]) == (link.type, link.program)
        assert {
            name: link.details[name] for name in them.keys() & {"ifindex", "tp_name", "cgroup_id"}
        }.items() <= them.items()
