"""Accesses to the context that the kernel refuses, wherever they stand in a program."""

from __future__ import annotations

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.engine.errors import RunError
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.world.traps import bad_accesses
from tests.fuzz.sessions import object_of

CODE = """\
r2 = 1
*(u64 *)(r10 -8) = r2
r3 = *(u64 *)(r10 -8)
r4 = *(u32 *)(r1 +0)
r0 = 0
if r4 == 7 goto pc+1
r0 = *(u16 *)(r1 +1)
*(u32 *)(r1 +0) = r2
exit
"""
"""Of a classifier, whose context begins with the packet's length: first the stack is accessed, then the context."""


def test_those_that_the_kernel_refuses_are_found_behind_others() -> None:
    spec = CollectionSpec.from_bytes(object_of(assemble(CODE)))
    found = dict(bad_accesses(spec.programs["prog"], spec.maps))
    assert found == {
        6: "read of 2 bytes at ctx->len+1: it is read in 1 or 2 or 4 aligned bytes",
        7: "ctx->len may not be written by programs of type sched_cls",
    }


def test_a_run_is_stopped_where_it_comes_to_one() -> None:
    spec = CollectionSpec.from_bytes(object_of(assemble(CODE)))
    with MachineRuntime().load(spec) as loaded, pytest.raises(RunError) as caught:
        loaded.programs["prog"].run(bytes(64))
    assert caught.value.message == (
        "program prog was stopped at instruction 6 (r0 = *(u16 *)(r1 +1)): "
        "read of 2 bytes at ctx->len+1: it is read in 1 or 2 or 4 aligned bytes"
    )
    assert caught.value.hint == "the kernel refuses programs with such an access"
