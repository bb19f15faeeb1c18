"""Which of the maps that are loaded a map of an object is."""

from __future__ import annotations

import pytest

from bpftui.core.spec import MapFlag, MapSpec, MapType
from bpftui.core.system.contents import match_map

LONG = "packets_by_address"
ALIKE = "packets_by_address_v6"


def named(name: str) -> MapSpec:
    data = bytearray(4) if name.startswith(".") else None
    flags = MapFlag.RDONLY_PROG if name.startswith(".rodata") else 0
    return MapSpec(name, name if data else ".maps", MapType.ARRAY, 4, 4, 1, data=data, flags=flags)


@pytest.mark.parametrize(
    ("name", "others", "loaded", "found", "why"),
    [
        ("hits", ["hits"], ["traffic", "hits"], "hits", ""),
        ("hits", ["hits"], ["traffic"], "", "no map that is loaded has its name"),
        ("hits", ["hits"], ["hits", "hits@7"], "", "it may be any of hits, hits@7"),
        (LONG, [LONG], ["packets_by_addr"], "packets_by_addr", ""),
        (
            LONG,
            [LONG, ALIKE],
            ["packets_by_addr"],
            "",
            f"packets_by_addr may be any of {LONG}, {ALIKE}, whose names the kernel has cut",
        ),
        (
            LONG,
            [LONG, ALIKE],
            ["packets_by_addr", "packets_by_addr@9"],
            "",
            "it may be any of packets_by_addr, packets_by_addr@9",
        ),
        (".bss", [".bss", ".rodata"], ["traffic.bss", "traffic.rodata"], "traffic.bss", ""),
        (".data", [".data"], ["traffic.rodata", "traffic.data"], "traffic.data", ""),
        (".rodata", [".rodata", ".rodata.str1.1"], [".rodata", ".rodata.str1.1"], ".rodata", ""),
        (".rodata.of_the_other", [".rodata.of_the_other"], [".rodata.of_the_"], ".rodata.of_the_", ""),
        ("data", ["data"], ["traffic.data"], "", "no map that is loaded has its name"),
    ],
)
def test_a_map_is_found_by_its_name(name: str, others: list[str], loaded: list[str], found: str, why: str) -> None:
    assert match_map(named(name), others, loaded) == (found, why)
