"""Rows: ordered by any field, narrowed, and left where they are while values change."""

from __future__ import annotations

import re

from bpftui.core.live.arrange import EntryTable, Ordering, Reading, arrange, survey
from bpftui.core.live.fields import Fields, fields_of
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.spec import MapSpec, MapType

SPEC = MapSpec("hits", ".maps", MapType.HASH, 4, 8, 100)
FIELDS: Fields = fields_of(SPEC)
KEY, VALUE = FIELDS.all


def entry(key: int, value: int) -> Entry:
    return Entry(key.to_bytes(4, "little"), (value.to_bytes(8, "little"),))


def reading(now: dict[int, int], before: dict[int, int] | None = None) -> Reading:
    known = None if before is None else {item.key: item for item in (entry(*pair) for pair in before.items())}
    return Reading(MapSnapshot(tuple(entry(*pair) for pair in now.items())), known, 0.5)


def rows(table: EntryTable) -> list[str]:
    return [f"{KEY.text(each)}={VALUE.text(each)}" for each in table.entries]


def test_rows_are_ordered_by_any_field_either_way() -> None:
    read = reading({300: 5, 2: 7, 1: 5}, {300: 1, 2: 7, 1: 3})
    assert rows(arrange(SPEC, FIELDS, read)) == ["1=5", "2=7", "300=5"]
    assert rows(arrange(SPEC, FIELDS, read, ordering=Ordering(KEY, reverse=True))) == ["300=5", "2=7", "1=5"]
    assert rows(arrange(SPEC, FIELDS, read, ordering=Ordering(VALUE))) == ["1=5", "300=5", "2=7"]
    fastest = arrange(SPEC, FIELDS, read, ordering=Ordering(VALUE, by_rate=True, reverse=True))
    assert [(KEY.text(each), fastest.rate(VALUE, each)) for each in fastest.entries] == [
        ("300", 8.0),
        ("1", 4.0),
        ("2", 0.0),
    ]


def test_entries_of_one_value_stay_in_the_order_of_their_keys() -> None:
    read = reading({257: 5, 256: 7, 2: 5, 1: 7})
    assert rows(arrange(SPEC, FIELDS, read, ordering=Ordering(VALUE))) == ["2=5", "257=5", "1=7", "256=7"]
    assert rows(arrange(SPEC, FIELDS, read, ordering=Ordering(VALUE, reverse=True))) == [
        "1=7",
        "256=7",
        "2=5",
        "257=5",
    ]


def test_what_is_new_or_went_back_has_no_rate_and_comes_as_if_it_stood_still() -> None:
    table = arrange(SPEC, FIELDS, reading({1: 40, 2: 50, 3: 9}, {1: 10, 2: 60}), ordering=Ordering(VALUE, by_rate=True))
    assert [(KEY.text(each), table.rate(VALUE, each)) for each in table.entries] == [
        ("2", None),
        ("3", None),
        ("1", 60.0),
    ]


def test_values_that_are_no_numbers_are_ordered_by_their_bytes() -> None:
    spec = MapSpec("raw", ".maps", MapType.HASH, 4, 12, 100)
    fields = fields_of(spec)
    entries = tuple(Entry(bytes((key, 0, 0, 0)), (bytes([9 - key]) * 12,)) for key in (1, 2))
    table = arrange(spec, fields, Reading(MapSnapshot(entries)), ordering=Ordering(fields.values[0]))
    assert [each.key[0] for each in table.entries] == [2, 1]


def test_an_order_stays_until_another_is_asked_for() -> None:
    by_value = Ordering(VALUE, reverse=True)
    first = arrange(SPEC, FIELDS, reading({1: 10, 2: 20, 3: 30}), ordering=by_value)
    assert rows(first) == ["3=30", "2=20", "1=10"]
    later = arrange(SPEC, FIELDS, reading({0: 99, 1: 100, 3: 31}), ordering=by_value, places=first.places)
    assert rows(later) == ["3=31", "1=100", "0=99"]
    again = arrange(SPEC, FIELDS, reading({0: 99, 1: 100, 3: 31}), ordering=by_value)
    assert rows(again) == ["1=100", "0=99", "3=31"]


def test_narrowed_rows_keep_the_order_of_all() -> None:
    by_value = Ordering(VALUE)
    narrowed = arrange(SPEC, FIELDS, reading({10: 3, 11: 2, 20: 1}), ordering=by_value, pattern=re.compile("^1"))
    assert rows(narrowed) == ["20=1", "11=2", "10=3"]  # a value matches as well as a key
    assert (narrowed.matching, narrowed.read) == (3, 3)
    narrowed = arrange(SPEC, FIELDS, reading({10: 3, 11: 2, 20: 4}), ordering=by_value, pattern=re.compile("1"))
    assert (rows(narrowed), narrowed.matching) == (["11=2", "10=3"], 2)
    wide = arrange(SPEC, FIELDS, reading({10: 9, 11: 2, 20: 4}), ordering=by_value, places=narrowed.places)
    assert rows(wide) == ["11=2", "10=9", "20=4"]


def test_what_changed_since_the_reading_before() -> None:
    table = arrange(SPEC, FIELDS, reading({1: 1, 2: 2, 3: 3}, {1: 1, 2: 1}))
    assert [table.changed(VALUE, each) for each in table.entries] == [False, True, False]
    assert [table.before(each) is None for each in table.entries] == [False, False, True]
    assert not any(table.changed(KEY, each) for each in table.entries)


def test_what_is_partial() -> None:
    snapshot = MapSnapshot((entry(1, 1),), partial=True, beyond=1023, is_counted=False)
    table = arrange(SPEC, FIELDS, Reading(snapshot))
    assert (table.total, table.is_counted, table.read, table.is_partial) == (1024, False, 1, True)


def test_a_survey_keeps_the_first_of_all() -> None:
    chunks = [[entry(key, key * 7 % 1000) for key in range(at, at + 100)] for at in range(0, 1000, 100)]
    seen: list[int] = []
    by_value = Ordering(VALUE, reverse=True)
    found = survey(
        SPEC,
        FIELDS,
        chunks,
        ordering=by_value,
        pattern=None,
        keep=3,
        progress=lambda count: seen.append(count) or True,
    )
    assert found is not None
    assert [VALUE.text(each) for each in found[0]] == ["999", "998", "997"]
    assert (found[1:], seen[-1]) == ((1000, 1000), 1000)
    narrowed = survey(SPEC, FIELDS, chunks, ordering=None, pattern=re.compile("^99[0-9]$"), keep=3)
    assert narrowed is not None
    assert [KEY.text(each) for each in narrowed[0]] == ["142", "285", "428"]  # by key: 142 × 7 ends in 994
    assert narrowed[1] == 19  # ten keys and ten values, of which one is in the same row: 999 × 7 ends in 993
    assert survey(SPEC, FIELDS, chunks, ordering=None, pattern=None, progress=lambda _count: False) is None
