"""The SEC() table against libbpf's."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.kernel.loading.hook import _HOOKS
from bpftui.core.spec import AttachType, ProgramSpec, ProgramType
from bpftui.core.spec.sections import SECTIONS, SectionFlag, find_section, split_section

LIBBPF = """
socket socket_filter -
sk_reuseport/migrate sk_reuseport sk_reuseport_select_or_migrate attachable
sk_reuseport sk_reuseport sk_reuseport_select attachable
kprobe+ kprobe -
uprobe+ kprobe -
uprobe.s+ kprobe - sleepable
kretprobe+ kprobe -
uretprobe+ kprobe -
uretprobe.s+ kprobe - sleepable
kprobe.multi+ kprobe trace_kprobe_multi
kretprobe.multi+ kprobe trace_kprobe_multi
kprobe.session+ kprobe trace_kprobe_session
uprobe.multi+ kprobe trace_uprobe_multi
uretprobe.multi+ kprobe trace_uprobe_multi
uprobe.session+ kprobe trace_uprobe_session
uprobe.multi.s+ kprobe trace_uprobe_multi sleepable
uretprobe.multi.s+ kprobe trace_uprobe_multi sleepable
uprobe.session.s+ kprobe trace_uprobe_session sleepable
ksyscall+ kprobe -
kretsyscall+ kprobe -
usdt+ kprobe - usdt
usdt.s+ kprobe - usdt sleepable
tc/ingress sched_cls tcx_ingress
tc/egress sched_cls tcx_egress
tcx/ingress sched_cls tcx_ingress
tcx/egress sched_cls tcx_egress
tc sched_cls -
classifier sched_cls -
action sched_act -
netkit/primary sched_cls netkit_primary
netkit/peer sched_cls netkit_peer
tracepoint+ tracepoint -
tp+ tracepoint -
tracepoint.s+ tracepoint - sleepable
tp.s+ tracepoint - sleepable
raw_tracepoint+ raw_tracepoint -
raw_tp+ raw_tracepoint -
raw_tracepoint.s+ raw_tracepoint - sleepable
raw_tp.s+ raw_tracepoint - sleepable
raw_tracepoint.w+ raw_tracepoint_writable -
raw_tp.w+ raw_tracepoint_writable -
tp_btf+ tracing trace_raw_tp btf
tp_btf.s+ tracing trace_raw_tp btf sleepable
fentry+ tracing trace_fentry btf
fmod_ret+ tracing modify_return btf
fexit+ tracing trace_fexit btf
fentry.s+ tracing trace_fentry btf sleepable
fmod_ret.s+ tracing modify_return btf sleepable
fexit.s+ tracing trace_fexit btf sleepable
fsession+ tracing trace_fsession btf
fsession.s+ tracing trace_fsession btf sleepable
fsession.multi+ tracing trace_fsession_multi
fsession.multi.s+ tracing trace_fsession_multi sleepable
fentry.multi+ tracing trace_fentry_multi
fexit.multi+ tracing trace_fexit_multi
fentry.multi.s+ tracing trace_fentry_multi sleepable
fexit.multi.s+ tracing trace_fexit_multi sleepable
freplace+ ext - btf
lsm+ lsm lsm_mac btf
lsm.s+ lsm lsm_mac btf sleepable
lsm_cgroup+ lsm lsm_cgroup btf
iter+ tracing trace_iter btf
iter.s+ tracing trace_iter btf sleepable
syscall syscall - sleepable
xdp.frags/devmap xdp xdp_devmap frags
xdp/devmap xdp xdp_devmap attachable
xdp.frags/cpumap xdp xdp_cpumap frags
xdp/cpumap xdp xdp_cpumap attachable
xdp.frags xdp xdp frags
xdp xdp xdp attachable optional
perf_event perf_event -
lwt_in lwt_in -
lwt_out lwt_out -
lwt_xmit lwt_xmit -
lwt_seg6local lwt_seg6local -
sockops sock_ops cgroup_sock_ops attachable optional
sk_skb/stream_parser sk_skb sk_skb_stream_parser attachable optional
sk_skb/stream_verdict sk_skb sk_skb_stream_verdict attachable optional
sk_skb/verdict sk_skb sk_skb_verdict attachable optional
sk_skb sk_skb -
sk_msg sk_msg sk_msg_verdict attachable optional
lirc_mode2 lirc_mode2 lirc_mode2 attachable optional
flow_dissector flow_dissector flow_dissector attachable optional
cgroup_skb/ingress cgroup_skb cgroup_inet_ingress attachable optional
cgroup_skb/egress cgroup_skb cgroup_inet_egress attachable optional
cgroup/skb cgroup_skb -
cgroup/sock_create cgroup_sock cgroup_inet_sock_create attachable
cgroup/sock_release cgroup_sock cgroup_inet_sock_release attachable
cgroup/sock cgroup_sock cgroup_inet_sock_create attachable optional
cgroup/post_bind4 cgroup_sock cgroup_inet4_post_bind attachable
cgroup/post_bind6 cgroup_sock cgroup_inet6_post_bind attachable
cgroup/bind4 cgroup_sock_addr cgroup_inet4_bind attachable
cgroup/bind6 cgroup_sock_addr cgroup_inet6_bind attachable
cgroup/connect4 cgroup_sock_addr cgroup_inet4_connect attachable
cgroup/connect6 cgroup_sock_addr cgroup_inet6_connect attachable
cgroup/connect_unix cgroup_sock_addr cgroup_unix_connect attachable
cgroup/sendmsg4 cgroup_sock_addr cgroup_udp4_sendmsg attachable
cgroup/sendmsg6 cgroup_sock_addr cgroup_udp6_sendmsg attachable
cgroup/sendmsg_unix cgroup_sock_addr cgroup_unix_sendmsg attachable
cgroup/recvmsg4 cgroup_sock_addr cgroup_udp4_recvmsg attachable
cgroup/recvmsg6 cgroup_sock_addr cgroup_udp6_recvmsg attachable
cgroup/recvmsg_unix cgroup_sock_addr cgroup_unix_recvmsg attachable
cgroup/getpeername4 cgroup_sock_addr cgroup_inet4_getpeername attachable
cgroup/getpeername6 cgroup_sock_addr cgroup_inet6_getpeername attachable
cgroup/getpeername_unix cgroup_sock_addr cgroup_unix_getpeername attachable
cgroup/getsockname4 cgroup_sock_addr cgroup_inet4_getsockname attachable
cgroup/getsockname6 cgroup_sock_addr cgroup_inet6_getsockname attachable
cgroup/getsockname_unix cgroup_sock_addr cgroup_unix_getsockname attachable
cgroup/sysctl cgroup_sysctl cgroup_sysctl attachable
cgroup/getsockopt cgroup_sockopt cgroup_getsockopt attachable
cgroup/setsockopt cgroup_sockopt cgroup_setsockopt attachable
cgroup/dev cgroup_device cgroup_device attachable optional
struct_ops+ struct_ops -
struct_ops.s+ struct_ops - sleepable
sk_lookup sk_lookup sk_lookup attachable
netfilter netfilter netfilter
"""
"""`section_defs` of libbpf.c as of July 2026, between its versions 1.7 and 1.8, in its order: the pattern, `+` where
`/what` may follow; the program's type; the attach type; and what libbpf does with such programs."""
FLAGS = {
    "attachable": SectionFlag.ATTACHABLE,
    "optional": SectionFlag.EXPECTED_ATTACH_OPTIONAL,
    "btf": SectionFlag.ATTACH_BTF,
    "sleepable": SectionFlag.SLEEPABLE,
    "frags": SectionFlag.XDP_FRAGS,
    "usdt": SectionFlag.USDT,
}
ROWS = [line.split() for line in LIBBPF.strip().splitlines()]


def test_there_are_as_many() -> None:
    assert len(ROWS) == len(SECTIONS) == 116


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_section_is_what_libbpf_makes_of_it(row: list[str]) -> None:
    pattern, type_, attach, *rules = row
    kind = SECTIONS[pattern.removesuffix("+")]
    assert kind.type is ProgramType[type_.upper()]
    assert kind.attach_type is (None if attach == "-" else AttachType[attach.upper()])
    assert kind.has_target == pattern.endswith("+")
    assert kind.rules == sum(FLAGS[rule] for rule in rules)
    assert kind.flags == 16 * ("sleepable" in rules) + 32 * ("frags" in rules)


def test_what_is_looked_up_in_the_kernel_s_btf_has_a_hook_there() -> None:
    tied = {kind.attach_type for kind in SECTIONS.values() if SectionFlag.ATTACH_BTF in kind.rules}
    assert tied - {None} == set(_HOOKS)  # an ext program's is the other program's


def test_fsession_is_no_fexit_and_no_name_of_its_own() -> None:
    found = split_section("fsession.s/do_unlinkat")
    assert found is not None
    assert (found[0].attach_type, found[1]) == (AttachType.TRACE_FSESSION, "do_unlinkat")
    assert split_section("fsessions/do_unlinkat") is None
    assert AttachType.TRACE_FSESSION.sees_result
    assert not AttachType.TRACE_FENTRY.sees_result


def test_what_follows_must_be_separated() -> None:
    assert split_section("xdp/eth0") is None
    assert split_section("lsm_cgroup/socket_bind") == (SECTIONS["lsm_cgroup"], "socket_bind")
    assert find_section("?struct_ops.s/init") == (SECTIONS["struct_ops.s"], "init")


@pytest.mark.parametrize(
    ("text", "type_", "attach", "flags", "pattern", "target"),
    [
        ("sched_cls", ProgramType.SCHED_CLS, None, 0, "", "old"),
        ("XDP", ProgramType.XDP, None, 0, "", "old"),
        ("tc/ingress", ProgramType.SCHED_CLS, AttachType.TCX_INGRESS, 0, "tc/ingress", ""),
        ("xdp.frags", ProgramType.XDP, AttachType.XDP, 32, "xdp.frags", ""),  # BPF_F_XDP_HAS_FRAGS
        ("fentry.s/f", ProgramType.TRACING, AttachType.TRACE_FENTRY, 16, "fentry.s", "f"),  # BPF_F_SLEEPABLE
        ("fentry", ProgramType.TRACING, AttachType.TRACE_FENTRY, 0, "fentry", "old"),
    ],
)
def test_what_a_program_is_said_to_be(
    text: str, type_: ProgramType, attach: AttachType | None, flags: int, pattern: str, target: str
) -> None:
    program = ProgramSpec(name="p", section="x", type=ProgramType.KPROBE, attach_to="old", unusable="what is x?")
    program.set_type(text)
    assert (program.type, program.attach_type, program.flags, program.pattern, program.attach_to) == (
        type_, attach, flags, pattern, target,
    )  # fmt: skip
    assert (program.typed_as, program.unusable) == (text, None)


def test_what_is_no_type_changes_nothing() -> None:
    program = ProgramSpec(name="p", section="x", type=ProgramType.KPROBE)
    with pytest.raises(UnknownNameError, match="there is no program type 'nothing'"):
        program.set_type("nothing")
    assert (program.type, program.typed_as) == (ProgramType.KPROBE, "")
