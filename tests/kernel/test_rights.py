"""What another user may do with exactly these capabilities, and what is said of the rest."""

from __future__ import annotations

import errno
import json
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from bpftui.core.kernel.sys import probes, rights
from bpftui.core.privileges import Capability, Privileges, grant, privileges
from bpftui.core.spec import MapType, ProgramType
from tests.nobody import as_nobody, nobody_with
from tests.tui.commands.command_line import bpftui

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = [pytest.mark.kernel, as_nobody]

ROOT: Final = Path(__file__).parents[2]
SETS: Final = ("", "bpf", "bpf,net_admin", "bpf,perfmon", "bpf,net_admin,perfmon", "net_admin,perfmon", "sys_admin")
"""Sets of capabilities; CAP_SYS_ADMIN includes what BPF asks for."""


def in_words(capabilities: str) -> str:
    return capabilities or "none"


def run_as_nobody(script: str, capabilities: str = "") -> list[str]:
    """Run a script as nobody with these capabilities and return the lines that it prints."""
    command = [*nobody_with(capabilities), sys.executable, "-c", textwrap.dedent(script)]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()


def holds(capabilities: str) -> set[Capability]:
    held = {Capability[f"CAP_{name.upper()}"] for name in capabilities.split(",") if name}
    if Capability.CAP_SYS_ADMIN in held:
        held |= {Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_PERFMON}
    return held


@pytest.mark.parametrize("capabilities", SETS, ids=in_words)
def test_each_type_asks_for_what_the_table_says(capabilities: str) -> None:
    """The table against the kernel: a type is refused (EPERM) to exactly those who lack what it is to ask for."""
    script = """
        import json
        from bpftui.core.kernel.sys import probes
        from bpftui.core.spec import MapType, ProgramType
        print(json.dumps({type_.label: probes.try_program(type_) for type_ in ProgramType if type_}))
        print(json.dumps({type_.label: probes.try_map(type_) for type_ in MapType if type_}))
    """
    programs, maps = map(json.loads, run_as_nobody(script, capabilities))
    told: list[tuple[dict[str, int], Iterable[Any], Any]] = [
        (programs, ProgramType, probes.try_program),
        (maps, MapType, probes.try_map),
    ]
    for found, kinds, try_as_root in told:
        for type_ in kinds:
            # What root is refused is a policy of this host, or not in this kernel.
            if type_ and try_as_root(type_) == 0:
                lacks = set(rights.needed(type_)) - holds(capabilities)
                assert found[type_.label] == (errno.EPERM if lacks else 0), type_


def test_the_capabilities_that_the_kernel_asks_for_are_enough() -> None:
    assert bpftui("check", "bpf/count_packets.o", prefix=nobody_with("bpf,net_admin")).code == 0
    assert bpftui("check", "bpf/my_map.o", prefix=nobody_with("bpf")).code == 0
    done = bpftui("run", "bpf/count_packets.o", "count_packets", prefix=nobody_with("bpf,net_admin"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("count_packets returned XDP_PASS (2) ")
    done = bpftui("run", "bpf/count_packets.o", "count_packets", prefix=nobody_with("bpf"))
    line = done.refused(3)
    assert line.startswith("cannot load program count_packets (xdp): this process lacks CAP_NET_ADMIN (EPERM) (sudo ")


def test_a_refusal_for_want_of_cap_perfmon_says_so() -> None:
    """Programs that root may load: the verifier names a mistake, and the right is what is missing."""
    line = bpftui("run", "bpf/traffic.o", "count_traffic", prefix=nobody_with("bpf,net_admin")).refused(1)
    assert "R3 partial copy of pointer" in line
    assert "this process lacks CAP_PERFMON, without which the verifier allows less" in line
    assert "(sudo setpriv " in line
    done = bpftui("check", "--json", "tests/objects/names.o", prefix=nobody_with("bpf,net_admin"))
    told = {program["name"]: program["explanation"] for program in json.loads(done.out)["programs"]}
    for name, message in (("first", "pointer -= pointer prohibited"), ("second", "infinite loop detected")):
        assert message in told[name]["message"]
        assert "lacks CAP_PERFMON" in told[name]["summary"]
        assert told[name]["mends"][0].startswith("sudo setpriv ")
    # A mistake stays one, and with the right nothing is said of it.
    assert "CAP_PERFMON" not in bpftui("check", "tests/objects/bad_bounds.o", prefix=nobody_with("bpf,net_admin")).out
    assert "CAP_PERFMON" not in bpftui("check", "tests/objects/bad_loop.o", "tests/objects/names.o").out


def test_runs_that_nobody_counts_are_not_told_as_none() -> None:
    watch = ["watch", "bpf/count_packets.o", "--attach", "count_packets=sandbox", "--duration", "0.2", "--interval"]
    done = bpftui(*watch, "0.1", "--json", prefix=nobody_with("bpf,net_admin"))
    assert done.code == 0
    assert done.err == (
        "bpftui: warning: runs are not counted: cannot switch on the programs' statistics: "
        "this process lacks CAP_SYS_ADMIN (EPERM)\n"
    )
    samples = [json.loads(line) for line in done.out.splitlines()]
    assert samples[-1]["maps"]["pkt_count"]["entries"][0]["value"] > 0
    assert samples[-1]["programs"]["count_packets"] == {"run_cnt": None, "run_time_ns": None}
    done = bpftui(*watch, "0.1", "--json")
    assert done.err == ""
    assert json.loads(done.out.splitlines()[-1])["programs"]["count_packets"]["run_cnt"] > 0


def test_the_command_that_is_named_gives_the_right() -> None:
    """All but sudo itself, which root does not need: what it says is typed into a shell."""
    line = bpftui("run", "bpf/count_packets.o", "count_packets", "--runtime", "kernel", prefix=nobody_with()).refused(3)
    assert line.startswith("cannot create map pkt_count (array): this process lacks CAP_BPF (EPERM) (sudo setpriv ")
    command = line.partition("(sudo ")[2].removesuffix(")")
    # CAP_BPF was all that was asked for so far; the next refusal names what else it takes.
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 3
    assert "this process lacks CAP_NET_ADMIN (EPERM)" in done.stderr
    command = done.stderr.strip().partition("(sudo ")[2].removesuffix(")")
    assert "--ambient-caps=+net_admin,+bpf " in command
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("count_packets returned XDP_PASS (2) ")


def test_what_is_advised_depends_on_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    every = (1 << 41) - 1

    def advice(uid: int = 1000, *, bounding: int = every, **held: Any) -> str:
        monkeypatch.setattr(grant, "privileges", lambda: Privileges(bounding=bounding, **held))
        for name in ("getuid", "geteuid", "getgid"):
            monkeypatch.setattr(grant.os, name, lambda: uid)
        return grant.how_to_get([Capability.CAP_NET_ADMIN, Capability.CAP_BPF])

    monkeypatch.setattr(sys, "orig_argv", ["python3", "prog ram.py", "--all"])
    command = shlex.split(advice())
    assert command[:5] == ["sudo", "setpriv", "--reuid=1000", "--regid=1000", "--init-groups"]
    assert command[-3:] == [sys.executable, "prog ram.py", "--all"]
    assert advice(bounding=0).endswith("(docker run --cap-add=NET_ADMIN --cap-add=BPF)")
    assert "no_new_privs" in advice(no_new_privileges=True)
    assert advice(uid=0).startswith("run it with all capabilities of root")
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-c", "first\nsecond"])
    assert advice().endswith(" COMMAND")


def test_what_this_process_has_is_what_the_kernel_tells() -> None:
    found = privileges()
    told = dict(line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines() if "\t" in line)
    assert found.effective == int(told["CapEff"], 16)
    assert found.bounding == int(told["CapBnd"], 16)
    assert Capability.CAP_BPF in rights.capabilities()
    none = run_as_nobody(
        "from bpftui.core.kernel.sys import rights; "
        "print(sorted(rights.capabilities()), rights.missing(rights.TRACING))",
        "bpf,net_admin",
    )
    assert none == [
        "[<Capability.CAP_NET_ADMIN: 12>, <Capability.CAP_BPF: 39>] [<Capability.CAP_PERFMON: 38>]",
    ]


def test_capabilities_in_a_user_namespace_count_for_nothing() -> None:
    script = """
        import ctypes
        from bpftui.core.kernel.sys import rights
        from bpftui.core.privileges import privileges
        assert ctypes.CDLL(None).unshare(0x10000000) == 0  # CLONE_NEWUSER
        print(bool(privileges().effective), rights.capabilities())
        print(rights.refusal(rights.LOADING)[0])
    """
    assert run_as_nobody(script) == [
        "True frozenset()",
        "the capabilities of a user namespace do not count for bpf(2)",
    ]


@pytest.mark.vmlinux  # that links of a type can be made is told by its types
@pytest.mark.parametrize("capabilities", SETS, ids=in_words)
def test_doctor_says_what_each_set_lacks(capabilities: str) -> None:
    features = json.loads(bpftui("doctor", "--json", prefix=nobody_with(capabilities)).out)["features"]
    told = {(feature["group"], feature["name"]): feature for feature in features}
    held = holds(capabilities)
    for capability in ("CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON", "CAP_SYS_ADMIN"):
        assert told["rights", capability]["ok"] is (Capability[capability] in held)
    assert told["rights", "run statistics"]["ok"] is (Capability.CAP_SYS_ADMIN in held)
    expected = {
        ("maps", "hash"): "CAP_BPF",
        ("maps", "sk_storage"): "CAP_BPF",
        ("maps", "devmap"): "CAP_BPF CAP_NET_ADMIN",
        ("programs", "xdp"): "CAP_BPF CAP_NET_ADMIN",
        ("programs", "kprobe"): "CAP_BPF CAP_PERFMON",
        ("links", "xdp"): "CAP_BPF CAP_NET_ADMIN",
        ("links", "cgroup"): "CAP_BPF CAP_NET_ADMIN",
        ("links", "iter"): "CAP_BPF CAP_PERFMON",
    }
    for key, names in expected.items():
        lacks = [name for name in names.split() if Capability[name] not in held]
        feature = told[key]
        assert feature["ok"] is (not lacks), key
        if lacks:
            assert feature["detail"] == f"refused: this process lacks {' and '.join(lacks)} (EPERM)"
            assert feature["remedy"] == f"give it {' and '.join(lacks)}"
    usual = told.get(("rights", "together"))
    assert (usual is None) is (len(held) >= 3)
    assert usual is None or usual["remedy"].startswith("sudo setpriv --reuid=65534 ")
    if Capability.CAP_BPF in held:
        assert told["instructions", "bounded loops"]["ok"] is (Capability.CAP_PERFMON in held)
