"""The worst that the verifier can say, from this kernel, and what bpftui makes of it: each explanation whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.errors import VerifierError
from bpftui.core.kernel import load
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
