"""Capture files: both formats, what packets of other links become, and what is said of damage."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import ObjectError, UsageError
from bpftui.core.traffic import (
    DESTINATION_MAC,
    SOURCE_MAC,
    Capture,
    CaptureError,
    CaptureWriter,
    Traffic,
    make_frames,
    parse_traffic,
)
from bpftui.core.traffic.pcapng import PcapngWriter
from tests.core.traffic.files import START, pcap, pcapng

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = make_frames(20)
PACKETS = [(number * 1_500_000, frame) for number, frame in enumerate(FRAMES)]
IPV4 = next(frame for frame in FRAMES if frame[12:14] == b"\x08\x00")[14:]
IPV6 = next(frame for frame in FRAMES if frame[12:14] == b"\x86\xdd")[14:]
HEADER = DESTINATION_MAC + SOURCE_MAC


def written(folder: Path, raw: bytes, name: str = "a.pcap") -> Capture:
    (folder / name).write_bytes(raw)
    return Capture(str(folder / name))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["pcap", "nanoseconds", "pcapng"])
def test_both_formats_in_either_byte_order(tmp_path: Path, form: str, order: str) -> None:
    if form == "pcapng":
        raw = pcapng(PACKETS, order=order)
    else:
        raw = pcap(PACKETS, order=order, nanoseconds=form == "nanoseconds")
    capture = written(tmp_path, raw)
    for _ in range(2):
        found = list(capture)
        assert [packet.frame for packet in found] == FRAMES
        assert [packet.time - START for packet in found] == [time for time, _ in PACKETS]
        assert [packet.number for packet in found] == list(range(1, 21))


def test_what_was_not_captured_is_known(tmp_path: Path) -> None:
    found = list(written(tmp_path, pcap(PACKETS, cut=50)))
    assert [(packet.frame, packet.length) for packet in found] == [(frame[:50], len(frame)) for frame in FRAMES]


@pytest.mark.parametrize(
    ("link", "packet", "frame"),
    [
        (101, IPV4, HEADER + b"\x08\x00" + IPV4),
        (101, IPV6, HEADER + b"\x86\xdd" + IPV6),
        (228, IPV4, HEADER + b"\x08\x00" + IPV4),
        (0, struct.pack("<I", 2) + IPV4, HEADER + b"\x08\x00" + IPV4),
        (0, struct.pack(">I", 30) + IPV6, HEADER + b"\x86\xdd" + IPV6),
        (108, struct.pack(">I", 24) + IPV6, HEADER + b"\x86\xdd" + IPV6),
        (
            113,
            struct.pack("!HHH8sH", 0, 1, 6, b"\2\4\6\1\3\5\0\0", 0x0800) + IPV4,
            DESTINATION_MAC + b"\2\4\6\1\3\5\x08\x00" + IPV4,
        ),
        (113, struct.pack("!HHH8sH", 4, 65534, 0, bytes(8), 0x86DD) + IPV6, HEADER + b"\x86\xdd" + IPV6),
        (
            276,
            struct.pack("!HHIHBB8s", 0x86DD, 0, 3, 1, 4, 6, b"\2\4\6\1\3\5\0\0") + IPV6,
            DESTINATION_MAC + b"\2\4\6\1\3\5\x86\xdd" + IPV6,
        ),
    ],
)
def test_packets_without_an_ethernet_header_get_one(tmp_path: Path, link: int, packet: bytes, frame: bytes) -> None:
    for raw in (pcap([(0, packet)], link=link), pcapng([(0, packet)], link=link)):
        (found,) = written(tmp_path, raw)
        assert (found.frame, found.length) == (frame, len(frame))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is no capture: it is empty"),
        (gzip.compress(pcap(PACKETS)), "is compressed"),
        (pcap(PACKETS)[:10], "is no capture: truncated dump file"),
        (pcap(PACKETS)[:32], "packet 1: truncated dump file"),
        (pcap(PACKETS) + bytes(4096), "packet 21: zeros from here on: the file has a hole"),
        (pcap([(0, bytes(60))], link=192), r"IEEE 802.11 with PPI \(link type 192\)"),
        (b"\x7fELF" + bytes(100), "is no capture: unknown file format"),
        (pcap(PACKETS)[:1000], r"packet \d+: truncated dump file"),
        (pcapng(PACKETS)[:1000], r"packet \d+: truncated pcapng dump file"),
        (pcap([(0, bytes(60))], link=127), "IEEE 802.11 with radiotap"),
        (pcap([(0, bytes(60))], link=147), "link type 147"),
        (pcap([(0, IPV4), (0, b"\x99")], link=101), "packet 2: it begins with 99, which is neither IPv4 nor IPv6"),
        (pcap([(0, bytes(15))], link=113), "packet 1: it ends within the cooked header"),
        (
            pcap([(0, b"\0\0\x03\x38" + bytes(20))], link=113),
            "packet 1: it is of an interface whose hardware type, 824",
        ),
    ],
)
def test_damage_is_one_sentence_with_the_packet(tmp_path: Path, raw: bytes, message: str) -> None:
    with pytest.raises(CaptureError, match=message):
        list(written(tmp_path, raw))


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(ObjectError, match=r"no\.pcap: there is no such file"):
        Capture(str(tmp_path / "no.pcap"))
    with pytest.raises(ObjectError, match="it is a directory, not a file"):
        Capture(str(tmp_path))


def test_a_pipe_is_opened_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    (tmp_path / "a.pcap").write_bytes(pcap(PACKETS))
    with subprocess.Popen(["sh", "-c", 'cat "$1" > "$2"', "sh", tmp_path / "a.pcap", path]) as writer:
        assert [packet.frame for packet in Capture(str(path))] == FRAMES
    assert writer.returncode == 0


def test_interfaces_of_several_kinds_are_not_read_together(tmp_path: Path) -> None:
    raw = pcapng(PACKETS[:1]) + pcapng([(0, IPV4)], link=101)[28:]
    with pytest.raises(CaptureError, match="packet 2: an interface has a type 101") as caught:
        list(written(tmp_path, raw))
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("tshark -r FILE -Y 'frame.interface_id == 0' -w ONE.pcapng")


def test_names_are_bytes(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\x1b\n\xff.pcap")
    with CaptureWriter(path) as writer:
        writer.write(START, FRAMES[0])
    assert [packet.frame for packet in Capture(path)] == FRAMES[:1]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "out.pcap")
    with CaptureWriter(path) as writer:
        for time, frame in PACKETS:
            writer.write(START + time, frame)
    assert [(packet.time - START, packet.frame) for packet in Capture(path)] == PACKETS
    with pytest.raises(ObjectError, match="it cannot be written: this is a directory"):
        CaptureWriter(str(tmp_path))


def test_what_comes_before_the_damage_flows(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap([(0, bytes(100))] * 5 + [(0, bytes(9))])[:-3])
    chunks = Traffic(capture=str(tmp_path / "a.pcap")).chunks(60)
    assert next(chunks).frames == [bytes(60)] * 5
    with pytest.raises(CaptureError, match="packet 6"):
        next(chunks)


def test_a_loop_goes_on_in_time(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap([(0, b"a"), (4_000_000, b"b"), (2_000_000, b"c")]))
    frames, times = next(Traffic(capture=str(tmp_path / "a.pcap"), loop=True).chunks(60))
    assert [frame[:1] for frame in frames[:6]] == [b"a", b"b", b"c"] * 2
    assert {len(frame) for frame in frames} == {14}
    assert times is not None
    # What is older than the one before it is due with it; a lap ends with a gap like the others.
    assert list(times[:6]) == [0, 4_000_000, 4_000_000, 6_000_000, 10_000_000, 10_000_000]


@pytest.mark.parametrize(
    ("text", "target", "traffic"),
    [
        ("sandbox", "sandbox", None),
        ("sandbox,generic", "sandbox,generic", None),
        ("eth0,generic", "eth0,generic", None),
        ("/sys/fs/cgroup", "/sys/fs/cgroup", None),
        ("sandbox,generic,rate=50", "sandbox,generic", Traffic(rate=50)),
        ("a.pcapng", "sandbox", Traffic(capture="a.pcapng")),
        ("@a.bin,speed=max,loop,native", "sandbox,native", Traffic(capture="a.bin", speed=float("inf"), loop=True)),
        ("a.PCAP,rate=5", "sandbox", Traffic(capture="a.PCAP", rate=5)),
    ],
)
def test_targets_with_traffic(text: str, target: str, traffic: Traffic | None) -> None:
    assert parse_traffic(text) == (target, traffic)


def test_a_mix_as_text() -> None:
    _, traffic = parse_traffic("sandbox,tcp=3,icmp=0,arp=0.5,ipv6=0,size=64-128,seed=9")
    assert traffic is not None
    mix = traffic.mix
    assert (mix.protocols, mix.ipv4, mix.ipv6) == ((("tcp", 3), ("arp", 0.5)), 1, 0)
    assert (mix.sizes, mix.seed) == ((64, 128), 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sandbox,rate=x", "rate=x makes no sense"),
        ("sandbox,rate=nan", "rate=nan makes no sense"),
        ("sandbox,speed=2", "speed is for a capture"),
        ("a.pcap,tcp=2", "tcp is for generated traffic"),
        ("a.pcap,speed=0", "speed=0 makes no sense"),
        ("a.pcap,loop=3", "loop takes no value"),
        ("@-,loop", "standard input cannot be read again"),
        ("sandbox,tcp=0", "nothing to send"),
        ("sandbox,ipv4=0,ipv6=0", "nothing to send"),
        ("sandbox,size=20", "size=20: bytes from 60 to 1514"),
        ("sandbox,size=128-64", "size=128-64"),
        ("sandbox,seed=x", "seed=x is no number"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_traffic(text)


def test_texts_of_a_pcapng_file_are_cut_where_its_lengths_end(tmp_path: Path) -> None:
    path = tmp_path / "out.pcapng"
    with PcapngWriter(str(path), "bpftui") as writer:
        writer.write("x" * 65_534 + "é", START, FRAMES[0], "in", "c" * 70_000)
    raw = path.read_bytes()
    assert struct.pack("=HH", 2, 65_534) + b"x" * 65_534 + bytes(2) in raw  # é would be half
    assert struct.pack("=HH", 1, 65_535) + b"c" * 65_535 + bytes(1) in raw
    assert [packet.frame for packet in Capture(str(path))] == FRAMES[:1]
