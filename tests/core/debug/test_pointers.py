"""Pointers: what an address is, by what the program has there."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.debug.pointers import Pointers
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.world.settings import Settings

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


def opened(path: str, program: str) -> Session:
    spec = CollectionSpec.from_file(Path(path))
    return Session(Recording.of(spec, program, [Call(UDP)], settings=Settings(clock=lambda: 5)))


def test_of_a_map_without_types_the_key_and_the_offset() -> None:
    with opened("tests/objects/legacy_maps.o", "legacy") as session:
        hashed, array = (session.world.collection.maps[name].store for name in ("legacy_hash", "legacy_array"))
        key = (5).to_bytes(4, "little")
        hashed.update(key, (7).to_bytes(8, "little"))
        array.update((1).to_bytes(4, "little"), (9).to_bytes(8, "little") + (1 << 40).to_bytes(8, "little"))
        tell, here = Pointers(session).at, hashed.address_of(key, 0)
        assert tell(here) == ("legacy_hash[5]", "7")
        assert tell(here + 4) == ("legacy_hash[5]+4", "")  # eight bytes are not there
        second = array.address_of((1).to_bytes(4, "little"), 0)
        assert tell(second) == ("legacy_array[1]", "9")
        assert tell(second + 8) == ("legacy_array[1]+8", "0x10000000000")


def test_of_a_packet_its_layers_and_of_a_context_its_fields() -> None:
    with opened("bpf/traffic.o", "count_traffic") as session:
        tell = Pointers(session).at
        packet, context = session.evaluate("pkt").number, session.context_address
        assert tell(packet) == ("pkt+0", "Ethernet")
        assert tell(packet + 12) == ("pkt+12", "Ethernet type")
        assert tell(packet + 64) == ("pkt+64", "its end")
        assert tell(context) == ("ctx", "xdp_md")
        assert tell(context + 4) == ("ctx+4", "data_end")
        assert tell(session.registers[10] - 8) == ("fp-8", "0")
        assert tell(12) is None


def test_of_values_with_types_the_member_and_what_it_holds() -> None:
    with opened("bpf/traffic.o", "count_traffic") as session:
        session.break_at("traffic.c:139")
        session.resume()
        tell = Pointers(session).at
        volume = session.evaluate("traffic[{IPV4, 17}]").address
        assert volume is not None
        assert tell(volume) == ("traffic[{IPV4, UDP}]", "{packets=1, bytes=0}")
        assert tell(volume + 8) == ("traffic[{IPV4, UDP}].bytes", "0")
        assert tell(volume + 12) == ("traffic[{IPV4, UDP}].bytes", "")  # eight bytes are not there
        total = session.evaluate("&total_packets").number
        assert (tell(total), tell(total + 8)) == (("total_packets", "1"), ("total_bytes", "64"))
        frame = session.registers[10]
        assert (tell(frame), tell(frame - 512), tell(frame - 513)) == (("fp0", ""), ("fp-512", "0"), None)
        assert (tell(frame - 56), tell(frame + 1)) == (("fp-56", f"{(17 << 32) + 2:#x}"), None)
        table = session.world.collection.maps["traffic"]
        assert tell(table.address or 0) == ("map traffic", "")
        packet = session.evaluate("pkt").number
        assert [tell(packet + at) for at in (14, 23, 26, 34, 36, 42)] == [
            ("pkt+14", "IPv4"),
            ("pkt+23", "IPv4 protocol"),
            ("pkt+26", "IPv4 source"),
            ("pkt+34", "UDP"),
            ("pkt+36", "UDP destination"),
            ("pkt+42", "payload"),
        ]
        assert (tell(packet - 1), tell(packet + 65), tell(4095)) == (None, None, None)


def test_places_in_the_frame_of_who_called() -> None:
    spec = CollectionSpec.from_file(Path("tests/objects/subprograms.o"))
    with Session(Recording.of(spec, "second", [Call(UDP)])) as session:
        while len(session.activations) < 2:
            session.step_instruction()
        inner, outer = (each.registers[10] for each in reversed(session.activations))
        tell = Pointers(session).at
        assert tell(inner - 8) == ("fp-8", "0")
        pointed = tell(outer - 8)
        assert pointed is not None
        assert pointed.text == "fp of second() -8"
