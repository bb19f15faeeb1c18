"""Fields: what the columns of a map are, how they are written, and what can be typed into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.errors import BpftuiError
from bpftui.core.live import counters
from bpftui.core.live.field import Field, Form
from bpftui.core.live.fields import Fields, fields_of
from bpftui.core.runtime import Entry
from bpftui.core.spec import CollectionSpec, MapSpec, MapType
from tests.core.btf.blob import Blob
from tests.core.live.fakes import map_spec

OBJECTS = Path(__file__).parents[2] / "objects"
FLOWS = CollectionSpec.from_file(OBJECTS / "flows.o")
TRAFFIC = CollectionSpec.from_file(OBJECTS.parents[1] / "bpf" / "traffic.o")

STATS = (
    (7).to_bytes(8, "little")
    + (1_234_567).to_bytes(8, "little")
    + bytes(8)
    + bytes.fromhex("0200000000fe")
    + b"\1\7"
    + (-5).to_bytes(4, "little", signed=True)
    + b"curl\0\0\0\0"
    + bytes(4)
)


def fields(name: str, spec: CollectionSpec = FLOWS) -> Fields:
    return fields_of(spec.maps[name])


def field(name: str, label: str) -> Field:
    return next(each for each in fields(name).all if each.label == label)


def written(name: str, entry: Entry, form: Form = Form.TYPED, spec: CollectionSpec = FLOWS) -> dict[str, str]:
    return {each.label: each.text(entry, form) for each in fields(name, spec).all}


def test_the_members_of_keys_and_values_are_columns() -> None:
    key = bytes.fromhex("c0000209 c6336401 14e9 0035 11 000000")
    entry = Entry(key, (STATS,))
    assert written("flows", entry) == {
        "saddr": "192.0.2.9",
        "daddr": "198.51.100.1",
        "sport": "5353",
        "dport": "53",
        "protocol": "17",
        "packets": "7",
        "bytes": "1,234,567",
        "last_seen": "0",
        "mac": "02:00:00:00:00:fe",
        "blocked": "true",
        "verdict": "LOG",
        "drift": "-5",
        "who": '"curl"',
    }
    assert written("flows", entry, Form.HEX)["saddr"] == "0x90200c0"
    assert written("flows", entry, Form.HEX)["verdict"] == "0x7"
    assert written("flows", entry, Form.DECIMAL) | {"mac": "", "who": ""} == {
        "saddr": "151126208",
        "daddr": "23344070",
        "sport": "59668",
        "dport": "13568",
        "protocol": "17",
        "packets": "7",
        "bytes": "1234567",
        "last_seen": "0",
        "mac": "",
        "blocked": "true",
        "verdict": "7",
        "drift": "-5",
        "who": "",
    }


def test_what_only_looks_like_an_address_stays_a_number() -> None:
    key = bytes.fromhex("01020304 0102 0304 01020304 01020304 010203040506 0000")
    assert written("unsure", Entry(key, (bytes(4),))) == {
        "saddr": str(0x04030201),
        "port": str(0x0201),
        "length": str(0x0403),
        "sequence": str(0x04030201),
        "data": "01 02 03 04",
        "id": "01 02 03 04 05 06",
        "value": "0.0",
    }


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("0200 0000 c0000209 000000000000000000000000 0035 0000", "192.0.2.9"),
        ("0a00 0000 20010db8000000000000000000000007 0035 0000", "2001:db8::7"),
        ("0000 0000 00000000000000000000000000000000 0035 0000", "0"),
        ("0700 0000 01000000000000000000000000000000 0035 0000", "7 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"),
        ("0200 0000 c0000209 000000000000000000000001 0035 0000", "2 c0 00 02 09 00 00 00 00 00 00 00 00 00 00 00 01"),
    ],
)
def test_a_family_beside_it_tells_what_an_address_is(raw: str, text: str) -> None:
    found = written("neighbours", Entry(bytes.fromhex(raw), (bytes(4),)))
    assert (found["addr"], found["port"], found["value"]) == (text, "53", "ALLOW")


def test_a_family_and_an_address_alone_are_one_column() -> None:
    key = (10).to_bytes(4, "little") + bytes.fromhex("20010db8000000000000000000000001")
    (address,) = fields("sources", TRAFFIC).keys
    assert (address.label, address.text(Entry(key, ()))) == ("address", "2001:db8::1")
    assert address.text(Entry(bytes(20), ())) == "OTHER"
    assert address.put("192.0.2.9", key) == (2).to_bytes(4, "little") + bytes.fromhex("c0000209") + bytes(12)
    assert written("hosts", Entry(key[4:], (bytes(4),))) == {"key": "2001:db8::1", "value": "0"}


def test_the_other_members_of_an_address_s_union_are_no_columns_and_what_is_behind_it_is() -> None:
    """struct { __u32 family; union { __u8 bytes[16]; __u32 words[4]; __u32 v4; }; __u32 zone; }"""
    blob = Blob()
    byte, word = blob.integer("unsigned char", 1, signed=False), blob.integer("unsigned int", 4, signed=False)
    raw, words = blob.array(byte, 16), blob.array(word, 4)
    union = blob.union("", 16, [("bytes", raw, 0), ("words", words, 0), ("v4", word, 0)])
    struct = blob.struct("key", 24, [("family", word, 0), ("", union, 32), ("zone", word, 160)])
    found = fields_of(MapSpec("m", ".maps", MapType.HASH, 24, 4, 8, key=CType(Btf(blob.bytes()), struct))).keys
    entry = Entry(bytes.fromhex("02000000 c0000209 000000000000000000000000 07000000"), (bytes(4),))
    assert [(each.label, each.text(entry)) for each in found] == [
        ("family", "2"),
        ("bytes", "192.0.2.9"),
        ("zone", "7"),
    ]


def test_what_counts_in_a_per_cpu_map_is_summed_and_the_rest_is_by_cpu() -> None:
    other = (1).to_bytes(8, "little") + STATS[8:16] + (9).to_bytes(8, "little") + STATS[24:]
    found = written("per_cpu", Entry(bytes(4), (STATS, other)))
    assert (found["packets"], found["bytes"]) == ("8", "2,469,134")
    assert (found["last_seen"], found["who"]) == ("[0, 9]", '["curl", "curl"]')
    assert fields("per_cpu").is_summed


@pytest.mark.parametrize(
    ("label", "text", "window"),
    [
        ("packets", "0x10", (0, "1000000000000000")),
        ("mac", "02-00-00-00-00-01", (24, "020000000001")),
        ("blocked", "no", (30, "00")),
        ("verdict", "DENY", (31, "01")),
        ("drift", "-1", (32, "ffffffff")),
        ("who", "wget", (36, "7767657400000000")),
        ("packets", "hex:0102030405060708", (0, "0102030405060708")),
    ],
)
def test_a_field_takes_what_its_type_takes_and_leaves_the_rest(label: str, text: str, window: tuple[int, str]) -> None:
    at, raw = window[0], bytes.fromhex(window[1])
    assert field("flows", label).put(text, STATS) == STATS[:at] + raw + STATS[at + len(raw) :]


@pytest.mark.parametrize(
    ("name", "label", "text", "message", "hint"),
    [
        ("flows", "saddr", "192.0.2", "saddr is an IPv4 address, not '192.0.2'", "as 192.0.2.1"),
        ("flows", "dport", "dns", "dport is a port, not 'dns'", "as 53, or 0x35"),
        ("flows", "dport", "65536", "dport: 65536 is no port: 0 to 65535 are", None),
        ("flows", "mac", "02:00", "mac is a MAC address, not '02:00'", "as 02:00:00:00:00:01"),
        ("flows", "drift", "x", "drift: __s32 takes an integer, not 'x'", "as 9000, 0x2328, 0b101 or 0o17"),
        ("flows", "packets", "-1", "packets: -1 does not fit __u64, which takes 0 to 18446744073709551615", None),
        (
            "neighbours",
            "addr",
            "::g",
            "addr is an IPv4 or IPv6 address, not '::g'",
            "as 192.0.2.1 or 2001:db8::1",
        ),
    ],
)
def test_what_does_not_fit_says_how_it_is_written(
    name: str, label: str, text: str, message: str, hint: str | None
) -> None:
    whole = bytes(24) if name == "neighbours" else STATS
    with pytest.raises(BpftuiError) as caught:
        field(name, label).put(text, whole)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_an_address_that_is_typed_sets_its_family_too() -> None:
    before = bytes.fromhex("0200 0000 c0000209 000000000000000000000000 0035 0000")
    after = field("neighbours", "addr").put("2001:db8::7", before)
    assert after == bytes.fromhex("0a00 0000 20010db8000000000000000000000007 0035 0000")


@pytest.mark.parametrize("form", [Form.TYPED, Form.HEX])
def test_what_an_editor_begins_with_is_read_back(form: Form) -> None:
    for name in ("flows", "neighbours", "hosts", "unsure", "latency"):
        sizes = FLOWS.maps[name].key_size, FLOWS.maps[name].value_size
        for each in fields(name).all:
            whole = bytes(range(1, 1 + sizes[each.of == "value"]))
            assert each.put(each.edit_text(whole, form), whole, form) == whole, (name, each.label)


def test_each_cpu_can_be_set_or_all_of_them() -> None:
    entry = Entry(bytes(4), (STATS, STATS))

    def values(label: str, text: str) -> list[str]:
        found = field("per_cpu", label)
        return [found.text_of(whole) for whole in found.put_into(text, entry)]

    assert values("packets", "10") == ["10", "0"]  # shown as a sum, which is 10 then
    assert values("packets", "[3, 4]") == ["3", "4"]
    assert values("last_seen", "5") == ["5", "5"]
    assert values("who", "top") == ['"top"', '"top"']
    with pytest.raises(BpftuiError, match="packets takes 2 values, one for each possible CPU, not 3"):
        values("packets", "[1, 2, 3]")
    assert field("per_cpu", "packets").edit_text_of(entry) == "14"
    assert field("per_cpu", "drift").edit_text_of(entry) == "-5"


def test_slots_are_columns_and_many_of_them_are_one() -> None:
    assert [each.label for each in fields("latency").values][:3] == ["slots[0]", "slots[1]", "slots[2]"]
    assert len(fields("latency").values) == 16


def test_what_is_written_quickly_is_what_is_written() -> None:
    for name in ("flows", "neighbours", "hosts", "unsure", "latency"):
        found, spec = fields(name), FLOWS.maps[name]
        entry = Entry(bytes(range(200, 200 + spec.key_size)), (bytes(range(1, 1 + spec.value_size)),))
        quick = [(each, written) for each in found.all if (written := each.quick_text()) is not None]
        assert quick or name == "unsure"
        for each, written in quick:
            assert written(each.essence()(entry)) == each.text(entry), (name, each.label)


@pytest.mark.parametrize("kind", [MapType.ARRAY_OF_MAPS, MapType.PROG_ARRAY, MapType.DEVMAP, MapType.CPUMAP])
def test_ids_are_no_amounts(kind: MapType) -> None:
    """They are neither summed nor rated, and written as they are typed."""
    source = map_spec("inner", kind, value_size=4)
    (value,) = fields_of(source).values
    assert value.text(Entry(bytes(4), ((440_333).to_bytes(4, "little"),))) == "440333"
    assert (value.counter, value.counts, counters(source)) == (None, False, [])


def test_keys_that_only_their_padding_tells_apart() -> None:
    """Of `struct { __u8 a; __u32 b; }` the bytes 1 to 3 are nobody's; what is behind the end of a text is not shown."""
    source = CollectionSpec.from_file(OBJECTS / "live.o").maps["pad"]
    plain, odd, other = (bytes.fromhex(each) for each in ("0100000005000000", "0100ff0005000000", "0200000005000000"))

    def alike(*keys: bytes) -> frozenset[bytes]:
        return fields_of(source).alike(source, [Entry(key, (bytes(source.value_size),)) for key in keys])

    assert alike(plain, other) == frozenset()
    assert alike(plain, odd, other) == {plain, odd}
    assert alike(odd, other) == {odd}
    source = CollectionSpec.from_file(OBJECTS.parents[1] / "bpf" / "constants.o").maps["by_name"]
    plain, odd, other = (each.ljust(16, b"\0") for each in (b"eth0", b"eth0\0x", b"eth1"))
    assert alike(plain, other) == frozenset()
    assert alike(plain, odd, other) == {plain, odd}
