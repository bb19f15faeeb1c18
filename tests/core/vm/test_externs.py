"""What an object's externs are in the built-in machine, in its own words."""

from __future__ import annotations

from pathlib import Path

from bpftui.core.runtime import ExternAnswer
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.settings import Settings

EXTERNS = Path(__file__).parents[2] / "objects/externs.o"


def test_options_functions_and_symbols() -> None:
    found = MachineRuntime().externs(CollectionSpec.from_file(EXTERNS))
    assert {name: (answer.found, answer.text) for name, answer in found.items()} == {
        "CONFIG_THAT_IS_NOT_THERE": (False, "0: the built-in machine has no such option"),
        "LINUX_KERNEL_VERSION": (True, "397824: 6.18.0"),
        "init_task": (False, "0: the built-in machine has no kernel's memory"),
        "symbol_that_is_not_there": (False, "0: the built-in machine has no kernel's memory"),
        "bpf_rcu_read_lock": (True, "a function of the built-in machine"),
        "bpf_rcu_read_unlock": (True, "a function of the built-in machine"),
        "kfunc_that_is_not_there": (False, "the built-in machine has no such function"),
    }
    assert found["init_task"][3:] == ("ksym", True, "const void init_task")


def test_what_was_set_is_there() -> None:
    settings = Settings(kconfig={"CONFIG_THAT_IS_NOT_THERE": "y"}, returns={"kfunc_that_is_not_there": 3})
    found = MachineRuntime(settings).externs(CollectionSpec.from_file(EXTERNS))
    name = "CONFIG_THAT_IS_NOT_THERE"
    assert found[name] == ExternAnswer(name, True, "y", "kconfig", True, f"bool {name}")
    assert found["kfunc_that_is_not_there"].found


def test_a_value_of_another_type_is_told() -> None:
    settings = Settings(kconfig={"CONFIG_THAT_IS_NOT_THERE": "250"})
    answer = MachineRuntime(settings).externs(CollectionSpec.from_file(EXTERNS))["CONFIG_THAT_IS_NOT_THERE"]
    assert not answer.found
    assert "CONFIG_THAT_IS_NOT_THERE" in answer.text
