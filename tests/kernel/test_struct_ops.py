"""Tables of functions for the kernel: laid out as this kernel has them, whatever the object's compiler had."""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf.kernel import vmlinux
from bpftui.core.errors import AttachError, FeatureError, LoadError, UnknownNameError, UsageError
from bpftui.core.kernel import stats_enabled
from bpftui.core.kernel.loading.create import create_struct_ops
from bpftui.core.kernel.loading.hook import Hook
from bpftui.core.kernel.loading.struct_ops import adapt
from bpftui.core.kernel.runtime import KernelRuntime, load
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

pytestmark = [pytest.mark.kernel, pytest.mark.vmlinux]

OBJECT = Path(__file__).parents[1] / "objects" / "congestion.o"


def offsets() -> dict[str, int]:
    """Return where the kernel has the members of its struct within the value of the map."""
    kernel = vmlinux()
    value = kernel.type(kernel.find("bpf_struct_ops_tcp_congestion_ops") or 0)
    data = kernel.type(kernel.find("tcp_congestion_ops") or 0)
    start = next(member.bit_offset for member in value.members if member.type_id == data.id)  # type: ignore[union-attr]
    return {member.name: (start + member.bit_offset) // 8 for member in data.members}  # type: ignore[union-attr]


def test_members_go_where_the_kernel_has_them() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    assert spec.maps["bpftui_half"].functions == {
        "ssthresh": "half",
        "cong_avoid": "avoid",
        "undo_cwnd": "undo",
        "dream": "dreaming",
    }
    ops, at = adapt(spec.maps["bpftui_half"], vmlinux()), offsets()
    assert ops.pointers == {at["ssthresh"]: "half", at["cong_avoid"]: "avoid", at["undo_cwnd"]: "undo"}
    assert struct.unpack_from("16s", ops.value, at["name"])[0] == b"bpftui_half\0\0\0\0\0"
    assert sum(map(bool, ops.value)) == len("bpftui_half")
    assert "dreaming" not in ops.hooks


def test_its_programs_load_but_for_those_that_only_members_the_kernel_lacks_name() -> None:
    with load(CollectionSpec.from_file(OBJECT)) as collection:
        assert list(collection.programs) == ["half", "avoid", "undo"]
        assert list(collection.maps) == ["bpftui_half"]


def test_a_program_without_a_member_says_so() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    with pytest.raises(LoadError, match="dreaming: no struct_ops map that was created has a function that it could be"):
        load(spec, programs={"dreaming"})
    # A check tries each by itself, the map that is not created by default included.
    report = KernelRuntime().check(spec)
    assert [(outcome.name, outcome.ok) for outcome in (*report.maps, *report.programs)] == [
        ("bpftui_half", True),
        ("bpftui_spare", True),
        ("half", True),
        ("avoid", True),
        ("undo", True),
        ("dreaming", False),
    ]


def test_a_member_that_is_set_but_not_in_the_kernel_is_refused() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    made = spec.maps["bpftui_half"]
    assert made.data is not None
    assert made.value is not None
    wish = next(offset for name, _, offset in made.value.members() if name == "wish")
    made.data[wish] = 1
    with pytest.raises(LoadError, match=r"it sets tcp_congestion_ops\.wish, which this kernel does not have"):
        load(spec)


def test_a_kernel_without_the_struct_is_told_apart() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    assert spec.btf is not None
    # The object's own types stand for a kernel that has no struct_ops of that name.
    with pytest.raises(FeatureError, match="this kernel takes no struct_ops of struct tcp_congestion_ops"):
        adapt(spec.maps["bpftui_half"], spec.btf)


def algorithms() -> list[str]:
    return Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()


@pytest.mark.alone  # the name is the machine's
def test_a_table_is_registered_as_long_as_its_link_lives() -> None:
    with load(CollectionSpec.from_file(OBJECT)) as collection, stats_enabled():
        with collection.register("bpftui_half") as link:
            assert (link.program, link.target.name) == ("bpftui_half", "struct tcp_congestion_ops___newer")
            assert "bpftui_half" in algorithms()
            assert link in collection.links
            with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"bpftui_half")
                client.connect(server.getsockname())
                with server.accept()[0] as other:
                    client.sendall(bytes(10_000))
                    assert len(other.recv(10_000, socket.MSG_WAITALL)) == 10_000
            assert collection.programs["avoid"].stats().run_cnt > 0
            with pytest.raises(AttachError, match="register bpftui_half"):
                collection.register("bpftui_half")
        assert "bpftui_half" not in algorithms()
    with load(CollectionSpec.from_file(OBJECT)) as collection:
        link = collection.register("bpftui_half")
        assert "bpftui_half" in algorithms()
    assert not link.attached
    assert "bpftui_half" not in algorithms()


def test_what_cannot_be_registered_says_why() -> None:
    with load(CollectionSpec.from_file(OBJECT)) as collection:
        with pytest.raises(UnknownNameError):
            collection.register("bpftui_haff")
        with pytest.raises(UsageError, match="cannot register bpftui_spare: it was not created"):
            collection.register("bpftui_spare")
        collection.programs.pop("undo").close()
        with pytest.raises(UsageError, match="its program undo is not loaded"):
            collection.register("bpftui_half")


def test_the_struct_may_be_a_modules() -> None:
    """By hand, for no module of Debian's kernels has one: the types are found, the descriptor goes where it belongs."""
    base = Blob()
    pointer, letters = base.pointer(0), base.array(base.integer("char", 1), 16)
    kernel = Btf(base.bytes(), sys.byteorder)
    own = Blob(first_id=len(kernel), first_string=len(kernel.strings))
    ops = own.struct(
        "tcp_congestion_ops", 40, [("undo_cwnd", pointer, 0), ("name", letters, 64), ("new", pointer, 192)]
    )
    value = own.struct("bpf_struct_ops_tcp_congestion_ops", 56, [("common", letters, 0), ("data", ops, 128)])
    module = Btf(own.bytes(), sys.byteorder, base=kernel, file="/sys/kernel/btf/some_module")
    spec = CollectionSpec.from_file(OBJECT)
    found = adapt(spec.maps["bpftui_half"], kernel, [module], lambda btf: 77 if btf is module else -1)
    assert (found.value_id, found.module_fd, len(found.value)) == (value, 77, 56)
    assert found.hooks == {"undo": Hook(ops, 0, 77)}
    assert found.pointers == {16: "undo"}
    assert bytes(found.value[24:40]) == b"bpftui_half\0\0\0\0\0"
    # The kernel looks into the descriptor that it is given, and finds none.
    with pytest.raises(LoadError, match="cannot create map bpftui_half"):
        create_struct_ops(spec.maps["bpftui_half"], found, None)


def test_what_is_optional_is_no_failure() -> None:
    """Neither what a section with `?` leaves to the loader, nor a function for a member that this kernel lacks."""
    spec = CollectionSpec.from_file(OBJECT)
    spare = spec.maps["bpftui_spare"]
    assert (spare.autocreate, spec.programs["dreaming"].autoload) == (False, True)
    assert spare.value is not None
    wish, offset = spare.value.member(".wish")
    spare.data[offset : offset + wish.size] = b"\1" * wish.size  # type: ignore[index]
    report = KernelRuntime().check(spec)
    refused = [outcome for outcome in (*report.maps, *report.programs) if not outcome.ok]
    assert [(each.name, each.optional, each.failed) for each in refused] == [
        ("bpftui_spare", True, False),
        ("dreaming", True, False),
    ]
    assert report.ok
    forecast = KernelRuntime().forecast(spec)
    assert forecast.maps.keys() | forecast.programs.keys() == forecast.optional == {"bpftui_spare", "dreaming"}
    spec.maps["bpftui_half"].data[offset] = 1  # type: ignore[index]
    assert not KernelRuntime().check(spec).ok
