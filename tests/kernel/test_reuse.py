"""Maps that are used again: pinned by their name, or given by the caller."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpftui.core.errors import LoadError, UnknownNameError, UsageError, VerifierError
from bpftui.core.kernel.runtime import load
from bpftui.core.kernel.sys.layouts import BpfMapInfo
from bpftui.core.spec import CollectionSpec, MapType
from tests.kernel.private_bpffs import in_private_bpffs

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
PINNED = ROOT / "tests" / "objects" / "pinned_map.o"


def pins(directory: Path) -> list[str]:
    """Return what is pinned in a bpffs, but for the two files that the kernel puts there."""
    return sorted(set(os.listdir(directory)) - {"maps.debug", "progs.debug"})


def test_a_map_pinned_by_name_is_found_again(tmp_path: Path) -> None:
    def work() -> None:
        with load(CollectionSpec.from_file(PINNED), pin_path=tmp_path) as first:
            first.maps["shared"][0] = 7
            number = first.maps["shared"].id
            assert first.programs["pinned"].run(bytes(14)).retval == 1
        assert pins(tmp_path) == ["shared"]
        with load(CollectionSpec.from_file(PINNED), pin_path=tmp_path) as second:
            assert (second.maps["shared"].id, dict(second.maps["shared"].items())) == (number, {0: 7})
        (tmp_path / "shared").unlink()

    in_private_bpffs(tmp_path, work)


def test_without_a_path_it_is_private(tmp_path: Path) -> None:
    def work() -> list[str]:
        load(CollectionSpec.from_file(PINNED)).close()
        return pins(tmp_path)

    assert in_private_bpffs(tmp_path, work) == []


def test_what_is_pinned_there_must_be_alike(tmp_path: Path) -> None:
    def work() -> str:
        with load(CollectionSpec.from_file(PINNED), pin_path=tmp_path):
            pass
        other = CollectionSpec.from_file(PINNED)
        other.maps["shared"].max_entries = 16
        with pytest.raises(LoadError) as caught:
            load(other, pin_path=tmp_path)
        (tmp_path / "shared").unlink()
        return str(caught.value)

    assert in_private_bpffs(tmp_path, work) == (
        f"cannot use what is pinned at {tmp_path}/shared: it is a hash of 4 to 8 bytes, 8 entries, "
        "but shared is declared as a hash of 4 to 8 bytes, 16 entries"
    )


def test_types_have_the_article_that_they_are_spoken_with(tmp_path: Path) -> None:
    def work() -> str:
        with load(CollectionSpec.from_file(PINNED), pin_path=tmp_path):
            pass
        other = CollectionSpec.from_file(PINNED)
        other.maps["shared"].type = MapType.ARRAY
        with pytest.raises(LoadError) as caught:
            load(other, pin_path=tmp_path)
        (tmp_path / "shared").unlink()
        return str(caught.value)

    assert "declared as an array of 4 to 8 bytes, 8 entries" in in_private_bpffs(tmp_path, work)


def test_a_map_of_a_type_of_the_future_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> str:
        with load(CollectionSpec.from_file(PINNED), pin_path=tmp_path):
            pass
        monkeypatch.setattr("bpftui.core.kernel.map.object_info", lambda *_: BpfMapInfo(type=999))
        with pytest.raises(LoadError) as caught:
            load(CollectionSpec.from_file(PINNED), pin_path=tmp_path)
        (tmp_path / "shared").unlink()
        return str(caught.value)

    assert in_private_bpffs(tmp_path, work) == (
        f"cannot use what is pinned at {tmp_path}/shared as a map: its type, 999, is not known"
    )


def test_a_program_is_no_map(tmp_path: Path) -> None:
    def work() -> str:
        with load(CollectionSpec.from_file(ROOT / "bpf/my_map.o")) as other:
            other.programs["my_prog"].pin(tmp_path / "shared")
        with pytest.raises(LoadError) as caught:
            load(CollectionSpec.from_file(PINNED), pin_path=tmp_path)
        (tmp_path / "shared").unlink()
        return str(caught.value)

    assert in_private_bpffs(tmp_path, work) == (
        f"cannot use what is pinned at {tmp_path}/shared as map shared: it is no map"
    )


def test_a_load_that_fails_leaves_no_pin(tmp_path: Path) -> None:
    def work() -> list[str]:
        spec = CollectionSpec.from_file(PINNED)
        spec.programs["pinned"].unusable = "no reason"
        with pytest.raises(LoadError, match="no reason"):
            load(spec, pin_path=tmp_path)
        return pins(tmp_path)

    assert in_private_bpffs(tmp_path, work) == []


def test_a_pin_path_outside_of_a_bpffs_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="that is not in a bpffs") as caught:
        load(CollectionSpec.from_file(PINNED), pin_path=tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_map_of_the_callers_takes_the_place_of_one() -> None:
    with (
        load(CollectionSpec.from_file(PINNED)) as owner,
        load(CollectionSpec.from_file(PINNED), replacements={"shared": owner.maps["shared"]}) as user,
    ):
        assert user.programs["pinned"].run(bytes(14)).retval == 0
        owner.maps["shared"][0] = 1
        assert user.programs["pinned"].run(bytes(14)).retval == 1
        user.close()
        assert owner.maps["shared"][0] == 1


def test_a_replacement_must_be_alike_and_wanted() -> None:
    with load(CollectionSpec.from_file(ROOT / "bpf/my_map.o")) as owner:
        given = owner.maps["my_map"]
        assert (given.type, given.max_entries) == (MapType.HASH, 1)
        with pytest.raises(LoadError, match=r"hash of 4 to 8 bytes, 1 entries, but shared is declared as .* 8 entries"):
            load(CollectionSpec.from_file(PINNED), replacements={"shared": given})
        with pytest.raises(UnknownNameError, match="there is no map 'shred'"):
            load(CollectionSpec.from_file(PINNED), replacements={"shred": given})


def test_one_bad_program_does_not_sink_the_others() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/nested_maps.o")
    spec.programs["entry"].unusable = "no reason"
    with load(spec) as collection:
        assert set(collection.programs) == {"target", "through_outer"}
        assert {name: str(error) for name, error in collection.problems.items()} == {
            "entry": "cannot load program entry: no reason"
        }
    with pytest.raises(LoadError, match="no reason"):
        load(spec, strict=True)
    with pytest.raises(LoadError, match="no reason"):
        load(spec, programs={"entry", "target"})


def test_none_that_loads_is_an_error() -> None:
    with pytest.raises(VerifierError):
        load(CollectionSpec.from_file(ROOT / "tests/objects/bad_null.o"))
