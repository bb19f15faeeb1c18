"""Explanations: of the test objects' logs as whole texts, and of what verifiers from Linux 5.10 to 7.3 say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.spec import AttachType, CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import LinkedCode
from bpftui.core.verifier import VerifierLog, explain, explanation_lines, origin
from bpftui.core.verifier.messages.calls import license_summary
from tests.core.verifier.explained import EXPLAINED

LOGS = Path(__file__).parent / "logs"
OBJECTS = Path(__file__).parents[2] / "objects"
END = "processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"


@pytest.mark.parametrize("name", [name for name in EXPLAINED if (LOGS / f"{name}.log").exists()])
def test_the_whole_explanation(name: str) -> None:
    program = CollectionSpec.from_file(OBJECTS / f"{name}.o").programs[name]
    explanation = explain(VerifierLog((LOGS / f"{name}.log").read_text(), program))
    assert explanation is not None
    assert "\n" + "\n".join(explanation_lines(explanation)) + "\n" == EXPLAINED[name]


@pytest.mark.parametrize(
    ("message", "key", "summary"),
    [
        (
            "invalid indirect read from stack R2 off -8+4 size 8",
            "stack-unset",
            "the helper reads 8 bytes at fp-8, and byte 4 of them was never set",
        ),
        ("invalid read from stack off -16+0 size 8", "stack-unset", "8 bytes are accessed on the stack at fp-16"),
        ("invalid write to stack R1 off=-520 size=1", "stack-bounds", "1 bytes at offset -520"),
        ("back-edge from insn 9 to 2", "back-edge", "instruction 9 jumps back to 2"),
        ("unknown func bpf_skb_load_bytes#26", "helper-not-allowed", "bpf_skb_load_bytes() is not available"),
        ("invalid func unknown#195896080", "unknown-function", "a CO-RE relocation failed here"),
        ("R2 type=inv expected=fp, pkt, map_key", "argument-type", "argument 2 of the function has to be a buffer"),
        ("R1 type=map_value_or_null expected=fp", "argument-type", "argument 1"),
        (
            "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
            "lock-not-released",
            "a bpf_",
        ),
        ("bpf_spin_unlock without taking a lock", "lock-unbalanced", "locks are not taken and released in pairs"),
        ("Expected an initialized dynptr as arg #2", "dynptr-uninitialised", "argument 2 has to be a dynptr"),
        ("Expected an initialized dynptr as R3", "dynptr-uninitialised", "argument 3 has to be a dynptr"),
        ("expected an initialized iter_num as arg #1", "iterator-uninitialised", "argument 1 has to be an iterator"),
        (
            "R1 pointer arithmetic on map_value_or_null prohibited, null-check it first",
            "arithmetic-before-null-check",
            "r1",
        ),
        ("dereference of modified ctx ptr R1 off=8 disallowed", "context-modified", "r1 is the context with 8 added"),
        (
            "math between pkt pointer and register with unbounded min value is not allowed",
            "arithmetic-unbounded",
            "a num",
        ),
        ("misaligned stack access off 0+-9+0 size 4", "misaligned", "an access of 4 bytes is at an offset"),
        ("div by zero", "division", "the code divides by the constant 0"),
        ("unreachable insn 7", "unreachable", "instruction 7 can never be reached"),
        ("unknown opcode 8d", "opcode", "this kernel does not know the instruction 8d"),
        (
            "At program exit the register R0 has value (0x5; 0x0) should have been in (0x0; 0x3)",
            "return-value",
            "the program may return 0 to 3 at this hook",
        ),
        ("invalid zero-sized read", "length-zero", "the length that the helper gets can be 0"),
        ("BPF_LDX uses reserved fields", "opcode-form", "this kernel does not know this form of the instruction"),
        ("R0 leaks addr as return value", "return-unset", "the program returns a pointer"),
        (
            "kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.",
            "btf-kernel",
            "this kernel",
        ),
        ("calling kernel function bpf_task_acquire is not allowed", "kfunc-not-allowed", "the kernel does not let"),
        (
            "metadata kfuncs require device-bound program",
            "device-bound",
            "the program asks what the driver of a device",
        ),
        ("R1 must be referenced or trusted", "trusted-needed", "r1 is not trusted"),
        ("tail_call would lead to reference leak", "reference-leak", "tail_call would end the program"),
        ("write into map forbidden, value_size=8 off=0 size=8", "map-read-only", "the program writes to a map"),
        ("The sequence of 8193 jumps is too complex.", "too-many-jumps", "more than 8,192 branches"),
        ("helper call might sleep in a non-sleepable prog", "sleepable-helper", "this function may sleep"),
        ("verifier internal error: missing arg compatible BTF ID", "verifier-bug", "this is a fault of the kernel's"),
        ("invalid func unknown#2002000003", "unknown-function", "the kernel function is not in this kernel, and the"),
        ("invalid func unknown#2001000000", "unknown-function", "the program uses a map that was not created"),
        # What Linux 6.18 says of the kernel's own tests of its verifier.
        ("R2 min value is negative, either use unsigned or 'var &= const'", "length-unbounded", "the length that the"),
        (
            "bpf_spin_lock cannot be accessed directly by load/store",
            "field-direct",
            "a struct bpf_spin_lock in a value",
        ),
        ("bpf_throw kfunc (insn 9) cannot be called from callback subprog 1", "exception-callback", "bpf_throw() is"),
        (
            "multiple exception callback tags for main subprog",
            "exception-handler",
            "the exception callback is a function",
        ),
        (
            "bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer",
            "node-borrowed",
            "bpf_rbtree_remove() takes a node that is in the tree",
        ),
        (
            "release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID",
            "reference-unowned",
            "something is released that the program does not own",
        ),
        (
            "Unsupported reg type fp for bpf_dynptr_from_mem data",
            "dynptr-memory",
            "bpf_dynptr_from_mem() takes memory of a map's value, and gets a fp pointer",
        ),
        (
            "R1 doesn't have constant offset. kptr has to be at the constant offset",
            "field-offset",
            "the address of a kptr has to be that of a known member",
        ),
        (
            "variable untrusted_ptr_ access var_off=(0x0; 0x1e0) disallowed",
            "kernel-member-variable",
            "a kernel object (untrusted_ptr_) is passed or used with something variable",
        ),
        ("bpf_rbtree_remove not allowed in rbtree cb", "in-tree-callback", "the callback that compares two nodes"),
        ("can't spin_{lock,unlock} in rbtree cb", "in-tree-callback", "the callback that compares two nodes"),
        (
            "access beyond the end of member comm (mend:1768) in struct task_struct with off 1752 size 17",
            "struct-access",
            "17 bytes at offset 1752 do not fit into what is there in struct task_struct comm",
        ),
        (
            "bpf_probe_read_kernel() may write into memory pointed by R1 type=trusted_ptr_",
            "memory-read-only",
            "r1 points to memory that may only be read trusted_ptr_",
        ),
        ("jump out of range from insn 0 to -1", "jump-out", "a jump leads out of its function"),
        (
            "R1 is bpf_array invalid negative access: off=-8",
            "kernel-member-offset",
            "r1 points to struct bpf_array, but the access is at an offset that is negative",
        ),
        (
            "R6 invalid variable buffer offset: off=0, var_off=(0x0; 0xffffffff)",
            "buffer-bounds",
            "the access at offset 0 is not within the buffer that r6 points to",
        ),
        ("pointer in R2 isn't map pointer", "map-pointer", "the function needs a map that the verifier can tell"),
        (
            "invalid access to packet, off=-4 size=4, R1(id=0,off=-4,r=8)",
            "packet-bounds",
            "4 bytes are accessed 4 bytes before the pointer that was checked",
        ),
        # What bpf_log() of kernel/bpf/btf.c says of the declarations of global functions (Linux 6.8, untrusted 6.17).
        (
            "arg#2 untrusted cannot be combined with any other tags",
            "argument-tags",
            "parameter #2 of a global function (counted from 0) is marked __arg_untrusted, which takes no other mark",
        ),
        (
            "arg#0 arena cannot be combined with any other tags",
            "argument-tags",
            "parameter #0 of a global function (counted from 0) is marked __arg_arena, which takes no other mark",
        ),
        (
            "arg#1 has invalid combination of tags",
            "argument-tags",
            "the marks of parameter #1 of a global function (counted from 0) contradict each other, or its type",
        ),
        ("Possibly NULL pointer passed to trusted arg0", "argument-null", "argument 1 can be NULL"),
        ("Possibly NULL pointer passed to helper arg2", "argument-null", "argument 2 can be NULL"),
        (
            "arg#0 pointer type STRUCT cgroup must point to scalar, or struct with scalar",
            "argument-object",
            "the pointer that is passed (argument #0, STRUCT cgroup) is taken for plain memory",
        ),
    ],
)
def test_messages(message: str, key: str, summary: str) -> None:
    explanation = explain(f"0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\n{message}\n{END}")
    assert explanation is not None
    assert (explanation.key, explanation.message) == (key, message)
    assert explanation.summary.startswith(summary)
    named = re.search(r"\bR(\d+)\b", message)
    if named is not None and explanation.register is not None:
        assert explanation.register == int(named[1])
    assert explanation.mends
    assert "{" not in explanation.summary.replace("{}", "")


@pytest.mark.parametrize(
    ("messages", "key", "summary"),
    [
        (
            ["insn 3 cannot call exception cb directlyverification time 62 usec", "stack depth 0+0"],
            "exception-handler",
            "the exception callback is a function of its own kind",
        ),
        (
            ["R1 type=scalar expected=fp", "Caller passes invalid args into func#1 ('foo')"],
            "argument-type",
            "argument 1 of foo() has to be a buffer on the stack, and is a number",
        ),
        (
            [
                "Global function foo() doesn't return scalar. Only those are supported.",
                "Caller passes invalid args into func#1 ('foo')",
            ],
            "global-result",
            "the global function foo returns something else than a number",
        ),
        (
            ["arg#9 is something that no kernel says today", "Caller passes invalid args into func#1 ('foo')"],
            "unknown",
            "arg#9 is something that no kernel says today; Caller passes invalid args into func#1 ('foo')",
        ),
        (
            ["R1 is not a scalar", "Caller passes invalid args into func#1 ('foo')"],
            "global-function",
            "a global function is called with an argument that is not what its prototype says",
        ),
        # The records stand in another order than these lines: the one of the first line explains.
        (
            ["calling kernel function bpf_task_acquire is not allowed", "R1 invalid mem access 'scalar'"],
            "kfunc-not-allowed",
            "the kernel does not let programs of this type call bpf_task_acquire()",
        ),
        (
            ["Caller passes invalid args into func#1 ('foo')"],
            "global-function",
            "a global function is called with an argument that is not what its prototype says",
        ),
    ],
)
def test_messages_of_several_lines(messages: list[str], key: str, summary: str) -> None:
    explanation = explain("\n".join(["0: R1=ctx() R10=fp0", "0: (85) call pc+2", *messages, END]))
    assert explanation is not None
    assert explanation.key == key
    assert explanation.summary.startswith(summary)
    assert "usec" not in explanation.message


@pytest.mark.parametrize(
    ("path", "message", "where"),
    [
        ("4: (61) r1 = *(u32 *)(r6 +40)", "invalid read from stack R6 off=0 size=4", "on the stack"),
        ("4: (61) r1 = *(u32 *)(r6 +40)", "invalid read from stack off -8+0 size 4", "on the stack"),
        (
            "4: (b7) r2 = 40\n5: (0f) r6 += r2\n6: (61) r1 = *(u32 *)(r6 +0)",
            "invalid read from stack R6 off=0 size=4",
            "on the stack",
        ),
        (
            "4: (61) r1 = *(u32 *)(r6 +40)",
            "invalid access to map value, value_size=40 off=40 size=4\nR6 min value is outside of the allowed memory "
            "range",
            "in the map's value",
        ),
    ],
)
def test_a_member_that_core_moved_out_of_a_copy(path: str, message: str, where: str) -> None:
    program = CollectionSpec.from_file(OBJECTS / "core_shapes.o").programs["fields"]
    target = CollectionSpec.from_file(OBJECTS / "core_target.o").btf
    log = f"0: R1=ctx() R10=fp0\n3: (bf) r6 = r10\n{path}\n{message}\n{END}"
    explanation = explain(VerifierLog(log, program, target=target))
    assert explanation is not None
    assert explanation.key == "core-moved"
    assert explanation.summary == (
        f"CO-RE moved struct moved.array[2] from offset 12 to 40, out of the copy of 104 bytes {where}"
    )
    assert explanation.details[0] == (
        "the copy is of the struct moved that the object declares; this kernel's has array[2] further behind"
    )


def test_a_member_that_stayed_is_not_blamed() -> None:
    program = CollectionSpec.from_file(OBJECTS / "core_shapes.o").programs["fields"]
    target = CollectionSpec.from_file(OBJECTS / "core_target.o").btf
    log = f"0: R1=ctx() R10=fp0\n10: (61) r1 = *(u32 *)(r6 +24)\ninvalid read from stack R6 off=0 size=4\n{END}"
    explanation = explain(VerifierLog(log, program, target=target))
    assert explanation is not None
    assert explanation.key == "stack-bounds"


UNDEFINED = "the program can come to a place where what C says is undefined, or to __builtin_trap()"


def test_a_trap_is_what_c_leaves_undefined_whether_the_kernel_has_it_or_not() -> None:
    program = CollectionSpec.from_file(OBJECTS / "undefined.o").programs["called"]
    told = [
        explain(VerifierLog(f"0: R1=ctx() R10=fp0\n4: (85) call {call}\n{message}\n{END}", program))
        for call, message in (
            ("__bpf_trap#48043", "unexpected __bpf_trap() due to uninitialized variable?"),
            ("unknown#2002000000", "invalid func unknown#2002000000"),
        )
    ]
    assert [each and each.sentence for each in told] == [f"undefined.c:8: {UNDEFINED}"] * 2
    assert told[0] is not None
    assert told[0].source is not None
    assert told[0].source.text == "__builtin_trap();"


def accessed(program: ProgramSpec | None, instruction: str, offset: int, size: int) -> str:
    text = f"0: R1=ctx() R10=fp0\n0: (61) {instruction}\ninvalid bpf_context access off={offset} size={size}\n{END}"
    explanation = explain(VerifierLog(text, program))
    assert explanation is not None
    return explanation.summary


def of_type(type_: ProgramType, attach_type: AttachType | None = None, attach_to: str = "") -> ProgramSpec:
    linked = LinkedCode(assemble("r0 = 0\nexit"), (), {})
    return ProgramSpec("p", "", type_, attach_type=attach_type, attach_to=attach_to, link=lambda: linked)


@pytest.mark.parametrize(
    ("name", "slot", "instruction", "offset", "size", "summary", "reason"),
    [
        (
            "no_member",
            0,
            "r2 = *(u8 *)(r1 +24)",
            24,
            1,
            "the program may not read remote_ip4 (offset 24, 1 byte) of its context",
            "read of 1 byte at ctx->remote_ip4: it is read in 4 aligned bytes",
        ),
        (
            "third_member",
            5,
            "*(u32 *)(r1 +24) = r2",
            24,
            4,
            "the program may not write remote_ip4 (offset 24, 4 bytes) of its context",
            "ctx->remote_ip4 may not be written by programs of type sock_ops",
        ),
        (
            "second_member",
            3,
            "*(u32 *)(r1 +28) = r2",
            28,
            4,
            "the program may not write family (offset 28, 4 bytes) of its context",
            "ctx->family may not be written by programs of type cgroup_sock_addr",
        ),
        (
            "between",
            1,
            "*(u16 *)(r1 +36) = r2",
            36,
            2,
            "the program may not write remote_port (offset 36, 2 bytes) of its context",
            "ctx->remote_port may not be written by programs of type sk_lookup",
        ),
        (
            "element",
            3,
            "*(u32 *)(r1 +104) = r2",
            104,
            4,
            "the program may not write remote_ip6[1] (offset 104, 4 bytes) of its context",
            "ctx->remote_ip6 may not be written by programs of type sched_cls",
        ),
        (
            "of_record",
            3,
            "*(u32 *)(r1 +12) = r2",
            12,
            4,
            "the program may not write second (offset 12, 4 bytes) of its context",
            "the context of programs of type tracepoint may not be written",
        ),
    ],
)
def test_the_member_of_the_context_is_the_one_at_the_offset(
    name: str, slot: int, instruction: str, offset: int, size: int, summary: str, reason: str
) -> None:
    program = CollectionSpec.from_file(OBJECTS / "bad_members.o").programs[name]
    text = (
        f"0: R1=ctx() R10=fp0\n{slot}: (61) {instruction}\ninvalid bpf_context access off={offset} size={size}\n{END}"
    )
    explanation = explain(VerifierLog(text, program))
    assert explanation is not None
    assert (explanation.summary, explanation.details) == (summary, (reason,))


@pytest.mark.parametrize(
    ("program", "instruction", "offset", "size", "member"),
    [
        (of_type(ProgramType.XDP), "*(u32 *)(r1 +16) = r2", 16, 4, "write rx_queue_index (offset 16, 4 bytes)"),
        (of_type(ProgramType.XDP), "r2 = *(u64 *)(r1 +0)", 0, 8, "read data and data_end (offset 0, 8 bytes)"),
        (of_type(ProgramType.XDP), "r2 = *(u32 *)(r1 +24)", 24, 4, "read 4 bytes at offset 24"),
        (of_type(ProgramType.SK_MSG), "r2 = *(u32 *)(r1 +0)", 0, 4, "read data (offset 0, 4 bytes)"),
        (of_type(ProgramType.CGROUP_SOCK), "*(u32 *)(r1 +4) = r2", 4, 4, "write family (offset 4, 4 bytes)"),
        (of_type(ProgramType.CGROUP_SYSCTL), "*(u32 *)(r1 +0) = r2", 0, 4, "write write (offset 0, 4 bytes)"),
        (of_type(ProgramType.CGROUP_SOCKOPT), "*(u64 *)(r1 +8) = r2", 8, 8, "write optval (offset 8, 8 bytes)"),
        (of_type(ProgramType.CGROUP_DEVICE), "*(u32 *)(r1 +4) = r2", 4, 4, "write major (offset 4, 4 bytes)"),
        (of_type(ProgramType.SK_REUSEPORT), "*(u32 *)(r1 +16) = r2", 16, 4, "write len (offset 16, 4 bytes)"),
        (of_type(ProgramType.FLOW_DISSECTOR), "r2 = *(u32 *)(r1 +8)", 8, 4, "read mark (offset 8, 4 bytes)"),
        (of_type(ProgramType.NETFILTER), "*(u64 *)(r1 +8) = r2", 8, 8, "write skb (offset 8, 8 bytes)"),
        (of_type(ProgramType.LWT_IN), "*(u32 *)(r1 +48) = 1", 48, 4, "write cb[0] (offset 48, 4 bytes)"),
        (of_type(ProgramType.LWT_IN), "lock *(u32 *)(r1 +0) += r2", 0, 4, "write len (offset 0, 4 bytes)"),
        # Without a program, nobody knows whose context it is.
        (None, "r2 = *(u32 *)(r1 +24)", 24, 4, "read 4 bytes at offset 24"),
    ],
)
def test_the_member_of_each_context(
    program: ProgramSpec | None, instruction: str, offset: int, size: int, member: str
) -> None:
    assert accessed(program, instruction, offset, size) == f"the program may not {member} of its context"


def test_a_member_that_the_line_names_is_believed_where_a_context_has_it_there() -> None:
    text = (
        "0: R1=ctx() R10=fp0\n; if (s->family == 2 && s->op) s->remote_ip4 = 0; @ a.c:3\n"
        "0: (63) *(u32 *)(r1 +{off}) = r2\ninvalid bpf_context access off={off} size=4\n" + END
    )
    told = [explain(text.format(off=off)) for off in (24, 20, 12)]
    assert [each and each.summary for each in told] == [
        "the program may not write remote_ip4 (offset 24, 4 bytes) of its context",
        "the program may not write 4 bytes at offset 20 of its context",  # sk_msg_md has remote_ip4 there
        "the program may not write 4 bytes at offset 12 of its context",
    ]


def test_what_a_register_came_from_is_the_member_that_was_read() -> None:
    program = CollectionSpec.from_file(OBJECTS / "bad_members.o").programs["third_member"]
    log = VerifierLog(
        "0: R1=ctx() R10=fp0\n0: (61) r2 = *(u32 *)(r1 +20)          ; R2_w=scalar()\n"
        "2: (61) r3 = *(u32 *)(r1 +0)           ; R3_w=scalar()\n5: (95) exit\n",
        program,
    )
    places = {register: origin(log, 3, register) for register in ("R2", "R3")}
    assert {register: found and found.what for register, found in places.items()} == {
        "R2": "ctx->family",
        "R3": "ctx->op",
    }


def test_a_field_that_a_kernel_lacks_is_named_where_the_object_is_at_hand() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "core_shapes.o")
    target = CollectionSpec.from_file(OBJECTS / "core_target.o").btf
    text = f"0: R1=ctx() R10=fp0\n8: (85) call unknown#195896080\ninvalid func unknown#195896080\n{END}"
    told = {
        name: explain(VerifierLog(text.replace("8:", f"{slot}:"), spec.programs[name], target=target))
        for name, slot in (("names", 6), ("loads", 6), ("enumerators", 8))
    }
    assert [found and found.summary for found in told.values()] == [
        "struct absent does not exist in the BTF of " + str(OBJECTS / "core_target.o"),
        "struct sizes.grows_signed has 8 bytes there and 4 here, and is neither a pointer nor an unsigned integer in "
        "both",
        "color::GONE does not exist in the BTF of " + str(OBJECTS / "core_target.o"),
    ]
    # a log from elsewhere, of a kernel that lacks what this one has
    fine = explain(VerifierLog(text.replace("8:", "0:"), spec.programs["fields"], target=target))
    assert fine is not None
    assert fine.summary.startswith("a CO-RE relocation failed here")
    assert fine.details[0].startswith("the program accesses struct moved.")


def test_a_fixed_off_by_three() -> None:
    log = (
        "0: R1=ctx() R10=fp0\n"
        "0: (61) r2 = *(u32 *)(r1 +4)          ; R1=ctx() R2_w=pkt_end()\n"
        "1: (61) r6 = *(u32 *)(r1 +0)          ; R6_w=pkt(r=0)\n"
        "2: (bf) r3 = r6                       ; R3_w=pkt(r=0) R6_w=pkt(r=0)\n"
        "3: (07) r3 += 20                      ; R3_w=pkt(off=20,r=0)\n"
        "4: (2d) if r3 > r2 goto pc+3          ; R2_w=pkt_end() R3_w=pkt(off=20,r=20)\n"
        "5: (61) r0 = *(u32 *)(r6 +19)\n"
        "invalid access to packet, off=19 size=4, R6(id=0,off=19,r=20)\n"
        f"R6 offset is outside of the packet\n{END}"
    )
    explanation = explain(log)
    assert explanation is not None
    assert explanation.sentence == (
        "instruction 5: the check covers 20 bytes of the packet, this access needs 23: 3 bytes too few"
    )
    assert explanation.register == 6


def test_a_packet_offset_that_varies() -> None:
    log = (
        "0: R1=ctx() R10=fp0\n"
        "0: (0f) r6 += r3                      ; R3_w=scalar(umax=60) R6_w=pkt(id=2,smin=0,smax=umax=60)\n"
        "1: (71) r0 = *(u8 *)(r6 +0)\n"
        f"invalid access to packet, off=0 size=1, R6(id=2,off=0,r=0)\nR6 offset is outside of the packet\n{END}"
    )
    explanation = explain(log)
    assert explanation is not None
    assert explanation.summary == (
        "1 byte is accessed at a place of the packet that varies, and r6 itself was not compared with data_end"
    )


REPORT = """\
0: R1=ctx() R10=fp0
0: (85) call bpf_quux#9               ; R0=quux_or_null(id=1)
1: (79) r1 = *(u64 *)(r0 +0)
R0 frobs 'quux_or_null'

Verification failed: Register Type Safety: Invalid dereference

Reason:
  R0 may be NULL here (a nullable quux). The program could dereference NULL on this path, so the
  verifier cannot prove this access is safe.

At:
  entry @ src/quux.bpf.c:20:9
  Source context:
      18 | struct quux *q = bpf_quux();
  >>> 20 | return q->x;
        | ^-- error: invalid dereference of R0 (a nullable quux)
  Instruction context:
      0 | call bpf_quux#9
  >>> 1 | r1 = *(u64 *)(r0 +0)

Causal path:
  entry @ src/quux.bpf.c:18:18
  Instruction context:
  >>> 0 | call bpf_quux#9
      1 | r1 = *(u64 *)(r0 +0)

Suggestion:
  Add a NULL check before the access.

"""


def test_the_report_in_sections_of_linux_7_3() -> None:
    log = VerifierLog(REPORT + END)
    assert log.report is not None
    assert (log.report.category, log.report.problem) == ("Register Type Safety", "Invalid dereference")
    assert (log.report.slot, log.report.file, log.report.line) == (1, "src/quux.bpf.c", 20)
    assert log.messages == ["R0 frobs 'quux_or_null'"]
    explanation = explain(log)
    assert explanation is not None
    assert explanation.key == "kernel"
    assert explanation.sentence == "quux.bpf.c:20: invalid dereference"
    assert explanation.details == (
        "R0 may be NULL here (a nullable quux). The program could dereference NULL on this path, so the verifier "
        "cannot prove this access is safe.",
    )
    assert explanation.mends == ("Add a NULL check before the access.",)
    assert explanation.instruction == "r1 = *(u64 *)(r0 +0)"


def test_a_report_that_ends_the_log_is_read_to_its_end() -> None:
    log = VerifierLog(REPORT.rstrip())
    assert log.report is not None
    assert log.report.suggestion == "Add a NULL check before the access."
    assert log.report.lines == range(5, 29)
    assert VerifierLog(REPORT + END).report == log.report._replace(lines=range(5, 29))


def test_a_known_message_before_a_report_keeps_our_explanation() -> None:
    explanation = explain(REPORT.replace("R0 frobs 'quux_or_null'", "R0 invalid mem access 'map_value_or_null'") + END)
    assert explanation is not None
    assert explanation.key == "null-pointer"


def test_what_nobody_knows_is_said_in_the_verifiers_words() -> None:
    explanation = explain(f"0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\nthe moon is full\n{END}")
    assert explanation is not None
    assert (explanation.key, explanation.summary, explanation.mends) == ("unknown", "the moon is full", ())


def test_a_program_that_was_accepted() -> None:
    assert explain(f"0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\n1: (95) exit\n{END}") is None
    assert explain(END) is None
    assert explain("") is None


@pytest.mark.parametrize(
    ("license_", "says"),
    [
        ("GPL v2", 'the object says "GPL v2"'),
        ("MIT", 'the object says "MIT"'),
        ("", "the object names none"),
        (
            "GPL-2.0",
            'the object says "GPL-2.0", which is not how the kernel writes one ("GPL", "GPL v2", "Dual MIT/GPL")',
        ),
        ("gpl", 'the object says "gpl", which is not how the kernel writes one ("GPL", "GPL v2", "Dual MIT/GPL")'),
    ],
)
def test_a_license_that_only_people_know_for_one(license_: str, says: str) -> None:
    """`license_is_gpl_compatible` of the kernel compares letter by letter with six."""
    assert license_summary("bpf_x()", license_) == f"bpf_x() is for programs under a GPL-compatible license, and {says}"


INDEX = """\
0: R1=ctx() R10=fp0
0: (bf) r2 = r0                       ; R0=map_value(map=counts,ks=4,vs=16) R2=map_value(map=counts,ks=4,vs=16)
1: (61) r3 = *(u32 *)(r1 +0)          ; R1=ctx() R3=scalar(smin=-5)
2: (0f) r2 += r3                      ; R2=map_value(map=counts,ks=4,vs=16,smin=-5) R3=scalar(smin=-5)
3: (71) r0 = *(u8 *)(r2 +0)
"""


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        (
            "R2 min value is negative, either use unsigned index or do a if (index >=0) check.",
            "the index into the value of map counts can be negative",
        ),
        (
            "R2 unbounded memory access, make sure to bounds check any such access",
            "what is added to r2 is not bounded, so it can point anywhere beyond 16 bytes",
        ),
    ],
)
def test_an_index_without_bounds(message: str, summary: str) -> None:
    explanation = explain(VerifierLog(f"{INDEX}{message}\n{END}"))
    assert explanation is not None
    assert (explanation.key, explanation.register, explanation.summary) == ("index-unbounded", 2, summary)
    added = "r3, which is added to it, is a number from -5 to 2^63-1, from the context, offset 0, instruction 1"
    assert explanation.details == (added,)


def test_of_what_nothing_is_known_the_object_is_meant() -> None:
    explanation = explain(VerifierLog(f"R2 unbounded memory access, make sure to bounds check\n{END}"))
    assert explanation is not None
    assert explanation.summary.endswith("so it can point anywhere beyond its object")
    assert explanation.details == ()


def test_where_the_work_of_a_program_that_is_too_large_goes() -> None:
    """In all that was walked over more than half as often as the most, and what lies between."""
    steps = [0, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 1, 2, 5]
    walk = "".join(f"{slot}: (b7) r0 = 0\n" for slot in steps)
    explanation = explain(
        VerifierLog(f"0: R1=ctx() R10=fp0\n{walk}BPF program is too large. Processed 1000001 insn\n{END}")
    )
    assert explanation is not None
    assert explanation.summary.startswith("the verifier gave up after 1,000,001 instructions")
    assert explanation.details == (
        "76 % of the walk is in instructions 1 to 3 (instruction 1 to instruction 3), each up to 5 times",
    )
