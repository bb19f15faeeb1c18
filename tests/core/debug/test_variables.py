"""What is to be seen where a session stands, scope by scope: names, values, types, and what evaluates to each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, CType
from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.variables import Variable, _braces, _operand, scopes
from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Iterator

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """`count_traffic` behind line 138, with one packet counted."""
    spec = CollectionSpec.from_file(Path("bpf/traffic.o"))
    with Session(Recording.of(spec, "count_traffic", [Call(UDP)], settings=Settings(clock=lambda: 5))) as opened:
        opened.break_at("traffic.c:139")
        opened.resume()
        yield opened


def scope(session: Session, name: str, start: int = 0, most: int = 20) -> list[Variable]:
    (found,) = (each for each in scopes(session) if each.name == name)
    return list(found.unfold(start, most))


def inside(variable: Variable, name: str) -> Variable:
    assert variable.unfold is not None
    (found,) = (each for each in variable.unfold(0, 100) if each.name == name)
    return found


def told(variable: Variable, base: int = 0) -> tuple[str, str, str, str, int | None]:
    """Return its name, value, type and expression, and where it lies, from an address on."""
    at = None if variable.address is None else variable.address - base
    return variable.name, variable.text, variable.type, variable.expression, at


def test_the_scopes(session: Session) -> None:
    assert [(each.name, each.variables, each.expensive) for each in scopes(session)] == [
        ("Registers", 11, False),
        ("Locals", 5, False),
        ("Packet", 4, False),
        ("Context", 6, False),
        ("Maps", 3, False),
        ("Globals", 6, False),
    ]


def test_registers(session: Session) -> None:
    assert [told(each) for each in scope(session, "Registers", 5, 2)] == [
        ("r5", "0x0", "u64", "$r5", None),
        ("r6", "0x5", "u64", "$r6", None),
    ]


def test_variables_of_the_function(session: Session) -> None:
    """`struct packet` begins 56 bytes below the frame's end: kind at 0, source at 8, length at 28."""
    names = ["ctx", "packet", "now", "number", "volume"]
    found = dict(zip(names, scope(session, "Locals"), strict=True))
    frame = session.registers[10]
    assert told(found["ctx"]) == ("ctx", "<optimized out>", "", "", None)
    assert told(found["now"]) == ("now", "5", "__u64", "now", None)
    packet = found["packet"]
    assert told(packet) == (
        "packet",
        f"(const struct packet *) {frame - 56:#x}",
        "const struct packet *",
        "packet",
        None,
    )
    kind, source = inside(packet, "kind"), inside(packet, "source")
    assert told(kind, frame) == ("kind", "{family=IPV4, protocol=UDP}", "struct kind", "packet->kind", -56)
    assert told(inside(kind, "protocol"), frame) == (
        "protocol",
        "17 (UDP)",
        "enum protocol",
        "packet->kind.protocol",
        -52,
    )
    assert told(inside(packet, "length"), frame) == ("length", "64", "__u32", "packet->length", -28)
    zeros = inside(source, "bytes")
    assert (zeros.numbered, zeros.type, zeros.address) == (16, "__u8[16]", frame - 44)
    assert told(inside(zeros, "[3]"), frame) == ("[3]", "0", "__u8", "packet->source.bytes[3]", -41)
    assert zeros.unfold is not None
    assert [each.name for each in zeros.unfold(14, 5)] == ["[14]", "[15]"]


def test_the_packet_by_its_layers(session: Session) -> None:
    base = session.evaluate("pkt").number
    layers = {each.name: each for each in scope(session, "Packet")}
    assert [each.text for each in layers.values()] == [
        "14 bytes at 0",
        "20 bytes at 14",
        "8 bytes at 34",
        "22 bytes at 42",
    ]
    ethernet, ip, udp, payload = layers.values()
    assert told(inside(ethernet, "type"), base) == ("type", "IPv4", "", "", 12)
    assert told(inside(ip, "protocol"), base) == ("protocol", "UDP", "", "", 23)
    assert told(inside(udp, "destination"), base) == ("destination", "0", "", "", 36)
    version = inside(ip, "version").encode
    assert version is not None
    # The whole header is written anew; of bytes, these alone.
    at, raw = version("6")
    assert (at - base, raw) == (14, b"\x65" + bytes(8) + b"\x11" + bytes(10))
    address = inside(ethernet, "source").encode
    assert address is not None
    at, raw = address("02:00:00:00:00:07")
    assert (at - base, raw.hex()) == (0, "0000000000000200000000070800")
    data = inside(payload, "data").encode
    assert data is not None
    at, raw = data("ab" * 22)
    assert (at - base, raw) == (42, b"\xab" * 22)
    with pytest.raises(UsageError, match="data has as many bytes as it has"):
        data("01 02")


def test_fields_of_the_context(session: Session) -> None:
    base = session.context_address
    assert [told(each, base) for each in scope(session, "Context")[1:4:2]] == [
        ("data_end", str(session.evaluate("pkt").number + 64), "u32", "ctx->data_end", 4),
        ("ingress_ifindex", "1", "u32", "ctx->ingress_ifindex", 12),
    ]


def test_entries_of_maps(session: Session) -> None:
    traffic, sources, events = scope(session, "Maps")
    assert [(each.name, each.text, each.numbered) for each in (traffic, sources, events)] == [
        ("traffic", "percpu_hash, 1 entry", 1),
        ("sources", "lru_hash, 0 entries", 0),
        ("events", "ringbuf", 0),
    ]
    assert events.unfold is None
    entry = inside(traffic, "[{family=IPV4, protocol=UDP}]")
    assert (entry.text, entry.type, entry.expression) == ("{packets=1, bytes=0}", "struct volume", "traffic[{2, 17}]")
    packets = inside(entry, "packets")
    assert (packets.text, packets.expression) == ("1", "traffic[{2, 17}].packets")
    assert session.evaluate(packets.expression).number == 1


def test_variables_of_the_object(session: Session) -> None:
    found = [(each.name, each.text, each.type, each.expression) for each in scope(session, "Globals", 2, 3)]
    assert found == [
        ("counting", "1", "bool", "counting"),
        ("total_packets", "1", "__u64", "total_packets"),
        ("total_bytes", "64", "__u64", "total_bytes"),
    ]


def test_arrays_of_a_context() -> None:
    """`cb` of a socket buffer: five numbers of four bytes, from byte 48 on."""
    spec = CollectionSpec.from_file(Path("tests/objects/packet_room.o"))
    with Session(Recording.of(spec, "on_tc", [Call(bytes(64))])) as session:
        cb = next(each for each in scope(session, "Context", 0, 100) if each.name == "cb")
        assert (cb.text, cb.numbered, cb.address) == ("5 × u32", 5, None)
        last = inside(cb, "[4]")
        assert (last.text, last.expression) == ("0", "*(u32 *)(ctx + 64)")
        assert last.address == session.context_address + 64


@pytest.mark.parametrize(
    ("expression", "operand"),
    [
        ("a", "a"),
        ("a.b", "a.b"),
        ("a->b", "a->b"),
        ("a[1 + 2].b", "a[1 + 2].b"),
        ("a[b[1]].c", "a[b[1]].c"),
        ("$r3", "$r3"),
        ("*a", "(*a)"),
        ("a[1] + 2", "(a[1] + 2)"),
        ("(u8 *)a", "((u8 *)a)"),
    ],
)
def test_what_a_point_may_follow(expression: str, operand: str) -> None:
    assert _operand(expression) == operand


def test_keys_as_expressions_have_them() -> None:
    blob = Blob()
    number, short = blob.integer("int", 4), blob.integer("unsigned short", 2, signed=False)
    wide, bit = blob.integer("__int128", 16), blob.struct("bit", 4, [("b", number, 3 << 24)], bitfields=True)
    pair = blob.struct("pair", 8, [("a", number, 0), ("b", blob.array(short, 2), 32)])
    union, huge = blob.union("either", 4, [("a", number, 0)]), blob.struct("huge", 16, [("w", wide, 0)])
    btf = Btf(blob.bytes())
    keys = {pair: "feffffff 0100 ff00", union: "00000000", huge: "00" * 16, bit: "00000000", number: "ffffffff"}
    told = {type_id: _braces(CType(btf, type_id), bytes.fromhex(raw)) for type_id, raw in keys.items()}
    assert told == {pair: "{-2, {1, 255}}", union: None, huge: None, bit: None, number: "-1"}
