"""The worst that the verifier can say, from this kernel, and what bpftui makes of it: each explanation whole."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from bpftui.core.errors import VerifierError
from bpftui.core.kernel import load
from bpftui.core.kernel.loading import prog_load
from bpftui.core.kernel.runtime import KernelRuntime
from bpftui.core.spec import CollectionSpec
from bpftui.core.verifier import VerifierLog, explain, explanation_lines
from tests.core.verifier.explained import EXPLAINED

pytestmark = pytest.mark.kernel
OBJECTS = Path(__file__).parents[1] / "objects"


@pytest.mark.parametrize("name", [name for name in EXPLAINED if name != "bad_complexity"])
def test_a_refused_program_is_explained(name: str) -> None:
    spec = CollectionSpec.from_file(OBJECTS / f"{name}.o")
    with pytest.raises(VerifierError) as raised:
        load(spec, programs={name}).close()
    assert raised.value.program == name
    explanation = explain(VerifierLog(raised.value.log, spec.programs[name]))
    assert explanation is not None
    assert "\n" + "\n".join(explanation_lines(explanation)) + "\n" == EXPLAINED[name]
    assert explanation.summary in raised.value.message


def test_only_a_log_of_every_state_is_cut_where_it_is_very_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def log() -> str:
        with pytest.raises(VerifierError) as raised:
            load(CollectionSpec.from_file(OBJECTS / "bad_offbyone.o"), strict=True).close()
        return raised.value.log

    whole = log()
    monkeypatch.setattr(prog_load, "MOST_WHOLE_LOG", 200)
    assert log() == whole
    assert len(whole) > 400


def test_a_pointer_in_data_is_followed() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "data_pointers.o")
    with pytest.raises(VerifierError) as raised:
        load(spec, programs={"follows"}).close()
    explanation = explain(VerifierLog(raised.value.log, spec.programs["follows"]))
    assert explanation is not None
    assert explanation.summary == (
        'r1 was to be a pointer that the object\'s data holds (label → &"hello"), which no loader can set: to the '
        "verifier it is a number"
    )
    assert explanation.details == ("r1 came from the value of map .data, offset 16 at data_pointers.c:44",)
    assert explanation.mends[0] == (
        'write an array in place of the pointer: const char label[] = "…", and for a table of texts '
        "const char names[][8] = { … }"
    )
    with load(spec, programs={"compares"}) as loaded:
        assert list(loaded.programs) == ["compares"]


@pytest.mark.vmlinux  # what this one's struct pt_regs has
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the object is for another machine than x86-64")
@pytest.mark.parametrize(("name", "line"), [("reads_x28", 23), ("relocated", 37)])
def test_registers_of_another_machine_are_called_that(name: str, line: int) -> None:
    foreign = (
        "built for arm64 (its registers are regs, sp, pc, pstate of struct user_pt_regs): take the object for x86-64"
    )
    spec = CollectionSpec.from_file(OBJECTS / "other_machine.o")
    with pytest.raises(VerifierError) as raised:
        load(spec, programs={name}).close()
    explanation = explain(VerifierLog(raised.value.log, spec.programs[name]))
    assert explanation is not None
    assert explanation.sentence == f"other_machine.c:{line}: {foreign}"
    forecast = KernelRuntime().forecast(spec).programs
    assert {each: found[0].reason for each, found in forecast.items()} == {"reads_x28": foreign, "relocated": foreign}
