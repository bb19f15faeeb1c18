"""How each type of program is attached: one function a kind of place, all of which end with their descriptors.

What has a bpf_link gets one (`kernel/bpf/syscall.c`, `link_create`); older kernels lack some, and then what came
before is used where it ends with the process as well: perf events, sockets. Nothing else is: what would stay attached
after a `kill -9` is refused with the version that has the link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...errors import UsageError
from ...spec import ProgramType
from ...spec.targets import Place, place_of
from ..link import Link
from .cgroup import attach_cgroup
from .interface import attach_filter, attach_tc, attach_xdp
from .namespace import attach_netfilter, attach_netns
from .probes import attach_probe
from .sockmap import attach_sockmap
from .targets import resolve
from .tracing import attach_event, attach_hook, attach_iterator, attach_raw_tracepoint, attach_tracepoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...runtime import AttachTarget
    from ..link import Attachment
    from ..program import Program

__all__ = ["attach", "resolve"]

_T = ProgramType
_ATTACHERS: Final[dict[ProgramType, Callable[[Program, AttachTarget], Attachment]]] = {
    _T.XDP: attach_xdp,
    _T.SCHED_CLS: attach_tc,
    _T.SOCKET_FILTER: attach_filter,
    _T.SK_LOOKUP: attach_netns,
    _T.FLOW_DISSECTOR: attach_netns,
    _T.NETFILTER: attach_netfilter,
    _T.KPROBE: attach_probe,
    _T.TRACEPOINT: attach_tracepoint,
    _T.RAW_TRACEPOINT: attach_raw_tracepoint,
    _T.RAW_TRACEPOINT_WRITABLE: attach_raw_tracepoint,
    _T.TRACING: attach_hook,
    _T.LSM: attach_hook,
    _T.EXT: attach_hook,
    _T.PERF_EVENT: attach_event,
    _T.SK_MSG: attach_sockmap,
    _T.SK_SKB: attach_sockmap,
}


def attach(program: Program, target: AttachTarget | None, links: set[Link]) -> Link:
    """Attach *program* to *target*, or to what its section says, and note the link in *links*.

    See `Program.attach` for the errors.
    """
    spec = program.spec
    attacher = attach_cgroup if place_of(spec) is Place.CGROUP else _ATTACHERS.get(program.type)
    if attacher is None:
        raise UsageError(
            f"cannot attach program {program.name}: programs of type {program.type.label} are attached to nothing here",
            hint="run it instead",
        )
    if spec.attach_type is not None and spec.attach_type.name == "TRACE_ITER":
        attacher = attach_iterator
    target = target or resolve(spec, "")
    return Link(program.name, target, attacher(program, target), links)
