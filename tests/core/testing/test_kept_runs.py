"""Runs of what is loaded, kept for a test: what is left out of it is said, and what would be wrong is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec
from bpftui.core.testing.kept_runs import KeptRuns
from bpftui.core.vm.runtime import MachineRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.runtime import Collection

UDP = bytes(12) + b"\x08\0" + b"\x45" + bytes(8) + b"\x11" + bytes(40)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy("bpf/traffic.o", tmp_path))


@pytest.fixture
def collection(file: Path) -> Iterator[Collection]:
    with MachineRuntime().load(CollectionSpec.from_file(file)) as loaded:
        yield loaded


def test_what_a_map_of_each_cpu_held_is_left_out_and_that_is_said(collection: Collection, tmp_path: Path) -> None:
    assert KeptRuns(collection).remark == ""
    collection.programs["count_traffic"].run(UDP)
    kept = KeptRuns(collection)
    collection.programs["count_traffic"].run(UDP)
    kept.add("count_traffic", UDP, None, 1)
    assert kept.remark == "it begins without what traffic held"
    text = kept.test("count_traffic", str(tmp_path / "test_it.py"))
    assert '"total_packets": 1' in text
    assert 'obj.maps["sources"]' in text


def test_nothing_that_came_to_its_end_is_no_test(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing has come to its end here yet"):
        KeptRuns(collection).test("count_traffic", str(tmp_path / "test_it.py"))


def test_a_file_that_was_compiled_anew_is_refused(collection: Collection, file: Path, tmp_path: Path) -> None:
    kept = KeptRuns(collection)
    kept.add("count_traffic", UDP, None, 1)
    shutil.copy("bpf/count_packets.o", file)
    with pytest.raises(UsageError, match=r"traffic\.o was changed since it was loaded"):
        kept.test("count_traffic", str(tmp_path / "test_it.py"))


def test_sizes_of_maps_that_were_edited_are_refused_as_in_the_debugger(file: Path, tmp_path: Path) -> None:
    spec = CollectionSpec.from_file(file)
    spec.map("sources").max_entries = 7
    with MachineRuntime().load(spec) as collection:
        kept = KeptRuns(collection)
        kept.add("count_traffic", UDP, None, 1)
        with pytest.raises(UsageError, match="what was loaded has what a test does not say: sizes of maps"):
            kept.test("count_traffic", str(tmp_path / "test_it.py"))
