"""BPF tokens, for real: a user namespace, and a bpffs that delegates to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.kernel import probe, use_token
from tests.tui.commands.command_line import COMMAND, ROOT, Outcome, user_environment
from tests.waiting import PATIENCE

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.xfail(os.geteuid() != 0, reason="only root can delegate", run=False),
    pytest.mark.xfail(
        not any(feature.name == "BPF tokens" and feature.ok for feature in probe.report()),
        reason="this kernel has no tokens (Linux 6.9)",
        run=False,
    ),
]

ALL: Final = "delegate_cmds=any,delegate_maps=any,delegate_progs=any,delegate_attachs=any"
HARNESS: Final = str(Path(__file__).with_name("delegated.py"))


def delegated(options: str, directory: Path, *arguments: str, **environment: str) -> Outcome:
    """Run bpftui in a user namespace with such a bpffs at *directory*."""
    command = [sys.executable, HARNESS, str(directory), options, *COMMAND, *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=PATIENCE,
        env=user_environment(**environment),
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("program", ["count_packets", "my_map"])
@pytest.mark.parametrize("how", ["option", "variable"])
def test_what_is_delegated_is_loaded_and_runs(program: str, how: str, tmp_path: Path) -> None:
    entry = {"count_packets": "count_packets", "my_map": "my_prog"}[program]
    run = ["run", f"bpf/{program}.o", entry, "--runtime", "kernel"]
    if how == "option":
        done = delegated(ALL, tmp_path, *run, "--token", str(tmp_path))
    else:
        done = delegated(ALL, tmp_path, *run, LIBBPF_BPF_TOKEN_PATH=str(tmp_path))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{entry} returned ")


def test_a_sandbox_inside_and_programs_with_types(tmp_path: Path) -> None:
    done = delegated(ALL, tmp_path, "check", "--token", str(tmp_path), "bpf/traffic.o", "tests/objects/core.o")
    assert done.code == 0, done.out
    demo = ["demo", "--token", str(tmp_path), "--duration", "0.5", "--interval", "0.1"]
    done = delegated(ALL, tmp_path, *demo)
    assert (done.code, done.err) == (0, "")
    assert "an own network namespace" in done.out


def test_what_is_not_delegated_is_said(tmp_path: Path) -> None:
    run = ["run", "bpf/count_packets.o", "count_packets", "--token", str(tmp_path)]
    line = delegated("delegate_cmds=map_create:btf_load,delegate_maps=any", tmp_path, *run).refused(3)
    assert line.startswith(
        f"cannot load program count_packets (xdp): the BPF token of {tmp_path} does not allow it (delegate_cmds="
    )
    assert "delegate_progs" in line
    line = delegated("", tmp_path, *run).refused(3)
    assert line.startswith(
        f"there is no BPF token to be had at {tmp_path}: it delegates nothing (ENOENT) (mount it with "
    )
    line = delegated("-", tmp_path, *run).refused(2)
    assert line.startswith(f"there is no BPF token to be had at {tmp_path}: that is not where a bpffs is mounted")
    line = delegated("-", tmp_path, *run[:-2], "--runtime", "kernel").refused(3)
    assert "the capabilities of a user namespace do not count for bpf(2) (EPERM)" in line
    # An empty variable means no token, as in libbpf; without rights, auto is the built-in machine.
    done = delegated(ALL, tmp_path, *run[:-2], LIBBPF_BPF_TOKEN_PATH="")
    assert done.code == 0
    assert "this is the built-in machine" in done.err


def test_doctor_tells_of_the_token(tmp_path: Path) -> None:
    for options, ok in ((ALL, True), ("", False), ("-", False)):
        done = delegated(options, tmp_path, "doctor", "--json", "--token", str(tmp_path))
        told = {(each["group"], each["name"]): each for each in json.loads(done.out)["features"]}
        assert told["rights", "BPF token"]["ok"] is ok
        assert told["maps", "devmap"]["ok"] is ok
        assert told["programs", "xdp"]["ok"] is ok
        assert told["rights", "run statistics"]["ok"] is False


def test_outside_of_user_namespaces_there_is_none() -> None:
    with pytest.raises(UsageError, match="there is no BPF token to be had at /tmp"):
        use_token("/tmp")
    with pytest.raises(UsageError, match="no such file"):
        use_token("/nowhere")
