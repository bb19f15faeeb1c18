"""Listings as documents."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError, UsageError
from bpftui.tui.__main__ import main
from bpftui.tui.text.colors import joined, paint
from bpftui.tui.text.export import document, format_of, write_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[3]
LINES = [
    "plain",
    paint("main:", "bold underline"),
    "",
    joined(paint("r1", "register"), " = *(u8 *)(r2 +0) ", paint("; a < b & c", "dim")),
]


def whole(lines: Iterable[str]) -> str:
    """Return a document as a file has it."""
    return "".join(f"{line}\n" for line in lines)


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.classes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.classes += [value for name, value in attrs if name == "class" and value]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("path", "given", "kind"),
    [
        ("a.html", None, "html"),
        ("a.HTM", None, "html"),
        ("x.svg", None, "svg"),
        ("x.svg", "text", "text"),
        ("x", None, "text"),
    ],
)
def test_the_name_says_the_format(path: str, given: str | None, kind: str) -> None:
    assert format_of(path, given) == kind


def test_text_has_no_colours() -> None:
    assert whole(document(LINES, "text", "t")) == "plain\nmain:\n\nr1 = *(u8 *)(r2 +0) ; a < b & c\n"


def test_html_has_the_text_and_its_styles() -> None:
    found = Texts()
    found.feed(whole(document(LINES, "html", "a <title>")))
    assert "plain\nmain:\n\nr1 = *(u8 *)(r2 +0) ; a < b & c\n" in found.text
    assert "a <title>" in found.text
    assert found.classes == ["bold underline", "register", "dim"]


def test_svg_is_well_formed_and_as_large_as_its_text() -> None:
    root = ET.fromstring(whole(document(LINES, "svg", "t")))
    texts = ["".join(element.itertext()) for element in root if element.tag.endswith("text")]
    assert texts == ["plain", "main:", "r1 = *(u8 *)(r2 +0) ; a < b & c"]
    assert root.get("height") == str(4 * 18 + 24)


def test_disasm_writes_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(ROOT / "bpf/traffic.o")
    for name in ("t.txt", "t.html", "t.svg"):
        assert main(["disasm", source, "count_traffic", "--output", str(tmp_path / name)]) == 0
    assert capsys.readouterr().out == ""
    text = (tmp_path / "t.txt").read_text("utf-8")
    assert "╭────  10: if w1 != 0x1 goto L161" in text
    found = Texts()
    found.feed((tmp_path / "t.html").read_text("utf-8"))
    assert text in found.text
    svg = ET.parse(tmp_path / "t.svg").getroot()
    assert ["".join(e.itertext()) for e in svg if e.tag.endswith("text")] == [
        line for line in text.splitlines() if line
    ]
    assert main(["disasm", source, "--format", "html"]) == 0
    assert re.search(r'<span class="bold">bpf_ktime_get_ns</span>', capsys.readouterr().out)


def test_a_file_is_replaced_only_when_that_is_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "listing.txt"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"listing\.txt: there is a file of that name already"):
        write_document(str(path), ["x"], replace=False)
    assert path.read_text() == "mine"
    write_document(str(path), ["x"], replace=True)
    assert path.read_text() == "x\n"
    assert main(["disasm", str(ROOT / "bpf/traffic.o"), "--output", str(tmp_path / "no/where.txt")]) == 1
    assert f"where.txt: it cannot be written: there is no directory {tmp_path}/no" in capsys.readouterr().err


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(ROOT / "bpf/count_packets.o")
    path = tmp_path / "listing.html"
    path.write_text("the old one")
    path.chmod(0o640)

    def broken() -> Iterator[str]:
        yield "half"
        raise BpftuiError("it broke")

    with pytest.raises(BpftuiError, match="it broke"):
        write_document(str(path), broken(), replace=True)
    assert path.read_text() == "the old one"
    assert [each.name for each in tmp_path.iterdir()] == ["listing.html"]
    (tmp_path / "link.html").symlink_to(path)
    assert main(["disasm", source, "--output", str(tmp_path / "link.html")]) == 0
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert path.stat().st_mode & 0o777 == 0o640
    for place, why in (("/dev/full", "no space left on device"), (str(tmp_path), "this is a directory")):
        assert main(["disasm", source, "--output", place]) == 1
        assert capsys.readouterr().err == f"bpftui: error: {place}: it cannot be written: {why}\n"
    assert main(["disasm", source, "--output", "/dev/null"]) == 0
    assert Path("/dev/null").is_char_device()
