"""Programs that others attached: by libbpf, bpftool, ip and tc, in namespaces and a control group of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from bpftui.core.kernel.attach.binary import function_offset
from bpftui.core.kernel.attach.targets import cgroup_mount
from bpftui.core.kernel.sys.perf import event_type

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Made", "Others", "attached_by_others"]

ROOT = Path(__file__).parents[3]
ATTACHED, COUNTING = ROOT / "tests/objects/attached.o", ROOT / "bpf/count_packets.o"
SETUP = """
mount -t bpf bpf "$1" && mount -t tracefs none /sys/kernel/tracing && ip link add v0 type veth peer name v1 &&
ip link set v0 up && ip link set v1 up && shift && exec "$@"
"""


class Made(NamedTuple):
    """A line of the attacher."""

    hook: str
    program: int
    link: int
    """0 for none."""


@dataclass
class Others:
    """What is attached, and where it was made."""

    pid: int
    made: list[Made]
    group: str
    """The control group's directory."""
    bpffs: str
    executable: str
    offset: int

    def run(self, *command: str) -> str:
        """Run a command in the namespaces."""
        return subprocess.run(
            ["nsenter", "-t", str(self.pid), "-n", "-m", *command], check=True, capture_output=True, text=True
        ).stdout

    def bpftool(self, *words: str) -> Any:
        """Return what bpftool says."""
        return json.loads(self.run("bpftool", "-j", *words))

    def program(self, hook: str, number: int = 0) -> int:
        """Return the id of what was attached to a hook."""
        return [each.program for each in self.made if each.hook == hook][number]

    def link(self, hook: str, number: int = 0) -> int:
        """Return the link's."""
        return [each.link for each in self.made if each.hook == hook][number]


@contextlib.contextmanager
def attached_by_others() -> Generator[Others]:
    """Attach programs of many kinds, and take all of it away again."""
    for tool in ("bpftool", "tc", "ip", "nsenter", "unshare"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    compiler = shutil.which("cc") or pytest.skip("no C compiler is installed")
    mount, uprobe = cgroup_mount(), event_type("uprobe")
    if mount is None or uprobe is None:
        pytest.skip("no cgroup2 is mounted, or this kernel has no uprobes")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bpftui-others-"))
        executable, bpffs = f"{folder}/attacher", f"{folder}/bpffs"
        os.mkdir(bpffs)
        source = Path(__file__).with_name("attacher.c")
        build = [compiler, "-O2", "-o", executable, str(source), "-lbpf"]
        if subprocess.run(build, capture_output=True, check=False).returncode:
            pytest.skip("no libbpf to compile with (libbpf-dev)")
        group = tempfile.mkdtemp(prefix="bpftui-others-", dir=mount)
        stack.callback(os.rmdir, group)
        os.mkdir(f"{group}/child")
        stack.callback(os.rmdir, f"{group}/child")
        offset = function_offset(executable, "target")
        words = [executable, str(ATTACHED), str(COUNTING), group, bpffs, str(uprobe), str(offset)]
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", SETUP, "sh", bpffs, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.callback(process.communicate)  # its input ends, and with it the process and all that it holds
        assert process.stdout is not None
        lines: list[list[str]] = []
        for line in process.stdout:
            if line == "ready\n":
                break
            lines.append(line.split())
        else:
            assert process.stderr is not None
            pytest.fail(process.stderr.read())
        made = [Made(hook, int(program), int(link)) for hook, program, link in lines]
        others = Others(process.pid, made, group, bpffs, executable, offset)
        others.run("ip", "link", "set", "dev", "v0", "xdpgeneric", "obj", str(COUNTING), "sec", "xdp")
        others.run("tc", "qdisc", "add", "dev", "v0", "clsact")
        add = ("tc", "filter", "add", "dev", "v0", "ingress")
        others.run(*add, "pref", "20", "bpf", "da", "pinned", f"{bpffs}/classifier")
        others.run(*add, "pref", "10", "bpf", "da", "pinned", f"{bpffs}/classifier")
        egress = others.program("cgroup_inet_egress")
        others.run("bpftool", "prog", "load", str(COUNTING), f"{bpffs}/lonely")
        others.run("bpftool", "cgroup", "attach", f"{group}/child", "egress", "id", str(egress), "multi")
        yield others
        others.run("bpftool", "cgroup", "detach", f"{group}/child", "egress", "id", str(egress))
