"""The sandbox of those who may load programs but not make namespaces: inside of a user namespace."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Final

import pytest

from tests.nobody import as_nobody, nobody_with
from tests.tui.commands.command_line import bpftui
from tests.waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.kernel, as_nobody]

ROOT: Final = Path(__file__).parents[2]
LOADING: Final = nobody_with("bpf,net_admin")


def run(script: str, prefix: list[str]) -> list[str]:
    done = subprocess.run(
        [*prefix, sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_programs_are_attached_and_every_packet_is_counted() -> None:
    script = """
        from bpftui.core import kernel
        from bpftui.core.errors import AttachError
        from bpftui.core.kernel.sys.unprivileged import UnprivilegedNamespace
        from bpftui.core.spec import CollectionSpec

        with kernel.load(CollectionSpec.from_file("bpf/count_packets.o")) as loaded, kernel.Sandbox() as sandbox:
            assert isinstance(sandbox.namespace, UnprivilegedNamespace)
            counter, program = loaded.maps["pkt_count"], loaded.programs["count_packets"]
            for mode in (None, "native", "generic"):
                with program.attach(sandbox.target(mode)) as link:
                    sandbox.send(1000)
                    assert link.id
                    try:
                        program.attach(sandbox.target(mode))
                    except AttachError as error:
                        print(error.message.partition(" (id ")[0])
                print(counter[0], sandbox.rx_packets())
            sandbox.send(10)
            print(counter[0], sorted((one.name, one.xdp) for one in kernel.interfaces(sandbox.namespace)))
    """
    refused = "cannot attach program count_packets to veth0: interface veth0 already has an XDP program"
    assert run(script, LOADING) == [
        *(text for count in (1000, 2000, 3000) for text in (refused, f"{count} {count}")),
        "3000 [('lo', None), ('veth0', None), ('veth1', None)]",
    ]


def test_demo_and_watch_work_without_any_other_right() -> None:
    done = bpftui("demo", "--duration", "0.6", "--interval", "0.2", prefix=LOADING)
    assert (done.code, done.err) == (0, "")
    assert "an own network namespace" in done.out
    counts = [int(line.split("pkt_count")[1].split()[0].replace(",", "")) for line in done.out.splitlines()[1:]]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] > 0


def test_a_killed_parent_takes_the_child_with_it() -> None:
    script = """
        import time
        from bpftui.core.kernel import Sandbox
        sandbox = Sandbox()
        sandbox.rate = 1000
        print(sandbox.namespace._child.pid, flush=True)
        time.sleep(60)
    """
    command = [*nobody_with(), sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        child = Path("/proc", process.stdout.readline().strip())
        assert (child / "ns/net").stat().st_ino != Path("/proc/self/ns/net").stat().st_ino
        process.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not child.exists())


def test_where_there_are_no_user_namespaces_the_error_says_what_it_takes() -> None:
    """Switched off in a user namespace of our own, where that is nobody else's concern."""
    script = """
        import ctypes, os, sys
        from pathlib import Path
        inner = '''
        from bpftui.core.errors import NoPermissionError
        from bpftui.core.kernel import Sandbox
        try:
            Sandbox()
        except NoPermissionError as error:
            print(error.message)
            print(error.hint)
        '''
        uid = os.getuid()
        assert ctypes.CDLL(None).unshare(0x10000000) == 0  # CLONE_NEWUSER
        Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.execv("/proc/self/exe", [sys.executable, "-c", inner.replace("\\n        ", "\\n")])
    """
    message, hint = run(script, nobody_with())
    assert message == (
        "cannot make a network namespace: this process lacks CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN, "
        "and there is no user namespace either: user.max_user_namespaces is 0"
    )
    assert "--ambient-caps=+net_admin,+net_raw,+sys_admin COMMAND" in hint
