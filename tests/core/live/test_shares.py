"""How often the values of a field come among records."""

from __future__ import annotations

import struct
from pathlib import Path

from bpftui.core.analysis.records import record_candidates
from bpftui.core.live.condition import condition
from bpftui.core.live.fields import record_fields
from bpftui.core.live.shares import shares
from bpftui.core.runtime import Entry
from bpftui.core.spec import CollectionSpec

OBJECT = Path(__file__).parents[2] / "objects/record_tags.o"
RAWS = [struct.pack("=QIIQ", 5, what, pid, 1) for what, pid in ((2, 1500), (1, 9), (2, 20), (2, 9), (1, 1500))]


def test_values_are_counted_the_most_frequent_first() -> None:
    (opened,) = [each for each in record_candidates(CollectionSpec.from_file(OBJECT)) if each.stripped.name == "opened"]
    fields = {each.label: each for each in record_fields(opened, opened.size, opened.c_text).values}
    found = shares(fields["what"], RAWS, 10)
    assert (found.total, found.others) == (5, 0)
    assert [(each.text, each.records) for each in found.most] == [("CLOSED", 3), ("OPENED", 2)]
    found = shares(fields["pid"], RAWS, 2)
    assert [(each.text, each.condition, each.records) for each in found.most] == [
        ("1,500", "pid == 1500", 2),
        ("9", "pid == 9", 2),
    ]
    assert found.others == 1
    # What a value's condition lets through are the records that were counted for it.
    for name in ("what", "pid"):
        for each in shares(fields[name], RAWS, 10).most:
            only = condition(each.condition, list(fields.values()))
            assert only is not None
            assert sum(only.matches(Entry(b"", (raw,))) for raw in RAWS) == each.records


def test_of_nothing_nothing_is_counted() -> None:
    (opened,) = [each for each in record_candidates(CollectionSpec.from_file(OBJECT)) if each.stripped.name == "opened"]
    field = record_fields(opened, opened.size, opened.c_text).values[0]
    assert shares(field, [], 10) == (0, (), 0)
