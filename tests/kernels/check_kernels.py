"""`make test-kernels`: what loads in Debian's kernels 6.1 and 6.12, and what is said of the rest.

The kernel that the other tests run on may refuse what is tied to its functions (fentry, LSM, freplace), and has what
old ones lack. Each kernel is booted once, both at the same time; the name of this file keeps them out of `make test`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest

from bpftui.core.guest.errors import GuestError
from bpftui.core.guest.kernels import debian_kernel
from bpftui.core.guest.machine import require_emulator
from bpftui.core.since import Version
from tests.kernels.boot import boot_guest

if TYPE_CHECKING:
    from collections.abc import Callable

    Finding = dict[str, Any]
    Found = Callable[[str], list[Finding]]

LINES: Final = ("6.1", "6.12")

_NO_MODULE = "is not in the kernel's BTF, nor in that of a module"
_NOT_IN_BTF = "does not exist in this kernel's BTF"
_NOT_ALONE = "an ext program replaces a function of another program"
_NO_SLEEP = "the program says that it may sleep, and its hook does not allow that"

EVERYWHERE: Final = {
    # Not loaded by default, or not by themselves: their maps and hooks are another program's, or not there yet.
    ("congestion.o", "dreaming"): "no struct_ops map that was created has a function that it could be",
    ("conntrack.o", "look_up"): f"the kernel function bpf_xdp_ct_lookup {_NO_MODULE}",
    ("conntrack.o", "on_packet"): f"nf_conntrack_in {_NO_MODULE}",
    ("jump_tables.o", "by_switch"): "its jump table BPF.JT.0.0: cannot create map .jumptables (insn_array)",
    ("jump_tables.o", "in_subprograms"): "its jump table BPF.JT.2.0: cannot create map .jumptables (insn_array)",
    ("ksym_kinds.o", "variables"): "the kernel's runqueues is of another type than the object declares",
    ("ksym_kinds.o", "functions"): "the kernel's runqueues is of another type than the object declares",
    ("linked_one.o", "first"): f"the kernel function shared {_NO_MODULE}",
    ("needs.o", "bare_field"): f"task_struct___needs.tgit {_NOT_IN_BTF} (nearest: tgid)",
    ("needs.o", "bare_helper"): "bpf_xdp_adjust_head() is not available to programs of this type",
    (
        "needs.o",
        "bare_kfunc",
    ): "the kernel function kfunc_that_is_not_there is not in this kernel, and the program calls",
    ("needs.o", "misspelt_hook"): f"btf_trace_sched_swich {_NO_MODULE} (nearest: sched_switch)",
    # What is of libraries, other objects or other kernels, and what a compiler left out.
    ("not_here.o", "library"): f"the kernel function ntohl {_NO_MODULE}",
    ("not_here.o", "other_object"): f"the kernel function elsewhere {_NO_MODULE}",
    ("not_here.o", "other_kernel"): f"the kernel function not_in_any_kernel {_NO_MODULE}",
    ("not_here.o", "other_type"): "the kernel's bpf_rcu_read_lock is of another type than the object declares",
    (
        "not_here.o",
        "device",
    ): "the program asks what the driver of a device knows of a packet, and is loaded for no device",
    ("nothing_left.clang14.o", "only"): "section tc: offset 0x0: function only has no instructions",
    ("nothing_left.clang14.o", "before"): "section xdp: offset 0x0: function before has no instructions",
    ("nothing_left.clang14.o", "counts"): "it refers to counter, which has no place in the object (a common symbol)",
    ("nothing_left.clang14.o", "last"): "section xdp: offset 0x48: function last has no instructions",
    ("recursion.o", "recursion"): "calls are nested",
    ("recursion.o", "only_itself"): "calls are nested",
    ("replacement.o", "replaced"): _NOT_ALONE,
    ("replacement.o", "unmatched"): _NOT_ALONE,
    ("replacement.o", "traced"): f"global_sum {_NO_MODULE}",
    # Made for other types than a kernel's.
    **{
        ("core_shapes.o", name): f"{missing} {_NOT_IN_BTF}"
        for name, missing in (
            ("fields", "struct moved"),
            ("loads", "struct sizes"),
            ("bitfields", "struct bits"),
            ("names", "struct flavored___here"),
            ("ambiguous", "struct twins"),
            ("enumerators", "enum color"),
        )
    },
    # Names that nobody knows; and functions may only sleep where errors can be injected, which Debian leaves out.
    **{
        (file, name): said
        for file in ("sections.o", "sections.clang22.o")
        for name, said in (
            ("unheard_of", "section xpd names no program type that is known (nearest: xdp)"),
            ("house_section", "section acme/filter names no program type that is known"),
            ("fexit_sleepable", _NO_SLEEP),
        )
    },
    ("library.o", "left"): "section other names no program type that is known",
    ("other_machine.o", "reads_x28"): "built for arm64",
    ("other_machine.o", "relocated"): "built for arm64",
    ("data_pointers.o", "follows"): "r1 was to be a pointer that the object's data holds",
    # Definitions that no loader takes.
    **{
        ("map_attributes.o", name): said
        for name, said in (
            ("slip", "it has an attribute flags, which loaders do not know"),
            ("contradiction", "its key_size is 8, but its key is __u32 of 4 bytes"),
            ("no_type", "it has no attribute type"),
            ("too_wide", "its attribute max_entries is 4294967304"),
            ("too_large", "its value has 4,294,967,296 bytes"),
            ("no_pointer", "its attribute key is no pointer"),
            ("bad_inner", "its inner maps: it has an attribute size"),
            ("no_inner", "its inner maps are not defined"),
            ("values_of_hash", "values are for maps of maps"),
        )
    },
    # Wrong on purpose, and explained in the words of each kernel's log.
    ("bad_bounds.o", "bad_bounds"): "1 byte is accessed at offset 12 of the packet, and nothing checked",
    ("bad_context.o", "bad_context"): "the program may not write len (offset 0, 4 bytes) of its context",
    ("bad_frames.o", "bad_frames"): "the stacks of 2 functions that are on it together take",
    ("contexts.o", "bad_time"): "the program may not read tstamp (offset 152, 8 bytes) of its context",
    ("bad_helper.o", "bad_helper"): "bpf_xdp_adjust_head() is not available to programs of this type",
    ("bad_index.o", "bad_index"): "the index can be 16, but the value of map ports has 16 elements",
    ("bad_license.o", "bad_license"): "bpf_trace_printk() is for programs under a GPL-compatible license",
    ("bad_loop.o", "bad_loop"): "the loop may never end",
    **{
        ("bad_members.o", name): f"the program may not {member}"
        for name, member in (
            ("no_member", "read remote_ip4 (offset 24, 1 byte)"),
            ("third_member", "write remote_ip4 (offset 24, 4 bytes)"),
            ("second_member", "write family (offset 28, 4 bytes)"),
            ("between", "write remote_port (offset 36, 2 bytes)"),
            ("element", "write remote_ip6[1] (offset 104, 4 bytes)"),
            ("of_record", "write second (offset 12, 4 bytes)"),
        )
    },
    ("dead_by_constants.o", "global"): "bpf_sys_close() is not available to programs of this type",
    ("dead_by_constants.o", "reached"): "bpf_sys_close() is not available to programs of this type",
    ("undefined.o", "trap"): "the program can come to a place where what C says is undefined",
    ("undefined.o", "called"): "the program can come to a place where what C says is undefined",
    ("bad_null.o", "bad_null"): "bpf_map_lookup_elem(&totals) can return NULL",
    ("bad_offbyone.o", "bad_offbyone"): "the check covers 13 bytes of the packet, this access needs 14",
    ("bad_reference.o", "bad_reference"): "what bpf_ringbuf_reserve() returned is still held",
    ("bad_return.o", "bad_return"): "the program may return 0 and 1 at this hook",
    ("bad_size.o", "bad_size"): "the length that the helper gets can be 0",
    ("bad_stack.o", "bad_stack"): "an array on the stack of at most 16 bytes is accessed",
    ("bad_stale.o", "bad_stale"): "r6 was a packet pointer, but bpf_xdp_adjust_head()",
    ("tail_calls.o", "broken"): "a jump leads out of its function, or into the middle of an instruction",
    ("bad_uninit.o", "bad_uninit"): "the function ends on this path without a return value",
}
REFUSED: Final[dict[str, dict[tuple[str, str], str]]] = {
    "6.1": {
        **EVERYWHERE,
        ("arena_globals.o", "pages"): "this kernel has no maps of that type",
        ("attached.o", "on_netfilter"): "this kernel has no programs of that type",
        ("arena_globals.o", ".addr_space.1"): "its variables lie in an arena, which was not created",
        ("arena_globals.o", "bump"): "its map pages was not created",
        ("map_kinds.o", "arena"): "this kernel has no maps of that type",
        ("map_kinds.o", "cgrp_storage"): "this kernel has no maps of that type",
        ("congestion.o", "bpftui_half"): "this kernel may not have links of struct_ops",
        # Its log does not name maps.
        ("bad_index.o", "bad_index"): "the index can be 16, but the value has 16 elements",
        ("bad_null.o", "bad_null"): "bpf_map_lookup_elem() can return NULL",
        ("ksym_kinds.o", "functions"): f"the kernel function bpf_rcu_read_lock {_NO_MODULE}",
        ("not_here.o", "other_type"): f"the kernel function bpf_rcu_read_lock {_NO_MODULE}",
        ("not_here.o", "device"): f"the kernel function bpf_xdp_metadata_rx_timestamp {_NO_MODULE}",
        ("packet_room.o", "on_netfilter"): "this kernel has no programs of that type",
        # Done without: there are no links to netfilter.
        ("inventory.o", "netfilters"): f"struct bpf_nf_link {_NOT_IN_BTF}",
        # Their kernel functions came with 6.2 to 6.7.
        **{
            ("kernel_functions.o", name): _NO_MODULE
            for name in (
                "dynptr_of_skb",
                "dynptr_of_packet_to_read",
                "dynptr_of_xdp",
                "dynptr_of_memory",
                "numbers",
                "list",
                "tree",
                "keep",
                "throw",
            )
        },
        # It takes a recursion for a loop.
        ("recursion.o", "recursion"): "instruction 26 jumps back to 23",
        ("recursion.o", "only_itself"): "instruction 6 jumps back to 3",
        ("isa.v4.o", "arithmetic"): "this kernel does not know this form of the instruction",
        ("isa.v4.o", "swap"): "this kernel does not know the instruction d7",
        ("sections.o", "netfilter_hook"): "this kernel has no programs of that type",
        ("sections.clang22.o", "netfilter_hook"): "this kernel has no programs of that type",
    },
    "6.12": EVERYWHERE,
}
"""All that does not load, with a part of what is said. Maps and programs of one object differ in their names."""

_JUMP_TABLES: Final = dict.fromkeys(
    (("jump_tables.o", "by_switch"), ("jump_tables.o", "in_subprograms")),
    "insn_array needs Linux 6.19 or newer, configured for it",
)
FEATURE_HINTS: Final = {
    **_JUMP_TABLES,
    ("arena_globals.o", "pages"): "arena needs Linux 6.9 or newer, configured for it",
    ("attached.o", "on_netfilter"): "netfilter needs Linux 6.4 or newer, configured for it",
    ("congestion.o", "bpftui_half"): 'Linux 6.4 has them; before, use SEC(".struct_ops")',
    ("map_kinds.o", "arena"): "arena needs Linux 6.9 or newer, configured for it",
    ("map_kinds.o", "cgrp_storage"): "cgrp_storage needs Linux 6.2 or newer, configured for it",
    ("packet_room.o", "on_netfilter"): "netfilter needs Linux 6.4 or newer, configured for it",
    ("sections.o", "netfilter_hook"): "netfilter needs Linux 6.4 or newer, configured for it",
    ("sections.clang22.o", "netfilter_hook"): "netfilter needs Linux 6.4 or newer, configured for it",
}
"""What lacks a feature of the kernel, a `FeatureError`, on 6.1."""

MISSING: Final = {
    "6.1": {
        ("kernel", "BPF tokens"): "Linux 6.9",
        **{("instructions", f"v4: {name}"): "Linux 6.6" for name in ("movsx", "ldsx", "bswap", "sdiv")},
        ("instructions", "may_goto"): "Linux 6.9",
        ("instructions", "load_acquire"): "Linux 6.15",
        ("instructions", "store_release"): "Linux 6.15",
        ("links", "kprobe_multi"): "Linux 5.18, or a kernel configured for it",
        ("links", "struct_ops"): "Linux 6.4, or a kernel configured for it",
        ("links", "netfilter"): "Linux 6.4, or a kernel configured for it",
        ("links", "tcx"): "Linux 6.6, or a kernel configured for it",
        ("links", "uprobe_multi"): "Linux 6.6, or a kernel configured for it",
        ("links", "netkit"): "Linux 6.7, or a kernel configured for it",
        ("links", "sockmap"): "Linux 6.10, or a kernel configured for it",
        ("maps", "cgrp_storage"): "cgrp_storage needs Linux 6.2 or newer, configured for it",
        ("maps", "arena"): "arena needs Linux 6.9 or newer, configured for it",
        ("maps", "insn_array"): "insn_array needs Linux 6.19 or newer, configured for it",
        ("maps", "rhash"): "rhash needs Linux 7.2 or newer, configured for it",
        ("programs", "lirc_mode2"): "lirc_mode2 needs Linux 4.18 or newer, configured for it",
        ("programs", "netfilter"): "netfilter needs Linux 6.4 or newer, configured for it",
    },
    "6.12": {
        ("instructions", "load_acquire"): "Linux 6.15",
        ("instructions", "store_release"): "Linux 6.15",
        ("maps", "insn_array"): "insn_array needs Linux 6.19 or newer, configured for it",
        ("maps", "rhash"): "rhash needs Linux 7.2 or newer, configured for it",
        ("programs", "lirc_mode2"): "lirc_mode2 needs Linux 4.18 or newer, configured for it",
    },
}
"""What `doctor` misses, and its remedy. Infrared receivers are configured out of Debian's cloud kernels."""

PATCHES: Final = {"6.1": range(150, 256), "6.12": range(100, 256)}
"""The patch level that LINUX_KERNEL_VERSION has. Debian's release of 6.1 says 0."""
O_LARGEFILE_NOFOLLOW: Final = 0o500000
ENOENT: Final = 2
XDP_PASS: Final = 2


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """Boot the kernels, and return what `guest.py` found in each."""
    try:
        require_emulator()
        kernels = [debian_kernel(Version.of(line)) for line in LINES]
    except GuestError as error:
        pytest.skip(str(error))
    folders = [tmp_path_factory.mktemp("guest") for _ in kernels]
    with ThreadPoolExecutor() as pool:
        return dict(zip(LINES, pool.map(boot_guest, kernels, folders), strict=True))


@pytest.fixture(params=LINES)
def line(request: pytest.FixtureRequest) -> str:
    """Return which kernel it is."""
    return request.param


@pytest.fixture
def found(findings: dict[str, list[Finding]], line: str) -> Found:
    """Return a function that returns the findings of one name."""
    return lambda name: [finding for finding in findings[line] if finding["finding"] == name]


def test_it_is_that_kernel_and_nothing_crashed(found: Found, line: str) -> None:
    assert found("release")[0]["release"].startswith(f"{line}.")
    assert [finding["step"] + finding["trace"] for finding in found("crash")] == []


def test_everything_loads_or_says_why_not(found: Found, line: str) -> None:
    objects = found("object")
    assert len(objects) > 50
    refused = {
        (finding["name"], name): failure
        for finding in objects
        for name, failure in [*finding["maps"].items(), *finding["programs"].items()]
        if failure is not None
    }
    expected = REFUSED[line]
    assert {key: refused[key]["message"] for key in refused if key not in expected} == {}
    assert [key for key in expected if key not in refused] == []
    assert {key: refused[key]["message"] for key, said in expected.items() if said not in refused[key]["message"]} == {}
    features = {key: failure["hint"] for key, failure in refused.items() if failure["error"] == "FeatureError"}
    assert features == (FEATURE_HINTS if line == "6.1" else _JUMP_TABLES)
    # One of its maps has values of 4 GiB; no kernel takes such a type.
    assert [finding["name"] for finding in objects if finding["types"]] == ["map_attributes.o"]


def test_programs_run_at_the_hook_that_they_name(found: Found) -> None:
    (hooks,) = found("hooks")
    counts = {name: hooks[name] for name in ("entries", "exits", "result", "modified", "opened", "flags")}
    expected = {"entries": 1, "exits": 1, "result": -ENOENT, "modified": 1, "opened": 1, "flags": O_LARGEFILE_NOFOLLOW}
    assert counts == expected
    assert hooks["switches"] > 0
    assert hooks["system_calls"] > 0


def test_a_function_of_another_program_is_replaced_and_traced(found: Found) -> None:
    (done,) = found("replacements")
    # 2 with the function's own sum, 0 where it is always 0.
    assert [done[name] for name in ("without", "instead", "again")] == [2, 0, 2]
    assert (done["calls"], done["first_argument"]) == (1, -38)
    assert done["unmatched"] == {
        "error": "LoadError",
        "message": "cannot load program unmatched: program first has no function no_such_function",
        "hint": "its functions are first, weak_answer, global_sum, twice",
    }
    assert done["alone"]["hint"] == "load that program first, and name it: extends={'replaced': program}"


def test_functions_of_a_module_are_called_and_traced(found: Found) -> None:
    (done,) = found("modules")
    assert "nf_conntrack" in done["modules"]
    assert {name: failure and failure["error"] for name, failure in done["before"].items()} == {
        "look_up": "LoadError",
        "without": None,
        "on_packet": "LoadError",
    }
    assert done["problems"] == {}
    assert done["programs"] == ["look_up", "on_packet", "without"]
    assert (done["ran"], done["error"], done["found"]) == (XDP_PASS, -ENOENT, 0)


def test_what_the_kernel_supplies(found: Found, line: str) -> None:
    (done,) = found("externs")
    major, minor = (int(number) for number in line.split("."))
    assert done["kconfig"] >> 8 == major << 8 | minor
    assert done["kconfig"] & 255 in PATCHES[line]
    # The address of init_task, and of nothing; functions that 6.1 lacks (bpf_rcu_read_lock, 6.2) are weak.
    assert done["address"] >= 0xFFFF_8000_0000_0000
    assert (done["ksyms"], done["kfuncs"]) == (0, 5)


def test_our_adaption_is_the_kernels_own(found: Found) -> None:
    (done,) = found("core")
    (their_code, their_facts), (our_code, our_facts) = done["kernel"], done["us"]
    assert our_code == their_code
    assert our_facts == their_facts
    assert (our_facts["tgid"], our_facts["value"], our_facts["missing"]) == (1, 3, 0)


def test_doctor_misses_what_the_kernel_lacks(found: Found, line: str) -> None:
    features = found("doctor")[0]["features"]
    # Not of this kernel's making: the guest has no sysctl that differs, and all rights.
    missing = {(feature["group"], feature["name"]): feature["remedy"] for feature in features if feature["ok"] is False}
    assert missing == MISSING[line]
    assert len(features) > 80


def test_programs_of_each_type_are_attached_and_run(found: Found, line: str) -> None:
    (done,) = found("attachments")
    once = ["on_cgroup", "on_connect4", "on_lookup", "on_tracepoint", "on_raw", "on_kprobe", "on_ksyscall"]
    if line == "6.12":
        once += ["on_tc", "on_tcx", "on_netfilter", "on_kprobes"]
    assert {name: count for name, count in done["counted"].items() if count == 1} == dict.fromkeys(once, 1)
    # On lo a packet goes out and comes in; the clock ticks some 10 times.
    assert done["counted"]["on_filter"] == 2
    assert done["counted"]["on_event"] > 3
    no_tc = "this kernel lacks tcx links (Linux 6.6) (EINVAL)"
    no_sockmap = "to sockets: this kernel lacks links of sockmaps (EINVAL)"
    older = {
        "on_tc": f"cannot attach program on_tc to lo: {no_tc}",
        "on_tcx": f"cannot attach program on_tcx to lo: {no_tc}",
        "on_netfilter": "cannot load program on_netfilter (netfilter): this kernel has no programs of that type "
        "(EINVAL)",
        # 5.18 would have them, but Debian builds 6.1 without what they take.
        "on_kprobes": "cannot attach program on_kprobes to do_unlink*: this kernel lacks kprobe_multi links "
        "(Linux 5.18, CONFIG_FPROBE) (EINVAL)",
        "on_verdict": f"cannot attach program on_verdict {no_sockmap}",
        "on_message": f"cannot attach program on_message {no_sockmap}",
    }
    assert done["problems"] == (older if line == "6.1" else {})


def test_probes_of_libraries_and_entries_with_their_returns(found: Found, line: str) -> None:
    (done,) = found("probes")
    assert done["calls"] == [[-7, 11, -3, 42, -22, 65514], [1 << 40, -9], [6]]
    # Without, with, and after somebody who looks: the counter, and whether the library went to its probe.
    assert done["counted"] == [0, 0, 1, 1, 0]
    assert done["version"] == 1
    # uprobe_multi is of Linux 6.6: before, each of the two places has a link of its own.
    assert done["links"] == {"6.1": 2, "6.12": 1}[line]
    by_kernel = "kprobe.session links (Linux 6.10, CONFIG_FPROBE)"
    refused = {
        name: f"cannot attach program {name} to {target}: this kernel lacks {feature} (EINVAL)"
        for name, target, feature in (
            ("twice_in_kernel", "do_unlinkat", by_kernel),
            ("once_in_kernel", "do_unlinkat", by_kernel),
            ("twice", "probed.so:watch", "uprobe.session links (Linux 6.13)"),
            ("once", "probed.so:watch", "uprobe.session links (Linux 6.13)"),
        )
    }
    assert done["sessions"] == (refused | ({"twice_in_kernel": 2, "once_in_kernel": 1} if line == "6.12" else {}))


def test_what_a_netkit_pair_runs_in_which_order(found: Found, line: str) -> None:
    (done,) = found("netkit")
    if line == "6.1":
        assert done["refused"] == "ENOTSUP"  # the same number as EOPNOTSUPP, by the name that Python has for it
        return
    # Whoever sends: its tcx, its own programs, tcx of the other end. What the first one drops, no other one sees.
    assert done["ran"] == {name: [[True, False, False], [True, True, False], [True] * 3] for name in ("nk0", "nk1")}
    # In this order they are told of: those of the peer, which run as that sends, come in before tcx of the primary.
    first, second = (sorted(done["hooks"][name]) for name in ("nk0", "nk1"))
    assert first == [["tcx_egress", "netkit_primary"], ["tcx_ingress"]]
    assert second == [["netkit_peer", "tcx_ingress"], ["tcx_egress"]]


WHERE: Final = {
    "on_entry": ("fentry", "do_unlinkat"),
    "on_exit": ("fexit", "do_unlinkat"),
    "on_modify": ("modify_return", "security_file_open"),
    "on_open": ("lsm_mac", "file_open"),
    "on_switch": ("raw_tracepoint", "sched_switch"),
    "replaced": ("freplace", "program {first} first, global_sum"),
    "on_cgroup": ("cgroup_inet_egress", "/bpftui"),
    "on_lookup": ("sk_lookup", "net:[{namespace}]"),
    "on_tracepoint": ("tracepoint", "sys_enter_getpgid"),
    "on_raw": ("raw_tracepoint", "sched_process_fork"),
    "on_kprobe": ("kprobe", "do_unlinkat"),
    "on_ksyscall": ("kprobe", "__x64_sys_getpgid"),
}
WHERE_SINCE: Final = {
    "on_tcx": ("tcx_egress", "lo"),
    "on_netfilter": ("netfilter", "ipv4 output priority -128"),
    "on_kprobes": ("kprobe_multi", "do_unlinkat"),
}
"""The hook and the target of what is attached while the machine is asked what it runs, and what 6.1 lacks of it."""


def test_the_machine_says_what_it_runs(found: Found, line: str) -> None:
    (done,) = found("machine")
    made, whole = done["made"], done["whole"]
    # Links to netfilter came with Linux 6.4; where there are none, nothing tells of them.
    assert [*done["problems"]] == ([] if line == "6.12" else ["netfilters"])
    assert [*done["not_made"]] == ([] if line == "6.12" else ["bpftui_half", *WHERE_SINCE])
    for noun, key in (("prog", "programs"), ("map", "maps"), ("link", "links")):
        code, told, listed = done["listed"][noun]
        assert (code, told, listed["partial"], listed["missing"], listed["gone"]) == (0, "", False, [], [])
        by_id = {each["id"]: each for each in listed[key]}
        assert set(by_id) == {each["id"] for each in whole[key]}
        assert set(made[key].values()) - {0} <= set(by_id)
        assert {owner["comm"] for each in by_id.values() for owner in each["pids"]} == {"init"}
    programs = {each["id"]: each for each in whole["programs"]}
    links = {each["id"]: each for each in whole["links"]}
    words = {"first": made["programs"]["first"], "namespace": done["namespace"]}
    for name, (hook, target) in (WHERE | (WHERE_SINCE if line == "6.12" else {})).items():
        number, link = made["programs"][name], made["links"][name]
        assert programs[number]["name"] == name
        (attached,) = programs[number]["attached"]
        assert (attached["hook"], attached["target"], attached["link"]) == (hook, target.format(**words), link)
        assert (links[link]["program"], links[link]["target"]) == (number, attached["target"])
    assert programs[made["programs"]["on_filter"]]["held_by"] == ["a socket of init 1"]
    if line == "6.12":
        table = next(each for each in whole["maps"] if each["id"] == made["maps"]["bpftui_half"])
        assert (table["state"], table["holds"]) == (
            "ready",
            [made["programs"][name] for name in ("half", "avoid", "undo")],
        )
        assert links[made["links"]["bpftui_half"]]["target"] == f"map {table['id']} bpftui_half"


def test_iterators_say_what_system_calls_and_proc_do(found: Found, line: str) -> None:
    (done,) = found("machine")
    iterated, walked = done["owners"]
    # /proc does not tell of the programs of sockets.
    assert [each for each in iterated if each not in walked] == [[1, "socket", done["made"]["programs"]["on_filter"]]]
    assert [each for each in walked if each not in iterated] == []
    assert done["tasks"][0] == done["tasks"][1]
    assert done["counts"][0] == done["counts"][1]
    assert done["counts"][0][str(done["made"]["programs"]["on_raw"])][0] == 1
    netfilter = {str(done["made"]["links"]["on_netfilter"]): done["namespace"]} if line == "6.12" else {}
    assert done["netfilters"] == netfilter


def test_what_is_loaded_opens_as_a_spec(found: Found) -> None:
    opened = found("machine")[0]["opened"]
    assert opened["first"]["functions"] == ["first", "weak_answer", "global_sum", "twice"]
    for name in ("on_entry", "on_open", "on_kprobe", "replaced", "on_lookup"):
        assert opened[name]["functions"] == [name]
        assert opened[name]["instructions"] > 4
        assert opened[name]["lines"]
