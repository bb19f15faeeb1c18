"""Maps as the machine creates them: what their memory is called, and what it refuses."""

from __future__ import annotations

import re

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.spec import MapSpec, MapType
from bpftui.core.vm import Processor
from bpftui.core.vm.maps.arrays import ArrayStore
from bpftui.core.vm.maps.create import create_store
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.settings import Settings


@pytest.fixture
def host() -> Host:
    return Host(Processor(), Settings(cpus=2), "little")


@pytest.mark.parametrize(
    ("kind", "entries", "names"),
    [
        (MapType.ARRAY, 1, ["value of hits"]),
        (MapType.ARRAY, 2, ["map hits"]),
        (MapType.PERCPU_ARRAY, 1, ["value of hits, CPU 0", "value of hits, CPU 1"]),
    ],
)
def test_memory_is_called_after_its_map_and_cpu(host: Host, kind: MapType, entries: int, names: list[str]) -> None:
    store = create_store(MapSpec("hits", ".maps", kind, 4, 8, entries), host)
    assert isinstance(store, ArrayStore)
    assert [region.name for region in store.regions] == names


@pytest.mark.parametrize(("name", "shown"), [("inner", "inner"), ("", "outer")])
def test_a_map_inside_of_another_keeps_the_rules_too(host: Host, name: str, shown: str) -> None:
    inner = MapSpec(name, ".maps", MapType.ARRAY, 8, 8, 1)
    outer = MapSpec("outer", ".maps", MapType.HASH_OF_MAPS, 4, 4, 1, inner=inner)
    with pytest.raises(LoadError, match=re.escape(f"cannot create map {shown} (array): ")):
        create_store(outer, host)


def test_arrays_are_at_most_a_gibibyte(host: Host) -> None:
    spec = MapSpec("large", ".maps", MapType.ARRAY, 4, 1 << 20, 1025)
    with pytest.raises(LoadError, match=r"cannot create map large \(array\): it takes more than 1,073,741,824 bytes"):
        create_store(spec, host)
