"""Contexts as a user gives them: text, JSON and bytes to the struct of a program's type."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bpftui.core.btf import Btf
from bpftui.core.context.fields import context_size
from bpftui.core.context.values import context_bytes, form_of, layout_of, parse_context
from bpftui.core.errors import BpftuiError, UnknownNameError, UsageError
from bpftui.core.spec import AttachType, CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode
from tests.core.btf.blob import Blob

T, A = ProgramType, AttachType


def program(type_: ProgramType, hook: AttachType | None = None, **options: Any) -> ProgramSpec:
    return replace(ProgramSpec("p", "", type_, attach_type=hook), **options)


def encoded(type_: ProgramType, text: str, **options: Any) -> bytes:
    raw = context_bytes(program(type_, **options), parse_context(text), 60)
    assert raw is not None
    return raw


def test_structs_are_as_large_as_in_c() -> None:
    sizes = {T.XDP: 24, T.SCHED_CLS: 192, T.CGROUP_SOCK: 80, T.CGROUP_SOCK_ADDR: 72, T.CGROUP_SOCKOPT: 40}
    sizes |= {T.CGROUP_SYSCTL: 8, T.CGROUP_DEVICE: 12, T.SOCK_OPS: 224, T.SK_MSG: 80, T.SK_REUSEPORT: 56}
    sizes |= {T.SK_LOOKUP: 72, T.NETFILTER: 16}
    assert {type_: context_size(type_) for type_ in sizes} == sizes


def test_numbers_lists_bytes_and_addresses() -> None:
    raw = encoded(T.SCHED_CLS, "mark=0x10, cb=[1,2,3], cb[4]=5, tstamp=-1")
    assert struct.unpack_from("<I", raw, 8) == (16,)
    assert struct.unpack_from("<5I", raw, 48) == (1, 2, 3, 0, 5)
    assert raw[152:160] == b"\xff" * 8
    raw = encoded(T.CGROUP_SOCK_ADDR, "user_family=2,user_ip4=192.0.2.1,user_port=htons(443),user_ip6=2001:db8::1")
    assert (raw[4:8], raw[24:28]) == (bytes((192, 0, 2, 1)), b"\x01\xbb\0\0")
    assert raw[8:24] == bytes.fromhex("20010db8000000000000000000000001")
    raw = encoded(T.CGROUP_SOCK_ADDR, '{"user_family": 10, "user_ip6": "hex:0102"}', byte_order="big")
    assert (raw[:4], raw[8:24]) == (b"\0\0\0\x0a", b"\1\2" + bytes(14))


@pytest.mark.parametrize(
    ("given", "behind"),
    [
        ("__data=abc", b"abc\0"),
        ('{"__data": "abc"}', b"abc\0"),
        ("__data=hex:0102", b"\1\2"),
        ("__data=[97,98]", b"ab"),
        ("__data[2]=99", b"\0\0c"),
    ],
)
def test_a_text_behind_a_record_is_given_as_text(given: str, behind: bytes) -> None:
    """As tracepoints have it: an offset (`__data_loc`) leads to characters at the record's end."""
    blob = Blob()
    number, character = blob.integer("unsigned int", 4, signed=False), blob.integer("char", 1)
    record = blob.struct(
        "record", 8, [("__data_loc_name", number, 0), ("pid", number, 32), ("__data", blob.array(character, 0), 64)]
    )
    proto = blob.prototype(number, [("ctx", blob.pointer(record))])
    function = Function("p", 0, 2, "tp/x/y", 0, blob.add("p", 12, proto, vlen=1))
    spec = program(T.TRACEPOINT, link=lambda: LinkedCode(bytes(16), (function,)), btf=Btf(blob.bytes()))
    assert context_bytes(spec, parse_context(given)) == bytes(8) + behind
    assert context_bytes(spec, parse_context("pid=5")) == struct.pack("<II", 0, 5)


def test_what_just_fits() -> None:
    assert encoded(T.SCHED_CLS, "cb=[1,2,3,4,5]")[48:68] == struct.pack("<5I", 1, 2, 3, 4, 5)
    assert encoded(T.SCHED_CLS, "mark=4294967295")[8:12] == b"\xff" * 4
    assert encoded(T.SCHED_CLS, "mark=-2147483648")[8:12] == b"\0\0\0\x80"
    assert encoded(T.SCHED_CLS, "mark=hex:01020304")[8:12] == b"\1\2\3\4"
    assert encoded(T.CGROUP_SOCK_ADDR, "user_port=htons(65535)")[24:28] == b"\xff\xff\0\0"


def test_a_file_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("mark=7\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    assert parse_context(f"@{tmp_path}/text") == {"mark": "7"}
    assert parse_context(f"@{tmp_path}/bytes") == b"\xff\xfe"
    assert parse_context("hex:01 02") == b"\1\2"


def test_xdp_is_told_how_long_its_packet_is() -> None:
    assert struct.unpack("<6I", encoded(T.XDP, "data=4")) == (4, 60, 0, 0, 0, 0)


def test_a_context_is_read_back_by_its_fields() -> None:
    layout = layout_of(program(T.SCHED_CLS))
    assert layout is not None
    assert layout.decode(layout.encode({"mark": 3, "cb": [0, 9]})) == {"mark": 3, "cb": [0, 9, 0, 0, 0]}


def test_arguments_are_named_by_the_kernel_that_is_given() -> None:
    switch = program(T.TRACING, A.TRACE_RAW_TP, attach_to="no_such_tracepoint_anywhere")
    layout = layout_of(switch)
    assert layout is not None
    assert [field.name for field in layout.fields] == [f"arg{number}" for number in range(12)]
    assert layout.encode({"arg1": 5})[8:16] == struct.pack("<Q", 5)


def test_the_type_of_the_parameter_tells_the_rest() -> None:
    path = Path(__file__).parents[2] / "objects" / "contexts.o"
    spec = CollectionSpec.from_file(path)
    raw = context_bytes(spec.programs["on_syscall"], parse_context('count=3,name="abc"'))
    assert raw == struct.pack("<I8sI", 3, b"abc", 0)


@pytest.mark.parametrize(
    ("type_", "form"),
    [
        # what comes from the packet is not given, nor what is an address by itself
        (T.SCHED_CLS, "mark u32, priority u32, ingress_ifindex u32, ifindex u32, cb u32[5], tstamp u64, wire_len u32, "
         "gso_segs u32, gso_size u32, hwtstamp u64"),
        (T.SK_LOOKUP, "family u32, protocol u32, remote_ip4 u32, remote_ip6 u32[4], remote_port u16, local_ip4 u32, "
         "local_ip6 u32[4], local_port u32, ingress_ifindex u32"),
        (T.CGROUP_DEVICE, "access_type u32, major u32, minor u32"),
        # what a context leads to is given beside it
        (T.CGROUP_SYSCTL, "write u32, file_pos u32, name bytes, current bytes, new bytes"),
        (T.CGROUP_SOCKOPT, "level u32, optname u32, optlen u32, retval u32, optval bytes"),
        (T.FLOW_DISSECTOR, ""),
        (T.SYSCALL, ""),
    ],
)  # fmt: skip
def test_what_can_be_given(type_: ProgramType, form: str) -> None:
    assert ", ".join(f"{name} {kind}" for name, kind in form_of(program(type_)).items()) == form


def test_what_can_be_given_has_the_types_of_the_object() -> None:
    spec = CollectionSpec.from_file(Path(__file__).parents[2] / "objects" / "contexts.o")
    assert form_of(spec.programs["on_syscall"]) == {"count": "__u32", "name": "char[8]", "result": "__u32"}


@pytest.mark.parametrize(
    ("type_", "text", "error", "message"),
    [
        (T.SCHED_CLS, "marc=1", UnknownNameError, "no field 'marc' in struct __sk_buff"),
        (T.SCHED_CLS, "len=1", UsageError, "len of struct __sk_buff comes from the packet"),
        (T.SCHED_CLS, "cb[5]=1", UsageError, "cb has 5 elements"),
        (T.SCHED_CLS, "cb=[1,2,3,4,5,6]", UsageError, "6 values do not fit 5"),
        (T.SCHED_CLS, "mark=4294967296", UsageError, "does not fit 4 bytes"),
        (T.SCHED_CLS, "mark=-2147483649", UsageError, "does not fit 4 bytes"),
        (T.SCHED_CLS, "mark=hex:0102030405", UsageError, "5 bytes do not fit 4"),
        (T.SCHED_CLS, "mark=x", UsageError, "'x' is no integer"),
        (T.SCHED_CLS, "mark", UsageError, "not of the form FIELD=VALUE"),
        (T.CGROUP_SOCK_ADDR, "user_port=htons(70000)", UsageError, "no number of 16 bits"),
        (T.SCHED_CLS, "{", UsageError, "no JSON"),
        (T.FLOW_DISSECTOR, "mark=1", UsageError, "come from the packet"),
    ],
)
def test_what_does_not_fit_is_said(type_: ProgramType, text: str, error: type[BpftuiError], message: str) -> None:
    with pytest.raises(error, match=message.replace("[", r"\[")):
        encoded(type_, text)
