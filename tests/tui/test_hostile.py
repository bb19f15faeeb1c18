"""What reaches terminals and files when names in an object, and its own name, are chosen by somebody who means harm.

Each test feeds payloads into every name that an object has and looks at all that comes out: not how it is made.
"""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree as ET
from fcntl import ioctl
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bpftui.core.spec import CollectionSpec
from bpftui.core.visible import is_visible, visible
from bpftui.tui.__main__ import main
from tests.core.traffic.files import pcap
from tests.hostile import PAYLOADS, hostile_bytes, record_hostile
from tests.waiting import PATIENCE, Rest

ROOT = Path(__file__).parents[2]
FILE_NAME = os.fsdecode(b"h\x1b]0;owned\x07\n\xe2\x80\xae<b>\xff.o")
SOURCES = ["bpf/traffic.o", "tests/objects/symbols.o", "tests/objects/values.dwarf.o", "tests/objects/nested_maps.o"]
COMMANDS = [
    ["show"],
    ["show", "--json"],
    ["show", "--core"],
    ["show", "--externs"],
    ["show", "--header"],
    ["show", "--graph"],
    ["show", "--graph", "--format", "dot"],
    ["show", "--graph", "--format", "mermaid"],
    ["show", "--graph", "--blocks"],
    ["show", "--graph", "--blocks", "--format", "dot"],
    ["show", "--graph", "--blocks", "--format", "mermaid"],
    ["disasm"],
    ["disasm", "--no-source", "--syntax", "llvm"],
    ["disasm", "--raw"],
    ["disasm", "--format", "html"],
    ["disasm", "--format", "svg"],
    ["check", "--runtime", "vm"],
    ["check", "--runtime", "vm", "--json"],
    ["check", "--runtime", "vm", "--csv"],
    ["check", "--runtime", "vm", "--table"],
    ["doctor", "--runtime", "vm"],
    ["doctor", "--runtime", "vm", "--json"],
    ["disasm", "--section", "\x1b]0;x\x07"],
    ["show", "--layout", "\x1b]0;x\x07"],
    ["show", "--set", "\x1b]0;x\x07\n=1"],
    ["disasm", "--\x1b]0;x\x07\n"],
    ["diff", str(ROOT / "bpf/traffic.o")],
    ["diff", "--html", str(ROOT / "bpf/traffic.o")],
    ["diff", "--json", str(ROOT / "bpf/traffic.o")],
]
SGR = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(params=SOURCES, ids=lambda source: Path(source).name)
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return such an object, whose file has such a name."""
    path = tmp_path / FILE_NAME
    path.write_bytes(hostile_bytes(request.param))
    return path


def seen(text: str) -> list[str]:
    """Return the lines of what was written, each of which must do nothing."""
    assert [line for line in text.split("\n") if not is_visible(line.replace("\t", " "))] == []
    return text.split("\n")


def test_the_payloads_are_there(hostile: Path) -> None:
    data = hostile.read_bytes()
    assert sum(payload in data for payload in PAYLOADS) >= 5
    spec = CollectionSpec.from_file(hostile)
    assert any(not is_visible(name) for name in (*spec.programs, *spec.maps, *spec.variables))


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(map(visible, words)))
@pytest.mark.parametrize("color", ["never", "always"])
def test_commands(words: list[str], color: str, hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([*words, "--color", color, str(hostile)])
    told = capsys.readouterr()
    seen(told.err)
    assert len(told.err.splitlines()) <= 2
    out = told.out if color == "never" else SGR.sub("", told.out)
    lines = seen(out)
    if "--json" in words:
        assert str(json.loads(out)["new" if words[0] == "diff" else "file"]) == str(hostile)
    elif "--csv" in words:
        assert {len(row) for row in csv.reader(io.StringIO(out))} == {8}
    elif words == ["show"] or words[0] == "doctor":
        assert visible(str(hostile)) in out
    elif "--html" in words:
        check_html(out, PAGE)
    elif "html" in words:
        check_html(out)
    elif "svg" in words:
        ET.fromstring(out)
    elif "mermaid" in words or "dot" in words:
        assert lines


@pytest.mark.parametrize(
    "words",
    [
        ["cover", "--data", "00" * 64],
        ["cover", "--data", "00" * 64, "--json"],
        ["cover", "--data", "00" * 64, "--html", "page"],
        ["cover", "--data", "00" * 64, "--cobertura", "coverage.xml"],
        ["cover", "--data", "00" * 64, "--lcov", "coverage.info"],
        ["fuzz", "--seconds", "0.05", "--test", "test_found.py"],
        ["fuzz", "--seconds", "0.05", "--json"],
    ],
    ids=lambda words: f"{words[0]} {words[3] if len(words) > 3 else words[-1]}",
)
def test_commands_that_run_a_program(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(hostile_bytes("bpf/traffic.o"))
    monkeypatch.chdir(tmp_path)
    program = next(iter(CollectionSpec.from_file(path).programs))
    assert not is_visible(program)
    assert main([words[0], *words[1:], str(path), program]) == 0
    told = capsys.readouterr()
    seen(told.err)
    seen(told.out)
    made = [each for each in tmp_path.rglob("*") if each.is_file() and each != path]
    for each in made:
        seen(each.read_text(encoding="utf-8"))
    if "--json" in words:
        assert visible(json.loads(told.out)["program"]) == visible(program)
    elif not made:
        assert visible(program) in told.out
    for each in made:
        if each.suffix == ".xml":
            ET.fromstring(each.read_text(encoding="utf-8"))
        elif each.suffix == ".html":
            assert not re.findall(r"<(?:script|b)\b", each.read_text(encoding="utf-8"))
        elif each.suffix == ".py":
            compile(each.read_text(encoding="utf-8"), each.name, "exec")


PAGE = {"h1", "h2", "small", "p", "table", "colgroup", "col", "tr", "td", "strong", "div", "del", "ins"}
"""Elements of a page that a listing has not."""


def check_html(text: str, more: set[str] | None = None) -> None:
    """Check that a document has no elements but those of a listing, and *more*, which have the attributes of a page."""
    attributes = {"lang", "charset", "class"} | ({"name", "content", "http-equiv", "style"} if more else set())

    class Elements(HTMLParser):
        names: set[str] = set()  # noqa: RUF012 - one document

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.names.add(tag)
            assert {name for name, _ in attrs} <= attributes

    parser = Elements()
    parser.feed(text)
    assert parser.names <= {"html", "head", "meta", "title", "style", "body", "pre", "span"} | (more or set())


@pytest.mark.parametrize("form", [[], ["--html"], ["--json"]], ids=" ".join)
def test_both_objects_of_a_diff(
    form: list[str], hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / f"2{FILE_NAME}"
    other.write_bytes(hostile_bytes("tests/objects/versions.o"))
    for pair in ((hostile, other), (other, hostile)):
        main(["diff", *form, *map(str, pair)])
        told = capsys.readouterr()
        seen(told.out)
        assert told.err == ""
        if form == ["--html"]:
            check_html(told.out, PAGE)
        elif form:
            document = json.loads(told.out)
            assert [document["old"], document["new"]] == [str(each) for each in pair]
        else:
            assert told.out


@pytest.mark.parametrize("to_file", [False, True], ids=["stdout", "file"])
@pytest.mark.parametrize("form", ["jsonl", "csv", "perfetto", "pcapng"])
@pytest.mark.parametrize("hostile", SOURCES[:3], indirect=True, ids=lambda source: Path(source).name)  # those that load
def test_a_recording_for_others(
    form: str, hostile: Path, to_file: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, target = tmp_path / f"{FILE_NAME}.rec", tmp_path / f"{FILE_NAME}.out"
    record_hostile(hostile, recording)
    written = ["--output", str(target)] if to_file or form == "pcapng" else []
    assert main(["export", str(recording), "--format", form, *written]) == 0
    told = capsys.readouterr()
    seen(told.out)
    assert told.err == ""
    if form == "pcapng":
        assert visible(str(target)) in told.out
        return
    assert (told.out == "") == to_file
    text = target.read_text("utf-8") if to_file else told.out
    seen(text)
    match form:
        case "jsonl":
            (first, _) = map(json.loads, text.splitlines())
            assert {*first["variables"]} == {*CollectionSpec.from_file(hostile).variables}
        case "csv":
            rows = list(csv.reader(io.StringIO(text)))
            assert {len(row) for row in rows} == {6}
            names = {visible(name) for name in CollectionSpec.from_file(hostile).variables}
            assert {row[2].removeprefix("'") for row in rows if row[1] == "variable"} == names
        case _:
            document = json.loads(text)
            names = {each["args"]["name"] for each in document["traceEvents"] if each["name"] == "thread_name"}
            assert {*CollectionSpec.from_file(hostile).programs} <= names


@pytest.mark.parametrize("suffix", ["txt", "html", "svg"])
def test_exports(suffix: str, hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / os.fsdecode(b"out\x1b[2J\xff\n." + suffix.encode())
    assert main(["disasm", str(hostile), "--output", str(target)]) == 0
    assert capsys.readouterr() == ("", "")
    text = target.read_text("utf-8")
    seen(text)
    if suffix == "html":
        check_html(text)
    elif suffix == "svg":
        ET.fromstring(text)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_header_compiles(hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if main(["show", "--header", str(hostile)]) != 0:
        pytest.skip("no types")
    header = tmp_path / "types.h"
    header.write_text(capsys.readouterr().out)
    try:
        subprocess.run(["clang-19", "-target", "bpf", "-fsyntax-only", "-x", "c", header], check=True)
    except FileNotFoundError:
        pytest.skip("no clang-19")


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    "words",
    [
        ["run", "OBJECT", "title"],
        ["watch", "OBJECT", "--attach", "title=sandbox,rate=50", "--duration", "0.5", "--interval", "0.1"],
    ],
    ids=["run", "watch"],
)
def test_what_programs_print(
    words: list[str], more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes((ROOT / "tests/objects/prints.o").read_bytes())
    main([*(str(path) if word == "OBJECT" else word for word in words), "--runtime", "vm", *more])
    told = capsys.readouterr()
    seen(told.out + told.err)
    assert ("\\u001b]0;owned" in told.out) if more else ("\\x1b]0;owned" in told.err)


def test_captures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(pcap([(0, b"\x1b]0;owned\x07" * 8)]))
    traffic = str(ROOT / "bpf/traffic.o")
    assert main(["run", traffic, "count_traffic", "--runtime", "vm", "--pcap", str(path)]) == 0
    told = capsys.readouterr()
    assert seen(told.err) == [""]
    seen(told.out)


LOG = """func#0 @0
0: R1=ctx() R10=fp0
; int x\x1b]0;owned\x07 = \x9b31m*p\u202e; @ a\x1b[2J.c:3
0: (79) r1 = *(u64 *)(r1 +0)
R1 invalid mem access 'scal\x1b]52;c;QQ==\x07ar'
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


@pytest.mark.parametrize("more", [[], ["--json"], ["--hot", "5"], ["--color", "always"]])
def test_logs(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(LOG)
    assert main(["log", str(path), *more]) == 1
    told = capsys.readouterr()
    seen(SGR.sub("", told.out) + told.err)


def test_files_that_are_not_there_and_are_no_objects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / FILE_NAME
    for command in (["show"], ["disasm"], ["check"], ["doctor"], ["log"], ["run", "p"], ["watch"], ["--help", "x"], []):
        main([*command[:1], str(path), *command[1:]])
        told = capsys.readouterr()
        assert len(seen(told.err)) <= 2
        seen(told.out)
    for words in (["show", "x", "--compare", FILE_NAME], ["run", FILE_NAME], ["check", "--compare", FILE_NAME, "x"]):
        main(words)
        assert len(seen(capsys.readouterr().err)) == 2


def drawn(path: Path, keys: str, *, size: tuple[int, int] = (120, 40)) -> bytes:
    """Return the bytes that the explorer writes to its terminal while *keys* are pressed in it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        os.execv(sys.executable, [sys.executable, "-m", "bpftui.tui", "--runtime", "vm", str(path)])
    shown = b""

    def read(until: bytes = b"") -> None:
        """Read what comes until that has come, and the explorer has nothing to do any more."""
        nonlocal shown
        rests, stop = Rest(pid), time.monotonic() + PATIENCE
        while time.monotonic() < stop:
            if select.select([terminal], [], [], 0.25)[0]:
                try:
                    shown += os.read(terminal, 1 << 16)
                except OSError:  # EIO: it has ended
                    return
                rests()
            elif rests() and until in shown:
                return
        raise AssertionError("the explorer does not come to rest")

    try:
        ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", size[1], size[0], 0, 0))
        read(b"Load")
        for key in keys:
            os.write(terminal, key.encode())
            read()
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)
    return shown


_OURS = re.compile(
    rb"\x1b\[[?>=<]?[\d;:]*(?:\$p|[ -/]?[@-~])"  # CSI: colours, places, modes
    rb"|\x1b[78=>]|\x1b\([0B]|\x1bP\+?\$?q?[^\x1b]*\x1b\\|\x1b_G[^\x1b]*\x1b\\"
    rb"|\x1b\]22;[a-z-]+\x07"  # the shape of the mouse pointer
)


@pytest.mark.parametrize("keys", ["12345", "2jjcu\x1b", "3jj\r\x1b", "Lr64", "/e\r\x1b?"])
def test_the_terminal(keys: str, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(hostile_bytes("bpf/traffic.o"))
    shown = drawn(path, keys)
    text = _OURS.sub(b"", shown).decode("utf-8", "surrogateescape")
    lines = [line for line in re.split(r"[\r\n]", text) if not is_visible(line)]
    assert lines == []
    assert any(visible(payload.decode()).encode() in shown for payload in PAYLOADS)
