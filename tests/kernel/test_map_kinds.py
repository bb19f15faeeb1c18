"""Maps of every type of uapi do on this kernel what they are for."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core import since
from bpftui.core.errors import BpftuiError, FeatureError, LoadError, UsageError
from bpftui.core.kernel import KernelCollection, Map, Sandbox, load, possible_cpus
from bpftui.core.live import PerfBuffer, RingBuffer, UserRingBuffer
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects" / "map_kinds.o"
NEWER = {each for each in MapType if (found := since.map_type(each)) and found.version > (6, 18)}
"""Types of kernels after Linux 6.18, by `core/since/types.py`."""
ELSEWHERE = {MapType.UNSPEC, MapType.STRUCT_OPS}
"""No type, and the one that test_struct_ops.py has."""
REDIRECT = 4


@pytest.fixture
def loaded() -> Iterator[KernelCollection]:
    with load(CollectionSpec.from_file(OBJECT), strict=True) as collection:
        yield collection


def test_no_type_is_forgotten(loaded: KernelCollection) -> None:
    types = {found.type for found in loaded.maps.values()}
    assert types == set(MapType) - NEWER - ELSEWHERE
    for name, found in loaded.maps.items():
        if name != "inner_map" and not name.startswith("."):
            assert found.type.label == name


@pytest.mark.parametrize("type_", sorted(set(MapType) - ELSEWHERE), ids=lambda t: t.label)
def test_a_spec_written_by_hand_is_created(type_: MapType) -> None:
    key, value, entries, flags = 4, 4, 4, 0
    match type_:
        case MapType.QUEUE | MapType.STACK | MapType.BLOOM_FILTER:
            key = 0
        case MapType.RINGBUF | MapType.USER_RINGBUF:
            key, value, entries = 0, 0, 4096
        case MapType.ARENA:
            key, value, flags = 0, 0, MapFlag.MMAPABLE
        case MapType.LPM_TRIE:
            key, flags = 8, MapFlag.NO_PREALLOC
        case MapType.SK_STORAGE | MapType.TASK_STORAGE | MapType.INODE_STORAGE | MapType.CGRP_STORAGE:
            entries, flags = 0, MapFlag.NO_PREALLOC
        case MapType.CGROUP_STORAGE | MapType.PERCPU_CGROUP_STORAGE:
            key, value, entries = 16, 8, 0
        case MapType.STACK_TRACE:
            value = 16
        case _:
            pass
    inner = MapSpec("", "", MapType.ARRAY, 4, 4, 1) if type_.label.endswith("of_maps") else None
    spec = MapSpec(type_.label, "", type_, key, value, entries, int(flags), inner=inner)
    try:
        with Map.create(spec) as created:
            assert created.info().type == type_
    except FeatureError:
        assert type_ in NEWER


def test_sockets(loaded: KernelCollection) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as stream, listener.accept()[0] as other:
        cookie = struct.unpack("=Q", stream.getsockopt(socket.SOL_SOCKET, 57, 8))[0]
        for name in ("sockmap", "sockhash"):
            held = loaded.maps[name]
            held[1] = stream
            held[2] = other
            assert held[1] == cookie
            assert len(held) == 2
            del held[1]
            assert 1 not in held
        storage = loaded.maps["sk_storage"]
        with pytest.raises(KeyError):
            storage[stream]
        storage[stream] = {"count": 3}
        assert storage[stream] == {"count": 3}
        assert other not in storage
        assert storage.unreadable is not None
        del storage[stream]
        assert stream not in storage


def test_sockets_that_share_a_port(loaded: KernelCollection) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(("127.0.0.1", 0))
        cookie = struct.unpack("=Q", one.getsockopt(socket.SOL_SOCKET, 57, 8))[0]
        held = loaded.maps["reuseport_sockarray"]
        held[3] = one
        assert held[3] == cookie


def test_tasks_files_and_control_groups(loaded: KernelCollection, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    pidfd = os.pidfd_open(os.getpid())
    with open(tmp_path / "file") as file, os.fdopen(pidfd, "rb", closefd=True) as task:
        for name, owner in (("task_storage", task), ("inode_storage", file)):
            storage = loaded.maps[name]
            storage[owner] = {"count": 5}
            storage.update(owner, {"count": 6}, flags=2)
            assert storage[owner] == {"count": 6}
            del storage[owner]
            assert storage.get(owner) is None
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    directory = next((fields[1] for fields in mounts if fields[2] == "cgroup2"), None)
    if directory is None:
        return  # nothing of this machine is in a control group of version 2
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        storage = loaded.maps["cgrp_storage"]
        storage[fd.to_bytes(4, "little")] = {"count": 7}
        assert storage[fd.to_bytes(4, "little")] == {"count": 7}
        loaded.maps["cgroup_array"][0] = fd.to_bytes(4, "little")
        loaded.programs["traces"].run()
        assert loaded.variables["under_cgroup"].get() == 1
    finally:
        os.close(fd)


def test_stack_traces_are_read_by_their_id(loaded: KernelCollection) -> None:
    loaded.programs["traces"].run()
    number = loaded.variables["stack_id"].get()
    assert isinstance(number, int)
    assert number >= 0
    trace = loaded.maps["stack_trace"][number.to_bytes(4, "little")]
    assert isinstance(trace, list)
    assert trace
    assert all(isinstance(address, int) and address >> 63 for address in trace)
    assert len(loaded.maps["stack_trace"]) == 1


def test_perf_events_are_read(loaded: KernelCollection) -> None:
    run = loaded.programs["traces"].run  # on one CPU: each has a buffer of its own
    with PerfBuffer(loaded.maps["perf_event_array"], pages=1) as events:
        assert not events.poll(0)
        run(cpu=0)
        assert events.poll(1)
        assert events.pending > 0
        (sample,) = events.read()
        assert sample[:4] == struct.pack("=I", 77)
        # More than a page holds: what wraps around its end is whole, and what does not fit is counted.
        for number in range(10):
            run(cpu=0, repeat=20)
            assert all(found[:4] == struct.pack("=I", 77) for found in events.read()), number
        assert (events.count, events.lost) == (201, 0)
        run(cpu=0, repeat=500)
        events.read()
        run(cpu=0, repeat=2)
        events.read()
        assert events.lost > 0
        assert events.lost + events.count == 703
    events.close()
    assert events.read() == []
    assert loaded.maps["perf_event_array"].unreadable is not None


def test_programs_take_what_we_write(loaded: KernelCollection) -> None:
    with UserRingBuffer(loaded.maps["user_ringbuf"]) as ring, RingBuffer.of(loaded.maps["ringbuf"]) as back:
        for number in range(10):
            assert ring.write(struct.pack("=I", number))
        assert ring.room == 4096 - 10 * 16
        assert loaded.programs["drains"].run(bytes(64)).retval == 10
        assert (loaded.variables["drained"].get(), loaded.variables["sum"].get()) == (10, 45)
        assert ring.room == 4096
        assert back.read() == [struct.pack("=I", 7)]
        assert loaded.maps["queue"].pop() == 7
        assert loaded.maps["bloom_filter"].might_contain(7)
        assert 7 in loaded.maps["bloom_filter"]
        assert 8 not in loaded.maps["bloom_filter"]
        # Around the end, until it is full.
        sent = 0
        while ring.write(bytes(100)):
            sent += 1
        assert sent == 4096 // 112
        assert loaded.programs["drains"].run(bytes(64)).retval == sent
        with pytest.raises(UsageError, match="does not fit into a ring buffer of 4096"):
            ring.write(bytes(4096))
    with pytest.raises(UsageError, match="is closed"):
        ring.write(b"")
    ring.close()


def test_maps_and_programs_in_maps(loaded: KernelCollection) -> None:
    run = loaded.programs["calls"].run
    assert run(bytes(64)).retval == 1000
    loaded.maps["prog_array"][0] = loaded.programs["called"]
    assert run(bytes(64)).retval == 42
    assert loaded.maps["prog_array"][0] == loaded.programs["called"].id
    del loaded.maps["prog_array"][0]
    assert run(bytes(64)).retval == 1000

    inside = loaded.programs["inside"].run
    loaded.maps["inner_map"][0] = 7
    assert inside(bytes(64)).retval == 7
    with Map.create(loaded.maps["inner_map"].spec) as other:
        other[0] = 9
        for name in ("array_of_maps", "hash_of_maps"):
            loaded.maps[name][0] = other
            assert loaded.maps[name][0] == other.id
    assert inside(bytes(64)).retval == 9
    with pytest.raises(BpftuiError):
        loaded.maps["array_of_maps"][0] = loaded.maps["hash"]


def test_devices_processors_and_sockets_take_frames(loaded: KernelCollection) -> None:
    def work() -> None:
        index = socket.if_nametoindex("lo")
        for name in ("devmap", "devmap_hash"):
            loaded.maps[name][0] = {"ifindex": index}
            assert loaded.maps[name][0] == {"ifindex": index, "program": 0}
            assert (
                loaded.programs[{"devmap": "to_device"}.get(name, "to_hashed_device")].run(bytes(64)).retval == REDIRECT
            )
        loaded.maps["cpumap"][0] = {"queue": 64}
        assert loaded.maps["cpumap"][0] == {"queue": 64, "program": 0}
        assert loaded.programs["to_processor"].run(bytes(64)).retval == REDIRECT
        assert loaded.programs["to_socket"].run(bytes(64)).retval == 2
        with socket.socket(44, socket.SOCK_RAW) as frames:  # AF_XDP
            loaded.maps["xskmap"][0] = frames
            assert loaded.programs["to_socket"].run(bytes(64)).retval == REDIRECT
            assert loaded.maps["xskmap"].unreadable is not None
            del loaded.maps["xskmap"][0]

    with Sandbox() as sandbox:
        namespace = sandbox.target().namespace
        assert namespace is not None
        namespace.run(work)


def test_storage_of_attached_control_groups_is_there_for_a_test_run(loaded: KernelCollection) -> None:
    assert loaded.programs["counts"].run(bytes(64), repeat=3).retval == 1
    for name in ("cgroup_storage", "percpu_cgroup_storage"):
        assert len(loaded.maps[name]) == 0
        with pytest.raises(KeyError):
            loaded.maps[name][{"inode": 1, "attach_type": 0}]


def test_the_usual_ones(loaded: KernelCollection) -> None:
    for name in ("hash", "array", "lru_hash"):
        loaded.maps[name][1] = 10
        assert loaded.maps[name][1] == 10
    for name in ("percpu_hash", "percpu_array", "lru_percpu_hash"):
        loaded.maps[name][1] = [4] * possible_cpus()
        assert loaded.maps[name][1] == [4] * possible_cpus()
    trie = loaded.maps["lpm_trie"]
    trie[{"prefix": 8, "bytes": [10, 0, 0, 0]}] = 1
    assert trie[{"prefix": 32, "bytes": [10, 1, 2, 3]}] == 1
    assert {"prefix": 32, "bytes": [11, 1, 2, 3]} not in trie
    for name, first in (("queue", 1), ("stack", 2)):
        loaded.maps[name].push(1)
        loaded.maps[name].push(2)
        assert loaded.maps[name].peek() == first
    arena = loaded.maps["arena"]
    assert arena.memory is not None
    arena.memory[4096:4100] = b"page"
    assert arena.read_at(4096, 4) == b"page"


def test_a_newer_type_is_named_with_its_version() -> None:
    for type_ in NEWER:
        with pytest.raises((FeatureError, LoadError)) as caught:
            Map.create(MapSpec("later", "", type_, 4, 16, 4))
        assert type_.label in str(caught.value)
        assert caught.value.hint is not None
