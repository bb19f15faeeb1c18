"""Program.create: one program by itself."""

from __future__ import annotations

import pytest

from bpftui.core.asm import Instruction
from bpftui.core.errors import LoadError, VerifierError
from bpftui.core.kernel import KernelRuntime, Map, Program, Sandbox
from bpftui.core.spec import CollectionSpec, LinkedCode, ProgramSpec, ProgramType

pytestmark = pytest.mark.kernel


def by_hand(*code: Instruction) -> ProgramSpec:
    """Return an XDP program of these instructions."""
    raw = b"".join(instruction.encode("little") for instruction in code)
    return ProgramSpec("by_hand", "xdp", ProgramType.XDP, license="GPL", link=lambda: LinkedCode(raw))


def test_from_a_spec_written_by_hand() -> None:
    with Program.create(by_hand(Instruction(0xB7, dst=0, imm=2), Instruction(0x95))) as program:
        assert (program.run(bytes(64)).retval, program.info().name) == (2, "by_hand")
        assert repr(program) == "<Program by_hand xdp>"


def test_from_an_object_with_a_map_of_one_s_own() -> None:
    spec = CollectionSpec.from_file("bpf/count_packets.o")
    with Map.create(spec.map("pkt_count")) as counts:
        with Program.create(spec.program("count_packets"), maps={"pkt_count": counts}, log_level=4) as program:
            program.run(bytes(64), repeat=7)
            assert program.info().btf_id > 0
            assert "processed" in program.log
        assert dict(counts.items()) == {0: 7}


def test_core_is_applied() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    maps = {name: Map.create(spec.map(name)) for name in spec.program("count_traffic").maps}
    with Program.create(spec.program("count_traffic"), maps=maps) as program:
        assert program.run(bytes(64)).retval == 2
    for found in maps.values():
        found.close()


def test_a_map_that_is_not_given_is_named() -> None:
    spec = CollectionSpec.from_file("bpf/count_packets.o")
    with pytest.raises(LoadError, match="it uses the map pkt_count, which is not among those that were given"):
        Program.create(spec.program("count_packets"))


def test_what_the_verifier_refuses_has_its_log() -> None:
    with pytest.raises(VerifierError) as raised:
        Program.create(by_hand(Instruction(0x95)))
    assert "R0 !read_ok" in raised.value.log


def test_the_other_byte_order_is_refused_before_the_kernel_sees_it() -> None:
    with pytest.raises(LoadError, match="it is big-endian, and this machine is little-endian"):
        Program.create(CollectionSpec.from_file("bpf/count_packets.eb.o").program("count_packets"))


def test_what_is_loaded_has_short_reprs() -> None:
    with CollectionSpec.from_file("bpf/traffic.o").load() as loaded, Sandbox() as sandbox:
        assert repr(loaded) == "<KernelCollection bpf/traffic.o: 1 program, 6 maps, 6 variables>"
        assert (repr(loaded.runtime), repr(sandbox)) == ("<KernelRuntime>", "<Sandbox with veth0>")
        assert repr(KernelRuntime(pin_path="/sys/fs/bpf")) == "<KernelRuntime with pin_path>"
        with loaded.programs["count_traffic"].attach(sandbox.target()) as link:
            assert repr(link) == "<Link count_traffic on veth0>"
