"""Edits of the kernel's maps: what is set, taken back and made again, and what is known of who else has a map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import LoadError, UsageError
from bpftui.core.kernel import Map, possible_cpus
from bpftui.core.kernel.runtime import load
from bpftui.core.live.fields import fields_of
from bpftui.core.maps.journal import Journal
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType
from tests.kernel.private_bpffs import in_private_bpffs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.kernel import KernelCollection

pytestmark = pytest.mark.kernel

OBJECTS = Path(__file__).parents[1] / "objects"


@pytest.fixture
def flows() -> Iterator[KernelCollection]:
    with load(CollectionSpec.from_file(OBJECTS / "flows.o")) as collection:
        yield collection


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def test_a_field_is_set_taken_back_and_made_again(flows: KernelCollection) -> None:
    stats, journal = flows.maps["flows"], Journal()
    packets = next(each for each in fields_of(stats).values if each.label == "packets")
    key = bytes(8) + bytes(4) + b"\x11" + bytes(3)  # what the program counts: protocol 17, all else 0
    journal.add(stats, key, [bytes(48)], "added")
    flows.programs["count"].run(bytes(64))
    entry = stats.entry(key)
    assert entry is not None
    assert packets.text(entry) == "1"
    journal.set(stats, key, packets.put_into("1000", entry), packets.windows, "packets = 1000")
    flows.programs["count"].run(bytes(64))
    entry = stats.entry(key)
    assert entry is not None
    assert [each.text(entry) for each in fields_of(stats).values][:2] == ["1,001", "128"]
    assert journal.undo().text == "packets = 1000"
    entry = stats.entry(key)
    assert entry is not None
    assert [each.text(entry) for each in fields_of(stats).values][:2] == ["1", "128"]
    journal.undo()
    assert stats.entry(key) is None
    journal.redo()
    assert len(stats) == 1


def test_every_cpu_has_its_value(flows: KernelCollection) -> None:
    per_cpu, journal, cpus = flows.maps["per_cpu"], Journal(), possible_cpus()
    packets = next(each for each in fields_of(per_cpu).values if each.label == "packets")
    entry = per_cpu.entry(u32(1))
    assert entry is not None
    assert len(entry.values) == cpus
    journal.set(per_cpu, u32(1), packets.put_into("12", entry), packets.windows, "")
    entry = per_cpu.entry(u32(1))
    assert entry is not None
    assert [packets.text_of(value) for value in entry.values] == ["12", *["0"] * (cpus - 1)]
    each = f"[{', '.join(str(cpu) for cpu in range(cpus))}]"
    journal.set(per_cpu, u32(1), packets.put_into(each, entry), packets.windows, "")
    assert [value["packets"] for value in per_cpu[1]] == list(range(cpus))
    journal.undo()
    journal.undo()
    assert not any(value["packets"] for value in per_cpu[1])
    with pytest.raises(UsageError, match="is an array: its entries can be set to 0, but not deleted"):
        journal.remove(per_cpu, u32(1), "")
    assert per_cpu.entry(u32(2)) is None


@pytest.mark.parametrize(
    ("flags", "freeze", "reason"),
    [
        (0, True, "it is frozen: its contents can no longer be changed"),
        (MapFlag.RDONLY, False, "it was created with BPF_F_RDONLY, which forbids that"),
        (0, False, ""),
    ],
)
def test_why_a_map_cannot_be_changed(flags: int, *, freeze: bool, reason: str) -> None:
    with Map.create(MapSpec("m", ".maps", MapType.HASH, 4, 4, 4, int(flags))) as made:
        if freeze:
            made.freeze()
        assert made.fixed == reason
        if reason:
            with pytest.raises(UsageError, match=f"map m cannot be changed: {reason}"):
                Journal().add(made, u32(1), [u32(1)], "")


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        (MapType.PROG_ARRAY, "the entries of a map of type prog_array are not numbers but maps, programs or sockets"),
        (MapType.QUEUE, "a queue can only be peeked and popped"),
        (MapType.STACK_TRACE, "the kernel itself fills a map of type stack_trace"),
    ],
)
def test_what_has_no_entries_to_edit_says_so(type_: MapType, reason: str) -> None:
    value = 8 if type_ is MapType.STACK_TRACE else 4
    with Map.create(MapSpec("m", ".maps", type_, 0 if type_.is_queue else 4, value, 4)) as made:
        assert made.fixed == reason


def test_a_full_map_takes_no_more() -> None:
    with Map.create(MapSpec("m", ".maps", MapType.HASH, 4, 4, 2)) as made:
        journal = Journal()
        journal.add(made, u32(1), [u32(1)], "")
        journal.add(made, u32(2), [u32(2)], "")
        with pytest.raises(LoadError, match="E2BIG"):
            journal.add(made, u32(3), [u32(3)], "")
        journal.remove(made, u32(1), "")
        made.update(u32(3), u32(3))
        with pytest.raises(LoadError, match="E2BIG"):  # there is no room for it any more
            journal.undo()
        made.delete(u32(3))
        journal.undo()  # and now there is
        assert sorted(key for key, _ in made.items()) == [u32(1), u32(2)]


def test_who_else_has_a_map(tmp_path: Path) -> None:
    def work() -> None:
        pinned = CollectionSpec.from_file(OBJECTS / "pinned_map.o")
        with load(pinned) as alone:
            assert alone.maps["shared"].shared == ""
            with load(pinned, replacements={"shared": alone.maps["shared"]}) as given:
                assert given.maps["shared"].shared == "it was there before, and others may use it"
        for _ in range(2):
            with load(pinned, pin_path=tmp_path) as found:
                assert found.maps["shared"].shared == f"it is pinned at {tmp_path}/shared, where others find it"
        (tmp_path / "shared").unlink()

    in_private_bpffs(tmp_path, work)


@pytest.mark.parametrize("type_", [MapType.HASH, MapType.ARRAY, MapType.PERCPU_HASH, MapType.LPM_TRIE])
def test_all_entries_are_gone_through_in_parts(type_: MapType) -> None:
    flags = MapFlag.NO_PREALLOC if type_ is MapType.LPM_TRIE else 0
    key_size = 8 if type_ is MapType.LPM_TRIE else 4
    with Map.create(MapSpec("m", ".maps", type_, key_size, 8, 5_000, int(flags))) as made:
        prefix = u32(32) if type_ is MapType.LPM_TRIE else b""
        value = [bytes(8)] * possible_cpus() if type_.per_cpu else bytes(8)
        for number in range(5_000):
            made.update(prefix + u32(number), value)
        parts = list(made.scan())
        assert {entry.key for part in parts for entry in part} == {prefix + u32(number) for number in range(5_000)}
        assert len(parts) > 1
        assert all(entry.values[0] == bytes(8) for part in parts for entry in part)
