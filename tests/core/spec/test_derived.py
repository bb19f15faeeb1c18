"""What others work out of a spec is made once, and of a copy apart."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.spec import CollectionSpec

OBJECT = Path(__file__).parents[2] / "objects" / "typed.o"


def test_it_is_made_once_and_a_copy_has_its_own() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    made: list[int] = []

    def maps(of: CollectionSpec) -> int:
        made.append(len(of.maps))
        return len(of.maps)

    def programs(of: CollectionSpec) -> int:
        made.append(len(of.programs))
        return len(of.programs)

    count = len(spec.maps)
    assert (spec.derived(maps), spec.derived(maps), made) == (count, count, [count])
    part = spec.subset(maps=set(), programs=set(), variables=set())
    # What was known before the copy is known after it, and what either finds out then is its own.
    assert (part.derived(maps), part.derived(programs), made) == (count, 0, [count, 0])
    assert spec.derived(programs) == len(spec.programs) > 0
