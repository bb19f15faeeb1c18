"""`show`: what stands of each program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.tui.__main__ import main

if TYPE_CHECKING:
    import pytest


def test_a_program_has_its_type_its_hook_and_what_it_is_tied_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "tests/objects/typed.o"]) == 0
    assert capsys.readouterr().out.splitlines()[1:6] == [
        "├── programs (4)",
        '│   ├── on_receive  tracing (trace_fentry) → tcp_v4_do_rcv  SEC("fentry/tcp_v4_do_rcv"), 21 insns, uses .bss, '
        "5 CO-RE relocations",
        '│   ├── each_task  tracing (trace_iter) → task  SEC("iter/task"), 18 insns, uses .bss, 5 CO-RE relocations',
        '│   ├── on_connect  cgroup_sock_addr (cgroup_inet4_connect)  SEC("cgroup/connect4"), 12 insns, uses .bss',
        '│   └── classify  sched_cls  SEC("tc"), 80 insns, calls chosen, weigh, skewed, uses .bss',
    ]
