"""Names beside the code: of real objects, and where there must be none."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

import pytest

from bpftui.core.analysis import facts
from bpftui.core.analysis.facts import ProgramFacts, shared_functions
from bpftui.core.analysis.values import Facts, track
from bpftui.core.btf import Btf, kernel
from bpftui.core.btf.core import CoreResolver
from bpftui.core.helpers.effects import effect_of, flag_names
from bpftui.core.helpers.names import HELPERS
from bpftui.core.listing.listing import Listing, RowKind
from bpftui.core.listing.notes import Notes
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.sparse import LARGE, zeros
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from bpftui.core.asm.flow import FlowGraph
    from bpftui.core.spec import ProgramSpec

ROOT = Path(__file__).parents[3]


def comments(path: str, program: str) -> dict[int, tuple[str, str]]:
    spec = CollectionSpec.from_file(ROOT / path)
    found = Listing(spec.programs[program], spec, source=False)
    rows = found.rows(0, len(found))
    return {row.slot: (row.text, row.comment) for row in rows if row.kind is RowKind.INSN and row.comment}


def test_names_of_everything() -> None:
    assert comments("tests/objects/names.o", "first") == {
        1: ("r1 = *(u32 *)(r6 +12)", "ctx->ingress_ifindex"),
        6: ("r2 += -4", "fp-4"),
        9: ("call bpf_map_lookup_elem#1", "(&stats, fp-4)"),
        14: ("r1 = *(u32 *)(r1 +28)", "cfg.limits[2].rate"),
        19: ("r2 += -4", "fp-4"),
        21: ("r3 += -24", "fp-24"),
        25: ("call bpf_map_update_elem#2", "(&stats, fp-4, fp-24, BPF_NOEXIST)"),
        26: ("w0 = 1", "XDP_DROP"),
        30: ("*(u32 *)(r7 +12) = r0", "stats[…].last.rate"),
        # an index that is not known: which member of cfg it is, is not certain
        40: ("r2 = *(u32 *)(r4 +8)", "in cfg"),
        42: ("*(u32 *)(r4 +8) = r2", "in cfg"),
        49: ("r2 = *(u32 *)(r4 +0)", "table[…]"),
        52: ("r5 = *(u64 *)(r4 +0)", "hidden_sum"),
        54: ("*(u64 *)(r4 +0) = r5", "hidden_sum"),
        56: ("*(u32 *)(r1 +48) = r2", "cfg.word"),
        57: ("r4 = *(u64 *)(r1 +0)", "cfg.seed"),
        58: ("r1 = .rodata.str1.1[0x0]", '"saw %d of %d\\n"'),
        61: ("call bpf_trace_printk#6", '("saw %d of %d\\n", 14, r3, r4)'),
        66: ("call bpf_tail_call#12", "(ctx, &jumps, 1)"),
        67: ("w0 = 2", "XDP_PASS"),
        # the subprogram is given the context by its only caller
        69: ("r2 = *(u32 *)(r1 +0)", "ctx->data"),
        70: ("r0 = *(u32 *)(r1 +4)", "ctx->data_end"),
    }


def test_texts_of_constants_that_are_a_mapping() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/names.o")
    texts = spec.maps[".rodata.str1.1"]
    assert isinstance(texts.data, bytearray)
    mapped = zeros(LARGE + 1)
    mapped[: len(texts.data)] = texts.data
    texts.data = mapped
    listing = Listing(spec.programs["first"], spec, source=False)
    assert '"saw %d of %d\\n"' in [row.comment for row in listing.rows(0, len(listing))]


def test_maps_in_maps_and_a_return_code_in_another_register() -> None:
    found = comments("tests/objects/names.o", "second")
    assert found[11] == ("call bpf_map_lookup_elem#1", "(&nested[…], fp-4)")
    assert found[20] == ("*(u64 *)(r6 +0) = r1", "nested[…][…].packets")
    assert found[24] == ("w7 = 3", "XDP_TX")
    # 0 is stored as a key as well, so that calling it XDP_ABORTED would mislead
    assert 0 not in found


def test_without_the_object_there_are_no_names() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/names.o")
    found = Listing(spec.programs["first"], source=False)
    assert {row.comment for row in found.rows(0, len(found))} == {""}


def test_core_accesses_as_c() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/core.o")
    listings = [Listing(program, spec, source=False) for program in spec.programs.values()]
    texts = {row.comment for listing in listings for row in listing.rows(0, len(listing))}
    assert "struct task_struct.tgid (CO-RE)" in texts
    assert "(&facts, 4, &current->tgid)" in texts
    assert any(text.startswith("field_exists(struct ") and text.endswith(" (CO-RE)") for text in texts)


def test_arguments_of_a_traced_function_and_what_they_lead_to() -> None:
    assert comments("tests/objects/typed.o", "on_receive") == {
        0: ("r2 = *(u64 *)(r1 +0)", "sk"),
        1: ("r3 = *(u16 *)(r2 +0)", "sk->__sk_common.skc_family (CO-RE)"),
        2: ("if w3 != 0x2 goto L19", "sk->__sk_common.skc_family != AF_INET"),
        3: ("r1 = *(u64 *)(r1 +8)", "skb"),
        4: ("r3 = *(u16 *)(r1 +12)", "skb->protocol (CO-RE)"),
        5: ("if w3 != 0x8 goto L11", "skb->protocol != bpf_htons(ETH_P_IP)"),
        6: ("r1 = *(u64 *)(r1 +0)", "skb->dev (CO-RE)"),
        7: ("r1 = *(u32 *)(r1 +0)", "skb->dev->ifindex (CO-RE)"),
        10: ("*(u32 *)(r3 +0) = r1", "device"),
        11: ("r1 = *(u8 *)(r2 +2)", "sk->__sk_common.skc_state (CO-RE)"),
        16: ("r3 = *(u32 *)(r1 +0)", "states"),
        18: ("*(u32 *)(r1 +0) = r2", "states"),
    }


def test_a_list_that_is_walked_along_has_no_name_but_its_type() -> None:
    found = comments("tests/objects/typed.o", "each_task")
    assert found[3][1] == "ctx->task->real_parent->pid (CO-RE)"
    # in the loop, the pointer is the first task or the one before
    assert found[10][1] == "struct task_struct.pid (CO-RE), loop"
    assert found[13][1] == "struct task_struct.real_parent (CO-RE)"


def test_a_socket_that_the_object_only_declares() -> None:
    found = comments("tests/objects/typed.o", "on_connect")
    assert found[1] == ("if w2 != 0x6 goto L10", "ctx->protocol != IPPROTO_TCP")
    assert found[4][1] == "ctx->sk->family"
    assert found[5][1] == "ctx->sk->family != AF_INET"
    assert found[6][1] == "ctx->sk->bound_dev_if"


def test_enumerators_parameters_and_results_of_subprograms() -> None:
    found = comments("tests/objects/typed.o", "classify")
    assert found[5] == ("if w2 == 0x608 goto L61", "skb->protocol == bpf_htons(ETH_P_ARP)")
    assert found[9] == ("if w2 == 0x0 goto L61", "mode == MODE_OFF")
    assert found[24] == ("if w0 == 0x7 goto L29", "chosen() == MODE_TRACE")
    assert found[32] == ("call weigh", "(fp-8, MODE_TRACE)")
    assert found[39] == ("call weigh", "(fp-16, mode)")
    assert found[48] == ("*(u32 *)(r1 +0) = r2", "last.mode = MODE_TRACE")
    assert [found[63][1], found[65][1]] == ["MODE_TRACE", "MODE_COUNT"]
    assert found[68] == ("*(u32 *)(r1 +0) = r3", "sample->mode = MODE_COUNT")
    assert found[70] == ("if w2 != 0x7 goto L73", "how != MODE_TRACE")
    assert found[72] == ("*(u32 *)(r1 +4) = r0", "sample->size")


def test_a_parameter_that_llvm_took_away_misleads_nobody() -> None:
    """The type of skewed() still has two parameters, and r1 holds what was the second one."""
    found = comments("tests/objects/typed.o", "classify")
    assert {51, 55, 77, 78}.isdisjoint(found)
    assert found[76][1] == "last.size"


def test_what_relocations_become_on_a_kernel() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/core_shapes.o")
    target = CollectionSpec.from_file(ROOT / "tests/objects/core_target.o")
    assert spec.btf is not None
    resolver = CoreResolver(spec.btf, target.btf)
    listings = [Listing(program, spec, source=False, resolver=resolver) for program in spec.programs.values()]
    texts = [row.comment for listing in listings for row in listing.rows(0, len(listing)) if "CO-RE" in row.comment]
    assert texts[:3] == [
        "struct moved.second (CO-RE 0 → 64)",
        "struct moved.array[2] (CO-RE 12 → 40)",
        "byte_sz(struct moved.array) (CO-RE 16 → 32)",
    ]
    assert {
        "field_exists(struct moved.was_struct) (CO-RE 1 → 0)",
        "sizes->grows_signed (CO-RE 16 → 24)",
        "struct flavored___here.value (CO-RE flavored___here 0 → 8)",
        "struct absent.x (CO-RE 0 → none)",
        "struct twins.different (CO-RE 4 → ambiguous)",
        "local_type_id(struct point) (CO-RE)",
        "enumval_value(enum minus::PLUS_ONE) (CO-RE 1 → -20)",
        # clang loads this bitfield in a way of its own, and the instruction counts
        "byte_sz(struct bits.high) (CO-RE 4 → 8)",
    } <= set(texts)


@pytest.mark.skipif(not Path("/sys/kernel/btf/vmlinux").exists(), reason="this kernel has no BTF")
def test_names_of_what_is_traced_from_a_kernels_types() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/hooks.o")
    assert spec.btf is not None
    resolver = CoreResolver(spec.btf, kernel.vmlinux())

    def found(name: str) -> dict[int, str]:
        listing = Listing(spec.programs[name], spec, source=False, resolver=resolver)
        return {row.slot: row.comment for row in listing.rows(0, len(listing)) if row.comment}

    assert found("on_exit")[4] == "ret"
    assert found("on_open")[0] == "file"
    assert found("on_open")[5].startswith("file->f_flags (CO-RE 0 → ")


def test_an_argument_that_the_kernels_types_give_no_name_is_an_element_that_leads_to_its_type() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/hooks.o")
    blob = Blob()
    flags = blob.integer("unsigned int", 4, signed=False)
    file = blob.struct("file", 16, [("f_flags", flags, 64)])
    blob.add("bpf_lsm_file_open", 12, blob.prototype(flags, [("", blob.pointer(file))]))
    assert spec.btf is not None
    listing = Listing(spec.programs["on_open"], spec, source=False, resolver=CoreResolver(spec.btf, Btf(blob.bytes())))
    found = {row.slot: row.comment for row in listing.rows(0, len(listing))}
    assert found[0] == "ctx[0]"
    assert found[5] == "ctx[0]->f_flags (CO-RE 0 → 8)"


def test_what_a_kernel_function_returns_leads_to_its_type() -> None:
    found = comments("tests/objects/conntrack.o", "look_up")
    assert found[17] == ("r2 = *(u64 *)(r0 +0)", "struct nf_conn.status (CO-RE)")
    assert found[27] == ("call bpf_ct_release", "kernel function, ((struct nf_conn *)r1)")


def test_names_of_helpers_arguments() -> None:
    numbers = {name: number for number, name in enumerate(HELPERS)}
    assert flag_names(numbers["bpf_setsockopt"], 1)[6] == "SOL_TCP"
    assert flag_names(numbers["bpf_skb_change_type"], 1)[3] == "PACKET_OTHERHOST"
    assert flag_names(numbers["bpf_sock_ops_cb_flags_set"], 1)[4] == "BPF_SOCK_OPS_STATE_CB_FLAG"
    assert flag_names(numbers["bpf_map_update_elem"], 3)[1] == "BPF_NOEXIST"
    assert flag_names(numbers["bpf_map_update_elem"], 2) == {}


def test_effects_of_helpers() -> None:
    assert effect_of(2) is not None
    assert effect_of(2).arguments == "mrrf"  # type: ignore[union-attr]
    assert effect_of(0) is None
    assert effect_of(999) is None


def test_what_is_known_of_a_function_serves_all_programs_that_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    looked: list[int] = []

    def counted(program: ProgramSpec, graph: FlowGraph, *arguments: Any, **options: Any) -> Facts:
        looked.append(graph.start)
        return track(program, graph, *arguments, **options)

    def look(name: str) -> tuple[list[int], list[int]]:
        """Return which functions of a program were looked into, and where it writes."""
        looked.clear()
        found = ProgramFacts(spec.programs[name], spec.maps, shared=shared_functions(spec))
        return looked, [slot for slot, access in found.accesses() if access.writes]

    monkeypatch.setattr(facts, "track", counted)
    assert look("first") == ([0, 11, 20, 30], [15, 25, 35])
    assert look("first") == ([0], [15, 25, 35])
    assert look("other_section") == ([0, 7], [11, 21])  # 7, weak_answer(), is given something else


def test_what_is_known_with_one_kernels_types_is_neither_anothers_nor_kept_for_longer() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.o")
    target = CollectionSpec.from_file(ROOT / "tests/objects/core_target.o").btf

    def known(resolver: CoreResolver | None) -> tuple[int, int]:
        types = None if resolver is None else resolver.target
        return len(shared_functions(spec).facts.of(types)), len(shared_functions(spec).notes.of(resolver))

    def look(resolver: CoreResolver | None) -> None:
        for program in spec.programs.values():
            notes = Notes(program, spec, resolver)
            for start in program.flow.functions:
                notes.of(program.flow.graph_at(start))

    assert spec.btf is not None
    first, second = CoreResolver(spec.btf, target), CoreResolver(spec.btf, None)
    look(first)
    found = known(first)
    assert min(found) > 0
    assert (known(second)[1], known(None)) == (0, (0, 0))
    look(second)
    assert known(second)[1] == found[1]
    kept = ref(first)
    del first, target
    gc.collect()
    assert kept() is None
    assert [len(each) for each in shared_functions(spec).notes.kept] == [found[1]]
    assert list(shared_functions(spec).facts.kept) == []
