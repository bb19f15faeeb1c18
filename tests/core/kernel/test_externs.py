"""Externs as they are on the machine that runs the tests."""

from __future__ import annotations

import platform
from pathlib import Path

from bpftui.core.kernel.externs import look_up_externs
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[3]


def test_each_extern_has_an_answer() -> None:
    answers = look_up_externs(CollectionSpec.from_file(ROOT / "tests/objects/externs.o"))
    assert list(answers) == [
        "CONFIG_THAT_IS_NOT_THERE",
        "LINUX_KERNEL_VERSION",
        "init_task",
        "symbol_that_is_not_there",
        "bpf_rcu_read_lock",
        "bpf_rcu_read_unlock",
        "kfunc_that_is_not_there",
    ]
    assert answers["LINUX_KERNEL_VERSION"].found
    assert answers["LINUX_KERNEL_VERSION"].text.endswith(f": {platform.release()}")
    assert not answers["CONFIG_THAT_IS_NOT_THERE"].found
    assert not answers["symbol_that_is_not_there"].found
    assert not answers["kfunc_that_is_not_there"].found
