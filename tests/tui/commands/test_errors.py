"""What goes wrong on the command line: one line on stderr, the right exit code, no traceback, nothing half done."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.tui.__main__ import main
from tests.nobody import as_nobody, nobody_with
from tests.tui.commands.command_line import COMMAND, ROOT, Outcome, bpftui, user_environment
from tests.waiting import PATIENCE

UNPRIVILEGED = nobody_with()
READERS = [["show"], ["disasm"], ["disasm", "--raw"], ["check"], ["watch"]]


def broken(kind: str, folder: Path) -> tuple[Path, str]:
    """Return a file of that kind, and what is said of it."""
    file = folder / "prog.o"
    match kind:
        case "empty":
            file.write_bytes(b"")
            return file, "it is empty, not a BPF object"
        case "directory":
            return folder, "it is a directory, not a BPF object"
        case "text":
            file.write_text("int main(void) { return 0; }\n")
            return file, "it is not an ELF file, so not a BPF object"
        case "x86":
            return Path("/bin/true"), "it is an ELF file for "
        case "truncated":
            data = (ROOT / "bpf/traffic.o").read_bytes()
            file.write_bytes(data[: len(data) // 2])
            return file, "it is cut off: its section table lies beyond the end"
        case "missing":
            return file, "there is no such file"
        case "device":
            return Path("/dev/zero"), "it is a device, not a BPF object"
        case _:
            raise AssertionError(kind)


@pytest.mark.parametrize("kind", ["empty", "directory", "text", "x86", "truncated", "missing", "device"])
@pytest.mark.parametrize("reader", [["show", "--json"], []], ids=" ".join)
def test_what_is_no_bpf_object(kind: str, reader: list[str], tmp_path: Path) -> None:
    path, reason = broken(kind, tmp_path)
    line = bpftui(*reader, path).refused(1)
    assert line.startswith(f"{path}: ")
    assert reason in line


@pytest.mark.parametrize("reader", [*READERS, ["run", "--repeat", "2"]], ids=" ".join)
def test_every_command_reads_with_the_same_care(reader: list[str], tmp_path: Path) -> None:
    path, reason = broken("truncated", tmp_path)
    program = ["prog"] if reader[0] == "run" else []
    assert reason in bpftui(*reader, path, *program).refused(1)


@as_nobody
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = Path("/tmp") / f"bpftui-{tmp_path.name}-{os.getpid()}.o"
    path.write_bytes((ROOT / "bpf/my_map.o").read_bytes())
    try:
        path.chmod(0)
        assert bpftui("show", path, prefix=UNPRIVILEGED).refused(3) == f"{path}: it cannot be read: permission denied"
    finally:
        path.unlink()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["show", "bpf/traffic.o", "--set", "countin=1"],
            2,
            "there is no variable 'countin' in bpf/traffic.o (did you mean 'counting'?)",
        ),
        (
            ["show", "bpf/hidden_example.o", "--set", "hidden_var=1"],
            2,
            "there is no variable 'hidden_var' in bpf/hidden_example.o (hidden_var is in the file but cannot be set:",
        ),
        (
            ["run", "bpf/global_example.o", "global_example", "--set", "global_u16=70000"],
            2,
            "global_u16: 70000 does not fit volatile __u16, which takes 0 to 65535",
        ),
        (["show", "bpf/constants.o", "--set", "mode=MODE_DRP"], 2, "there is no enumerator 'MODE_DRP'"),
        (["show", "bpf/constants.o", "--set", "cfg.limits[4].rate=1"], 2, "cfg.limits[4]: the array has 4 elements"),
        (
            ["show", "bpf/constants.o", "--set", "mode"],
            2,
            "--set 'mode' is not of the form NAME=VALUE (--set sample_every=10)",
        ),
        (
            ["run", "bpf/global_example.o", "global_exmple"],
            2,
            "there is no program 'global_exmple' in bpf/global_example.o (did you mean 'global_example'?)",
        ),
        (["run", "bpf/global_example.o", "global_example", "--repeat", "0"], 2, "--repeat 0 is less than 1"),
        (["run", "bpf/global_example.o", "global_example", "--data", "xyz"], 2, "--data: 'xyz' is not hexadecimal"),
        (["run", "bpf/global_example.o", "global_example", "--data", "@/no/where"], 1, "/no/where: there is no such"),
        (["disasm", "bpf/traffic.o", "count_trafic"], 2, "there is no program 'count_trafic'"),
        (["disasm", "bpf/traffic.o", "--raw", "--section", "xpd"], 2, "there is no section of code 'xpd'"),
        (["disasm", "bpf/traffic.o", "--section", "xdp"], 2, "--section goes with --raw"),
        (["watch", "bpf/count_packets.o", "--map", "pkt_cont"], 2, "there is no map 'pkt_cont'"),
        (["watch", "bpf/count_packets.o", "--attach", "count_packets="], 2, "'count_packets=' is not of the form"),
        (
            ["watch", "bpf/count_packets.o", "--attach", "count_packets"],
            2,
            "program count_packets (xdp) is attached to",
        ),
        (["watch", "bpf/count_packets.o", "--attach", "count=sandbox"], 2, "there is no program 'count'"),
        (["watch", "bpf/count_packets.o", "--interval", "0"], 2, "--interval 0 is not between"),
        (["watch", "bpf/count_packets.o", "--interval", "x"], 2, "argument --interval: invalid float value: 'x'"),
        (["demo", "--rate", "0"], 2, "--rate 0 is not between"),
        (["demo", "--duration", "-1"], 2, "--duration -1 is not between 0 and 1,000,000,000 seconds"),
        (["show"], 2, "the following arguments are required: OBJECT (see bpftui show --help)"),
        (["show", ""], 1, "'': there is no such file"),
        (["run", "--hepl"], 2, "unrecognized arguments: --hepl (did you mean --help? see bpftui run --help)"),
        (["run", "--", "--hepl"], 2, "the following arguments are required: PROGRAM (see bpftui run --help)"),
        (
            ["show", "--jsn", "bpf/traffic.o"],
            2,
            "unrecognized arguments: --jsn (did you mean --json? see bpftui show --help)",
        ),
        (["show", "bpf/traffic.o", "nothing.o"], 2, "unrecognized arguments: nothing.o (see bpftui show --help)"),
        (
            ["show", "bpf/traffic.o", "bpf/count_packets.o"],
            2,
            "bpftui show takes one object, and bpf/count_packets.o is one more than bpf/traffic.o (bpftui check takes",
        ),
        (["bpf/traffic.o", "bpf/count_packets.o"], 2, "the explorer needs a terminal, and there is none"),
        (
            ["shwo", "bpf/traffic.o", "--json"],
            2,
            "there is neither a command nor a file 'shwo' (did you mean bpftui show bpf/traffic.o --json?)",
        ),
        (["doctr"], 2, "there is neither a command nor a file 'doctr' (did you mean bpftui doctor?)"),
        (["help"], 2, "there is neither a command nor a file 'help' (bpftui --help)"),
        (["xyzzy"], 2, "there is neither a command nor a file 'xyzzy' (bpftui --help tells the commands)"),
        (["show", "bpf"], 1, "bpf: it is a directory, not a BPF object (there is bpf/"),
        (["show", "bpf/trafic.o"], 1, "bpf/trafic.o: there is no such file (did you mean bpf/traffic.o?)"),
        (
            ["bpf/bpf_min.h"],
            1,
            "bpf/bpf_min.h: it is source code in C, not a BPF object (compile it: clang -O2 -g --target=bpf -c bpf/",
        ),
        (["check", "--runtime", "vn", "bpf/traffic.o"], 2, "argument --runtime: invalid choice: 'vn'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done(
    arguments: list[str],
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In this process, for the sake of time; an exception that escapes fails here just the same."""
    monkeypatch.chdir(ROOT)
    found = main(arguments)
    done = capsys.readouterr()
    assert Outcome(found, done.out, done.err).refused(code).startswith(message)


def test_an_option_may_stand_between_arguments() -> None:
    for last in (
        ["disasm", "--raw", "bpf/traffic.o", "count_traffic"],
        ["diff", "--json", "bpf/traffic.o", "bpf/constants.o"],
    ):
        command, option, one, two = last
        between = bpftui(command, one, option, two)
        assert (between.out != "", between) == (True, bpftui(*last))


def test_no_terminal() -> None:
    assert bpftui("bpf/traffic.o").refused(2) == (
        "the explorer needs a terminal, and there is none (try: bpftui show bpf/traffic.o)"
    )


def test_wrong_settings_in_a_process_of_their_own() -> None:
    run = ["run", "bpf/global_example.o", "global_example", "--set"]
    assert bpftui(*run, "global_u16=70000").refused(2) == (
        "global_u16: 70000 does not fit volatile __u16, which takes 0 to 65535"
    )
    assert bpftui(*run, "global_16=1").refused(2) == (
        "there is no variable 'global_16' in bpf/global_example.o (did you mean 'global_u16'?)"
    )


@pytest.mark.kernel
def test_an_interface_that_is_not_there() -> None:
    line = bpftui("watch", "bpf/count_packets.o", "--attach", "count_packets=nosuch0").refused(2)
    assert line.startswith("there is no interface 'nosuch0' (")


@pytest.mark.kernel
def test_an_object_for_the_other_byte_order() -> None:
    assert "it is big-endian" in bpftui("run", "bpf/count_packets.eb.o", "count_packets").refused(1)


@pytest.mark.kernel
def test_an_interface_that_has_an_xdp_program(tmp_path: Path) -> None:
    """Both in a network namespace of their own, made and left by the shell that runs them."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.fail("unshare and ip are needed")
    watch = " ".join([*COMMAND, "watch", "bpf/count_packets.o", "--attach", "count_packets=v0,generic"])
    script = f"""
        set -e
        ip link add v0 type veth peer name v1
        ip link set v0 up
        {watch} --duration 20 >{tmp_path}/first 2>&1 &
        first=$!
        for _ in $(seq 600); do ip link show v0 | grep -q xdp && break; sleep 0.1; done
        code=0
        {watch} --duration 20 || code=$?
        kill -TERM $first
        wait $first || true
        ip link show v0 | grep -c xdp >{tmp_path}/left || true
        exit $code
    """
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        cwd=ROOT,
        env=user_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    line = Outcome(done.returncode, done.stdout, done.stderr).refused(1)
    assert "v0" in line
    assert "already" in line
    assert (tmp_path / "left").read_text().strip() == "0"


@as_nobody
@pytest.mark.kernel
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "bpf/global_example.o", "global_example"],
        ["watch", "bpf/count_packets.o", "--duration", "1"],
        ["demo", "--duration", "1"],
    ],
    ids=lambda value: value[0],
)
def test_without_rights(arguments: list[str]) -> None:
    line = bpftui(*arguments, "--runtime", "kernel", prefix=UNPRIVILEGED).refused(3)
    assert "CAP_" in line
    assert "sudo" in line


@as_nobody
def test_without_rights_the_built_in_runtime_does_it() -> None:
    setting = ["--set", "global_u16=9000", "--repeat", "2"]
    done = bpftui("run", "bpf/global_example.o", "global_example", *setting, prefix=UNPRIVILEGED)
    assert [line.split(" in ")[0] for line in done.out.splitlines()] == [
        "global_example returned 9000 (0x2328)",
        "global_example returned 9001 (0x2329)",
    ]
    assert "this is the built-in machine" in done.err
    done = bpftui("demo", "--duration", "0.6", "--interval", "0.2", prefix=UNPRIVILEGED)
    assert done.code == 0
    assert "this is the built-in machine" in done.out
    counts = [int(line.split("pkt_count")[1].split()[0].replace(",", "")) for line in done.out.splitlines()[2:]]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] > 0


@as_nobody
def test_that_there_is_no_such_file_is_all_that_check_tells() -> None:
    assert bpftui("check", "nothing.o", prefix=UNPRIVILEGED).refused(1) == "nothing.o: there is no such file"


@as_nobody
def test_reading_needs_no_rights() -> None:
    done = bpftui("show", "--json", "bpf/traffic.o", prefix=UNPRIVILEGED)
    assert (done.code, done.err) == (0, "")
