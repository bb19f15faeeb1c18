"""Texts of a cell or a line: bars, signs, owners, times, a struct beside another."""

from __future__ import annotations

import io
import locale
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.btf.beside import Beside, BesideRow, Difference, Place, beside
from bpftui.core.btf.ctype import CType
from bpftui.core.btf.units import Unit
from bpftui.core.diff import Change, Kind
from bpftui.core.spec import CollectionSpec
from bpftui.core.system import Owner
from bpftui.tui.text import machine
from bpftui.tui.text.bars import lying_bar
from bpftui.tui.text.beside import beside_cells, beside_title
from bpftui.tui.text.charset import is_ascii_terminal, is_writable
from bpftui.tui.text.format import axis_scale, clock, clock_time
from bpftui.tui.text.inventory import bytes_of, few, held, name_of
from bpftui.tui.text.signs import change_sign

if TYPE_CHECKING:
    from bpftui.core.spec.core_uses import CoreUse
    from bpftui.core.system import Snapshot


@pytest.mark.parametrize(
    ("number", "most", "bar", "ascii_bar"),
    [
        (8, 8, "██████████", "##########"),
        (4, 8, "█████", "#####"),
        (1, 80, "▏", "#"),
        (1, 40, "▎", "#"),
        (0.001, 8, "▏", "#"),
        (15, 80, "█▉", "#"),
        (16, 80, "██", "##"),
    ],
)
def test_bars(number: float, most: float, bar: str, ascii_bar: str) -> None:
    assert lying_bar(number, most, 10) == bar
    assert lying_bar(number, most, 10, ascii_only=True) == ascii_bar


def test_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    signs = [change_sign(each, ascii_only=False) for each in (*Kind, *Change)]
    plain = [change_sign(each, ascii_only=True) for each in (*Kind, *Change)]
    assert dict(zip((each.value for each in (*Kind, *Change)), zip(signs, plain, strict=True), strict=True)) == {
        "same": (" ", " "),
        "added": ("+", "+"),
        "changed": ("±", "~"),
        "renamed": ("≈", "="),
        "removed": ("−", "-"),
    }
    for encoding, sign in (("UTF-8", "±"), ("ANSI_X3.4-1968", "~")):

        def preferred(do_setlocale: bool = True, encoding: str = encoding) -> str:
            return encoding

        monkeypatch.setattr(locale, "getpreferredencoding", preferred)
        assert change_sign(Change.CHANGED) == sign
        assert is_ascii_terminal() == (sign == "~")


def test_what_is_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert (is_writable("->"), is_writable("→")) == (True, False)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert is_writable("→")


def test_what_keeps_something_alive() -> None:
    owners = [Owner(7, "loader"), Owner(8, "agent"), Owner(9, "third")]
    assert held(owners, [], []) == "loader 7, agent 8 +1"
    assert held(owners[:2], [], []) == "loader 7, agent 8"
    assert held(owners[:1], ["/sys/fs/bpf/x"], ["link 3"]) == "loader 7, /sys/fs/bpf/x +1"
    assert held(None, [], []) == "?"
    assert held(None, ["/sys/fs/bpf/x"], []) == "/sys/fs/bpf/x"
    assert held(None, [], ["link 3"]) == "link 3"
    assert held([], [], []) == ""
    assert few(["a", "b", "c", "d"]) == "a, b +2"


def test_names_and_sizes() -> None:
    programs = {42: SimpleNamespace(name="count"), 43: SimpleNamespace(name="")}
    named = cast("Snapshot", SimpleNamespace(programs=programs))
    assert [name_of(named, number) for number in (42, 43, 44, 0)] == ["42 count", "43", "44", ""]
    assert [bytes_of(count) for count in (None, 0, 4096)] == ["?", "0 B", "4 KiB"]


def test_times() -> None:
    assert [clock(seconds) for seconds in (0, 59.9, 61, 3599, 3600, 3661, 360_000)] == [
        "0:00",
        "0:59",
        "1:01",
        "59:59",
        "1:00:00",
        "1:01:01",
        "100:00:00",
    ]
    noon = time.mktime((2026, 1, 2, 12, 3, 4, 0, 0, -1))
    assert (clock_time(noon), clock_time(None)) == ("12:03:04", "")


def test_the_machine_in_a_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.uname_result(("Linux", "host", "6.12.94+deb13-cloud-amd64", "#1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: name)
    for has_types, jit, uid, runtime, facts in (
        (True, "1\n", 0, "kernel", ("kernel BTF", "JIT on", "Linux 6.12", "root")),
        (True, "2\n", 0, "kernel", ("kernel BTF", "JIT on", "Linux 6.12", "root")),
        (False, "0\n", 1000, "vm", ("no kernel BTF", "JIT off", "Linux 6.12", "uid 1000, built-in machine")),
        (True, None, 0, "vm", ("kernel BTF", "Linux 6.12", "root, built-in machine")),
    ):

        def read(path: Path, _: str, jit: str | None = jit) -> str:
            assert str(path) == "/proc/sys/net/core/bpf_jit_enable"
            if jit is None:
                raise PermissionError
            return jit

        monkeypatch.setattr(machine.os.path, "isfile", lambda path, has=has_types: has and path.endswith("vmlinux"))
        monkeypatch.setattr(Path, "read_text", read)
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        monkeypatch.setattr("bpftui.core.choice.runtime_name", lambda _, runtime=runtime: runtime)
        assert machine.machine_facts() == facts


def test_a_struct_beside_another() -> None:
    old, new = (CollectionSpec.from_file(f"tests/objects/versions{each}.o").types for each in ("", ".new"))
    assert old is not None
    assert new is not None
    grown = beside(*(CType(types, next(iter(types.find_all("stats")))) for types in (old, new)))
    assert beside_title(grown, "new") == (
        "struct stats, 16 bytes, beside new: 1 only there, 1 moved, 16 bytes here, 24 there"
    )
    uses = {"": [use("all")], "bytes": [use("a"), use("b"), use("c")], "packets": [use(each) for each in "abcde"]}
    assert [tuple(row) for row in beside_cells(grown, uses)] == [
        ("", "(all of it)", "", "", "", "all"),
        ("✓", "packets", "    0    8  __u64", "    0    8", "", "a, b, c, 2 more"),
        ("+", "errors", "–", "    8    8  __u64", "only there", ""),
        ("⚠", "bytes", "    8    8  __u64", "   16    8", "moved", "a, b, c"),
    ]
    shrunk = beside(grown.there, grown.here)
    assert [row.mark for row in beside_cells(shrunk, {})] == ["✓", "✗", "⚠"]
    retyped = replace(grown.rows[0], there=Place("__s64", 0, 64, is_bitfield=False), difference=Difference.RETYPED)
    (row,) = beside_cells(replace(grown, rows=(retyped,)), {})
    assert (row.mark, row.there, row.difference) == ("⚠", "    0    8  __s64", "other type")


def test_members_that_only_the_other_has_are_counted_where_they_are_many() -> None:
    old = CollectionSpec.from_file("tests/objects/versions.o").types
    assert old is not None
    stats = CType(old, next(iter(old.find_all("stats"))))
    kept = beside(stats, stats).rows
    place = Place("int", 0, 32, is_bitfield=False)
    for count, names in (
        (16, ["packets", "bytes", *(f"m{number}" for number in range(16))]),
        (17, ["packets", "bytes", "… 17 more"]),
    ):
        added = tuple(BesideRow(f"m{number}", None, place, Difference.ADDED) for number in range(count))
        found = Beside(stats, stats, (*kept, *added))
        assert [row.member for row in beside_cells(found, {})] == names
        assert len(beside_cells(found, {}, whole=True)) == 2 + count


def use(text: str) -> CoreUse:
    """Return a CO-RE relocation as it is told."""
    return cast("CoreUse", SimpleNamespace(text=text))


def test_scales_of_an_axis() -> None:
    assert [axis_scale(peak, Unit.BYTES) for peak in (0, 1023, 1024, 1 << 20, 5 << 30)] == [
        1,
        1,
        1024,
        1 << 20,
        1 << 30,
    ]
    assert axis_scale(5e9, Unit.NUMBER) == 1
