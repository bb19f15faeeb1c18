"""What a spec says of itself at a prompt: one short line, whatever it holds."""

from __future__ import annotations

import pytest

from bpftui.core.btf import CType, Kind
from bpftui.core.errors import UnknownNameError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime


def test_specs() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    assert repr(spec) == "<CollectionSpec bpf/traffic.o: 1 program, 6 maps, 6 variables>"
    assert repr(spec.map("traffic")) == "<MapSpec traffic percpu_hash>"
    assert repr(spec.program("count_traffic")) == "<ProgramSpec count_traffic xdp>"
    assert repr(spec.program("count_traffic").linked) == "<LinkedCode 183 slots>"
    assert repr(spec.variable("total_packets")) == "<VariableSpec total_packets in .bss>"
    assert repr(spec.btf) == "<Btf bpf/traffic.o: 69 types>"
    assert repr(spec.map("traffic").key) == "<CType struct kind>"
    assert str(spec.map("traffic").key) == "struct kind"


def test_what_the_machine_has_loaded() -> None:
    with MachineRuntime().load(CollectionSpec.from_file("bpf/traffic.o")) as loaded:
        assert repr(loaded) == "<MachineCollection bpf/traffic.o: 1 program, 6 maps, 6 variables>"
        assert repr(loaded.runtime) == "<MachineRuntime>"
        assert repr(loaded.maps["traffic"]) == "<Map traffic percpu_hash>"
        assert repr(loaded.programs["count_traffic"]) == "<Program count_traffic xdp>"
        assert repr(loaded.variables["total_packets"]) == "<Variable total_packets>"


def test_names_cannot_reach_the_terminal() -> None:
    spec = CollectionSpec.from_file("bpf/traffic.o")
    spec.file = "\x1b[2J"
    spec.map("traffic").name = "\u202e"
    assert repr(spec) == r"<CollectionSpec \x1b[2J: 1 program, 6 maps, 6 variables>"
    assert repr(spec.map("traffic")) == r"<MapSpec \u202e percpu_hash>"


def test_a_type_by_its_name() -> None:
    spec = CollectionSpec.from_file("bpf/constants.o")
    assert (spec.ctype("config").size, spec.ctype("mode", Kind.ENUM).c_text) == (48, "enum mode")
    with pytest.raises(UnknownNameError) as raised:
        spec.ctype("confg")
    assert raised.value.hint == "did you mean 'config'?"
    with pytest.raises(UnknownNameError, match="enum"):
        spec.ctype("config", Kind.ENUM)
    bare = CollectionSpec("bare.o")
    with pytest.raises(UnknownNameError):
        bare.ctype("config")


def test_a_damaged_type_has_a_repr() -> None:
    types = CollectionSpec.from_file("bpf/constants.o").btf
    assert types is not None
    assert repr(CType(types, 100_000)) == "<CType /* no type 100000 */>"
