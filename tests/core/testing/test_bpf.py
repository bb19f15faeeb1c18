"""Objects under test: runs and what they did, a world of one's own, both runtimes at once."""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import BpftuiError, UnknownNameError, UsageError
from bpftui.core.packet import Packet, template
from bpftui.core.testing.bpf import Bpf
from bpftui.core.testing.codes import TC_ACT_SHOT, XDP_DROP, XDP_PASS
from bpftui.core.testing.errors import DisagreementError, NotHereError
from bpftui.core.testing.run import differences
from bpftui.core.vm import StepLimitError

if TYPE_CHECKING:
    from collections.abc import Generator

UDP = template("IPv4 UDP")


@pytest.fixture
def machine() -> Generator[Bpf]:
    with Bpf() as found:
        yield found


def test_a_run_is_told_whole(machine: Bpf) -> None:
    obj = machine.load("bpf/traffic.o")
    program = obj.program("count_traffic")
    run = program.run(UDP)
    assert (run.retval, run.retval.name, repr(run.retval)) == (XDP_PASS, "XDP_PASS", "XDP_PASS (2)")
    assert run.retval == "XDP_PASS"
    assert run.retval != "XDP_DROP"
    assert run.packet == UDP
    assert (run.packet != UDP, run.retval != "XDP_PASS", run.packet != bytes(60)) == (False, False, True)
    kind = {"family": "IPV4", "protocol": "UDP"}
    assert run.maps["traffic"].before == {}
    assert run.maps["traffic"].after.items() == [(kind, {"packets": 1, "bytes": 60})]
    assert run.variables == {"total_packets": (0, 1), "total_bytes": (0, 60)}
    assert [(event.map, event.value["time"], event.value["kind"]) for event in run.events] == [
        ("events", 1_000_000_000, kind)
    ]
    again = program.run(UDP)
    assert (again.maps["traffic"].before[kind]["packets"], again.maps["traffic"][kind]["packets"]) == (1, 2)
    assert run.maps["traffic"][kind]["packets"] == 1
    assert list(run.lines())[:3] == [
        "count_traffic returned XDP_PASS (2) on the vm runtime",
        "  ran traffic.c:98-108, 122-149, 160-171, 173-197",
        "  traffic: {} -> {{family=IPV4, protocol=UDP}: {packets=1, bytes=60}}",
    ]


def test_names_that_nothing_returns_are_no_false(machine: Bpf) -> None:
    run = machine.load("bpf/count_packets.o").program("count_packets").run(UDP)
    with pytest.raises(UnknownNameError, match="there is no return code 'XDP_PAS'") as error:
        assert run.retval == "XDP_PAS"
    with pytest.raises(UnknownNameError, match="there is no return code 'XDP_PAS'"):
        assert run.retval != "XDP_PAS"
    assert error.value.hint == "did you mean 'XDP_PASS'?"
    with pytest.raises(ImportError):
        from bpftui.core.testing.codes import XDP_PAS  # noqa: F401  # pyright: ignore
    assert (XDP_DROP, TC_ACT_SHOT) == (1, 2)


def test_variables_are_set_before_and_after_the_load(machine: Bpf) -> None:
    obj = machine.load("bpf/constants.o", set={"mode": "MODE_DROP", "cfg.strict": True})
    assert obj.spec.variables["cfg"].get()["strict"] is True
    assert obj.variables["mode"].value == "MODE_DROP"
    with pytest.raises(BpftuiError, match="mode"):
        obj.variables["mode"].value = "MODE_COUNT"
    totals = machine.load("bpf/traffic.o")
    totals.variables["total_packets"].value = 41
    assert totals.program("count_traffic").run(UDP).variables["total_packets"] == (41, 42)
    with pytest.raises(UnknownNameError):
        machine.load("bpf/constants.o", set={"mood": 1})


def test_maps_are_written_before_a_run_which_is_not_blamed_for_it(machine: Bpf) -> None:
    obj = machine.load("bpf/count_packets.o")
    obj.maps["pkt_count"][0] = 9
    run = obj.program("count_packets").run(UDP)
    assert (run.maps["pkt_count"].before[0], run.maps["pkt_count"].after[0]) == (9, 10)
    assert (obj.maps["pkt_count"][0], len(obj.maps["pkt_count"]), 1 in obj.maps["pkt_count"]) == (10, 1, False)
    assert list(obj.maps["pkt_count"]) == [0]


def test_what_helpers_return_is_the_tests(machine: Bpf) -> None:
    asked: list[int] = []

    def time() -> int:
        asked.append(1)
        return 77

    obj = machine.load("bpf/traffic.o", helpers={"bpf_ktime_get_ns": time})
    run = obj.program("count_traffic").run(UDP)
    assert {event.value["time"] for event in run.events} == {77}
    assert asked


def test_a_helper_is_given_the_arguments_that_it_takes(machine: Bpf) -> None:
    seen: list[tuple[int, ...]] = []
    obj = machine.load("bpf/traffic.o", helpers={"bpf_map_lookup_elem": lambda *registers: seen.append(registers) or 0})
    obj.program("count_traffic").run(UDP)
    assert {len(registers) for registers in seen} == {5}
    obj = machine.load(
        "bpf/traffic.o", helpers={"bpf_map_lookup_elem": lambda map_, key: seen.append((map_, key)) or 0}
    )
    del seen[:]
    obj.program("count_traffic").run(UDP)
    assert {len(registers) for registers in seen} == {2}


def test_timers_are_called_when_the_test_lets_time_pass(machine: Bpf) -> None:
    obj = machine.load("tests/objects/periodic.o")
    arm = obj.program("arm")
    assert arm.run().retval == "VERDICT_FIRST"
    assert arm.run().retval == "VERDICT_LATER"
    counted: list[int] = []
    for seconds in (0.0999, 0.0001, 0.1, 10):
        obj.advance(seconds)
        counted.append(obj.maps["ticks"][0]["count"])
    assert counted == [0, 1, 2, 102]
    assert obj.clock.now == 11_200_000_000
    obj.advance(ns=99_999_999)
    assert obj.maps["ticks"][0]["count"] == 102
    obj.advance(ns=1)
    assert obj.maps["ticks"][0]["count"] == 103
    with pytest.raises(UsageError, match="time only passes"):
        obj.advance(-1)


def test_a_run_has_a_time(machine: Bpf) -> None:
    program = machine.load("bpf/traffic.o", set={"sample_every": 1}).program("count_traffic")
    assert [program.run(UDP, time=at).events[0].value["time"] for at in (5, 7_000_000_000, 6)] == [5, 7_000_000_000, 6]
    obj = machine.load("tests/objects/periodic.o", time=0)  # a timer of 0.1 s
    obj.program("arm").run()
    run = obj.program("arm").run(time=350_000_000)
    assert (run.maps["ticks"].before[0]["count"], obj.clock.now) == (3, 350_000_000)


def test_a_timer_that_is_always_due_ends(machine: Bpf) -> None:
    obj = machine.load("tests/objects/periodic.o", helpers={"bpf_timer_start": 0})
    obj.program("arm").run()
    obj.advance(1)
    assert obj.maps["ticks"][0]["count"] == 0


def test_packets_differ_field_by_field(machine: Bpf) -> None:
    run = machine.load("bpf/count_packets.o").program("count_packets").run(UDP)
    other = UDP.with_text(1, "TTL", "63")
    assert run.packet != other
    assert run.packet.unlike(other) == ["IPv4 TTL: 64, not 63", "IPv4 checksum: 0xb6ae, not 0xb7ae"]
    assert run.packet.unlike(bytes(other) + b"\0")[0] == "60 bytes, not 61"
    assert run.packet.layers[1].number("TTL") == 64
    assert Packet.of(run.packet) == UDP


def test_a_program_that_is_not_there(machine: Bpf) -> None:
    with pytest.raises(UnknownNameError, match="count_packet"):
        machine.load("bpf/count_packets.o").program("count_packet")


def test_a_command_that_runs_it_again(machine: Bpf) -> None:
    obj = machine.load("bpf/constants.o", set={"mode": "MODE_DROP"})
    obj.program("constants").run(bytes(64), ctx={"data_end": 64})
    assert [command for command, _ in obj.history] == [
        f"bpftui debug bpf/constants.o constants --set mode=MODE_DROP --data {'00' * 64} --ctx '{{\"data_end\": 64}}'"
    ]


def test_the_command_has_what_helpers_return(machine: Bpf) -> None:
    obj = machine.load("bpf/count_packets.o", helpers={"bpf_map_lookup_elem": 0, "bpf_ktime_get_ns": lambda: 5})
    obj.program("count_packets").run(bytes(14))
    assert [command for command, _ in obj.history] == [
        f"bpftui debug bpf/count_packets.o count_packets --return bpf_map_lookup_elem=0 --data {'00' * 14}"
    ]


def test_a_limit_for_all_that_do_not_say_one() -> None:
    with Bpf(limit=50) as bpf:
        with pytest.raises(StepLimitError, match="the run was stopped after 50 steps") as error:
            bpf.load("tests/objects/names.o").program("second").run(bytes(64))
        assert "more steps are allowed by --bpf-limit in tests" in str(error.value.hint)
        assert bpf.load("tests/objects/names.o", limit=5_000).program("second").run(bytes(64)).retval == "XDP_TX"


def test_relocations_against_types_in_files(machine: Bpf) -> None:
    obj = machine.load("tests/objects/core_shapes.o", programs=[])
    verdict = obj.resolves("tests/objects/core_target.o")
    assert not verdict
    # The kernel would patch a load of another size than the field's into a call that the verifier refuses, too.
    assert [problem[: problem.index(":", 40)] for problem in verdict.problems] == [
        f"tests/objects/core_target.o: program {where}"
        for where in (
            "loads, instruction 6",
            "names, instruction 6",
            "ambiguous, instruction 0",
            "enumerators, instruction 8",
        )
    ]
    # Of needs.o one program asks first for what is not there (a field, an enumerator), and one does not.
    (problem,) = machine.load("tests/objects/needs.o", programs=[]).resolves("tests/objects/core_target.o").problems
    assert "program bare_field, instruction 1: struct task_struct___needs does not exist in the BTF of " in problem


@pytest.mark.kernel
def test_both_runtimes_do_the_same_but_for_time() -> None:
    with Bpf("both") as both:
        obj = both.load("bpf/traffic.o", may_differ=["sources.last_seen", "events.time"])
        program = obj.program("count_traffic")
        for packet in (UDP, template("IPv6 TCP"), template("ARP"), UDP):
            assert program.run(packet).retval == XDP_PASS
        assert [run.runtime for _, run in obj.history if run] == ["vm"] * 4
    with Bpf("both") as both:
        obj = both.load("bpf/traffic.o", may_differ=["events"])
        with pytest.raises(DisagreementError, match=r"sources\[.*\]\.last_seen: \d+ \(vm\), \d+ \(kernel\)\n"):
            obj.program("count_traffic").run(UDP)


@pytest.mark.kernel
def test_what_is_written_before_a_run_is_written_to_both() -> None:
    with Bpf("both") as both:
        obj = both.load("bpf/count_packets.o")
        obj.maps["pkt_count"][0] = 5
        assert obj.program("count_packets").run(UDP).maps["pkt_count"][0] == 6


@pytest.mark.kernel
def test_what_the_kernel_says() -> None:
    with Bpf("kernel") as kernel:
        obj = kernel.load("bpf/count_packets.o")
        assert obj.program("count_packets").run(UDP).runtime == "kernel"
        assert obj.verifies()
        verdict = obj.verifies(max_insns=3)
        assert not verdict
        assert repr(verdict).startswith("count_packets: the verifier looked at ")
        with pytest.raises(NotHereError, match="only the built-in machine has a world that a test owns"):
            kernel.load("bpf/count_packets.o", time=5)
        with pytest.raises(NotHereError, match="time passes by itself"):
            obj.advance(1)
        with pytest.raises(NotHereError, match="cpu=5000: this process may not run there"):
            obj.program("count_packets").run(UDP, cpu=5000)


def test_differences_are_told_leaf_by_leaf(machine: Bpf) -> None:
    program = machine.load("bpf/traffic.o").program("count_traffic")
    one, other = program.run(UDP), program.run(UDP)
    assert differences(one, one) == []
    assert differences(one, other, ["events", "sources", "total_bytes"]) == [
        ("traffic.packets", "traffic[{family=IPV4, protocol=UDP}].packets: 1 (vm), 2 (vm)"),
        ("traffic.bytes", "traffic[{family=IPV4, protocol=UDP}].bytes: 60 (vm), 120 (vm)"),
        ("total_packets", "total_packets: 1 (vm), 2 (vm)"),
    ]


def test_a_cpu_of_the_machine(machine: Bpf) -> None:
    obj = machine.load("bpf/count_packets.o", cpus=3)
    obj.program("count_packets").run(UDP, cpu=2)
    with pytest.raises(UsageError, match="there is no CPU 3"):
        obj.program("count_packets").run(UDP, cpu=3)


@pytest.mark.kernel
def test_a_cpu_of_both() -> None:
    with Bpf("both") as bpf:
        obj = bpf.load("bpf/traffic.o", may_differ=["sources.last_seen", "events.time"])
        for cpu in sorted(os.sched_getaffinity(0)):
            before = os.sched_getaffinity(0)
            obj.program("count_traffic").run(UDP, cpu=cpu)
            assert os.sched_getaffinity(0) == before
            held = [list(side.collection.maps["traffic"].snapshot(1).entries[0].values) for side in obj.sides]
            assert held[0] == held[1]


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("file", "program", "said"),
    [
        ("tests/objects/attached.o", "on_kprobe", "kernel: the kernel has no test run for programs of type kprobe"),
        ("tests/objects/isa.eb.o", "", "kernel: isa.eb.o is big-endian, and this machine is not"),
    ],
)
def test_what_a_kernel_cannot_run_is_no_failure(file: str, program: str, said: str) -> None:
    with Bpf("both") as bpf, pytest.raises(NotHereError, match=said):
        bpf.load(file, programs=[program] if program else None).program(program).run()


def test_attached_programs_see_what_is_sent(machine: Bpf) -> None:
    obj = machine.load("bpf/traffic.o", set={"sample_every": 1})
    with obj.attach("count_traffic") as attached:
        flow = attached.send(UDP, template("IPv6 TCP"), UDP)
        assert (flow.sent, flow.programs, flow.variables["total_packets"]) == (3, ("count_traffic",), (0, 3))
        assert flow.maps["traffic"].after.items() == [
            ({"family": "IPV4", "protocol": "UDP"}, {"packets": 2, "bytes": 120}),
            ({"family": "IPV6", "protocol": "TCP"}, {"packets": 1, "bytes": 92}),
        ]
        assert [event.value["number"] for event in flow.events] == [0, 1, 2]
        flow = attached.send(count=1000)
        assert flow.variables["total_packets"] == (3, 1003)
        assert next(flow.lines()) == "count_traffic saw 1,000 sent on the vm runtime"
        assert repr(flow) == "<Flow of 1,000 through count_traffic>"
    assert obj.history[-1] == (
        "bpftui watch bpf/traffic.o --set sample_every=1 --attach count_traffic=sandbox --runtime vm",
        flow,
    )
    # Detached, it sees nothing any more; a new sandbox has the same packets.
    attached.send(count=1000)
    assert obj.variables["total_packets"].value == 1003
    one, other = (machine.load("bpf/traffic.o") for _ in range(2))
    flows = [each.attach("count_traffic", traffic="sandbox,seed=7,udp=1").send(count=100) for each in (one, other)]
    assert differences(flows[0], flows[1]) == []
    assert {key["protocol"] for key in flows[0].maps["traffic"].after} == {"UDP"}  # pyright: ignore


@pytest.mark.parametrize("packet", ["ffff", 64])
def test_a_text_or_a_number_is_no_packet(machine: Bpf, packet: object) -> None:
    program = machine.load("bpf/traffic.o").program("count_traffic")
    with pytest.raises(UsageError, match=rf"a packet is bytes, or what has them, and not {packet!r}"):
        program.run(packet)


def test_programs_that_take_no_packets_are_called(machine: Bpf) -> None:
    obj = machine.load("tests/objects/attached.o")
    flow = obj.attach("on_tracepoint", "on_uprobe").send(count=3)
    assert {name: after for name, (_, after) in flow.variables.items()} == {"in_tracepoint": 3, "in_uprobe": 3}


def test_what_is_sent_is_packets(machine: Bpf) -> None:
    obj = machine.load("bpf/traffic.o")
    attached = obj.attach("count_traffic")
    for packets, count in (((), 0), ((UDP,), 3), ((), -1)):
        with pytest.raises(UsageError, match=r"send\(\) takes packets, or count=N|from 0 on"):
            attached.send(*packets, count=count)
    with pytest.raises(UsageError, match="packet 2 has 13 bytes: what is sent has 14 to "):
        attached.send(UDP, bytes(13))
    assert obj.variables["total_packets"].value == 0
    with pytest.raises(UsageError, match=r"attach\(\) names no program"):
        obj.attach()
    with pytest.raises(UnknownNameError, match="count"):
        obj.attach("count")
    with pytest.raises(UsageError, match="'eth0' is no traffic"):
        obj.attach("count_traffic", traffic="eth0")
    with pytest.raises(BpftuiError, match=r"no_such\.pcap"):
        obj.attach("count_traffic", traffic="no_such.pcap")


def test_nothing_is_kept_of_a_sandbox_that_was_closed(machine: Bpf) -> None:
    def stacks() -> int:
        gc.collect()
        return sum(isinstance(each, ExitStack) for each in gc.get_objects())

    obj = machine.load("bpf/traffic.o")
    before = stacks()
    for _ in range(5):
        attached = obj.attach("count_traffic")
        assert attached.send(UDP).sent == 1
        attached.close()
        del attached
    assert stacks() - before == 0
    kept = [obj.attach("count_traffic") for _ in range(2)]
    kept[0].close()
    assert len(obj.sides[0]._places) == 1
    obj.close()
    assert obj.sides[0]._places == []
    kept[1].close()


@pytest.mark.kernel
def test_a_sandbox_of_both_runtimes() -> None:
    with Bpf("both") as both:
        obj = both.load("bpf/traffic.o", may_differ=["sources.last_seen", "events.time"])
        attached = obj.attach("count_traffic")
        assert attached.send(UDP, template("IPv6 TCP")).runtime == "vm"
        assert attached.send(count=5000).variables["total_packets"] == (2, 5002)
        assert obj.sides[1].collection.variables["total_packets"].get() == 5002
        with pytest.raises(UsageError, match="14 to"):
            attached.send(bytes(1515))
        other = both.load("tests/objects/attached.o", programs=["on_tracepoint"])
        with pytest.raises(NotHereError, match="kernel: on_tracepoint is attached to a place of the kernel's"):
            other.attach("on_tracepoint")


def test_the_c_lines_of_a_run(machine: Bpf) -> None:
    def way(object_: str, name: str, packet: bytes, **constants: object) -> tuple[str, str]:
        run = machine.load(object_, set=constants).program(name).run(packet)
        assert run.went is not None
        return run.went().lines, run.went().returned

    # The value of several returns is computed where compilers found that best.
    assert way("bpf/constants.o", "constants", bytes(64), mode="MODE_DROP") == (
        "constants.c:72, 111-117, 130",
        "constants.c:115: if (!enabled || mode == MODE_PASS)",
    )
    # What comes from the end of the function says nothing.
    assert way("bpf/traffic.o", "count_traffic", bytes(64), counting=False)[1] == ""
    assert way("bpf/traffic.o", "count_traffic", bytes(64), counting=False)[0].endswith(", 197")
