"""Variables in an arena: placed at its start, seen by programs and by us at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.kernel.runtime import load
from bpftui.core.spec import CollectionSpec, MapType

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects" / "arena_globals.o"


def test_a_program_and_we_share_the_variables() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    spec.set_text("table[0]", "7")
    with load(spec) as collection:
        assert list(collection.maps) == ["pages"]
        first, table = collection.variables["first"], collection.variables["table"]
        assert collection.programs["bump"].run(None).retval == 7
        assert (first.get(), table.get()) == (42, [7, 2, 3, 42])
        first.set(99)
        collection.programs["bump"].run(None)
        assert (first.get(), table.get()) == (100, [7, 2, 3, 100])


def test_the_address_belongs_to_one_at_a_time() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    with load(spec), pytest.raises(LoadError, match=r"this process uses the address 0x100000000000 already"):
        load(spec)
    load(spec).close()


def test_without_an_address_the_kernel_finds_one() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    spec.maps["pages"].map_extra = 0
    with load(spec) as one, load(spec) as other:
        one.programs["bump"].run(None)
        assert (one.variables["first"].get(), other.variables["first"].get()) == (42, 41)


def test_what_does_not_fit_is_refused_before_anything_is_written() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    section = spec.maps[".addr_space.1"]
    section.data = bytearray(5 * 4096)
    with pytest.raises(LoadError, match="20480 bytes do not fit into map pages, of which 16384 bytes are mapped"):
        load(spec)
    del spec.maps["pages"]
    with pytest.raises(LoadError, match="its variables lie in an arena, and the object declares none"):
        load(spec)


def test_an_arena_is_no_table_of_entries() -> None:
    with load(CollectionSpec.from_file(OBJECT)) as collection:
        pages = collection.maps["pages"]
        assert (pages.type, pages.snapshot().entries) == (MapType.ARENA, ())
        assert pages.memory is not None
        assert len(pages.memory) == 4 * 4096
