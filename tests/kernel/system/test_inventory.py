"""The inventory beside what others attached: owners, order and targets, and all that bpftool says as well."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import Instruction
from bpftui.core.errors import UsageError
from bpftui.core.kernel import KernelRuntime, Map, Program
from bpftui.core.kernel.attach.choices import choices
from bpftui.core.kernel.attach.targets import cgroup_mount
from bpftui.core.kernel.sys import survey
from bpftui.core.kernel.sys.changes import have_link_detached
from bpftui.core.kernel.sys.cpus import possible_cpu_ids
from bpftui.core.kernel.sys.layouts import ProgBindMap
from bpftui.core.kernel.sys.namespace import visit
from bpftui.core.kernel.sys.statistics import stats_enabled
from bpftui.core.kernel.sys.survey import run_counts
from bpftui.core.kernel.sys.syscall import Command, invoke
from bpftui.core.spec import CollectionSpec, LinkedCode, MapSpec, ProgramSpec
from bpftui.core.system import Inventory, Owner, owners
from bpftui.core.system.consequences import of_detaching
from bpftui.core.system.errands import open_inventory
from bpftui.core.system.owners import IteratorWalk, MapState, ProcWalk
from bpftui.core.uapi import LinkType, MapFlag, MapType, ProgramType
from tests.kernel.system.others import COUNTING, attached_by_others

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.system import NetworkNamespace, Snapshot
    from tests.kernel.system.others import Others

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def others() -> Iterator[Others]:
    with attached_by_others() as made:
        yield made


@pytest.fixture(scope="module")
def snapshot(others: Others) -> Snapshot:
    assert others.made
    with Inventory() as inventory:
        return inventory.snapshot()


def namespace_of(snapshot: Snapshot, pid: int) -> NetworkNamespace:
    inode = os.stat(f"/proc/{pid}/ns/net").st_ino
    return next(each for each in snapshot.namespaces if each.inode == inode)


@pytest.mark.vmlinux
def test_every_attachment_has_its_owner_and_its_place(others: Others, snapshot: Snapshot) -> None:
    group = others.group.removeprefix(cgroup_mount() or "")
    inside = f"in net:[{os.stat(f'/proc/{others.pid}/ns/net').st_ino}]"
    sockets = next(each for each in snapshot.maps.values() if f"{others.bpffs}/sockets" in each.pinned)
    uprobe = f"{others.executable}+0x{others.offset:x}"
    expected = {
        # hook: target, order
        "xdp": (f"v1 {inside}", None),
        "tcx_ingress": (f"v0 {inside}", 1),
        "tcx_egress": (f"v0 {inside}", 1),
        "netfilter": (f"ipv4 input priority -7 {inside}", 2),  # behind the one of priority -9
        "sk_skb_verdict": (f"map {sockets.id} sockets", None),
        "cgroup_inet_egress": (group, 1),
        "sk_lookup": (inside.removeprefix("in "), 1),
        "raw_tracepoint": ("sched_process_fork", None),
        "tracepoint": ("sys_enter_getpgid", None),
        "uprobe": (uprobe, None),
    }
    uprobed = snapshot.links[others.link("uprobe")]
    assert uprobed.details["symbols"] == ("target",)
    assert [each.detail for each in snapshot.programs[others.program("uprobe")].attachments] == ["target"]
    assert snapshot.links[others.link("perf_event")].target == "cpu-clock"  # a type of its own from 6.6 on
    owner = Owner(others.pid, "attacher")
    for hook, (target, order) in expected.items():
        link = snapshot.links[others.link(hook)]
        assert (link.target, link.order, link.program) == (target, order, others.program(hook)), hook
        assert link.owners == (owner,), hook
        program = snapshot.programs[others.program(hook)]
        assert program.owners == (owner,), hook
        assert link.id in program.links, hook
        found = [each for each in program.attachments if each.link == link.id]
        assert [(each.hook, each.target, each.order) for each in found] == [(hook, target, order)]


@pytest.mark.vmlinux
def test_what_has_no_link_is_there_as_well(others: Others, snapshot: Snapshot) -> None:
    group = others.group.removeprefix(cgroup_mount() or "")
    connect = snapshot.programs[others.program("cgroup_inet4_connect")]
    assert connect.held_by == (f"cgroup_inet4_connect {group}",)
    sockets = next(each for each in snapshot.maps.values() if f"{others.bpffs}/sockets" in each.pinned)
    assert snapshot.programs[others.program("sk_msg_verdict")].held_by == (f"sk_msg_verdict map {sockets.id} sockets",)
    assert snapshot.programs[others.program("socket")].held_by == (f"a socket of attacher {others.pid}",)
    place = f"{others.executable}+0x{others.offset:x}"
    probed = snapshot.programs[others.program("uretprobe")]
    assert probed.held_by == (f"uretprobe {place} by a perf event of attacher {others.pid}",)
    assert [(each.hook, each.target, each.detail, each.owner) for each in probed.attachments] == [
        ("uretprobe", place, "target", Owner(others.pid, "attacher"))
    ]


@pytest.mark.vmlinux
def test_an_interface_has_its_hooks_in_the_order_in_which_they_run(others: Others, snapshot: Snapshot) -> None:
    namespace = namespace_of(snapshot, others.pid)
    assert not namespace.own
    assert Owner(others.pid, "attacher") in namespace.processes
    assert {(each.name, each.kind, each.up) for each in namespace.interfaces} == {
        ("lo", "loopback", False),
        ("v0", "veth", True),
        ("v1", "veth", True),
    }
    interface = next(each for each in namespace.interfaces if each.name == "v0")
    first, second = others.program("tcx_ingress"), others.program("tcx_ingress", 1)
    hooks = {hook.name: hook.attached for hook in interface.hooks}
    assert list(hooks) == ["xdp", "tcx_ingress", "clsact_ingress", "tcx_egress"]
    assert [(each.program, each.link, each.order) for each in hooks["tcx_ingress"]] == [
        (first, others.link("tcx_ingress"), 1),
        (second, others.link("tcx_ingress", 1), 2),
    ]
    assert [(each.program, each.link, each.detail) for each in hooks["clsact_ingress"]] == [
        (first, None, "pref 10 handle 0x1 direct-action classifier:[*fsobj]"),
        (first, None, "pref 20 handle 0x1 direct-action classifier:[*fsobj]"),
    ]
    (xdp,) = hooks["xdp"]
    assert (xdp.link, xdp.detail) == (None, "generic")
    by_ip = snapshot.programs[xdp.program]
    assert (by_ip.name, by_ip.owners, by_ip.pinned) == ("count_packets", (), ())
    assert by_ip.held_by == (f"xdp v0 in {namespace.label}",)
    assert [
        (hook.name, [(each.program, each.link, each.order) for each in hook.attached]) for hook in namespace.hooks
    ] == [
        ("sk_lookup", [(others.program("sk_lookup"), others.link("sk_lookup"), 1)]),
        (
            "netfilter",
            [
                (others.program("netfilter"), others.link("netfilter", 1), 1),  # of priority -9
                (others.program("netfilter"), others.link("netfilter"), 2),
            ],
        ),
    ]
    assert snapshot.links[others.link("netfilter")].details["netns_ino"] == namespace.inode


def test_who_attaches_is_told_what_an_interface_has_already(others: Others) -> None:
    spec = CollectionSpec.from_file(COUNTING)
    place = f"/proc/{others.pid}/ns/net"
    found, _ = visit({os.stat(place).st_ino: place}, lambda _: choices(spec, spec.program("count_packets")))
    (offered,) = found.values()
    (v0,) = (each for each in offered if each.text == "v0")
    assert v0.title.endswith("  has XDP, tcx in 2, clsact in 2, tcx out 1")
    first, second = others.program("tcx_ingress"), others.program("tcx_ingress", 1)
    assert f", tcx in programs {first} {second}, clsact in programs {first} {first}, tcx out program " in v0.detail


@pytest.mark.vmlinux
def test_the_iterator_counts_as_the_kernel_does(others: Others) -> None:
    number = others.program("raw_tracepoint")  # of sched_process_fork
    with IteratorWalk() as walk:
        with stats_enabled():
            for _ in range(3):
                others.run("true")
        by_iterator, asked = walk.counters(), run_counts()
    assert by_iterator[number] == asked[number]
    assert asked[number].run_cnt >= 3
    assert {each.program for each in others.made} <= by_iterator.keys() & asked.keys()


@pytest.mark.vmlinux
@pytest.mark.parametrize("more", [(), (1000,)])  # of which the kernel has none
def test_the_iterator_counts_on_each_cpu_where_there_are_holes_among_them(
    more: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = os.sched_getaffinity(0)
    last = max(possible_cpu_ids())
    if last == 0 or last not in allowed:
        pytest.skip("this process may not run on a second CPU")
    program = Path(__file__).parents[2] / "objects" / "prints.o"
    # As if those below it were holes.
    monkeypatch.setattr(owners, "possible_cpu_ids", lambda: (last, *more))
    with KernelRuntime().load(CollectionSpec.from_file(program), programs={"hello"}) as found:
        number = found.programs["hello"].info().id
        with IteratorWalk() as walk, stats_enabled():
            try:
                for cpus, runs in (({0}, 2), ({last}, 3)):
                    os.sched_setaffinity(0, cpus)
                    found.programs["hello"].run(repeat=runs)
            finally:
                os.sched_setaffinity(0, allowed)
            assert walk.counters()[number].run_cnt == 3
            assert run_counts()[number].run_cnt == 5


def test_a_control_group_has_what_comes_down_to_it(others: Others, snapshot: Snapshot) -> None:
    path = others.group.removeprefix(cgroup_mount() or "")
    groups = {each.path: each for each in snapshot.control_groups}
    program, link = others.program("cgroup_inet_egress"), others.link("cgroup_inet_egress")
    assert groups[path].id == os.stat(others.group).st_ino
    own = {hook.name: hook for hook in groups[path].hooks}
    assert own["cgroup_inet_egress"].mode == own["cgroup_inet4_connect"].mode == "multi"
    assert [(each.program, each.link, each.detail) for each in own["cgroup_inet_egress"].attached] == [
        (program, link, "")
    ]
    (below,) = groups[f"{path}/child"].hooks
    assert [(each.program, each.link, each.order, each.detail) for each in below.attached] == [
        (program, None, 1, ""),
        (program, None, 2, f"from {path}"),
    ]


@pytest.mark.vmlinux
def test_what_no_process_holds_says_what_does(others: Others, snapshot: Snapshot) -> None:
    pin = f"{others.bpffs}/lonely"
    (program,) = (each for each in snapshot.programs.values() if pin in each.pinned)
    assert (program.owners, program.held_by, program.pinned) == ((), (), (pin,))
    (used,) = program.map_ids
    assert snapshot.maps[used].name == "pkt_count"
    assert (snapshot.maps[used].owners, snapshot.maps[used].held_by) == ((), (f"program {program.id} count_packets",))
    assert snapshot.users(used) == (program,)
    inode = os.stat(f"/proc/{others.pid}/ns/mnt").st_ino
    assert {(each.path, each.kind, each.mounts) for each in snapshot.pins if each.path.startswith(others.bpffs)} == {
        (pin, "program", inode),
        (f"{others.bpffs}/classifier", "program", inode),
        (f"{others.bpffs}/sockets", "map", inode),
    }


def test_the_process_is_known(others: Others, snapshot: Snapshot) -> None:
    process = snapshot.processes[others.pid]
    assert (process.comm, process.uid, process.inner_pid) == ("attacher", 0, others.pid)
    assert process.command.startswith(f"{others.executable} ")
    assert {each.program for each in others.made} <= set(process.programs)
    assert {each.link for each in others.made if each.link} <= set(process.links)


def test_bpftool_says_the_same(others: Others, snapshot: Snapshot) -> None:
    ours = {each.program for each in others.made}
    told = {each["id"]: each for each in others.bpftool("prog", "show") if each["id"] in ours}
    assert told.keys() == ours
    for number, them in told.items():
        us = snapshot.programs[number]
        assert them["type"] in (us.type, ProgramType[us.type.upper()])  # a number, where bpftool is older
        assert them["name"] == us.name[:15]
        assert (them["tag"], them["uid"], them["gpl_compatible"]) == (us.tag, us.uid, us.gpl_compatible)
        assert abs(them["loaded_at"] - snapshot.loaded_at(us)) < 2
        assert (them["bytes_xlated"], them["jited"]) == (us.xlated_size, us.jited_size > 0)
        assert them.get("bytes_jited", 0) == us.jited_size
        assert (them["bytes_memlock"], them["map_ids"], them["btf_id"]) == (us.memlock, [*us.map_ids], us.btf_id)
        assert {(each["pid"], each["comm"]) for each in them.get("pids", ())} <= set(us.owners or ())
    maps = {number for each in ours for number in snapshot.programs[each].map_ids}
    for them in others.bpftool("map", "show"):
        if them["id"] not in maps:
            continue
        us = snapshot.maps[them["id"]]
        assert (them["type"], them["name"], them["flags"]) == (us.type, us.name, us.flags)
        assert (them["bytes_key"], them["bytes_value"], them["max_entries"]) == (
            us.key_size,
            us.value_size,
            us.max_entries,
        )
        assert (them["bytes_memlock"], bool(them["frozen"])) == (us.memlock, us.frozen)
        assert them.get("btf_id", 0) == us.btf_id
    links = {each.link for each in others.made} - {0}
    found = [each for each in others.bpftool("link", "show") if each["id"] in links]
    assert {each["id"] for each in found} == links
    for them in found:
        us = snapshot.links[them["id"]]
        assert them["prog_id"] == us.program
        assert them["type"] in (us.type, LinkType[us.type.upper()])
        if "attach_type" in them:
            assert them["attach_type"] == us.attach_type
        for name in ("cgroup_id", "netns_ino", "tp_name", "ifindex"):
            if name in them:
                assert them[name] == us.details[name], name


def test_bpftool_finds_the_same_on_networks_and_control_groups(others: Others, snapshot: Snapshot) -> None:
    (told,) = others.bpftool("net", "show")
    namespace = namespace_of(snapshot, others.pid)
    hooks = [
        (interface.name, hook.name, each.program)
        for interface in namespace.interfaces
        for hook in interface.hooks
        for each in hook.attached
    ]
    assert sorted((each["devname"], each["ifindex"], each["id"], each["mode"]) for each in told["xdp"]) == sorted(
        (interface.name, interface.ifindex, each.program, each.detail)
        for interface in namespace.interfaces
        for hook in interface.hooks
        for each in hook.attached
        if hook.name == "xdp"
    )
    assert [
        (each["devname"], each["kind"].replace("/", "_"), each["id"]) for each in told["tc"] if "clsact" in each["kind"]
    ] == [each for each in hooks if each[1].startswith("clsact")]
    path = others.group.removeprefix(cgroup_mount() or "")
    groups = {each.path: each for each in snapshot.control_groups}
    for directory, group in ((others.group, path), (f"{others.group}/child", f"{path}/child")):
        them = others.bpftool("cgroup", "show", directory)
        us = [
            (each.program, hook.name, hook.mode, snapshot.programs[each.program].name)
            for hook in groups[group].hooks
            for each in hook.attached
            if not each.detail
        ]
        fields = ("id", "attach_type", "attach_flags", "name")
        assert sorted(tuple(each[field] for field in fields) for each in them) == sorted(us)
    them = [
        each
        for each in others.bpftool("cgroup", "show", f"{others.group}/child", "effective")
        if each["attach_type"] == "cgroup_inet_egress"
    ]
    (below,) = groups[f"{path}/child"].hooks
    assert [each["id"] for each in them] == [each.program for each in below.attached]


def test_bpftool_finds_the_same_events_and_types(others: Others, snapshot: Snapshot) -> None:
    told = [each for each in others.bpftool("perf", "show") if each["pid"] == others.pid]
    assert len(told) == 4
    for them in told:
        place = them.get("tracepoint") or f"{them['filename']}+0x{them['offset']:x}"
        found = [each for each in snapshot.programs[them["prog_id"]].attachments if each.hook == them["fd_type"]]
        assert [each.target for each in found] == [place]
        assert Owner(them["pid"], "attacher") in (snapshot.programs[them["prog_id"]].owners or ())
    ours = {snapshot.programs[each.program].btf_id for each in others.made}
    types = {each["id"]: each for each in others.bpftool("btf", "show")}
    assert ours <= types.keys()
    for number in (1, *sorted(ours)):
        us, them = snapshot.btfs[number], types[number]
        assert (us.size, us.kernel, us.name) == (them["size"], them["kernel"], them.get("name", ""))
        if not us.kernel:
            assert sorted(us.programs) == sorted(them["prog_ids"])


@pytest.mark.vmlinux
def test_both_ways_to_the_owners_agree(others: Others) -> None:
    with IteratorWalk() as walk:
        by_iterator = walk.look()
    by_proc = ProcWalk().look()
    mine = {(each.pid, each.fd, each.kind, each.id, each.comm) for each in by_iterator.held if each.pid == others.pid}
    sockets = {each for each in mine if each[2] == "socket"}  # of which /proc tells nothing
    assert {(pid, comm, number) for pid, _, _, number, comm in sockets} == {
        (others.pid, "attacher", others.program("socket"))
    }
    theirs = {(each.pid, each.fd, each.kind, each.id, each.comm) for each in by_proc.held if each.pid == others.pid}
    assert mine - sockets == theirs
    assert {kind for _, _, kind, _, _ in theirs} == {"program", "map", "link", "btf", "perf"}
    (one,) = (each for each in by_iterator.tasks if each.tid == others.pid)
    (other,) = (each for each in by_proc.tasks if each.tid == others.pid)
    assert one == other
    assert one.net == os.stat(f"/proc/{others.pid}/ns/net").st_ino


def test_routes_have_programs(others: Others) -> None:
    """Of a lightweight tunnel the kernel tells no program: it is the only one of its type, or one of several."""

    def made(kind: ProgramType) -> Program:
        code = Instruction(0xB7, dst=0, imm=0).encode("little") + Instruction(0x95).encode("little")
        return Program.create(ProgramSpec("routed", "", kind, license="GPL", link=lambda: LinkedCode(code)))

    network = f"net:[{os.stat(f'/proc/{others.pid}/ns/net').st_ino}]"
    with ExitStack() as stack:
        ids: dict[ProgramType, int] = {}
        for kind in (ProgramType.LWT_OUT, ProgramType.LWT_SEG6LOCAL):
            with made(kind) as program:
                ids[kind] = program.id
                program.pin(f"/proc/{others.pid}/root{others.bpffs}/{kind.label}")
                stack.callback(os.unlink, f"/proc/{others.pid}/root{others.bpffs}/{kind.label}")
        for words in (
            ["198.51.100.0/24", "encap", "bpf", "out", "pinned", f"{others.bpffs}/lwt_out"],
            [
                *("2001:db8::1/128", "encap", "seg6local", "action", "End.BPF", "endpoint"),
                *("pinned", f"{others.bpffs}/lwt_seg6local"),
            ],
        ):
            others.run("ip", "route", "add", *words, "dev", "v0")
            stack.callback(others.run, "ip", "route", "del", words[0], "dev", "v0")
        with Inventory() as inventory:
            alone = inventory.snapshot()
            with made(ProgramType.LWT_OUT):
                several = inventory.snapshot()
    (out,) = alone.programs[ids[ProgramType.LWT_OUT]].attachments
    assert (out.hook, out.target) == ("lwt_out", f"198.51.100.0/24 dev v0 in {network}")
    assert alone.programs[ids[ProgramType.LWT_OUT]].held_by == (f"lwt_out 198.51.100.0/24 dev v0 in {network}",)
    hooks = {hook.name: hook.attached for hook in namespace_of(several, others.pid).hooks}
    assert [each.program for each in hooks["lwt_out"]] == [0]
    (segment,) = several.programs[ids[ProgramType.LWT_SEG6LOCAL]].attachments
    assert (segment.hook, segment.target) == ("lwt_seg6local", f"2001:db8::1/128 dev v0 in {network}")


def test_what_is_not_detached_is_refused_before_anything_is_asked(others: Others, snapshot: Snapshot) -> None:
    refused = {"raw_tracepoint", "tracepoint", "uprobe", "perf_event"}
    assert refused < {each.hook for each in others.made if each.link}
    for hook, _, number in others.made:
        if hook in refused:
            words = f"link {number} cannot be detached: .* ends with the last that holds it"
            with pytest.raises(UsageError, match=f"{words}: attacher {others.pid}$"):
                of_detaching(snapshot, number)
            with pytest.raises(UsageError, match=f"link {number} cannot be detached"):
                have_link_detached(number)
        elif number:
            assert of_detaching(snapshot, number).what.startswith(f"detach link {number}: ")


def test_what_it_reads_with_is_not_in_it() -> None:
    with Inventory() as inventory, socket.socket(socket.AF_UNIX):
        snapshot = inventory.snapshot()
    assert os.getpid() not in snapshot.processes
    # What others read with, at the same time, is.
    own = ("held", "tasks", "counts", "maps", "netfilters")
    assert all(each.owners or each.pinned for each in snapshot.programs.values() if each.name in own)


def test_all_of_a_process_read_by_one_inventory() -> None:
    """Two that look at the same time do not find each other's iterators; the last one closes what they share."""
    with open_inventory() as place:
        with open_inventory() as opened:
            assert os.getpid() not in opened.snapshot().processes
        assert os.getpid() not in place.snapshot().processes
        with pytest.raises(UsageError, match="this inventory is closed"):
            opened.snapshot()
    with Inventory() as later:
        assert os.getpid() not in later.snapshot().processes  # nothing of theirs is left


@pytest.mark.vmlinux
def test_how_many_entries_maps_have() -> None:
    spec = CollectionSpec.from_file(Path(__file__).parents[2] / "objects" / "map_kinds.o")
    filled = {"hash": 3, "percpu_hash": 5, "lru_hash": 7, "lpm_trie": 2, "lru_percpu_hash": 0}
    with KernelRuntime().load(spec, programs=set()) as found, IteratorWalk() as walk:
        for name, count in filled.items():
            map_ = found.maps[name]
            if name == "lpm_trie":
                map_.update(b"\x20\0\0\0" + bytes(4), 1)
                map_.update(b"\x18\0\0\0" + bytes(4), 1)
                continue
            for number in range(count):
                map_.update(number, [number] * map_.cpus if map_.type.per_cpu else number)
        found.maps["hash"].delete(0)
        states = walk.maps()
        found.maps["array"].freeze()
        frozen = walk.maps()
        numbers = {name: map_.info().id for name, map_ in found.maps.items()}
    assert {name: states[numbers[name]].entries for name in filled} == {**filled, "hash": 2}
    array = numbers["array"]
    assert states[array] == MapState(frozen=False, entries=None)  # it has always as many
    assert frozen[array] == MapState(frozen=True, entries=None)
    assert ProcWalk().maps() == {}


@pytest.mark.vmlinux
@pytest.mark.parametrize("walk", ["iterators", "proc"])
def test_what_changes_of_what_was_read_before_is_read_again(walk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second snapshot asks about what is new, and about what may be another by now."""
    if walk == "proc":
        monkeypatch.setattr("bpftui.core.system.inventory.open_walk", ProcWalk)
    kept = MapSpec("kept", "", MapType.ARRAY, 4, 8, 1)
    grows = MapSpec("grows", "", MapType.HASH, 4, 1024, 256, flags=int(MapFlag.NO_PREALLOC))
    code = b"".join(each.encode("little") for each in (Instruction(0xB7, dst=0, imm=2), Instruction(0x95)))
    spec = ProgramSpec("binds", "xdp", ProgramType.XDP, license="GPL", link=lambda: LinkedCode(code))
    with ExitStack() as stack:
        maps = [stack.enter_context(Map.create(each)) for each in (kept, grows)]
        program = stack.enter_context(Program.create(spec))
        inventory = stack.enter_context(Inventory())
        numbers = [map_.info().id for map_ in maps]
        number = program.info().id
        before = inventory.snapshot()
        assert before.programs[number].map_ids == ()
        assert [before.maps[each].frozen for each in numbers] == [False, False]
        maps[0].freeze()
        for key in range(200):
            maps[1].update(key.to_bytes(4, "little"), bytes(1024))
        ProgBindMap(prog_fd=program.fileno(), map_fd=maps[0].fileno()).call(Command.PROG_BIND_MAP)
        after = inventory.snapshot()
        assert after.programs[number].map_ids == (numbers[0],)
        assert after.maps[numbers[0]].programs == (number,)
        assert [after.maps[each].frozen for each in numbers] == [True, False]
        if before.maps[numbers[1]].memlock == after.maps[numbers[1]].memlock:
            pytest.skip("this kernel tells the most that a map may take (before Linux 6.4)")
        assert (after.maps[numbers[1]].memlock or 0) > (before.maps[numbers[1]].memlock or 0) + 200 * 1024


def test_a_link_that_is_being_made_is_not_there_yet(others: Others, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has an id already, by which the kernel gives nothing out: nothing is missing, and nothing has gone."""
    unfinished = others.link("tcx_egress")

    def unsettled(command: int, address: int, size: int) -> int:
        asked = int.from_bytes(ctypes.string_at(address, 4), sys.byteorder)
        if (command, asked) == (Command.LINK_GET_FD_BY_ID, unfinished):
            return -errno.EAGAIN
        return invoke(command, address, size)

    monkeypatch.setattr(survey, "invoke", unsettled)
    with Inventory() as inventory:
        snapshot = inventory.snapshot()
    assert unfinished not in snapshot.links
    assert others.link("tcx_ingress") in snapshot.links
    assert f"link {unfinished}" not in snapshot.gone
