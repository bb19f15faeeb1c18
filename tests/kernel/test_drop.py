"""Rights that are given up before a file is read: what the kernel says that each command has while it reads one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from bpftui.core.privileges import Capability
from tests.terminal import Terminal
from tests.tui.commands.command_line import COMMAND, ROOT, bpftui, user_environment
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.xfail(os.geteuid() != 0, reason="only root has rights to give up", run=False),
]

LOADING: Final = {Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_PERFMON}
SEEING: Final = LOADING | {Capability.CAP_SYSLOG}
STEWARD: Final = {Capability.CAP_SYS_ADMIN, Capability.CAP_SYS_PTRACE}
OBJECT: Final = (ROOT / "bpf/count_packets.o").read_bytes()
SYSTEM_PYTHON: Final = Path("/usr/bin/python3")


def status(pid: int | str, task: str = "") -> dict[str, str]:
    path = Path("/proc", str(pid), *(("task", task) if task else ()), "status")
    return dict(line.split(":\t", 1) for line in path.read_text().splitlines() if ":\t" in line)


def held(told: dict[str, str]) -> set[Capability | int]:
    """Return the effective capabilities, which are all that there are in any set.

    The guardian is forked off when the right to lower the bounding set has been given up: nothing is gained by it any
    more (PR_SET_NO_NEW_PRIVS).
    """
    bits = int(told["CapEff"], 16)
    assert told["Name"] == "bpftui-guardian" or int(told["CapBnd"], 16) == bits
    assert int(told["CapPrm"], 16) == bits
    assert int(told["CapInh"], 16) == int(told["CapAmb"], 16) == 0
    numbers = {number for number in range(64) if bits >> number & 1}
    known = {int(each): each for each in Capability}
    return {known.get(number, number) for number in numbers}


def children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(check: Any, seconds: float = PATIENCE) -> Any:
    stop = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < stop
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("show -", set()),
        ("show --json -", set()),
        ("show --externs -", {Capability.CAP_SYSLOG}),
        ("disasm -", set()),
        ("disasm - count_packets --xlated --jited", SEEING),
        ("disasm - count_packets --dead", SEEING),
        ("run - count_packets", SEEING),
        ("run - count_packets --runtime vm", set()),
        ("check -", LOADING),
        ("watch - --attach count_packets=sandbox --duration 0.3 --interval 0.1", SEEING),
        ("log -", set()),
    ],
)
def test_each_command_has_what_it_needs_while_it_reads_a_file(command: str, expected: set[Capability]) -> None:
    """It waits for its standard input, in which there is no byte of the file yet."""
    given = b"0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000)\n" if command == "log -" else OBJECT
    name, *rest = command.split()
    with subprocess.Popen(
        [*COMMAND, name, "--drop", *rest],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=user_environment(),
    ) as process:
        until(lambda: status(process.pid)["NoNewPrivs"] == "1")
        assert held(status(process.pid)) == expected
        # What takes more is done by a process that has nothing else, and reads no file.
        others = [STEWARD] if expected >= LOADING else []
        if name == "watch":
            others += [set()]  # its guardian, which has its name when it has given up the rest
            until(lambda: "bpftui-guardian" in [status(child)["Name"] for child in children(process.pid)])
        assert [held(status(child)) for child in children(process.pid)] == others
        out, err = process.communicate(given, timeout=PATIENCE)
    assert (process.returncode, err) == (1 if name == "log" else 0, b""), out
    if name == "watch":
        assert b"runs, " in out  # counted with the steward's help


def test_without_it_nothing_is_given_up_but_by_the_explorer(terminal: Terminal) -> None:
    with subprocess.Popen([*COMMAND, "show", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        time.sleep(0.3)
        assert int(status(process.pid)["CapEff"], 16) == int(status("self")["CapEff"], 16)
        process.communicate(OBJECT)
    terminal.until(" SPEC")
    pid = int(terminal.pid.read_text())
    assert held(status(pid)) == SEEING


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal((120, 40), [*COMMAND, str(ROOT / "bpf/traffic.o")], tmp_path)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.terminal
def test_what_the_explorer_offers_works_without_the_rest(terminal: Terminal, tmp_path: Path) -> None:
    terminal.until(" SPEC")
    terminal.press("2")
    terminal.until(r"int count_traffic\(struct")
    terminal.press("v", "v")
    if "translated" not in terminal.text():
        terminal.press("v")
    terminal.until("none of 171 instructions removed")
    if "v: native" in terminal.text():
        terminal.press("v")
    terminal.until(r"push|nop|endbr|stp")
    terminal.press("L")
    terminal.until("LOADED")
    terminal.press("A")
    terminal.until("Cancel")
    terminal.press("Enter")
    terminal.until("▲ ATTACHED")
    terminal.until(r"runs/s")
    pid = int(terminal.pid.read_text())
    tasks = os.listdir(f"/proc/{pid}/task")
    assert len(tasks) > 2
    assert all(held(status(pid, task)) == SEEING for task in tasks)
    terminal.press("6")
    terminal.until("gave up all capabilities but CAP_BPF, CAP_NET_ADMIN")
    going = children(pid)
    assert STEWARD in [held(status(child)) for child in going if status(child)["NoNewPrivs"] == "1"]
    terminal.press("D")
    terminal.until("LOADED")
    terminal.press("q")
    assert terminal.exit_code() == "0"
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in going))


def run(script: str, *, python: str = sys.executable, **environment: str) -> list[str]:
    done = subprocess.run(
        [python, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=user_environment(**environment),
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _is_readable_python() -> bool:
    """Whether there is a Python of the system's, which others may read, and of a version that will do."""
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    return SYSTEM_PYTHON.exists() and subprocess.run([SYSTEM_PYTHON, "-c", code], check=False).returncode == 0


PATHS: Final = "import sys; sys.path[:0] = " + repr([path for path in sys.path if "site-packages" in path])
FINDER: Final = """
    import importlib.util, types
    for name, folder in (("bpftui", ""), ("bpftui.core", "core"), ("bpftui.tui", "tui")):
        module = types.ModuleType(name)
        module.__path__ = [f"{ROOT}/{folder}"]
        sys.modules[name] = module
"""


@pytest.mark.xfail(not _is_readable_python(), reason="no Python of the system's will do", run=False)
def test_under_sudo_it_becomes_the_user_who_called_it(tmp_path: Path) -> None:
    script = f"""
        {PATHS}
        ROOT = {str(ROOT)!r}
        {textwrap.indent(textwrap.dedent(FINDER), "        ").strip()}
        import os
        from bpftui.core.privileges import Capability, drop
        from bpftui.core.spec import CollectionSpec
        from bpftui.core import kernel
        print(drop([Capability.CAP_BPF, Capability.CAP_NET_ADMIN], reads=["bpf/count_packets.o"]))
        print(os.getresuid(), os.getresgid(), os.getgroups(), os.environ["HOME"] != "/root")
        spec = CollectionSpec.from_file("bpf/count_packets.o")
        with kernel.load(spec) as loaded:
            print(loaded.programs["count_packets"].run().retval)
        try:
            open({str(tmp_path / "of-root")!r}, "w")
        except OSError as error:
            print(error.strerror)
    """
    assert run(script, python=str(SYSTEM_PYTHON), SUDO_UID="1", SUDO_GID="1") == [
        "gave up all capabilities but CAP_BPF, CAP_NET_ADMIN, and runs as user 1",
        "(1, 1, 1) (1, 1, 1) [1] True",
        "2",
        "Permission denied",
    ]
    # What only root may read is asked for: then it stays root.
    mine = tmp_path / "mine.o"
    mine.write_bytes(OBJECT)
    mine.chmod(0o600)
    script = script.replace("bpf/count_packets.o", str(mine))
    told = run(script, python=str(SYSTEM_PYTHON), SUDO_UID="1", SUDO_GID="1", HOME="/root")
    assert told[0] == "gave up all capabilities but CAP_BPF, CAP_NET_ADMIN"
    assert told[1].startswith("(0, 0, 0) (0, 0, 0) ")
    assert told[1].endswith(" False")
    assert told[2:] == ["2"]  # and root's files are root's to write, as before


def test_a_file_of_somebody_else_keeps_the_right_to_read_it(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.o"
    theirs.write_bytes(OBJECT)
    theirs.chmod(0o600)
    os.chown(theirs, 65534, 65534)
    script = f"""
        from bpftui.core.privileges import drop, privileges
        print(drop(reads=[{str(theirs)!r}]), bin(privileges().effective))
        open({str(theirs)!r}).close()
    """
    assert run(script) == ["gave up all capabilities but CAP_DAC_READ_SEARCH 0b100"]


def test_what_was_given_up_is_named_as_that() -> None:
    script = """
        from bpftui.core.kernel.sys import rights
        from bpftui.core.privileges import Capability, drop
        drop([Capability.CAP_BPF])
        print(*rights.refusal(rights.NETWORKING), sep=": ")
    """
    assert run(script) == [
        "this process lacks CAP_NET_ADMIN: it gave that up at the start: run it without --drop, the explorer with "
        "--no-drop"
    ]


def test_threads_are_too_late() -> None:
    script = """
        import threading
        from bpftui.core.errors import UsageError
        from bpftui.core.privileges import drop, hire, privileges
        stop = threading.Event()
        threading.Thread(target=stop.wait).start()
        for late in (drop, lambda: hire({}, [])):
            try:
                late()
            except UsageError as error:
                print(error.message)
        stop.set()
        print(privileges().effective > 0)
    """
    assert run(script) == [
        "rights are given up before threads are started, of which each has its own",
        "a steward is hired before threads are started",
        "True",
    ]


def test_a_steward_does_its_errands_and_nothing_else() -> None:
    script = """
        import os
        from bpftui.core import kernel
        from bpftui.core.privileges import Capability, drop, errand, hire
        from bpftui.core.privileges.steward import ERRANDS
        steward = hire(ERRANDS, [Capability.CAP_SYS_ADMIN])
        drop([Capability.CAP_BPF])
        with kernel.stats_enabled():
            print("counted")
        print(errand("shell", "id"))
        for name in ("shell", "module nowhere", "module " + "x" * 9000):
            try:
                steward.ask(*name.split(" "))
            except OSError as error:
                print(error.strerror)
        print(open("/proc/self/task/%d/children" % os.getpid()).read(), flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == -signal.SIGKILL
    *told, child = done.stdout.split("\n")[:6]
    assert told == ["counted", "None", "Invalid argument", "No such file or directory", "Invalid argument"]
    until(lambda: not Path("/proc", child.strip()).exists())


def test_where_there_are_no_user_namespaces_the_sandbox_keeps_its_rights() -> None:
    script = """
        from bpftui.core.kernel import Sandbox
        from bpftui.core.kernel.sys.namespace import NetworkNamespace
        from bpftui.tui.commands import privileges
        privileges._has_user_namespaces = lambda: False
        print(privileges.give_up([privileges.Capability.CAP_BPF], sandbox=True))
        with Sandbox() as sandbox:
            print(isinstance(sandbox.namespace, NetworkNamespace), sandbox.send(10), sandbox.rx_packets())
    """
    assert run(script) == [
        "gave up all capabilities but CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN",
        "True 10 10",
    ]


@pytest.mark.parametrize("attachment", ["tracepoint", "uprobe_malloc=libc.so.6:malloc", "raw_tracepoint"])
def test_what_only_root_may_attach_to_is_attached_with_the_stewards_help(attachment: str) -> None:
    watch = ["watch", "--drop", "tests/objects/sections.o", "--attach", attachment, "--duration", "0.5"]
    done = bpftui(*watch, "--interval", "0.1", "--json", is_fresh=True)
    assert done.code == 0, done.err
    name = attachment.partition("=")[0]
    assert json.loads(done.out.splitlines()[-1])["programs"][name]["run_cnt"] > 0


def test_what_programs_print_is_read_with_the_stewards_help() -> None:
    watch = ["watch", "--drop", "tests/objects/prints.o", "--attach", "hello=sandbox,rate=100", "--duration", "1"]
    done = bpftui(*watch, "--interval", "0.2", "--json", is_fresh=True)
    assert (done.code, done.err) == (0, "")
    samples = [json.loads(line) for line in done.out.splitlines()]
    assert {text for sample in samples for text in sample["printed"]} == {"hello 42"}
    assert {name for sample in samples for name in sample.get("printed_by", [])} == {"hello"}


@pytest.mark.xfail(not _is_readable_python(), reason="no Python of the system's will do", run=False)
def test_the_user_who_called_sudo_reads_what_programs_print_with_the_stewards_help() -> None:
    script = f"""
        {PATHS}
        ROOT = {str(ROOT)!r}
        {textwrap.indent(textwrap.dedent(FINDER), "        ").strip()}
        import os
        from bpftui.core.kernel.sys.perf import reach_tracefs
        from bpftui.core import kernel
        from bpftui.core.privileges import Capability, drop, hire
        from bpftui.core.privileges.steward import ERRANDS
        from bpftui.core.spec import CollectionSpec
        hire(ERRANDS, [Capability.CAP_SYS_ADMIN])
        drop([Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_PERFMON, Capability.CAP_SYSLOG])
        print(os.getresuid())
        instances = reach_tracefs("instances")
        mine = lambda: [name for name in os.listdir(instances) if name.startswith("bpftui-%d-" % os.getpid())]
        spec = CollectionSpec.from_file("tests/objects/prints.o")
        with kernel.load(spec, programs={{"hello"}}) as loaded, loaded.printed() as printed:
            loaded.programs["hello"].run()
            print(printed.read().texts, repr(printed.problem), len(mine()))
        print(mine())
    """
    assert run(script, python=str(SYSTEM_PYTHON), SUDO_UID="1", SUDO_GID="1") == [
        "(1, 1, 1)",
        "('hello 42',) '' 1",
        "[]",
    ]
