"""What the system refuses is one sentence: files, threads, memory, /dev/null, /proc, /sys, the standard streams."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.nobody import as_nobody, as_user, stranger, unprivileged
from tests.terminal import Terminal
from tests.tui.commands.command_line import COMMAND, ROOT, bpftui, user_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = ["demo", "--duration", "0.3", "--interval", "0.1"]
NO_THREAD = (
    "bpftui: error: no thread can be started: the system has no more processes or memory for this user "
    "(see ulimit -u, the cgroup's pids.max, and ulimit -v)"
)


def limited(limit: str, value: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run bpftui with a limit of its own, which begins when Python has started."""
    code = (
        f"import resource, sys; resource.setrlimit(resource.{limit}, ({value}, {value})); "
        "from bpftui.tui.__main__ import main; sys.argv[0] = 'bpftui'; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=user_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("files", [4, 5, 8, 15])
@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "bpf/traffic.o"],
        ["check", "bpf/traffic.o"],
        ["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox", "--duration", "0.1"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_few_files(arguments: list[str], files: int) -> None:
    done = limited("RLIMIT_NOFILE", files, *arguments)
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr + done.stdout
    assert done.returncode in (0, 1)
    if done.returncode and not done.stdout:
        assert done.stderr.splitlines()[-1].startswith("bpftui: error: ")


@as_nobody
@pytest.mark.parametrize("runtime", ["vm", "auto"])
def test_no_threads(runtime: str) -> None:
    """Root may start as many as there can be."""
    prefix = ["prlimit", "--nproc=1", *unprivileged(stranger())]
    done = bpftui(*DEMO, "--runtime", runtime, prefix=prefix)
    assert (done.code, done.err.splitlines()[-1]) == (1, NO_THREAD)


@pytest.fixture
def home() -> Iterator[Path]:
    """Return an empty home of a stranger, who may not enter pytest's directories."""
    with tempfile.TemporaryDirectory(prefix="bpftui-home-") as folder:
        os.chown(folder, stranger(), -1)
        yield Path(folder)


@pytest.mark.terminal
@as_nobody
@pytest.mark.parametrize("at_start", [True, False])
def test_the_explorer_without_threads(
    at_start: bool, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has a thread goes on, what gets none says so, and nothing is "loading …" for good."""
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("XDG_STATE_HOME")
    limit = ["prlimit", "--nproc=1"] if at_start else []
    user = [*limit, "env", f"HOME={home}", *unprivileged(stranger())]
    command = [*user, *COMMAND, str(ROOT / "bpf/traffic.o"), "--runtime", "vm"]
    terminal = Terminal((120, 40), command, tmp_path)
    try:
        if at_start:
            assert terminal.exit_code() == "1"
            return
        terminal.until(" SPEC")
        terminal.until("L Load")
        limit = ["prlimit", f"--pid={terminal.pid.read_text().strip()}", "--nproc=1"]
        subprocess.run([*as_user(stranger()), *limit], check=True)
        terminal.press("L")
        terminal.until("LOADED +vm")
        terminal.until("✗ cannot read the maps: no thread can be started: the system has no more processes or memory")
        terminal.press("A")
        terminal.until("sandbox  packets of its own")
        terminal.press("Enter")
        terminal.until("✗ cannot attach: no thread can be started")
        terminal.press("q")
        assert terminal.exit_code() == "0"
    finally:
        terminal.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a mount namespace of its own")
@pytest.mark.parametrize(
    ("missing", "arguments", "code", "error"),
    [
        ("mount -t tmpfs none /dev", ["show", "bpf/traffic.o"], 0, ""),
        ("mount -t tmpfs none /dev", DEMO, 1, "bpftui: error: /dev/null: no such file or directory\n"),
        ("umount -l /proc", ["show", "bpf/traffic.o"], 0, ""),
        ("umount -l /proc", [*DEMO, "--runtime", "vm"], 0, ""),
        (
            "umount -l /proc",
            ["doctor"],
            1,
            "bpftui: error: /proc/self/mounts: no such file or directory (mount -t proc proc /proc)\n",
        ),
        ("mount --bind /tmp /tmp; mount -o remount,bind,ro /tmp", ["show", "bpf/traffic.o"], 0, ""),
    ],
    ids=str,
)
@pytest.mark.kernel
def test_what_is_not_mounted(missing: str, arguments: list[str], code: int, error: str) -> None:
    prefix = ["unshare", "-m", "sh", "-c", f'{missing}; exec "$@"', "sh"]
    done = bpftui(*arguments, prefix=prefix)
    assert (done.code, done.err) == (code, error)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    "arguments", ["show bpf/traffic.o", "demo --runtime vm --duration 0.1 --interval 0.1"], ids=["show", "demo"]
)
def test_closed_streams(closed: str, arguments: str, tmp_path: Path) -> None:
    """What is closed is taken by no other file: there is nothing in it of what was printed."""
    copy = tmp_path / "copy.o"
    copy.write_bytes((ROOT / "bpf/traffic.o").read_bytes())
    line = f"{' '.join(COMMAND)} {arguments} {closed}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=ROOT, env=user_environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (done.stdout == "") == (">&-" in closed.replace("2>&-", ""))


def test_a_folder_that_is_gone_no_home_and_no_terminal_type(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    known = user_environment().items()
    environment = {name: value for name, value in known if not name.startswith(("HOME", "XDG", "TERM"))}
    command = f"cd {gone}; rmdir {gone}; exec {' '.join(COMMAND)} show {ROOT}/bpf/traffic.o"
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "count_traffic" in done.stdout


@pytest.mark.parametrize("megabytes", [40, 60, 100, 150, 250])
def test_little_memory(megabytes: int) -> None:
    done = limited("RLIMIT_AS", megabytes << 20, "show", "bpf/traffic.o")
    assert "unexpected" not in done.stderr
    assert done.returncode in (0, 1)
