"""Bytes of a packet, wherever they get to, and what of memory a program has moved."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.debug.followed import Followed, Lying, Shift
from bpftui.core.vm.world.packet import Moved

if TYPE_CHECKING:
    from bpftui.core.vm.world.packet import Packet

PUT, TAKEN = Moved(12, 4), Moved(12, -4)
"""A VLAN tag behind the addresses."""


@pytest.mark.parametrize(
    ("moved", "places"),
    [
        (PUT, {0: 0, 11: 11, 12: 16, 20: 24}),
        (TAKEN, {0: 0, 11: 11, 12: None, 15: None, 16: 12, 20: 16}),
    ],
)
def test_where_a_byte_gets_to(moved: Moved, places: dict[int, int | None]) -> None:
    assert {at: moved.to(at) for at in places} == places
    back = moved.undone
    assert (back.at, back.by) == (moved.at, -moved.by)


def packet(length: int = 60, begin: int = 0x1000, moved: tuple[Moved, ...] = (), **more: object) -> Packet:
    parts: dict[str, object] = {"begin": begin, "hidden": b"", "length": length, "moved": moved}
    return cast("Packet", SimpleNamespace(**(parts | more)))


def test_which_byte_of_a_frame_lies_at_an_address() -> None:
    at = packet(moved=(PUT,))
    assert [Followed.at(at, address) for address in (0x0FFF, 0x1000, 0x103B, 0x103C)] == [
        None,
        Followed(0, (PUT,)),
        Followed(59, (PUT,)),
        None,
    ]
    assert Followed.at(packet(hidden=bytes(14)), 0x1000 + 73) == Followed(73)
    assert Followed.at(packet(hidden=bytes(14)), 0x1000 + 74) is None


@pytest.mark.parametrize(
    ("byte", "moved", "offset"),
    [
        (Followed(14), (), 14),
        (Followed(14), (PUT,), 18),
        (Followed(14), (PUT, TAKEN), 14),
        (Followed(14, (PUT,)), (PUT, PUT), 18),
        # back in time
        (Followed(18, (PUT,)), (), 14),
        (Followed(13, (PUT,)), (), None),  # which was not there yet
        (Followed(11, (PUT, TAKEN)), (), 11),
        (Followed(14, (TAKEN,)), (), 18),
        (Followed(14, (PUT, TAKEN)), (PUT,), 18),
    ],
)
def test_where_it_is_sooner_or_later(byte: Followed, moved: tuple[Moved, ...], offset: int | None) -> None:
    assert byte.within(packet(moved=moved)) == offset


def lying(
    base: int = 0x1000, begin: int = 0x1000, moved: tuple[Moved, ...] = (), fields: tuple[int, ...] = ()
) -> Lying:
    return Lying(base, begin, moved, 0x500, fields)


END = 0x1000 + (1 << 16)


def test_nothing_has_moved() -> None:
    assert list(lying().since(lying())) == [Shift(range(0x1000, 0x1000), range(0x1000, END), 0x1000)]


def test_bytes_that_were_put_in_or_taken_out() -> None:
    first, *_ = lying(moved=(PUT,)).since(lying())
    assert first == Shift(range(0x100C, 0x1010), range(0x1010, END), 0x100C)
    first, *_ = lying(moved=(TAKEN,)).since(lying())
    assert first == Shift(range(0x100C, 0x100C), range(0x100C, END), 0x1010)
    assert len(list(lying(moved=(PUT, TAKEN)).since(lying(moved=(PUT,))))) == 2  # what moved before is no news


def test_metadata_that_grew_or_shrank() -> None:
    (found,) = lying(begin=0x1008).since(lying())
    assert found == Shift(range(0x1000, 0x1008), range(0x1008, END), 0x1000)
    (found,) = lying().since(lying(begin=0x1008))
    assert found == Shift(range(0x1000, 0x1000), range(0x1000, END), 0x1008)


def test_another_program_has_another_region() -> None:
    assert list(lying(0x1000, 0x1004).since(lying(0x9000, 0x9000))) == [Shift(range(0), range(0x1004, END), 0x9000)]


def test_fields_of_the_context_that_are_told_anew() -> None:
    """Those that changed; and those that lead to the packet, where something of it has moved."""
    fields = (0x1000, 0x103C, 7)
    _, *told = lying(fields=(0x1000, 0x103C, 8)).since(lying(fields=fields))
    assert told == [Shift(range(0x508, 0x50C), range(0), 0)]
    _, _, *told = lying(moved=(PUT,), fields=fields).since(lying(fields=fields))
    assert told == [Shift(range(0x500, 0x504), range(0), 0), Shift(range(0x504, 0x508), range(0), 0)]
    _, *told = lying(begin=0x1008, fields=fields).since(lying(fields=fields))
    assert [shift.new for shift in told] == [range(0x500, 0x504), range(0x504, 0x508)]


def test_the_fields_of_a_context_in_its_byte_order() -> None:
    context = SimpleNamespace(size=12, base=0x500, data=bytes.fromhex("00100000 3c100000 00000007"))
    at = packet(context=context, byte_order="little", region=SimpleNamespace(base=0x0F00))
    assert Lying.of(at) == Lying(0x0F00, 0x1000, (), 0x500, (0x1000, 0x103C, 0x0700_0000))
    at = packet(context=context, byte_order="big", region=SimpleNamespace(base=0x0F00))
    assert Lying.of(at).fields == (0x0010_0000, 0x3C10_0000, 7)
