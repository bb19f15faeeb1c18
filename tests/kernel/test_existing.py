"""What is in the kernel already: opened by its id, by its name in a bpffs, by a descriptor from elsewhere; and pins."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bpftui.core.errors import LoadError, UnknownNameError, UsageError
from bpftui.core.kernel import Map, Program, Sandbox
from bpftui.core.kernel.host.existing import read_btf
from bpftui.core.kernel.runtime import load
from bpftui.core.kernel.sys.object import walk_ids
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType, ProgramType
from tests.kernel.private_bpffs import in_private_bpffs

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
TRAFFIC = CollectionSpec.from_file(ROOT / "bpf/traffic.o")


def test_a_map_found_by_its_id_has_the_types_that_it_was_created_with() -> None:
    with load(TRAFFIC) as collection:
        ours = collection.maps["sources"]
        key = {"family": "IPV4", "bytes": [192, 0, 2, 1, *[0] * 12]}
        ours[key] = {"packets": 3, "bytes": 300, "last_seen": 1}
        assert ours.id in walk_ids("map")
        with Map.from_id(ours.id) as theirs:
            assert (theirs.name, theirs.type, theirs.max_entries) == ("sources", ours.type, ours.max_entries)
            assert [value for _, value in theirs.items()] == [theirs[key]]
            assert theirs[key] == {"packets": 3, "bytes": 300, "last_seen": 1}
            assert theirs.info() == ours.info()
            theirs[key] = {"packets": 4}
        assert ours[key]["packets"] == 4  # type: ignore[index, call-overload]


def test_variables_of_whomever_are_read_and_set() -> None:
    with load(TRAFFIC) as collection:
        collection.programs["count_traffic"].run(bytes(64))
        with Map.from_id(collection.maps[".bss"].id) as theirs:
            found = theirs.variables()
            assert found["total_packets"].get() == collection.variables["total_packets"].get() == 1
            found["total_packets"].set(7)
            assert collection.variables["total_packets"].get() == 7
        with Map.from_id(collection.maps[".rodata"].id) as constants:
            assert constants.frozen
            assert constants.info().frozen
            level = constants.variables()["sample_every"]
            assert level.read_only
            assert level.get() == collection.variables["sample_every"].get()
            with pytest.raises(UsageError, match="frozen"):
                level.set(1)
        assert collection.maps["traffic"].variables() == {}


def test_info_of_a_map() -> None:
    spec = MapSpec("bits", "", MapType.BLOOM_FILTER, 0, 4, 100, map_extra=3)
    with Map.create(spec) as bits:
        info = bits.info()
        assert (info.map_extra, info.max_entries, info.frozen, info.key_id) == (3, 100, False, 0)
        assert info.memlock > 64
        bits.freeze()
        assert bits.info().frozen


def test_a_program_found_by_its_id_can_be_run_and_asked() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    with load(TRAFFIC) as collection:
        ours = collection.programs["count_traffic"]
        assert ours.id in walk_ids("program")
        with Program.from_id(ours.id) as theirs, theirs.clone() as twin:
            assert (theirs.type, theirs.name) == (ProgramType.XDP, "count_traffic")
            assert twin.run(bytes(64)).retval == 2
            info = theirs.info()
            assert info == ours.info()
        assert collection.variables["total_packets"].get() == 1
        assert info.name == "count_traffic"
        assert set(info.map_ids) == {collection.maps[name].id for name in ours.spec.maps}
        assert info.created_by_uid == os.getuid()
        assert before < info.load_time_ns < time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        assert info.memlock >= 4096
        assert info.gpl_compatible
        assert read_btf(info.btf_id).find("count_traffic") is not None
        with pytest.raises(LoadError, match="does not tell the instructions"):
            _load_again(theirs)


def _load_again(program: Program) -> None:
    spec = TRAFFIC.copy()
    spec.programs["count_traffic"] = program.spec
    load(spec, programs={"count_traffic"})


def test_one_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(UnknownNameError, match="there is no map with the id '4294967295' in the kernel"):
        Map.from_id(0xFFFFFFFF)
    with pytest.raises(UnknownNameError, match="there is no program with the id '4294967295' in the kernel"):
        Program.from_id(0xFFFFFFFF)
    with pytest.raises(UnknownNameError, match="there is no BTF with the id"):
        read_btf(0xFFFFFFFF)


def test_a_descriptor_from_elsewhere_is_taken_over() -> None:
    with load(TRAFFIC) as collection:
        fd = os.dup(collection.maps["traffic"].fileno())
        with Map.from_fd(fd) as theirs:
            assert theirs.fileno() == fd
            assert theirs.id == collection.maps["traffic"].id
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
        with Program.from_fd(os.dup(collection.programs["count_traffic"].fileno())) as program:
            assert program.run(bytes(64)).retval == 2
    fd = os.open("/dev/null", os.O_RDONLY)
    with pytest.raises(LoadError, match=f"map at file descriptor {fd}"):
        Map.from_fd(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_pins_are_given_found_and_removed(tmp_path: Path) -> None:
    def work() -> None:
        with load(TRAFFIC) as collection, Sandbox() as sandbox:
            m, program = collection.maps["traffic"], collection.programs["count_traffic"]
            link = program.attach(sandbox.target())
            for thing, name in ((m, "map"), (m, "again"), (program, "program"), (link, "link")):
                thing.pin(tmp_path / name)
            assert m.pinned == (f"{tmp_path}/map", f"{tmp_path}/again")
            with pytest.raises(UsageError, match="it is there already"):
                m.pin(tmp_path / "map")
            with Map.from_pin(tmp_path / "map") as found, Program.from_pin(tmp_path / "program") as other:
                assert (found.id, other.id) == (m.id, program.id)
                assert found.pinned == (f"{tmp_path}/map",)
                with pytest.raises(LoadError, match="it is no program"):
                    Program.from_pin(tmp_path / "map")
                with pytest.raises(LoadError, match="it is no map"):
                    Map.from_pin(tmp_path / "link")
                found.unpin()
                found.unpin()
            assert not os.path.lexists(tmp_path / "map")
            m.unpin()  # one of its names was removed by the other handle
            assert m.pinned == ()
            program.unpin()
            link.unpin()
            link.detach()
        assert set(os.listdir(tmp_path)) <= {"maps.debug", "progs.debug"}
        with pytest.raises(LoadError, match="there is nothing"):
            Map.from_pin(tmp_path / "map")

    in_private_bpffs(tmp_path, work)


def test_a_path_outside_of_a_bpffs_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for kind in (Map, Program):
        with pytest.raises(LoadError, match="it is not in a bpffs"):
            kind.from_pin(tmp_path / "file")


def test_what_a_map_forbids_is_no_policy_of_the_host() -> None:
    with Map.create(MapSpec("shown", "", MapType.ARRAY, 4, 8, 1, MapFlag.RDONLY | MapFlag.MMAPABLE)) as m:
        assert m.memory is None
        assert m[bytes(4)] == bytes(8)
        with pytest.raises(UsageError, match=r"cannot change map shown: it was created with BPF_F_RDONLY"):
            m[bytes(4)] = bytes(8)
    with Map.create(MapSpec("sink", "", MapType.ARRAY, 4, 8, 1, MapFlag.WRONLY)) as m:
        m[bytes(4)] = bytes(8)
        with pytest.raises(UsageError, match=r"cannot read map sink: it was created with BPF_F_WRONLY"):
            m.snapshot()
    with Map.create(MapSpec("still", "", MapType.HASH, 4, 8, 1)) as m, Map.from_id(m.id) as other:
        other.freeze()
        with pytest.raises(UsageError, match=r"cannot change map still: it is frozen"):
            m[bytes(4)] = bytes(8)


def test_an_arena_that_is_mapped_already_can_be_looked_at() -> None:
    with load(CollectionSpec.from_file(ROOT / "tests/objects/arena_globals.o")) as collection:
        pages = collection.maps["pages"]
        with Map.from_id(pages.id) as again:
            assert (again.type, again.max_entries, again.memory) == (MapType.ARENA, 4, None)
