"""What the verifier prints of registers and stack slots, from Linux 4.14's format to today's."""

from __future__ import annotations

import pytest

from bpftui.core.verifier import State, Value, VerifierLog, parse_value
from bpftui.core.verifier.state import parse_items


@pytest.mark.parametrize(
    ("text", "kind", "attributes", "number", "fields"),
    [
        ("scalar()", "scalar", set(), None, {}),
        ("5", "scalar", set(), 5, {}),
        ("P-8", "scalar", set(), -8, {}),
        ("0xfffffffffffffff8", "scalar", set(), -8, {}),
        ("inv5", "scalar", set(), 5, {}),
        ("invP10", "scalar", set(), 10, {}),
        ("inv(id=0)", "scalar", set(), None, {"id": "0"}),
        ("inv(id=0,umax_value=255,var_off=(0x0; 0xff))", "scalar", set(), None, {"umax": "255", "id": "0"}),
        ("scalar(smin=smin32=0,smax=umax=64)", "scalar", set(), None, {"smin32": "0", "umax": "64"}),
        ("ctx(id=0,off=0,imm=0)", "ctx", set(), None, {"off": "0"}),
        ("fp-16", "fp", set(), -16, {}),
        ("fp0", "fp", set(), 0, {}),
        ("fp[1]-8", "fp", set(), -8, {}),
        ("fp(off=-16,smin=0,smax=umax=0xffffffff)", "fp", set(), None, {"off": "-16"}),
        ("pkt(id=0,off=14,r=14,imm=0)", "pkt", set(), None, {"r": "14"}),
        ("pkt_end()", "pkt_end", set(), None, {}),
        ("map_value_or_null(id=1,map=counts,ks=4,vs=8)", "map_value", {"or_null"}, None, {"map": "counts", "vs": "8"}),
        ("map_ptr(map=a.b,ks=4,vs=8)", "map_ptr", set(), None, {"map": "a.b"}),
        ("ringbuf_mem_or_null(id=2,ref_obj_id=2,sz=4)", "mem", {"ringbuf", "or_null"}, None, {"ref_obj_id": "2"}),
        ("rdonly_untrusted_mem(sz=0)", "mem", {"rdonly", "untrusted"}, None, {"sz": "0"}),
        ("trusted_ptr_task_struct(off=8)", "ptr_task_struct", {"trusted"}, None, {"off": "8"}),
        ("ptr_or_null_sock(id=3,ref_obj_id=3)", "ptr_sock", {"or_null"}, None, {"id": "3"}),
        ("rcu_ptr_or_null_cgroup(id=1)", "ptr_cgroup", {"rcu", "or_null"}, None, {}),
        ("dynptr_ringbuf(id=1,ref_id=2,dynptr_id=3)", "dynptr_ringbuf", set(), None, {"dynptr_id": "3"}),
        ("iter_num(ref_id=1,state=active,depth=0)", "iter_num", set(), None, {"state": "active"}),
        ("arena", "arena", set(), None, {}),
        ("func()", "func", set(), None, {}),
        ("ptr_foo(non_own_ref,off=4)", "ptr_foo", set(), None, {"non_own_ref": "", "off": "4"}),
    ],
)
def test_a_value(text: str, kind: str, attributes: set[str], number: int | None, fields: dict[str, str]) -> None:
    value = parse_value(text)
    assert (value.kind, value.attributes, value.number) == (kind, attributes, number)
    assert fields.items() <= dict(value.fields).items()


def test_bytes_of_a_slot() -> None:
    assert parse_value("mmmm????") == Value("mmmm????", "bytes", slots="mmmm????")
    assert parse_value("00000000").number == 0
    assert parse_value("????scalar(umax=9)").kind == "scalar"
    assert parse_value("????5").number == 5


def test_bounds() -> None:
    value = parse_value("scalar(smin=0x8000000000000001,umin=umin32=1,smax32=0x7fffffff)")
    assert value.bound("smin") == -(1 << 63) + 1
    assert (value.bound("umin"), value.bound("umin32"), value.bound("smax32")) == (1, 1, (1 << 31) - 1)
    assert (value.bound("umax"), value.bound("smax")) == ((1 << 64) - 1, (1 << 63) - 1)
    assert parse_value("-1").bound("umax") == (1 << 64) - 1


def test_what_no_kernel_prints_yet_is_kept_as_text() -> None:
    value = parse_value("quux<3>[whatever]")
    assert (value.kind, value.text, value.describe()) == ("quux<3>[whatever]",) * 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pkt(id=3,off=14,r=34)", "a packet pointer (at offset 14, 34 bytes checked)"),
        ("map_value_or_null(id=1,map=counts,ks=4,vs=8)", "a pointer to a value of map counts (8 bytes), or NULL"),
        ("scalar(smin=0,smax=umax=0xffffffff)", "a number from 0 to 2^32-1"),
        ("scalar(smin=-5,smax=5)", "a number from -5 to 5"),
        ("fp-24", "a stack pointer, 24 bytes below the frame's top"),
        ("????????", "not set"),
        ("trusted_ptr_task_struct()", "a pointer to struct task_struct"),
    ],
)
def test_in_words(text: str, words: str) -> None:
    assert parse_value(text).describe() == words


def test_the_items_of_a_line() -> None:
    line = (
        " frame1: R0_w=inv(id=0,var_off=(0x0; 0xff)) R10=fp0 fp-8_w=mmmm???? fp-24=iter_num(ref_id=1,depth=0) refs=1,3"
    )
    assert dict(parse_items(line)) == {
        "R0": "inv(id=0,var_off=(0x0; 0xff))",
        "R10": "fp0",
        "fp-8": "mmmm????",
        "fp-24": "iter_num(ref_id=1,depth=0)",
        "refs": "1,3",
    }
    state = State.parse(line)
    assert (state.frame, state.references, state.places) == (1, "1,3", ["R0", "R10", "fp-8", "fp-24"])


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("scalar()", [0, (1 << 64) - 1], []),
        ("5", [5], [4, (1 << 64) - 5]),
        ("-8", [(1 << 64) - 8], [8, (1 << 32) - 8]),
        (
            "scalar(smin=umin=umin32=101,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))",
            [101, 0xFFFFFFFF],
            [100, 1 << 32],
        ),
        ("scalar(smin=-4,smax=3)", [3, 0, (1 << 64) - 4], [4, (1 << 64) - 5]),
        ("scalar(smin32=-1,smax32=1)", [0xFFFFFFFF, 1, 0x100000001], [2, 0xFFFFFFFE]),
        ("scalar(smin=umin=20,smax=umax=60,var_off=(0x0; 0x3c))", [20, 60], [21, 64, 16]),
        ("scalar(umin=1,var_off=(0x1; 0xfffffffffffffffe))", [1, 3], [0, 2]),
        ("pkt(off=14,r=34)", [0], [1]),
        ("pkt(id=5,off=14,r=0,smin=umin=20,smax=umax=60)", [20, 60], [0, 61]),
        ("map_value(map=counts,ks=4,vs=8,imm=4)", [4], [0]),
        ("fp-16", [0, 7], []),
    ],
)
def test_which_numbers_a_value_admits(text: str, inside: list[int], outside: list[int]) -> None:
    value = parse_value(text)
    assert [number for number in inside if not value.admits(number)] == []
    assert [number for number in outside if value.admits(number)] == []


def test_a_constant_in_a_register_says_nothing_of_others_that_had_the_same_pointer() -> None:
    log = VerifierLog(
        "0: R1=ctx() R10=fp0\n"
        "0: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)\n"
        "1: (bf) r1 = r0                       ; R1=map_value_or_null(id=1,map=counts,ks=4,vs=8)\n"
        "2: (b4) w0 = 1000                     ; R0=1000\n"
        "3: (15) if r1 == 0x0 goto pc+7        ; R1=map_value(map=counts,ks=4,vs=8)\n"
        "4: (95) exit\n"
    )
    state = log.before(log.visits(3)[0])
    assert state.values["R0"] == "1000"
    assert state.values["R1"] == "map_value_or_null(id=1,map=counts,ks=4,vs=8)"
    # The comparison of one tells what the others are that were copies of it.
    copied = VerifierLog(log.text.replace("2: (b4) w0 = 1000                     ; R0=1000", "2: (05) goto pc+0"))
    assert copied.before(copied.visits(4)[0]).values["R0"] == "map_value(map=counts,ks=4,vs=8)"


@pytest.mark.parametrize(
    "text",
    [
        "map_value(map=a,imm=zz)",
        "scalar(imm=zz)",
        "scalar(id=z,umax=q)",
        "ctx(imm=0x" + "f" * 5000 + ")",
        "1" * 5000,
        "0x" + "f" * 5000,
        "scalar(umax=" + "9" * 5000 + ",smin=0x" + "f" * 50 + ")",
    ],
)
def test_what_is_no_number_in_a_log_that_was_pasted_is_none(text: str) -> None:
    value = parse_value(text)
    assert value.number is None
    assert value.id == 0
    assert value.admits(0)
    assert value.describe()
