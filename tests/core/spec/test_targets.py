"""What users type as targets, for programs of each type."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.spec import AttachType, ProgramSpec, ProgramType
from bpftui.core.spec.targets import Place, parse_attachment, parse_target, place_of


def _program(
    type_: ProgramType = ProgramType.XDP, attach_type: AttachType | None = None, pattern: str = ""
) -> ProgramSpec:
    return ProgramSpec("count", "section", type_, attach_type, pattern=pattern)


@pytest.mark.parametrize(
    ("type_", "text", "name", "options"),
    [
        (ProgramType.XDP, "eth0", "eth0", ()),
        (ProgramType.XDP, "eth0,generic", "eth0", ("generic",)),
        (ProgramType.XDP, " sandbox, native ", "sandbox", ("native",)),
        (ProgramType.SCHED_CLS, "eth0,egress", "eth0", ("egress",)),
        (ProgramType.SOCKET_FILTER, "eth0", "eth0", ()),
        (ProgramType.NETFILTER, "", "", ()),
        (ProgramType.NETFILTER, "ipv6,input,priority=-10", "", ("ipv6", "input", "priority=-10")),
        (ProgramType.NETFILTER, "/run/netns/x,output", "/run/netns/x", ("output",)),
        (ProgramType.SCHED_CLS, "eth0,before=count", "eth0", ("before=count",)),
        (
            ProgramType.SCHED_CLS,
            "eth0,egress,after=link:7,revision=3",
            "eth0",
            ("egress", "after=link:7", "revision=3"),
        ),
        (ProgramType.CGROUP_SKB, "/sys/fs/cgroup/a,b", "/sys/fs/cgroup/a,b", ()),
        (ProgramType.CGROUP_SKB, "/sys/fs/cgroup/a,b,first", "/sys/fs/cgroup/a,b", ("first",)),
        (ProgramType.CGROUP_SKB, "a, before=id:4, revision=2", "a", ("before=id:4", "revision=2")),
        (ProgramType.KPROBE, "tcp_v4_connect+0x10", "tcp_v4_connect+0x10", ()),
        (ProgramType.TRACEPOINT, "", "", ()),
        (ProgramType.PERF_EVENT, "cpu-clock,freq=99", "cpu-clock", ("freq=99",)),
    ],
)
def test_targets(type_: ProgramType, text: str, name: str, options: tuple[str, ...]) -> None:
    assert parse_target(_program(type_), text) == (name, options)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        *((ProgramType.XDP, text) for text in (",generic", "eth0,", "eth0,offload", "eth0,generic,native")),
        (ProgramType.XDP, "eth0,generic,generic"),
        *((ProgramType.SCHED_CLS, f"eth0,{text}") for text in ("generic", "before=", "before", "first,last")),
        (ProgramType.SCHED_CLS, "eth0,revision=x"),
        (ProgramType.SCHED_CLS, "eth0,first=1"),
        (ProgramType.CGROUP_SKB, "a,first,last"),
        (ProgramType.NETFILTER, "ipv4,ipv6"),
        (ProgramType.PERF_EVENT, "cpu-clock,freq=9,period=9"),
    ],
)
def test_what_is_no_target(type_: ProgramType, text: str) -> None:
    with pytest.raises(UsageError, match="nothing to attach program count"):
        parse_target(_program(type_), text)


@pytest.mark.parametrize("type_", [ProgramType.XDP, ProgramType.CGROUP_SKB, ProgramType.SK_MSG])
def test_where_a_target_is_needed(type_: ProgramType) -> None:
    with pytest.raises(UsageError, match=rf"program count \({type_.label}\) is attached to .*: say to which"):
        parse_target(_program(type_), " ")


def test_what_is_attached_to_nothing() -> None:
    with pytest.raises(UsageError, match="programs of type syscall are attached to nothing"):
        parse_target(_program(ProgramType.SYSCALL), "eth0")


def test_lsm_programs_of_control_groups_are_theirs() -> None:
    assert place_of(_program(ProgramType.LSM, AttachType.LSM_CGROUP)) is Place.CGROUP
    assert place_of(_program(ProgramType.LSM, AttachType.LSM_MAC)) is Place.SECTION


def test_attachments() -> None:
    assert parse_attachment("count=eth0,generic") == ("count", "eth0,generic")
    assert parse_attachment("count=libc.so.6:f=g") == ("count", "libc.so.6:f=g")
    assert parse_attachment("count") == ("count", "")
    for text in ("", "=eth0", "count=", "count= "):
        with pytest.raises(UsageError, match="not of the form PROGRAM=TARGET"):
            parse_attachment(text)


@pytest.mark.parametrize("pattern", ["uprobe", "uretprobe.s", "uprobe.multi", "uprobe.session", "usdt"])
def test_functions_of_one_process(pattern: str) -> None:
    program = _program(ProgramType.KPROBE, pattern=pattern)
    assert parse_target(program, "/a,b/c:f,pid=7") == ("/a,b/c:f", ("pid=7",))
    assert parse_target(program, "c:f,pid=x") == ("c:f,pid=x", ())
    assert parse_target(_program(ProgramType.KPROBE, pattern="kprobe"), "f,pid=7") == ("f,pid=7", ())
