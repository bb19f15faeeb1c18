"""Names of frames: of the kernel's code, of what is in the memory of processes, of what is known by its id alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bpftui.core.kernel.attach.binary import FunctionPlace
from bpftui.core.kernel.host import kallsyms
from bpftui.core.kernel.stacks import functions, kernel_code, memory, processes
from bpftui.core.kernel.stacks.build_ids import build_id_of, debug_file
from bpftui.core.kernel.stacks.functions import FileFunctions
from bpftui.core.kernel.stacks.kernel_code import KernelCode
from bpftui.core.kernel.stacks.memory import Mapping, find_mapping, mappings_of, started
from bpftui.core.kernel.stacks.processes import FilesById, Processes
from bpftui.core.kernel.stacks.symbols import KernelSymbols
from bpftui.core.runtime.stacks import Call, Frame

SYMBOLS = """\
ffffffff81000000 T startup_64
ffffffff81000000 T _stext
ffffffff81001000 t do_nanosleep
ffffffff81002000 W weak_one
ffffffff81003000 D _etext
ffffffff82000000 D jiffies
ffffffff83000000 T _sinittext
ffffffff83000010 T start_kernel
ffffffff83001000 T _einittext
ffffffffc0001000 t nf_hook	[nf_tables]
ffffffffc0100000 t bpf_prog_73b4da14a308c46e_once	[bpf]
"""
MODULES = "nf_tables 8192 1 nft_chain_nat, Live 0xffffffffc0001000 (E)\n"


def kernel(address: int) -> Call:
    return Call(0xFFFF_FFFF_0000_0000 + address)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the kernel's symbols are; there are no programs but what they tell."""
    monkeypatch.setattr(kallsyms, "KALLSYMS", str(tmp_path / "kallsyms"))
    monkeypatch.setattr(kallsyms, "_MODULES", str(tmp_path / "modules"))
    monkeypatch.setattr(kernel_code, "_native_code", lambda: iter(()))
    (tmp_path / "kallsyms").write_text(SYMBOLS)
    (tmp_path / "modules").write_text(MODULES)
    return tmp_path


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (0x8100_0000, "startup_64"),  # of two names of one address the first
        (0x8100_105C, "do_nanosleep+0x5c"),
        (0x8100_2FFF, "weak_one+0xfff"),
        (0x8100_3000, "0xffffffff81003000"),  # behind the code
        (0x8200_0000, "0xffffffff82000000"),  # data
        (0x8300_0014, "start_kernel+0x4"),
        (0xC000_1010, "nf_hook+0x10 [nf_tables]"),
        (0xC000_3000, "0xffffffffc0003000"),  # behind the module
        (0xC010_0056, "bpf_prog_73b4da14a308c46e_once+0x56 [bpf]"),
        (0x8000_0000, "0xffffffff80000000"),
    ],
)
@pytest.mark.usefixtures("host")
def test_the_kernel_s_functions(address: int, text: str) -> None:
    call = kernel(address)
    frame = KernelCode().frames([call])[call]
    assert str(frame) == text
    assert bool(frame.problem) is text.startswith("0x")


def test_hidden_addresses_are_said_to_be_so(host: Path) -> None:
    lines = [f"{'0' * 16}{line[16:]}" for line in SYMBOLS.splitlines()]
    (host / "kallsyms").write_text("\n".join(lines))
    call = kernel(0x8100_105C)
    (frame,) = KernelSymbols().stack([call]).frames
    assert frame == Frame(call, problem=kernel_code._HIDDEN)
    (host / "kallsyms").unlink()  # as where /proc is not mounted
    assert KernelSymbols().stack([call]).problem == kernel_code._HIDDEN


def test_modules_and_programs_that_come_later_get_their_names(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = KernelCode()
    new, old = kernel(0xC020_0010), kernel(0xC000_1010)
    assert not code.frames([new, old])[new].name
    (host / "kallsyms").write_text(f"{SYMBOLS}ffffffffc0200000 t late\t[later]\n")
    assert not code.frames([new])[new].name  # what was read a moment ago is taken to be so
    monkeypatch.setattr(kernel_code, "_PAUSE", -1.0)
    assert str(code.frames([new])[new]) == "late+0x10 [later]"
    (host / "kallsyms").unlink()
    assert str(code.frames([old])[old]) == "nf_hook+0x10 [nf_tables]"  # remembered


@pytest.mark.usefixtures("host")
def test_programs_are_known_by_their_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel does not list them (net.core.bpf_jit_kallsyms), and where it does with their lengths."""
    listed = kernel_code._Native(0xFFFF_FFFF_C010_0000, 0xFFFF_FFFF_C010_0060, "bpf_prog_73b4da14a308c46e_once", 42)
    sub = kernel_code._Native(0xFFFF_FFFF_C010_0080, 0xFFFF_FFFF_C010_00A0, "bpf_prog_73b4da14a308c46e_once.1", 42)
    monkeypatch.setattr(kernel_code, "_native_code", lambda: iter((listed, sub)))
    calls = [kernel(0xC010_0010), kernel(0xC010_0090)]
    found = KernelCode().frames(calls)
    assert [(str(found[each]), found[each].program) for each in calls] == [
        ("bpf_prog_73b4da14a308c46e_once+0x10 [bpf]", 42),
        ("bpf_prog_73b4da14a308c46e_once.1+0x10 [bpf]", 42),
    ]


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """Return a process that can be changed: when it began, and what is in its memory."""
    library = tmp_path / "lib.so"
    library.write_bytes(b"some")
    now: dict[str, object] = {"began": 7, "reads": 0, "path": str(library)}

    def mappings(_pid: int) -> list[Mapping]:
        now["reads"] = int(str(now["reads"])) + 1
        if now.get("refused"):
            raise PermissionError(13, os.strerror(13))
        return [Mapping(0x1000, 0x2000, 0x500, library.stat().st_ino, str(now["path"]), bool(now.get("deleted")))]

    monkeypatch.setattr(processes, "started", lambda _pid: now["began"])
    monkeypatch.setattr(processes, "mappings_of", mappings)
    monkeypatch.setattr(processes, "_PAUSE", -1.0)  # it is looked at each time
    monkeypatch.setattr(functions, "functions_of", lambda _path: [FunctionPlace(0x510, 0x20, "work")])
    return now


def test_addresses_of_a_process_are_places_in_its_files(process: dict[str, object]) -> None:
    known = Processes(FileFunctions())
    assert str(known.frame(Call(0x1014), os.getpid())) == "work+0x4 [lib.so]"
    outside = known.frame(Call(0x1800), os.getpid())
    assert str(outside) == "lib.so+0xd00"
    assert outside.problem == "lib.so has no symbols for some of its code"
    nowhere = known.frame(Call(0x9000), os.getpid())
    assert (str(nowhere), nowhere.problem) == (
        "0x9000",
        f"process {os.getpid()} has no file in memory where some of its addresses are",
    )
    process["deleted"] = True
    known = Processes(FileFunctions())
    assert str(known.frame(Call(0x1014), os.getpid())) == "lib.so+0x514"  # another one may be called like it by now


def test_a_process_that_ended_is_remembered_until_another_one_has_its_pid(process: dict[str, object]) -> None:
    known = Processes(FileFunctions())
    assert known.frame(Call(0x1014), os.getpid()).name == "work"
    process["began"], process["refused"] = 0, True  # it is gone
    assert known.frame(Call(0x1018), os.getpid()).name == "work"
    process["began"] = 8  # another one has its pid
    other = known.frame(Call(0x1014), os.getpid())
    assert (other.name, other.problem) == (
        "",
        f"the memory of process {os.getpid()} is not to be seen: permission denied",
    )
    process["began"] = 0
    assert "is gone" in Processes(FileFunctions()).frame(Call(0x1014), 4_000_000).problem


def test_a_library_that_is_loaded_later_is_found(process: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    known = Processes(FileFunctions())
    real = processes.mappings_of
    monkeypatch.setattr(processes, "mappings_of", lambda _pid: [])
    assert not known.frame(Call(0x1014), os.getpid()).name
    monkeypatch.setattr(processes, "mappings_of", real)
    assert known.frame(Call(0x1014), os.getpid()).name == "work"
    assert process["reads"] == 1


def test_whose_process_nobody_knows() -> None:
    stack = KernelSymbols().stack([Call(0x1014)])
    assert str(stack.frames[0]) == "0x1014"
    assert "no map has a pid beside the id of this stack" in stack.problem


def test_this_process_s_own_memory() -> None:
    own = mappings_of(os.getpid())
    assert own == sorted(own)
    assert started(os.getpid()) > 0
    assert started(4_000_000) == 0
    found = find_mapping(own, own[0].start)
    assert found == own[0]
    assert find_mapping(own, own[0].start - 1) is None
    assert find_mapping([], 5) is None
    with pytest.raises(OSError, match="No such file"):
        mappings_of(4_000_000)


@pytest.mark.parametrize("argument", ["", "self", "1/../2", "-1", "1 2", "12345678901"])
def test_a_steward_opens_the_memory_of_a_pid_alone(argument: str) -> None:
    from bpftui.core.errors import UsageError

    with pytest.raises(UsageError, match="by its pid"):
        memory.open_memory(argument)


def test_build_ids() -> None:
    path = os.path.realpath(sys.executable)
    found = build_id_of(path)
    readelf = shutil.which("readelf")
    if readelf is not None:
        notes = subprocess.run([readelf, "-n", path], capture_output=True, text=True, check=True).stdout
        assert (f"Build ID: {found.hex()}" in notes) is bool(found)
    assert build_id_of(__file__) == b""
    assert build_id_of("/nonexistent") == b""
    assert debug_file(bytes.fromhex("abcdef")) == "/usr/lib/debug/.build-id/ab/cdef.debug"
    assert debug_file(b"") == ""


def test_a_damaged_file_has_no_build_id(tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    raw = Path(os.path.realpath("/proc/self/exe")).read_bytes()[:4096]
    for cut in (4, 63, 64, 100, 300):
        path.write_bytes(raw[:cut])
        assert build_id_of(str(path)) == b""
    path.write_bytes(raw[:32] + b"\xff" * 32 + raw[64:])
    assert build_id_of(str(path)) == b""


def test_files_are_found_by_their_build_ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "lib.so"
    library.write_bytes(b"some")
    short = bytes(range(1, 17))  # an md5: the kernel fills it with zeros
    monkeypatch.setattr(processes, "processes", lambda: [os.getpid()])
    monkeypatch.setattr(processes, "build_id_of", lambda _path: short)
    mapping = Mapping(0x1000, 0x2000, 0, library.stat().st_ino, str(library))
    monkeypatch.setattr(processes, "mappings_of", lambda _pid: [mapping])
    monkeypatch.setattr(functions, "functions_of", lambda _path: [FunctionPlace(0x510, 0x20, "work")])
    by_id = FilesById(FileFunctions())
    assert str(by_id.frame(Call(0x512, short.ljust(20, b"\0")))) == "work+0x2 [lib.so]"
    assert str(by_id.frame(Call(0x900, short.ljust(20, b"\0")))) == "lib.so+0x900"
    unknown = by_id.frame(Call(0x512, bytes(range(20, 0, -1))))
    assert str(unknown) == f"{bytes(range(20, 0, -1)).hex()}+0x512"
    assert "no process runs the file" in unknown.problem
