"""Test runs in the kernel (BPF_PROG_TEST_RUN): on which types they are made, of what, and how often at a time."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import mmap
import time
from typing import TYPE_CHECKING, Final

from ..analysis.facts import context_extent
from ..context.packet_sizes import check_packet, packet_sizes
from ..context.values import context_bytes, whole_context
from ..errors import FeatureError, UsageError
from ..runtime import RunResult, given_up
from ..spec import ProgramType
from .sys.explain import explain
from .sys.layouts import ProgTestRun
from .sys.probes import fragments_of_buffers
from .sys.syscall import ENOTSUPP, BpfError, Command, Descriptor, buffer

if TYPE_CHECKING:
    from threading import Event

    from ..context.packet_sizes import PacketSizes
    from ..context.values import ContextValues
    from ..spec import ProgramSpec

__all__ = ["ProgramRuns"]

_LARGEST_RESULT: Final = 1 << 17
"""Bytes of a packet that a program has lengthened: more than any has."""

_ON_PACKETS: Final = frozenset(
    {
        ProgramType.SOCKET_FILTER,
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.XDP,
        ProgramType.CGROUP_SKB,
        ProgramType.LWT_IN,
        ProgramType.LWT_OUT,
        ProgramType.LWT_XMIT,
        ProgramType.FLOW_DISSECTOR,
        ProgramType.NETFILTER,
    }
)
"""Program types whose BPF_PROG_TEST_RUN takes a packet, and a number of repetitions."""
_ON_CONTEXT: Final = frozenset(
    {
        ProgramType.RAW_TRACEPOINT,
        ProgramType.SYSCALL,
        ProgramType.SK_LOOKUP,
        ProgramType.STRUCT_OPS,
        ProgramType.TRACING,
    }
)
"""Those that take only a context, or nothing."""

_PORTION_NS: Final = 50_000_000
"""Time that the kernel runs a program for at most, about, without asking whether that is to be given up."""
_ON_CPU: Final = 1
"""BPF_F_TEST_RUN_ON_CPU."""


class ProgramRuns:
    """The test runs of one program.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which is its owner's.
    """

    def __init__(self, spec: ProgramSpec, descriptor: Descriptor) -> None:
        self._spec = spec
        self._descriptor = descriptor

    @property
    def take_packets(self) -> bool:
        """Whether they are made on a packet."""
        return self._spec.type in _ON_PACKETS

    @property
    def packet_sizes(self) -> PacketSizes | None:
        """How large a packet may be; None for programs that take none."""
        if not self.take_packets:
            return None
        fragmented = self._spec.type is not ProgramType.XDP and fragments_of_buffers()
        return packet_sizes(self._spec.type, page=mmap.PAGESIZE, fragmented=fragmented)

    def run(
        self,
        data: bytes | None,
        context: bytes | ContextValues | None,
        repeat: int,
        cpu: int | None,
        flags: int,
        stop: Event | None,
    ) -> RunResult:
        """Run it; arguments and errors as for `Program.run`."""
        if repeat < 1:
            raise UsageError(f"a program is run at least once, not {repeat} times")
        if cpu is not None and self._spec.type != ProgramType.RAW_TRACEPOINT:
            raise UsageError(f"the kernel chooses the CPU for programs of type {self._spec.type.label}: leave cpu out")
        sizes = self.packet_sizes
        if sizes is not None:
            packet = bytes(sizes.smallest) if data is None else data
            check_packet(self._spec, packet, sizes)
            given = context_bytes(self._spec, context, len(packet))
            if stop is not None:
                return self._in_portions(packet, given, repeat, flags, stop)
            return self._on_packet(packet, given, repeat, flags)
        if self._spec.type not in _ON_CONTEXT:
            raise FeatureError(
                f"the kernel has no test run for programs of type {self._spec.type.label}",
                hint="attach it, or --runtime vm",
            )
        if data:
            raise UsageError(f"a program of type {self._spec.type.label} runs on a context, not on a packet")
        if cpu is not None:
            flags |= _ON_CPU
        raw = whole_context(self._spec, context_bytes(self._spec, context), self._spec.derived(context_extent))
        return self._on_context(raw, repeat, cpu or 0, flags, stop)

    def _on_packet(self, data: bytes, context: bytes | None, repeat: int, flags: int) -> RunResult:
        data_out = buffer(_LARGEST_RESULT)
        context_out = buffer(len(context or b""))
        attr = ProgTestRun(
            data_size_in=len(data),
            data_size_out=len(data_out),
            data_in=buffer(data),
            data_out=data_out,
            repeat=repeat,
            flags=flags,
        )
        if context is not None:
            attr.ctx_size_in = attr.ctx_size_out = len(context)
            attr.ctx_in, attr.ctx_out = buffer(context), context_out
        self._call(attr)
        changed = context_out.raw[: attr.ctx_size_out] if context is not None else b""
        return RunResult(attr.retval, data_out.raw[: attr.data_size_out], changed, attr.duration)

    def _in_portions(self, data: bytes, context: bytes | None, repeat: int, flags: int, stop: Event) -> RunResult:
        done, spent, portion = 0, 0, 1
        while True:
            start = time.perf_counter_ns()
            result = self._on_packet(data, context, portion, flags)
            taken = time.perf_counter_ns() - start
            done += portion
            spent += result.duration_ns * portion
            if done == repeat:
                return dataclasses.replace(result, duration_ns=spent // repeat)
            if stop.is_set():
                raise given_up(self._spec.name, done, repeat)
            portion = min(portion * 10 if taken < _PORTION_NS // 10 else portion, repeat - done)

    def _on_context(self, context: bytes, repeat: int, cpu: int, flags: int, stop: Event | None) -> RunResult:
        # The kernel neither repeats nor times these; system calls write their results into the context itself.
        memory = buffer(context)
        attr = ProgTestRun(flags=flags, cpu=cpu)
        if context:
            attr.ctx_size_in, attr.ctx_in = len(context), memory
        start = time.perf_counter_ns()
        for done in range(repeat):
            if stop is not None and stop.is_set():
                raise given_up(self._spec.name, done, repeat)
            self._call(attr)
        duration = (time.perf_counter_ns() - start) // repeat
        changed = ctypes.string_at(memory, len(context)) if self._spec.type == ProgramType.SYSCALL else b""
        return RunResult(attr.retval, b"", changed, duration)

    def _call(self, attr: ProgTestRun) -> None:
        while True:
            try:
                with self._descriptor as fd:
                    attr.prog_fd = fd
                    attr.call(Command.PROG_TEST_RUN)
                return
            except BpfError as error:
                if error.errno == errno.EINTR:
                    continue
                if error.errno in (ENOTSUPP, errno.EOPNOTSUPP) and self._spec.type == ProgramType.STRUCT_OPS:
                    # bpf_struct_ops_test_run() of net/bpf/bpf_dummy_struct_ops.c
                    reason = "the kernel has test runs of functions of bpf_dummy_ops, and of no other struct_ops"
                    raise UsageError(f"cannot run {self._spec.name}: {reason}", hint="use --runtime vm") from error
                feature = f"test runs of programs of type {self._spec.type.label}"
                raise explain(error, f"run program {self._spec.name}", raises=UsageError, feature=feature) from error
