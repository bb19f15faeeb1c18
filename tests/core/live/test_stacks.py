"""Whose stacks are which: the ids of stacks in other maps, and the processes beside them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.live import Form, Sample, fields_of
from bpftui.core.live.stacks import _STACK_ID, StackPlace, Stacks, _alike
from bpftui.core.runtime import Entry, MapSnapshot
from bpftui.core.runtime.stacks import Frame, Stack, Symbols
from bpftui.core.spec import CollectionSpec, MapType
from tests.fakes import FakeCollection, FakeMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bpftui.core.runtime.stacks import Call
    from bpftui.core.spec import MapSpec

OBJECT = Path(__file__).parents[2] / "objects" / "stacks.o"
KERNEL, USER = 0xFFFF_FFFF_8100_1012, 0x7F00_0000_1000


class _Map(FakeMap):
    def __init__(self, spec: MapSpec, entries: tuple[Entry, ...]) -> None:
        super().__init__(spec)
        self.entries = entries

    def snapshot(self, limit: int | None = None) -> MapSnapshot:
        return MapSnapshot(self.entries)


class _Symbols(Symbols):
    """Calls each function by its address and its process."""

    def stack(self, calls: Sequence[Call], process: int = 0) -> Stack:
        return Stack(tuple(Frame(each, f"f{each.address:x}_{process}", 2) for each in calls))


class _Collection(FakeCollection):
    @property
    def symbols(self) -> Symbols:
        return _Symbols()


def who(pid: int, tgid: int, user: int, kernel: int) -> Entry:
    return Entry(struct.pack("=IIii", pid, tgid, user, kernel), (struct.pack("=Q", 1),))


def stack(number: int, *addresses: int) -> Entry:
    return Entry(
        struct.pack("=I", number), (b"".join(struct.pack("=Q", each) for each in addresses).ljust(1016, b"\0"),)
    )


COUNTS = (who(101, 100, 7, 9), who(201, 200, 8, -14), who(102, 100, -17, 9))
STACKS = (stack(7, 0x1000, 0x2000), stack(8, 0x1000), stack(9, KERNEL, 0), stack(5, 0x3000))


@pytest.fixture
def stacks() -> Stacks:
    spec = CollectionSpec.from_file(OBJECT)
    entries = {"counts": COUNTS, "stacks": STACKS}
    maps = {name: _Map(each, entries.get(name, ())) for name, each in spec.maps.items()}
    found = Stacks(_Collection(spec, maps=maps, programs={}, variables={}))
    snapshots = {name: MapSnapshot(each) for name, each in entries.items()}
    found.note(Sample(0.0, 1.0, snapshots, {}, {}))
    return found


def test_a_process_beside_the_id_tells_whose_addresses_they_are(stacks: Stacks) -> None:
    # The tgid, which is the process; the pid beside it is a thread's.
    assert [stacks.own_place("stacks", each).process for each in STACKS] == [100, 200, 100, 0]
    assert stacks.text("stacks", STACKS[0]) == "f1000_100 < f2000_100"
    assert stacks.text("stacks", STACKS[1]) == "f1000_200"
    (field,) = fields_of(stacks.collection.spec.maps["stacks"], None, stacks).values
    assert field.label == "stack"
    assert field.text(STACKS[0]) == "f1000_100 < f2000_100"
    assert field.text(STACKS[0], Form.HEX) == "0x1000 0x2000"
    assert not field.is_number
    assert field.counter is None
    # Two stacks of the same addresses are of two processes.
    essence = field.essence()
    assert essence(STACKS[1]) != essence(stack(3, 0x1000))


def test_an_id_leads_to_its_stack_or_tells_its_error(stacks: Stacks) -> None:
    fields = {each.label: each for each in fields_of(stacks.collection.spec.maps["counts"]).all}
    assert [name for name, each in fields.items() if stacks.is_id("counts", each)] == ["user_stack_id", "kern_stack_id"]
    user, kernel = fields["user_stack_id"], fields["kern_stack_id"]
    places = [stacks.place("counts", each, entry) for entry in COUNTS for each in (user, kernel)]
    assert places == [
        StackPlace("stacks", 7, 100),
        StackPlace("stacks", 9, 100),
        StackPlace("stacks", 8, 200),
        StackPlace("stacks", -14, 200),
        StackPlace("stacks", -17, 100),
        StackPlace("stacks", 9, 100),
    ]
    assert [stacks.name_of(each) for each in places if each] == [
        "f1000_100",
        f"f{KERNEL:x}_100",
        "f1000_200",
        "-EFAULT",
        "-EEXIST",
        f"f{KERNEL:x}_100",
    ]
    found = stacks.find(StackPlace("stacks", 7, 100))
    assert found is not None
    assert [str(each) for each in found.frames] == ["f1000_100+0x2", "f2000_100+0x2"]
    assert stacks.find(StackPlace("stacks", 4)) is None  # it is gone
    assert stacks.find(StackPlace("stacks", -14)) is None
    assert stacks.place("counts", fields["pid"], COUNTS[0]) is None


def test_of_several_maps_the_name_tells_which_has_the_stack(stacks: Stacks) -> None:
    (field,) = (f for f in fields_of(stacks.collection.spec.maps["lasts"]).all if stacks.is_id("lasts", f))
    assert field.label == "file_stack_id"
    entry = Entry(struct.pack("=I", 100), (struct.pack("=Qixxxx", 5, 3),))
    assert stacks.place("lasts", field, entry) == StackPlace("file_stacks", 3)


IDS = (
    "stack_id stackid kstack ustack kern_stack_id user_stack_id stack w_k_stack_id kernel_stackid ustack_id kern_stack"
)
OTHERS = "stack_size stack_depth haystack_len callstack_ptr id stacks_lost stack_ptr"


@pytest.mark.parametrize(
    ("name", "is_one"), [*((each, True) for each in IDS.split()), *((each, False) for each in OTHERS.split())]
)
def test_names_of_ids(name: str, *, is_one: bool) -> None:
    assert bool(_STACK_ID.fullmatch(name)) is is_one


def test_what_begins_alike_belongs_together() -> None:
    """As in bcc's offwaketime: two tasks in one key, each with its stacks."""
    assert _alike("w_k_stack_id", "w_tgid") > _alike("w_k_stack_id", "t_tgid")


def test_without_a_map_of_stacks_nothing_is_an_id() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    for name in [name for name, each in spec.maps.items() if each.type is MapType.STACK_TRACE]:
        del spec.maps[name]
    maps = {name: _Map(each, ()) for name, each in spec.maps.items()}
    found = Stacks(_Collection(spec, maps=maps, programs={}, variables={}))
    assert not found
    assert not any(map(found.concerns, spec.maps))
