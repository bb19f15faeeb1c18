"""Kernel functions, timers and objects of the built-in machine, on both engines; what the kernel makes of the same
programs is compared in tests/kernel."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from bpftui.core.errors import FeatureError
from bpftui.core.spec import CollectionSpec, MapFlag, MapSpec, MapType
from bpftui.core.vm import Processor, RunError
from bpftui.core.vm.engine.calls import answered
from bpftui.core.vm.helpers import kernel_function
from bpftui.core.vm.maps import create_store
from bpftui.core.vm.maps.streams import RecordStore
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.dynptr import Dynptr, DynptrKind
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from bpftui.core.vm.collection import MachineCollection
    from bpftui.core.vm.maps import Store

OBJECT = Path(__file__).parents[3] / "objects" / "kernel_functions.o"
PACKET = bytes(range(80))
SECOND = 1_000_000_000


@pytest.fixture
def host() -> Host:
    return Host(Processor(), Settings(), "little")


def call(host: Host, name: str, *arguments: int) -> int:
    """Call a function as a program does; return r0 as a signed number."""
    found = kernel_function(host, name)
    assert found is not None, name
    result = found(*(*arguments, 0, 0, 0, 0, 0)[:5]) & (1 << 64) - 1
    return result - (1 << 64) if result >> 63 else result


def loaded(settings: Settings | None = None) -> MachineCollection:
    return MachineRuntime(settings).load(CollectionSpec.from_file(OBJECT))


def stepped(collection: MachineCollection, name: str) -> int:
    program = collection.programs[name]
    host = collection.host
    host.packet = program.packet
    return program.machine.step_through(0, (program.packet.start(PACKET, None),)) & 0xFFFF_FFFF


@pytest.mark.parametrize("name", list(CollectionSpec.from_file(OBJECT).programs))
def test_both_engines_agree(name: str) -> None:
    with loaded() as translated, loaded() as other:
        for _ in range(2):
            result = translated.programs[name].run(PACKET)
            assert stepped(other, name) == result.retval
            other.programs[name].parts.settle()


def test_a_function_that_is_not_there_names_itself_and_says_what_to_do() -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("conntrack.o"))
    with MachineRuntime().load(spec, programs={"look_up"}) as there:
        with pytest.raises(RunError, match="does not have the kernel function bpf_xdp_ct_lookup") as caught:
            there.programs["look_up"].run(PACKET)
        assert caught.value.hint == "--return bpf_xdp_ct_lookup=VALUE makes it return a value"


def test_a_value_of_the_settings_is_returned_in_place_of_a_call() -> None:
    settings = Settings(returns={"bpf_dynptr_from_xdp": 1, "bpf_get_prandom_u32": 4})
    with loaded(settings) as collection:
        assert collection.programs["dynptr_of_xdp"].run(PACKET).retval == 1
        assert call(collection.host, "bpf_get_prandom_u32") == 4


def test_timers_run_when_their_time_has_come() -> None:
    now = [5 * SECOND]
    host = Host(Processor(), Settings(clock=lambda: now[0]), "little")
    store = stored(host, MapSpec("timers", ".maps", MapType.ARRAY, 4, 24, 3))
    value = store.address_of(struct.pack("<I", 2), 0)
    called: list[tuple[int, ...]] = []
    host.call = lambda address, *arguments: called.append((address, *arguments)) or 0  # type: ignore[method-assign]
    handle = next(iter(host.maps))
    assert call(host, "bpf_timer_init", value + 8, handle, 1) == 0
    assert call(host, "bpf_timer_start", value + 8, 1, 0) == -22
    assert call(host, "bpf_timer_set_callback", value + 8, 0x77) == 0
    assert call(host, "bpf_timer_start", value + 8, 3 * SECOND, 0) == 0
    (run_due,) = host.background
    now[0] += 3 * SECOND - 1
    answered(run_due(), host.call)
    assert not called
    now[0] += 1
    answered(run_due(), host.call)
    answered(run_due(), host.call)
    assert [(function, map_, place) for function, map_, _, place in called] == [(0x77, handle, value)]
    assert call(host, "bpf_timer_start", value + 8, now[0], 1) == 0
    assert call(host, "bpf_timer_cancel", value + 8) == 1
    answered(run_due(), host.call)
    assert len(called) == 1
    with pytest.raises(RunError, match="lies in no value of map timers"):
        call(host, "bpf_timer_init", value + 24, handle, 1)


def test_a_timer_goes_with_its_element(host: Host) -> None:
    store = stored(host, MapSpec("timers", ".maps", MapType.HASH, 4, 24, 3))
    key = struct.pack("<I", 2)
    store.set(key, bytes(24), 0, 0)
    value, handle = store.address_of(key, 0), next(iter(host.maps))
    assert call(host, "bpf_timer_init", value, handle, 1) == 0
    assert call(host, "bpf_timer_set_callback", value, 0x77) == 0
    assert call(host, "bpf_timer_start", value, 0, 0) == 0
    store.delete(key)
    store.settle()
    for run_due in host.background:
        run_due()  # calling 0x77 would be an error


def test_what_is_looked_at_has_caught_up() -> None:
    now = [SECOND]
    with loaded(Settings(clock=lambda: now[0])) as collection:
        collection.programs["timer"].run(PACKET)
        assert struct.unpack_from("<QI", collection.maps["timers"].snapshot().entries[0].values[0]) == (1, 80)


def test_an_object_that_was_dropped_is_not_to_be_used() -> None:
    with loaded() as collection:
        host = collection.host
        btf = host.btf
        assert btf is not None
        item = btf.find("item")
        assert item is not None
        address = call(host, "bpf_obj_new_impl", item)
        assert call(host, "bpf_refcount_acquire_impl", address) == address
        call(host, "bpf_obj_drop_impl", address)
        assert host.memory.read(address, 32) == bytes(32)
        call(host, "bpf_obj_drop_impl", address)
        with pytest.raises(RunError, match="read of 1 byte"):
            host.memory.read(address, 1)
        with pytest.raises(RunError, match="is the address of no object"):
            call(host, "bpf_obj_drop_impl", address)
        with pytest.raises(RunError, match="which the program's types do not have"):
            call(host, "bpf_obj_new_impl", 9999)


def test_memory_for_objects_has_an_end() -> None:
    with loaded() as collection:
        host = collection.host
        assert host.btf is not None
        item = host.btf.find("item") or 0
        count = 0
        while call(host, "bpf_obj_new_impl", item):
            count += 1
        assert count == 1 << 16


def test_a_tree_can_be_walked_down() -> None:
    with loaded() as collection:
        host = collection.host
        assert host.btf is not None
        leaf, root = host.btf.find("leaf") or 0, host.memory.map("root", 16).base
        nodes = [call(host, "bpf_obj_new_impl", leaf) for _ in range(7)]
        host.call = lambda _less, a, b, *_: int(a < b)  # type: ignore[method-assign]
        for node in (nodes[3], nodes[0], nodes[6], nodes[1], nodes[5], nodes[2], nodes[4]):
            assert call(host, "bpf_rbtree_add_impl", root, node, 1) == 0
        found: list[int] = []

        def walk(node: int) -> None:
            if node:
                walk(call(host, "bpf_rbtree_left", root, node))
                found.append(node)
                walk(call(host, "bpf_rbtree_right", root, node))

        walk(call(host, "bpf_rbtree_root", root))
        assert found == nodes
        assert call(host, "bpf_rbtree_first", root) == nodes[0]
        assert call(host, "bpf_rbtree_remove", root, nodes[3]) == nodes[3]
        assert call(host, "bpf_rbtree_remove", root, nodes[3]) == 0


def test_bits(host: Host) -> None:
    words = host.memory.map("words", struct.pack("<3Q", 1 << 5 | 1 << 63, 0, 1 << 2))
    state = host.memory.map("state", 16).base

    def bits(count: int) -> list[int]:
        assert call(host, "bpf_iter_bits_new", state, words.base, count) == 0
        found: list[int] = []
        while place := call(host, "bpf_iter_bits_next", state):
            found.append(host.integer(place, 4))
        call(host, "bpf_iter_bits_destroy", state)
        return found

    assert bits(1) == [5, 63]
    assert bits(3) == [5, 63, 130]
    assert call(host, "bpf_iter_bits_new", state, words.base, 0) == -22
    assert call(host, "bpf_iter_bits_new", state, words.base, 512) == -7
    assert call(host, "bpf_iter_bits_new", state, 8, 1) == -14
    assert call(host, "bpf_iter_bits_next", state) == 0


def test_dynptrs_are_copied_and_filled(host: Host) -> None:
    first, second = host.memory.map("first", bytes(range(16))), host.memory.map("second", 16)
    places = [host.memory.map("dynptr", 16).base for _ in range(2)]
    for place, region in zip(places, (first, second), strict=True):
        Dynptr(region.base, DynptrKind.LOCAL, 16, 0).store(host, place)
    assert call(host, "bpf_dynptr_copy", places[1], 2, places[0], 10, 4) == 0
    assert bytes(second.data[:8]) == bytes([0, 0, 10, 11, 12, 13, 0, 0])
    assert call(host, "bpf_dynptr_copy", places[1], 14, places[0], 10, 4) == -7
    assert call(host, "bpf_dynptr_memset", places[1], 12, 4, 0x1FF) == 0
    assert bytes(second.data[11:]) == b"\0\xff\xff\xff\xff"


def test_arena_pages(host: Host) -> None:
    stored(host, MapSpec("pages", ".maps", MapType.ARENA, 0, 0, 4, MapFlag.MMAPABLE))
    handle = next(iter(host.maps))
    page = call(host, "bpf_arena_alloc_pages", handle, 0, 2, -1, 0)
    host.memory.write(page + 4096, b"\1")
    assert call(host, "bpf_arena_alloc_pages", handle, 0, 3, -1, 0) == 0
    assert call(host, "bpf_arena_alloc_pages", handle, page + 8192, 2, -1, 0) == page + 8192
    call(host, "bpf_arena_free_pages", handle, page + 4096, 1)
    assert call(host, "bpf_arena_reserve_pages", handle, page, 1) == -16
    assert call(host, "bpf_arena_alloc_pages", handle, 0, 1, -1, 0) == page + 4096
    assert host.memory.read(page + 4096, 1) == b"\0"
    call(host, "bpf_arena_free_pages", handle, page + 4096, 1)
    assert call(host, "bpf_arena_reserve_pages", handle, page, 0) == 0
    assert call(host, "bpf_arena_reserve_pages", handle, page + 1, 1) == -22
    assert call(host, "bpf_arena_reserve_pages", handle, page + 3 * 4096, 2) == -22
    assert call(host, "bpf_arena_reserve_pages", handle, page + 4096, 1) == 0
    assert call(host, "bpf_arena_alloc_pages", handle, 0, 1, -1, 0) == 0


@pytest.mark.parametrize(("order", "sign"), [("little", "<"), ("big", ">")])
def test_numbers_begin_one_before_the_first(order: Literal["little", "big"], sign: str) -> None:
    host = Host(Processor(), Settings(), order)
    state = host.memory.map("state", b"\xaa" * 12).base
    assert call(host, "bpf_iter_num_new", state, 5, 7) == 0
    assert host.memory.read(state, 12) == struct.pack(f"{sign}2i", 4, 7) + b"\xaa" * 4
    assert call(host, "bpf_iter_num_new", state, 7, 5) == -22
    assert host.memory.read(state, 8) == bytes(8)


def test_storage_of_owners(host: Host) -> None:
    stored(host, MapSpec("storage", ".maps", MapType.TASK_STORAGE, 4, 8, 0, MapFlag.NO_PREALLOC))
    handle, initial = next(iter(host.maps)), host.memory.map("initial", struct.pack("<Q", 7)).base
    task = call(host, "bpf_get_current_task_btf")
    assert call(host, "bpf_task_storage_get", handle, task, 0, 0) == 0
    place = call(host, "bpf_task_storage_get", handle, task, initial, 1)
    assert host.integer(place, 8) == 7
    assert call(host, "bpf_task_storage_get", handle, task, 0, 0) == place
    assert call(host, "bpf_task_storage_get", handle, 0, 0, 1) == 0
    assert [call(host, "bpf_task_storage_delete", handle, task) for _ in range(2)] == [0, -2]


def test_a_user_ring_is_drained() -> None:
    host = Host(Processor(), Settings(), "little")
    store = stored(host, MapSpec("ring", ".maps", MapType.USER_RINGBUF, 0, 0, 4096))
    handle = next(iter(host.maps))
    seen: list[bytes] = []

    def read(_callback: int, dynptr: int, context: int, *_: int) -> int:
        found = Dynptr.load(host, dynptr)
        seen.append(host.memory.read(found.address, found.size))
        assert call(host, "bpf_user_ringbuf_drain", handle, 1, 0, 0) == -16
        return int(len(seen) == 2)

    host.call = read  # type: ignore[method-assign]
    for record in (b"one", b"two two", b"three"):
        assert store.produce(record)  # type: ignore[attr-defined]
    assert not store.produce(bytes(5000))  # type: ignore[attr-defined]
    assert call(host, "bpf_user_ringbuf_drain", handle, 1, 0, 0) == 2
    assert seen == [b"one", b"two two"]


@pytest.mark.parametrize(
    ("reserve", "finish", "came"),
    [
        ("bpf_ringbuf_reserve_dynptr", "bpf_ringbuf_submit_dynptr", [bytes(5)]),
        ("bpf_ringbuf_reserve_dynptr", "bpf_ringbuf_discard_dynptr", []),
        ("bpf_ringbuf_reserve", "bpf_ringbuf_submit", [bytes(5)]),
        ("bpf_ringbuf_reserve", "bpf_ringbuf_discard", []),
    ],
)
def test_a_record_comes_to_the_reader_unless_it_is_given_back(reserve: str, finish: str, came: list[bytes]) -> None:
    host = Host(Processor(), Settings(), "little")
    store = stored(host, MapSpec("ring", ".maps", MapType.RINGBUF, 0, 0, 4096))
    place = host.memory.map("dynptr", 16).base
    record = call(host, reserve, next(iter(host.maps)), 5, 0, place)
    assert call(host, finish, place if reserve.endswith("dynptr") else record, 0) == 0
    assert isinstance(store, RecordStore)
    assert store.read() == came


def stored(host: Host, spec: MapSpec) -> Store:
    """Create a map and make it known to helpers."""
    store = create_store(spec, host)
    host.maps[host.memory.map("handle", 8).base] = store
    return store


def test_only_user_rings_take_records_from_outside() -> None:
    with loaded() as collection, pytest.raises(FeatureError, match="only programs write to it"):
        collection.maps["ring"].produce(b"x")


def test_the_current_task_is_what_the_settings_say() -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("core_target.o"))
    assert spec.btf is not None
    host = Host(Processor(), Settings(pid=7, tgid=5), "little", spec.btf, spec.btf)
    assert call(host, "bpf_task_from_pid", 8) == 0
    task = call(host, "bpf_task_from_pid", 7)
    assert task == call(host, "bpf_get_current_task") != 0


def test_sets_of_cpus(host: Host) -> None:
    first, second, third = (call(host, "bpf_cpumask_create") for _ in range(3))
    call(host, "bpf_cpumask_set_cpu", 1, first)
    call(host, "bpf_cpumask_set_cpu", 2, first)  # there are two CPUs
    assert [call(host, "bpf_cpumask_test_cpu", cpu, first) for cpu in range(3)] == [0, 1, 0]
    assert call(host, "bpf_cpumask_test_and_set_cpu", 0, second) == 0
    assert call(host, "bpf_cpumask_and", third, first, second) == 0
    assert (call(host, "bpf_cpumask_empty", third), call(host, "bpf_cpumask_first", third)) == (1, 2)
    call(host, "bpf_cpumask_or", third, first, second)
    assert (call(host, "bpf_cpumask_full", third), call(host, "bpf_cpumask_weight", third)) == (1, 2)
    assert (call(host, "bpf_cpumask_subset", first, third), call(host, "bpf_cpumask_subset", third, first)) == (1, 0)
    call(host, "bpf_cpumask_release", third)
    with pytest.raises(RunError, match="read of 8 bytes"):
        call(host, "bpf_cpumask_empty", third)


def test_what_a_set_of_cpus_is_filled_with_has_whole_longs() -> None:
    """bitmap_size(nr_cpu_ids) in kernel/bpf/cpumask.c: eight bytes up to 64 CPUs, whatever of them is beyond."""
    for cpus in (1, 2, 64):
        host = Host(Processor(), Settings(cpus=cpus), "little")
        mask = call(host, "bpf_cpumask_create")
        source = host.memory.map("source", b"\x07" + bytes(31)).base
        results = {size: call(host, "bpf_cpumask_populate", mask, source, size) for size in (1, 7, 8, 9, 15, 16)}
        assert results == {size: 0 if size >= 8 else -errno.EACCES for size in results}
        assert call(host, "bpf_cpumask_weight", mask) == min(cpus, 3)


@pytest.mark.parametrize(
    ("name", "one", "other", "result", "left"),
    [
        ("first", 0b1100, 0, 2, None),
        ("first", 0, 0, 4, None),  # there is none: one behind the last CPU
        ("first_zero", 0b0011, 0, 2, None),
        ("first_zero", 0b1111, 0, 4, None),
        ("first_and", 0b0110, 0b1100, 2, None),
        ("any_and_distribute", 0b0011, 0b1100, 4, None),
        ("weight", 0b1011, 0, 3, None),
        ("empty", 0, 0, 1, None),
        ("full", 0b1111, 0, 1, None),
        ("full", 0b0111, 0, 0, None),
        ("equal", 0b0101, 0b0101, 1, None),
        ("equal", 0b0101, 0b0100, 0, None),
        ("intersects", 0b0110, 0b0011, 1, None),
        ("intersects", 0b0100, 0b0011, 0, None),
        ("subset", 0b0100, 0b0110, 1, None),
        ("subset", 0b0110, 0b0100, 0, None),
        ("and", 0b0110, 0b0011, 1, 0b0010),
        ("and", 0b0100, 0b0011, 0, 0),
        ("or", 0b0110, 0b0011, None, 0b0111),
        ("xor", 0b0110, 0b0011, None, 0b0101),
        ("copy", 0b0110, 0, None, 0b0110),
        ("setall", 0, 0, None, 0b1111),
        ("clear", 0, 0, None, 0),
    ],
)
def test_sets_of_four_cpus(name: str, one: int, other: int, result: int | None, left: int | None) -> None:
    host = Host(Processor(), Settings(cpus=4), "little")
    first, second, target = (call(host, "bpf_cpumask_create") for _ in range(3))
    for mask, bits in ((first, one), (second, other)):
        host.put_integer(mask, bits, 8)
    given = (first, second) if left is None else (target, first, second)
    told = call(host, f"bpf_cpumask_{name}", *given)
    assert told == (result or 0)  # of those that return nothing it is 0
    assert left is None or host.integer(target, 8) == left


def test_one_cpu_of_a_set() -> None:
    host = Host(Processor(), Settings(cpus=4), "little")
    mask = call(host, "bpf_cpumask_create")
    assert [call(host, "bpf_cpumask_test_and_set_cpu", 3, mask) for _ in range(2)] == [0, 1]
    assert host.integer(mask, 8) == 0b1000
    assert [call(host, "bpf_cpumask_test_and_clear_cpu", 3, mask) for _ in range(2)] == [1, 0]
    assert call(host, "bpf_cpumask_test_and_set_cpu", 4, mask) == 0  # there is none
    assert host.integer(mask, 8) == 0
    call(host, "bpf_cpumask_setall", mask)
    call(host, "bpf_cpumask_clear_cpu", 1, mask)
    assert host.integer(mask, 8) == 0b1101
    assert call(host, "bpf_cpumask_release", mask) == 0


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("bpf_strcmp", [b"abc", b"abd"], -1),
        ("bpf_strcmp", [b"abc", b"ab"], 1),
        ("bpf_strcmp", [b"abc", b"abc"], 0),
        ("bpf_strcmp", [b"ABC", b"abc"], -1),
        ("bpf_strcasecmp", [b"ABC", b"abc"], 0),
        ("bpf_strcasecmp", [b"ABD", b"abc"], 1),
        ("bpf_strlen", [b"four"], 4),
        ("bpf_strnlen", [b"four", 2], 2),
        ("bpf_strchr", [b"hello", ord("l")], 2),
        ("bpf_strnlen", [b"four", 9], 4),
        ("bpf_strchr", [b"hello", ord("h")], 0),
        ("bpf_strchr", [b"hello", 0], 5),
        ("bpf_strrchr", [b"hello", 0], 5),
        ("bpf_strrchr", [b"hello", ord("x")], -2),
        ("bpf_strrchr", [b"hello", ord("l")], 3),
        ("bpf_strchr", [b"hello", ord("x")], -2),
        ("bpf_strnchr", [b"hello", 2, ord("l")], -2),
        ("bpf_strnchr", [b"hello", 3, ord("l")], 2),
        ("bpf_strnchr", [b"hello", 6, 0], 5),
        ("bpf_strnchr", [b"hello", 5, 0], -2),  # the zero lies behind the limit
        ("bpf_strchrnul", [b"hello", ord("h")], 0),
        ("bpf_strchrnul", [b"hello", ord("x")], 5),
        ("bpf_strspn", [b"aabc", b"ab"], 3),
        ("bpf_strcspn", [b"aabc", b"c"], 3),
        ("bpf_strspn", [b"aabc", b""], 0),
        ("bpf_strcspn", [b"aabc", b"x"], 4),
        ("bpf_strcspn", [b"aabc", b"a"], 0),
        ("bpf_strstr", [b"hello world", b"wor"], 6),
        ("bpf_strstr", [b"hello world", b"hello"], 0),
        ("bpf_strstr", [b"hello world", b""], 0),
        ("bpf_strstr", [b"hello world", b"x"], -2),
        ("bpf_strnstr", [b"hello world", b"wor", 9], 6),
        ("bpf_strnstr", [b"hello world", b"wor", 8], -2),
        ("bpf_strlen", [0], -34),
        ("bpf_strlen", [0x1234], -14),
    ],
)
def test_text(host: Host, name: str, arguments: list[bytes | int], result: int) -> None:
    passed = [
        host.memory.map("text", argument + b"\0").base if isinstance(argument, bytes) else argument
        for argument in arguments
    ]
    assert call(host, name, *passed) == result


@pytest.mark.parametrize("type_", [MapType.DEVMAP, MapType.CPUMAP, MapType.DEVMAP_HASH])
def test_a_redirection_by_a_map_without_the_entry_is_what_its_flags_say(host: Host, type_: MapType) -> None:
    """Flags of 0 to 3 say what is returned instead (Linux 5.3); a broadcast needs no entry, others are refused."""
    store = stored(host, MapSpec("ports", ".maps", type_, 4, 4, 8))
    handle = next(base for base, found in host.maps.items() if found is store)
    returned = [call(host, "bpf_redirect_map", handle, 3, flags) for flags in (0, 1, 2, 3, 8, 0x40)]
    assert returned == [0, 1, 2, 3, 4, 0]
    store.update((3).to_bytes(4, "little"), (1).to_bytes(4, "little"))
    assert [call(host, "bpf_redirect_map", handle, key, 2) for key in (2, 3)] == [2, 4]


@pytest.mark.parametrize("name", ["scx_bpf_dsq_nr_queued", "hid_bpf_get_data", "bpf_cast_to_kern_ctx"])
def test_functions_of_other_parts_of_the_kernel_return_what_the_settings_say(name: str) -> None:
    assert call(Host(Processor(), Settings(returns={name: 5}), "little"), name, 1, 2) == 5
