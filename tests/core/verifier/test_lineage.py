"""Where a register got what it holds: small logs, as verifiers write them."""

from __future__ import annotations

import pytest

from bpftui.core.verifier import VerifierLog, origin
from bpftui.core.verifier.lineage import history, loaded_from

ARGUMENT = "the program's argument"
EXIT = "9: (95) exit"
MAP = "0: (18) r1 = 0xffff0000               ; R1_w=map_ptr(map=counts,ks=4,vs=8)"
VALUE = "0: (18) r1 = 0xffff0000               ; R1_w=map_value(map=.rodata,ks=4,vs=64,off=8)"
SPILLED = ["0: (b7) r2 = 7   ; R2_w=7", "1: (7b) *(u64 *)(r10 -8) = r2     ; R2_w=7 R10=fp0 fp-8_w=7"]
TASK = "0: (79) r2 = *(u64 *)(r1 +0)     ; R1=ctx() R2_w=ptr_task_struct()"
PACKET = "0: (61) r2 = *(u32 *)(r1 +0)     ; R1=ctx() R2_w=pkt(r=0)"


def log_of(*steps: str) -> VerifierLog:
    return VerifierLog("\n".join(["0: R1=ctx() R10=fp0", *steps, EXIT]) + "\n")


@pytest.mark.parametrize(
    ("place", "steps", "sentence"),
    [
        # the argument, wherever it was put
        ("R1", ["0: (b7) r2 = 1   ; R2_w=1"], ARGUMENT),
        ("R6", ["0: (bf) r6 = r1  ; R1=ctx() R6_w=ctx()"], ARGUMENT),
        ("R7", ["0: (bf) r6 = r1  ; R1=ctx() R6_w=ctx()", "1: (bf) r7 = r6  ; R6=ctx() R7_w=ctx()"], ARGUMENT),
        (
            "R3",
            [
                "0: (7b) *(u64 *)(r10 -8) = r1     ; R1=ctx() R10=fp0 fp-8_w=ctx()",
                "1: (79) r3 = *(u64 *)(r10 -8)     ; R3_w=ctx() R10=fp0 fp-8_w=ctx()",
            ],
            ARGUMENT,
        ),
        # constants, through arithmetic and the stack
        ("R5", ["0: (b4) w5 = 3   ; R5_w=3"], "the constant 3, instruction 0"),
        ("R2", ["0: (b7) r2 = 7   ; R2_w=7", "1: (07) r2 += 3  ; R2_w=10"], "the constant 7, instruction 0"),
        ("fp-8", SPILLED, "the constant 7, instruction 0"),
        (
            "R3",
            [*SPILLED, "2: (79) r3 = *(u64 *)(r10 -8)   ; R3_w=7 R10=fp0 fp-8_w=7"],
            "the constant 7, instruction 0",
        ),
        ("R3", [*SPILLED, "2: (79) r3 = *(u64 *)(r10 -16)  ; R3_w=0 R10=fp0"], None),
        (
            "fp-8",
            ["0: (62) *(u32 *)(r10 -4) = 0     ; R10=fp0 fp-8_w=0000????"],
            "*(u32 *)(r10 -4) = 0, instruction 0",
        ),
        ("fp-8", ["0: (62) *(u32 *)(r10 -12) = 0    ; R10=fp0 fp-16_w=0000????"], None),
        ("fp-8", ["0: (62) *(u32 *)(r10 +0) = 0     ; R10=fp0"], None),
        ("R5", ["0: (87) r5 = -r5   ; R5_w=scalar()"], None),
        # maps and what is in them
        ("R1", [MAP], "&counts, instruction 0"),
        ("R2", [MAP, "2: (bf) r2 = r1   ; R2_w=map_ptr(map=counts,ks=4,vs=8)"], "&counts, instruction 0"),
        (
            "R2",
            [VALUE, "2: (79) r2 = *(u64 *)(r1 +16)   ; R2_w=scalar()"],
            "the value of map .rodata, offset 24, instruction 2",
        ),
        (
            "R2",
            [VALUE.replace("map=.rodata,", ""), "2: (79) r2 = *(u64 *)(r1 +16)   ; R2_w=scalar()"],
            "the value, offset 24, instruction 2",
        ),
        # what the context leads to
        ("R2", [PACKET], "ctx->data, instruction 0"),
        ("R2", ["0: (61) r2 = *(u32 *)(r1 +4)     ; R1=ctx() R2_w=pkt_end()"], "ctx->data_end, instruction 0"),
        ("R2", ["0: (61) r2 = *(u32 *)(r1 +8)     ; R1=ctx() R2_w=pkt_meta()"], "ctx->data_meta, instruction 0"),
        ("R2", ["0: (61) r2 = *(u32 *)(r1 +8)     ; R1=ctx() R2_w=scalar()"], "the context, offset 8, instruction 0"),
        ("R3", [PACKET, "1: (71) r3 = *(u8 *)(r2 +12)   ; R3_w=scalar()"], "the packet, offset 12, instruction 1"),
        (
            "R4",
            [
                PACKET,
                "1: (07) r2 += 4                ; R2_w=pkt(off=4,r=0)",
                "2: (71) r4 = *(u8 *)(r2 +12)   ; R4_w=scalar()",
            ],
            "the packet, offset 16, instruction 2",
        ),
        (
            "R3",
            [TASK, "1: (79) r3 = *(u64 *)(r2 +2336)   ; R3_w=ptr_task_struct()"],
            "struct task_struct, offset 2336, instruction 1",
        ),
        ("R3", ["0: (71) r3 = *(u8 *)(r7 +12)     ; R3_w=scalar()"], "memory (*(u8 *)(r7 +12)), instruction 0"),
        # calls: what they return, and what they leave of registers
        ("R0", ["0: (85) call bpf_ktime_get_ns#5   ; R0_w=scalar()"], "bpf_ktime_get_ns(), instruction 0"),
        ("R0", ["0: (85) call pc+3   ; R0_w=scalar()"], "the function called, instruction 0"),
        (
            "R0",
            [MAP, "2: (85) call bpf_map_lookup_elem#1   ; R0_w=map_value_or_null(id=1,map=counts,ks=4,vs=8)"],
            "bpf_map_lookup_elem(&counts), instruction 2",
        ),
        *(
            (
                f"R{number}",
                [f"0: (b7) r{number} = 7   ; R{number}_w=7", "1: (85) call bpf_ktime_get_ns#5   ; R0_w=scalar()"],
                "bpf_ktime_get_ns(), instruction 1" if number <= 5 else "the constant 7, instruction 0",
            )
            for number in range(1, 10)
        ),
    ],
)
def test_where_it_came_from(place: str, steps: list[str], sentence: str | None) -> None:
    found = origin(log_of(*steps), len(steps) + 1, place)
    assert (None if found is None else found.sentence()) == sentence


def test_each_step_of_a_history() -> None:
    steps = [*SPILLED, "2: (79) r3 = *(u64 *)(r10 -8)   ; R3_w=7 fp-8_w=7", "3: (07) r3 += 1   ; R3_w=8"]
    changes = history(log_of(*steps), 5, "R3")
    assert [(change.slot, change.place, change.how) for change in changes] == [
        (3, "R3", "changed"),
        (2, "R3", "filled"),
        (1, "fp-8", "spilled"),
        (0, "R2", "set"),
    ]
    assert [change.value and change.value.number for change in changes] == [8, 7, 7, 7]


@pytest.mark.parametrize(
    ("base", "load", "place"),
    [
        (VALUE, "2: (79) r2 = *(u64 *)(r1 +16)   ; R2_w=scalar()", (0, ".rodata", 24)),
        (VALUE.replace("map=.rodata,", ""), "2: (79) r2 = *(u64 *)(r1 +0)   ; R2_w=scalar()", (0, "", 8)),
        (
            VALUE.replace("off=8", "off=8,umax=56"),
            "2: (79) r2 = *(u64 *)(r1 +0)   ; R2_w=scalar()",
            (0, ".rodata", None),
        ),
        (
            PACKET.replace("r2 =", "r1 =").replace("R2_w", "R1_w"),
            "2: (79) r2 = *(u64 *)(r1 +0)   ; R2_w=scalar()",
            None,
        ),
    ],
)
def test_which_value_of_a_map_it_was_loaded_from(base: str, load: str, place: tuple[int, str, int | None]) -> None:
    log = log_of(base, load)
    (change,) = history(log, 3, "R2")
    assert loaded_from(log, change) == place
