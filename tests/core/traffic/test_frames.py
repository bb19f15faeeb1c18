"""The frames of the sandbox's traffic, taken apart again."""

from __future__ import annotations

import struct
from collections import Counter

import pytest

from bpftui.core.traffic import Mix, make_frames
from bpftui.core.traffic import frames as frames_module


def ones_complement_sum(data: bytes) -> int:
    """Return the sum of RFC 1071; 0xffff over data whose checksum is right."""
    total = 0
    for high, low in zip(data[::2], data[1::2] + b"\0", strict=False):
        total += high << 8 | low
    return total % 0xFFFF or 0xFFFF


def taken_apart(frame: bytes) -> tuple[int, int, bytes, bytes, bytes]:
    """Return version, protocol, source, pseudo-header and payload of *frame*; asserts that its lengths are right."""
    ethertype = frame[12:14]
    packet = frame[14:]
    if ethertype == b"\x08\x00":
        assert packet[0] == 0x45
        assert struct.unpack_from("!H", packet, 2)[0] == len(packet)
        assert ones_complement_sum(packet[:20]) == 0xFFFF
        protocol, addresses, payload = packet[9], packet[12:20], packet[20:]
        return 4, protocol, addresses[:4], addresses + struct.pack("!BBH", 0, protocol, len(payload)), payload
    assert ethertype == b"\x86\xdd"
    assert packet[0] >> 4 == 6
    payload = packet[40:]
    assert struct.unpack_from("!H", packet, 4)[0] == len(payload)
    protocol, addresses = packet[6], packet[8:40]
    return 6, protocol, addresses[:16], addresses + struct.pack("!II", len(payload), protocol), payload


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    return make_frames()


def test_checksums_and_lengths_are_right(frames: list[bytes]) -> None:
    for frame in frames:
        _, protocol, _, pseudo, payload = taken_apart(frame)
        if protocol == 17:
            assert struct.unpack_from("!H", payload, 4)[0] == len(payload)
        assert ones_complement_sum((b"" if protocol == 1 else pseudo) + payload) == 0xFFFF


def test_headers_are_those_of_a_small_network(frames: list[bytes]) -> None:
    seen: set[int] = set()
    for frame in frames:
        version, protocol, _, _, payload = taken_apart(frame)
        seen.add(protocol)
        assert frame[:12] == bytes.fromhex("020000000000020000000001")
        # don't fragment, a time to live or hop limit of 64
        assert (frame[20:23] if version == 4 else frame[21:22]) == (b"\x40\0\x40" if version == 4 else b"\x40")
        if protocol == 6:
            source, server, sequence, answered, length, flags, window, _, urgent = struct.unpack_from(
                "!HHIIBBHHH", payload
            )
            assert (server, answered, length, flags, window, urgent) == (443, 1, 0x50, 0x10, 65535, 0)
            assert sequence % 1460 == 0
        elif protocol == 17:
            source, server = struct.unpack_from("!HH", payload)
            assert server == 53
        else:
            assert payload[:2] == (b"\x08\0" if version == 4 else b"\x80\0")
            assert payload[4:6] == b"\0\1"
            continue
        assert 49152 <= source < 65536
    assert seen == {1, 6, 17, 58}


def test_there_is_something_of_everything(frames: list[bytes]) -> None:
    kinds = Counter(taken_apart(frame)[:2] for frame in frames)
    assert set(kinds) == {(4, 1), (4, 6), (4, 17), (6, 58), (6, 6), (6, 17)}
    sources = Counter(taken_apart(frame)[2] for frame in frames)
    assert len(sources) == 32
    shares = [count for _, count in sources.most_common()]
    assert shares[0] > 5 * shares[15]  # unevenly
    sizes = {len(frame) for frame in frames}
    assert min(sizes) >= 60
    assert max(sizes) == 1514
    assert len(sizes) >= 5


def test_a_checksum_of_zero_is_sent_as_its_other_form() -> None:
    """RFC 768: zero in UDP means that there is none. Ports, lengths, protocol and 0x3fa9 add up to 0xffff."""
    addresses = bytes(6) + bytes.fromhex("3fa9")
    assert frames_module._segment(17, addresses, 0, b"") == struct.pack("!HHHH", 49152, 53, 8, 0xFFFF)
    addresses = bytes(6) + bytes.fromhex("3fa8")
    assert frames_module._segment(17, addresses, 0, b"") == struct.pack("!HHHH", 49152, 53, 8, 1)


def test_a_seed_gives_the_same_frames_again() -> None:
    assert make_frames(64, Mix(seed=7)) == make_frames(64, Mix(seed=7))
    assert make_frames(64, Mix(seed=7)) != make_frames(64, Mix(seed=8))


def test_a_mix_has_what_was_asked_for_and_nothing_else() -> None:
    mix = Mix(protocols=(("udp", 1), ("arp", 1)), ipv6=0, sizes=(200, 210), seed=3)
    frames = make_frames(300, mix)
    requests = [frame for frame in frames if frame[12:14] == b"\x08\x06"]
    assert 100 < len(requests) < 200
    assert all(frame[:6] == b"\xff" * 6 and len(frame) == 60 for frame in requests)
    others = [frame for frame in frames if frame not in requests]
    assert {taken_apart(frame)[:2] for frame in others} == {(4, 17)}
    assert {len(frame) for frame in others} == set(range(200, 211))


def test_a_request_of_arp_is_that_of_rfc_826() -> None:
    (frame,) = make_frames(1, Mix(protocols=(("arp", 1),), ipv6=0, seed=3))
    assert (
        frame[:28].hex()
        == "ffffffffffff" + "020000000001" + "0806" + "0001" + "0800" + "06" + "04" + "0001" + "020000000001"
    )
    assert frame[28:32] in {bytes((198, 51, 100, host)) for host in range(1, 13)} | {
        bytes((203, 0, 113, host)) for host in range(1, 9)
    }
    assert frame[32:].hex() == "000000000000" + "c0000201" + "00" * 18
