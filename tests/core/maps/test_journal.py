"""The journal: edits of the built-in machine's maps, taken back and made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import LoadError, UsageError
from bpftui.core.maps.journal import Journal
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOWS = Path(__file__).parents[2] / "objects" / "flows.o"


@pytest.fixture
def maps() -> Iterator[dict[str, Any]]:
    with MachineRuntime().load(CollectionSpec.from_file(FLOWS)) as collection:
        yield dict(collection.maps)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def test_edits_are_taken_back_and_made_again(maps: dict[str, Any]) -> None:
    verdicts, journal, key = maps["neighbours"], Journal(), bytes(24)
    journal.add(verdicts, key, [u32(1)], "added")
    journal.set(verdicts, key, [u32(7)], [(0, 4)], "set")
    journal.remove(verdicts, key, "removed")
    seen: list[tuple[str, int | None]] = []
    for step in (journal.undo, journal.undo, journal.undo, journal.redo, journal.redo, journal.redo):
        text = step().text
        found = verdicts.entry(key)
        seen.append((text, None if found is None else int.from_bytes(found.values[0], "little")))
    assert seen == [
        ("removed", 7),
        ("set", 1),
        ("added", None),
        ("added", 1),
        ("set", 7),
        ("removed", None),
    ]


def test_the_edits_of_maps_that_another_version_was_handed_are_its_too(maps: dict[str, Any]) -> None:
    journal = Journal()
    journal.set(maps["latency"], u32(1), [u32(5) + bytes(60)], [(0, 4)], "latency = 5")
    journal.add(maps["neighbours"], bytes(24), [u32(1)], "neighbours = 1")
    journal.set(maps["latency"], u32(1), [u32(6) + bytes(60)], [(0, 4)], "latency = 6")
    journal.undo()
    with MachineRuntime().load(CollectionSpec.from_file(FLOWS)) as collection:
        latency: Any = collection.maps["latency"]
        latency.update(u32(1), u32(5) + bytes(60))
        after = journal.carried_to({"latency": latency})
        assert after.redo().text == "latency = 6"
        assert latency.entry(u32(1)).values[0][:4] == u32(6)
        assert [after.undo().text, after.undo().text] == ["latency = 6", "latency = 5"]
        assert latency.entry(u32(1)).values[0][:4] == u32(0)
        assert after.last is None
    assert maps["latency"].entry(u32(1)).values[0][:4] == u32(5)  # nothing was done to the other one's


def test_what_the_program_changed_besides_stays(maps: dict[str, Any]) -> None:
    latency, journal = maps["latency"], Journal()
    journal.set(latency, u32(1), [u32(5) + bytes(60)], [(0, 4)], "slots[0] = 5")
    latency.update(u32(1), u32(6) + u32(9) + bytes(56))  # counted on
    journal.undo()
    assert latency.entry(u32(1)).values[0][:8] == u32(0) + u32(9)


def test_every_cpu_has_its_value(maps: dict[str, Any]) -> None:
    per_cpu, journal = maps["per_cpu"], Journal()
    cpus = len(per_cpu.entry(u32(0)).values)
    journal.set(per_cpu, u32(0), [bytes([cpu + 1]) + bytes(47) for cpu in range(cpus)], [(0, 8)], "")
    assert [value[0] for value in per_cpu.entry(u32(0)).values] == list(range(1, cpus + 1))
    journal.undo()
    assert not any(map(any, per_cpu.entry(u32(0)).values))


def test_what_cannot_be_done_says_why(maps: dict[str, Any]) -> None:
    journal = Journal()
    with pytest.raises(UsageError, match="there is no edit to take back"):
        journal.undo()
    with pytest.raises(UsageError, match="there is no edit to make again"):
        journal.redo()
    with pytest.raises(UsageError, match="map latency is an array: its entries can be set to 0, but not deleted"):
        journal.remove(maps["latency"], u32(0), "")
    with pytest.raises(UsageError, match="map hosts has this entry no longer"):
        journal.set(maps["hosts"], bytes(16), [u32(1)], [(0, 4)], "")
    with pytest.raises(UsageError, match="map hosts has this entry no longer"):
        journal.remove(maps["hosts"], bytes(16), "")
    journal.add(maps["hosts"], bytes(16), [u32(1)], "")
    with pytest.raises(UsageError, match=r"map hosts has an entry with the key .* already"):
        journal.add(maps["hosts"], bytes(16), [u32(1)], "")
    maps["hosts"].delete(bytes(16))
    with pytest.raises(UsageError, match="map hosts has this entry no longer"):
        journal.undo()
    assert journal.last is None
    for number in range(8):
        journal.add(maps["neighbours"], bytes([number]) + bytes(23), [u32(0)], "")
    with pytest.raises(LoadError, match="cannot change map neighbours: it is full, with 8 entries"):
        journal.add(maps["neighbours"], b"\x09" + bytes(23), [u32(0)], "")
    assert (journal.last, len(maps["neighbours"])) != (None, 9)


def test_what_a_frozen_map_says(maps: dict[str, Any]) -> None:
    maps["hosts"].frozen = True
    with pytest.raises(UsageError, match="map hosts cannot be changed: it is frozen"):
        Journal().add(maps["hosts"], bytes(16), [u32(1)], "")


def test_an_entry_that_the_program_made_anew_is_no_key_in_bytes(maps: dict[str, Any]) -> None:
    hosts, journal = maps["hosts"], Journal()
    journal.add(hosts, bytes(16), [u32(1)], "")
    journal.remove(hosts, bytes(16), "delete hosts[::]")
    hosts.update(bytes(16), u32(7))
    with pytest.raises(UsageError, match=r"^map hosts has this entry again since: delete hosts\[::\]$"):
        journal.undo()
    assert hosts.entry(bytes(16)).values[0] == u32(7)
