"""What is typed to see some rows only."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.analysis.records import record_type
from bpftui.core.btf import Btf, CType
from bpftui.core.errors import UsageError
from bpftui.core.live.condition import condition
from bpftui.core.live.fields import fields_of, record_fields
from bpftui.core.runtime import Entry
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob
from tests.core.live.test_fields import FLOWS, STATS

ROOT = Path(__file__).parents[3]
TRAFFIC = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
EVENT = record_type(TRAFFIC, TRAFFIC.maps["events"]).type
assert EVENT is not None
FIELDS = record_fields(EVENT, EVENT.size, "event").values
UDP = EVENT.encode(
    {
        "time": 7,
        "number": 1_234_567,
        "kind": {"family": "IPV4", "protocol": "UDP"},
        "source": {"family": "IPV4", "bytes": [192, 0, 2, 9, *[0] * 12]},
        "length": 1514,
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("length > 1000", True),
        ("length>1514", False),
        ("length >= 0x5ea && length <= 1514", True),
        ("number == 1234567", True),
        ("number != 1_234_567", False),
        ("kind.family == IPV4", True),
        ("family == 2", True),
        ("kind.protocol in (TCP, UDP)", True),
        ("protocol in (TCP, 1)", False),
        ("!(protocol in (TCP, 1))", True),
        ("protocol > TCP", True),
        ("source == 192.0.2.9", True),
        ("source != 192.0.2.9", False),
        ("source in ('192.0.2.8', \"192.0.2.9\")", True),
        # && binds tighter than ||, as in C.
        ("length == 1514 || length == 1 && number == 1", True),
        ("(length == 1514 || length == 1) && number == 1", False),
        ("length < 1e3", False),
        # As a table has them.
        ("length > 1,000 && .protocol == UDP", True),
        ("number == 1,234,567 && length > 0", True),
        ("length in (1,2,3)", False),
    ],
)
def test_a_record_is_one_of_them_or_not(text: str, expected: bool) -> None:
    found = condition(text, FIELDS)
    assert found is not None
    assert found.matches(Entry(b"", (UDP,))) is expected


@pytest.mark.parametrize(("wanted", "found"), [("Nginx", [1]), ("nginx", [0, 1, 2]), ("NGINX", [2]), ("ngin", [])])
def test_capitals_count_where_there_are_some(wanted: str, found: list[int]) -> None:
    blob = Blob()
    blob.struct("record", 8, [("comm", 2, 0)])
    blob.array(blob.next_id + 1, 8)
    blob.add("char", 1, 1, 1 << 24 | 8)
    fields = record_fields(CType(Btf(blob.bytes()), 1), 8, "events").values
    is_it = condition(f"comm == {wanted}", fields)
    assert is_it is not None
    raw = (b"nginx\0\0\0", b"Nginx\0\0\0", b"NGINX\0\0\0")
    assert [number for number, each in enumerate(raw) if is_it.matches(Entry(b"", (each,)))] == found


@pytest.mark.parametrize("text", ["UDP", "192.0.2.9", "length", "kind={family=IPV4", "(?<=a)b", "", "a|b", "1,514"])
def test_what_compares_nothing_is_looked_for_as_it_is(text: str) -> None:
    assert condition(text, FIELDS) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("length >", "what is > is missing"),
        ("lenght > 5", "there is no field lenght: there are time, number, kind.family, kind.protocol, source, length"),
        ("length > many", "length is a number, and 'many' is none"),
        ("source > 192.0.2.1", "source is no number: == and != and in can be asked"),
        ("length > 5 &&", "the name of a field is missing"),
        ("length > 5 and", "'and' is one too many"),
        ("(length > 5", "a ) is missing"),
        ("protocol in (", "what it is in is missing"),
        ("protocol in (TCP", "a ) is missing"),
        ("length > 5 && number", "a comparison is missing behind number"),
        ("length > 5 && 'a", '"\'a" means nothing here'),
        ("(" * 40 + "length > 5", "there are too many brackets"),
    ],
)
def test_what_means_nothing_yet_is_said(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as raised:
        condition(text, FIELDS)
    assert raised.value.message == reason


def test_an_enumerator_that_there_is_not_is_said() -> None:
    with pytest.raises(UsageError, match=r"kind\.protocol: .*UPD"):
        condition("protocol == UPD", FIELDS)


def test_keys_and_values_of_a_map_are_compared() -> None:
    entry = Entry(bytes.fromhex("c0000209 c6336401 14e9 0035 11 000000"), (STATS,))
    fields = fields_of(FLOWS.maps["flows"]).all
    for text, expected in (
        ("saddr == 192.0.2.9 && dport == 53", True),
        ("dport < 53", False),
        ("bytes > 1000000 && drift == -5", True),
        ("blocked == true && who == curl", True),
        ("who == CURL", False),
    ):
        found = condition(text, fields)
        assert found is not None
        assert found.matches(entry) is expected, text
