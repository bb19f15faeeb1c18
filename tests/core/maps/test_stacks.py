"""Values of maps of stack traces: frames as addresses, and as places in files."""

from __future__ import annotations

import struct

from bpftui.core.maps.stacks import calls_in, calls_value, frame_size
from bpftui.core.runtime.stacks import Call, Frame, Stack
from bpftui.core.spec import MapFlag

BUILD_ID = bytes(range(1, 21))


def entry(status: int, build_id: bytes, place: int) -> bytes:
    return struct.pack("=i20sQ", status, build_id, place)


def test_addresses_end_with_the_first_zero() -> None:
    raw = struct.pack("=4Q", 0xFFFF_FFFF_8100_1000, 0x7F00_0000_1000, 0, 0x1234)
    kernel, user = calls_in(raw, 0)
    assert (kernel, user) == (Call(0xFFFF_FFFF_8100_1000), Call(0x7F00_0000_1000))
    assert (kernel.is_kernel, user.is_kernel) == (True, False)
    assert calls_value(raw, 0) == [0xFFFF_FFFF_8100_1000, 0x7F00_0000_1000]
    assert calls_in(bytes(16), 0) == ()
    assert calls_in(struct.pack("=2Q", 1, 2), 0) == (Call(1), Call(2))  # no room for an end


def test_places_in_files_have_a_status() -> None:
    flags = int(MapFlag.STACK_BUILD_ID)
    raw = entry(1, BUILD_ID, 0x4567) + entry(2, bytes(20), 0x7F00_0000_1000) + entry(0, BUILD_ID, 5)
    assert calls_in(raw, flags) == (Call(0x4567, BUILD_ID), Call(0x7F00_0000_1000))
    assert calls_value(raw, flags) == [{"build_id": BUILD_ID.hex(), "offset": 0x4567}, 0x7F00_0000_1000]
    assert (frame_size(flags), frame_size(0)) == (32, 8)
    # An offset in a file is no address, however high it is.
    assert not Call(1 << 63, BUILD_ID).is_kernel


def test_frames_are_written_as_bpftrace_writes_them() -> None:
    call, kernel = Call(0x7F00_0000_1012), Call(0xFFFF_FFFF_8100_1000)
    assert str(Frame(kernel, "do_nanosleep", 0x5C)) == "do_nanosleep+0x5c"
    assert str(Frame(kernel, "do_nanosleep")) == "do_nanosleep"
    assert str(Frame(kernel, "nf_hook", 4, "nf_tables")) == "nf_hook+0x4 [nf_tables]"
    assert str(Frame(call, "", 0x2784A, "libc.so.6")) == "libc.so.6+0x2784a"
    assert str(Frame(call)) == "0x7f0000001012"
    assert str(Frame(Call(0x12, BUILD_ID))) == f"{BUILD_ID.hex()}+0x12"


def test_a_stack_says_once_why_frames_have_no_name() -> None:
    frames = (Frame(Call(1), problem="one"), Frame(Call(2), "named"), Frame(Call(3), problem="one"))
    assert Stack((*frames, Frame(Call(4), problem="two"))).problem == "one; two"
    assert Stack((frames[1],)).problem == ""
