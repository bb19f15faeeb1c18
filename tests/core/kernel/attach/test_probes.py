"""Functions that a pattern names."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.kernel.attach import probes
from bpftui.core.runtime import AttachTarget

if TYPE_CHECKING:
    from bpftui.core.kernel.program import Program


def test_a_pattern_that_no_function_matches_is_said_before_anything_is_attached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "_probed_functions", lambda: ["tcp_close", "tcp_open"])
    program = cast("Program", None)  # it is not come to
    with pytest.raises(UnknownNameError, match=r"there is no kernel function 'udp_\*'"):
        probes._attach_kprobe_multi(program, AttachTarget(name="udp_*"), "udp_*", returns=False)
