"""What the built-in machine says where somebody asks what it made of a program."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.vm.runtime import MachineRuntime


def test_it_makes_nothing_of_programs_and_says_so() -> None:
    with pytest.raises(UsageError) as caught:
        MachineRuntime().inspect()
    assert caught.value.message == "what the kernel made of a program takes a kernel: leave --runtime vm out"
