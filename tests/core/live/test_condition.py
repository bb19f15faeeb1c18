"""Conditions on records: which of them hold, and what is none."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bpftui.core.analysis.records import record_candidates
from bpftui.core.live.condition import condition
from bpftui.core.live.fields import record_fields
from bpftui.core.spec import CollectionSpec

SPEC = CollectionSpec.from_file(Path(__file__).parents[3] / "tests/objects/record_tags.o")
(OPENED,) = [each for each in record_candidates(SPEC) if each.stripped.name == "opened"]
FIELDS = record_fields(OPENED, OPENED.size, "opened").values


def opened(what: int, pid: int, file: int) -> bytes:
    return struct.pack("=QIIQ", 5, what, pid, file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pid > 10", [False, False, True, True]),
        ("pid >= 0x0a", [False, True, True, True]),
        ("file < 1,000 && pid != 11", [True, True, False, False]),
        ("what == CLOSED", [False, True, False, True]),
        ("what in (OPENED, FAILED)", [True, False, True, False]),
        ("pid in (9, 12)&&what==CLOSED", [False, False, False, True]),
        (".pid == 9", [True, False, False, False]),
        ("pid <= 9.5", [True, False, False, False]),
    ],
)
def test_what_holds(text: str, expected: list[bool]) -> None:
    holds = condition(text, FIELDS)
    assert holds is not None
    records = [opened(1, 9, 1), opened(2, 10, 999), opened(7, 11, 1000), opened(2, 12, 1 << 60)]
    assert [holds(each) for each in records] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pid",
        "pid >",
        "pid = 9",
        "nobody == 1",
        "what > 1",
        "pid > x",
        "pid in ()",
        "pid == 1 &&",
        "pid == 1 || pid > 2",
    ],
)
def test_what_is_no_condition_is_a_text(text: str) -> None:
    assert condition(text, FIELDS) is None
