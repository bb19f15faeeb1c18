"""What is said of a file before it is opened: an object, a C file, a recording."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.live import EventReader, Sampler
from bpftui.core.runtime import Printed
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.edits import Edits
from bpftui.core.tape import Recorder
from bpftui.tui.state import recent
from bpftui.tui.state.presets import Presets
from bpftui.tui.text import object_page as page_of_objects
from bpftui.tui.text.object_page import object_page
from bpftui.tui.text.page import Page, Part
from bpftui.tui.text.recording_page import recording_page


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))


@pytest.fixture
def traffic(tmp_path: Path) -> str:
    """An object that was changed two hours ago."""
    path = str(shutil.copy("bpf/traffic.o", tmp_path))
    then = time.time() - 7200
    os.utime(path, (then, then))
    return path


def lines(page: Page) -> list[str]:
    return [line.plain for line in page.lines]


def test_an_object(traffic: str) -> None:
    page = object_page(traffic, "", "")
    size = os.stat(traffic).st_size
    assert (page.title, page.kind) == ("traffic.o", f"{size / 1024:.1f} KiB · changed 2 h ago")
    assert lines(page)[:5] == [
        "",
        "programs      count_traffic  xdp",
        "maps          traffic  percpu_hash kind→volume",
        "              sources  lru_hash address→source",
        "              events   ringbuf",
    ]
    assert lines(page)[5:] == [
        "variables     sample_every   1000",
        "              track_sources  true",
        "              counting       true",
        "              total_packets  0",
        "              total_bytes    0",
        "              lost_events    0",
    ]


def test_what_is_known_besides_stands_above(traffic: str) -> None:
    recent.remember(traffic)
    recent.remember_outcome(traffic, "not loaded: R1 is invalid", good=False)
    Presets(CollectionSpec.from_file(traffic)).save("loud", {"sample_every": 1})
    page = object_page(traffic, "shipped with bpftui", "loaded")
    assert lines(page)[:4] == [
        "shipped with bpftui",
        "open          loaded",
        "✗ not loaded: R1 is invalid (0 s ago)",
        "",
    ]
    assert lines(page)[-1] == "presets       loud"
    assert page.body == page.lines[3:]


def test_a_file_that_did_not_change_is_not_read_again(traffic: str) -> None:
    before = object_page(traffic, "", "")
    again = object_page(traffic, "a note", "", before)
    assert again.body is before.body
    assert lines(again) == ["a note", *lines(before)]
    Path(traffic).write_bytes(b"no object any more")
    after = object_page(traffic, "", "", before)
    assert after.body != before.body
    assert lines(after)[0].startswith("✗ ")


def test_what_is_no_file(traffic: str, tmp_path: Path) -> None:
    page = object_page("/nowhere/x.o", "a note", "")
    assert (page.title, page.kind, lines(page)) == ("x.o", "", ["✗ it cannot be read: no such file or directory"])
    page = object_page("prog:42", "", "open")
    assert (page.title, page.kind, lines(page)) == ("prog:42", "loaded on this machine", ["open          open"])
    first = object_page(f"{traffic}#1", "", "")
    assert first.title == "traffic.o#1"
    assert first.kind.endswith("changed 2 h ago")


def test_a_large_file_is_not_looked_into(traffic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = os.stat(traffic).st_size
    monkeypatch.setattr(page_of_objects, "_LARGEST", size)
    assert "programs" in object_page(traffic, "", "").plain
    monkeypatch.setattr(page_of_objects, "_LARGEST", size - 1)
    assert lines(object_page(traffic, "", "")) == ["it is large: ⏎ opens it"]


def test_names_of_any_length_stand_in_a_column_and_many_are_counted() -> None:
    page = Page("", "")
    rows = [("a", "one"), ("a_name_of_more_than_24_cells", "two"), *((f"n{number}", "x") for number in range(11))]
    page_of_objects._listed(page, "maps", rows)
    assert lines(page)[:3] == [
        f"maps          a{'':23}  one",
        "              a_name_of_more_than_24_cells  two",
        f"              n0{'':22}  x",
    ]
    assert lines(page)[11:] == [f"              n9{'':22}  x", "              and 1 more"]
    page = Page("", "")
    page_of_objects._listed(page, "maps", rows[:12])
    assert len(lines(page)) == 12


def record(path: Path, ticks: int, marks: int = 0) -> None:
    """Record the shipped counter in the built-in machine, two seconds a sample from noon on."""
    spec = CollectionSpec.from_file("bpf/traffic.o")
    noon = time.mktime((2026, 1, 2, 12, 0, 0, 0, 0, -1))
    now = 100.0
    with choose_runtime("vm").load(spec) as collection, EventReader(collection) as events:
        sampler = Sampler(collection, clock=lambda: now)
        file = Path("bpf/traffic.o").read_bytes()
        with Recorder(str(path), collection, file, Edits(), interval=2.0, date=lambda: noon) as tape:
            for number in range(marks):
                tape.mark(2.0 * number, "attached", "count_traffic", f"eth{number}")
            for number in range(ticks):
                now = 100.0 + 2 * number
                tape.add(sampler.take(), events.take(), Printed((), 0))


def test_a_recording(tmp_path: Path) -> None:
    record(tmp_path / "a.rec", ticks=31, marks=13)
    page = recording_page(str(tmp_path / "a.rec"), "open")
    assert page.title == "a.rec"
    assert page.kind.startswith("recording · ")
    machine = os.uname()
    assert lines(page)[:9] == [
        "open          open",
        "object        bpf/traffic.o",
        "began         02 Jan 2026 12:00:00",
        "length        1:00  31 samples, 2 s apart",
        f"runtime       vm  {machine.sysname} {machine.release}",
        "programs      count_traffic",
        "maps          traffic, sources, events, .rodata, .data, .bss",
        "",
        "What was done",
    ]
    marks = lines(page)[9:]
    assert marks[0].split() == ["0:00", "attached", "count_traffic", "→", "eth0"]
    assert marks[11].split()[0] == "0:22"
    assert marks[12:] == ["and 1 more"]


def test_a_recording_without_a_sample(tmp_path: Path) -> None:
    record(tmp_path / "a.rec", ticks=0)
    assert lines(recording_page(str(tmp_path / "a.rec"), ""))[:2] == [
        "object        bpf/traffic.o",
        "✗ it has no sample: what wrote it was ended before the first one",
    ]


def test_no_recording(tmp_path: Path) -> None:
    assert lines(recording_page(str(tmp_path / "b.rec"), "open")) == ["✗ it cannot be read: no such file or directory"]
    (tmp_path / "b.rec").write_text("something else")
    page = recording_page(str(tmp_path / "b.rec"), "open")
    assert (page.title, page.kind) == ("b.rec", "")
    assert [part.kind for line in page.lines for part in line.parts] == ["bad"]


def test_answers_are_good_bad_or_no_matter() -> None:
    page = Page("", "")
    page.answer("is there", good=True)
    page.answer("is not there", good=False, indent=4)
    page.answer("is not needed", good=False, optional=True)
    assert [(line.plain, line.parts[-1].kind, line.hang) for line in page.lines] == [
        ("✓ is there", "good", 2),
        ("    ✗ is not there", "bad", 6),
        ("– is not needed", "warning", 2),
    ]
    assert page != Page("", "")
    other = Page("", "")
    other.lines = list(page.lines)
    assert page == other
    other.add(Part("more"))
    assert page != other
    assert page != page.plain


def test_a_c_file_says_with_what_it_is_compiled(tmp_path: Path) -> None:
    source = tmp_path / "small.c"
    source.write_text("// bpftui: -DNOW=1 -pg\nint x;\n")
    said = lines(object_page(str(source), "", ""))
    if said[0].startswith("✗ "):
        pytest.skip("there is no clang")
    assert said[0].startswith("compiler      clang")
    assert said[1:] == [
        f"flags         -O2 -g -DNOW=1  from the first line of {source}",
        "not taken     -pg  --cflags takes it",
    ]


def test_several_objects_in_a_file_are_counted(tmp_path: Path) -> None:
    both = tmp_path / "both.bin"
    raw = Path("bpf/traffic.o").read_bytes()
    both.write_bytes(b"\x7fnothing" * 8 + raw + raw)
    assert lines(object_page(str(both), "", "")) == ["2 BPF objects in it: ⏎ lets you choose"]
