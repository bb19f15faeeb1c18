"""Which runtime is chosen: by name, and by what this process may do."""

from __future__ import annotations

import pytest

from bpftui.core.choice import choose_runtime, runtime_name, runtime_options
from bpftui.core.errors import UsageError
from bpftui.core.privileges import Privileges


def test_the_built_in_runtime_is_chosen_by_name_and_without_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_runtime("vm").name == "vm"
    monkeypatch.setattr("bpftui.core.choice._may_use_kernel", lambda: False)
    assert choose_runtime().name == "vm"


@pytest.mark.parametrize(
    ("effective", "in_namespace", "name"),
    [(1 << 39, False, "kernel"), (1 << 21, False, "kernel"), (1 << 12, False, "vm"), ((1 << 41) - 1, True, "vm")],
)
def test_the_rights_of_a_user_namespace_are_none_for_the_kernel(
    monkeypatch: pytest.MonkeyPatch, effective: int, in_namespace: bool, name: str
) -> None:
    monkeypatch.setattr("bpftui.core.privileges.privileges", lambda: Privileges(effective))
    monkeypatch.setattr("bpftui.core.privileges.in_user_namespace", lambda: in_namespace)
    assert runtime_name() == name


def test_options_of_the_machine_are_not_the_kernels() -> None:
    assert runtime_options("kernel") == {}
    options = runtime_options("vm", returns=["bpf_get_smp_processor_id=3"], memory=["0x1000=hex:0102"])
    assert options["settings"].returns == {"bpf_get_smp_processor_id": 3}
    with pytest.raises(UsageError, match=r"^--return is for the built-in machine: in the kernel, functions do what"):
        runtime_options("kernel", returns=["bpf_get_smp_processor_id=3"])
    with pytest.raises(UsageError, match=r"^--memory is for the built-in machine: in the kernel, memory holds what"):
        runtime_options("kernel", memory=["0x1000=hex:0102"])
