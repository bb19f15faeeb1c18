"""Programs of a map of sockets: what passes between the sockets in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import FeatureError, UsageError
from ...since import link_type
from ...spec import AttachType
from ..probe.since import links_since
from ..sys.syscall import UNSUPPORTED, BpfError
from .linking import create_link, described, refused

if TYPE_CHECKING:
    from ...runtime import AttachTarget
    from ..link import Attachment
    from ..map import Map
    from ..program import Program

__all__ = ["attach_sockmap"]


def attach_sockmap(program: Program, target: AttachTarget) -> Attachment:
    """Make a sockmap link (Linux 6.10) to the map that *target* names, of the program's collection.

    Before, a program could be attached for as long as the map lives: that does not end with the process where the map
    is pinned, and is not done here.

    Raises:
        UsageError: There is no such map, or it holds no sockets.
        FeatureError: The kernel has no such links.
    """
    found: Map | None = program.maps.get(target.name)
    if found is None or not found.type.is_sockmap:
        holders = [name for name, each in program.maps.items() if each.type.is_sockmap]
        hint = f"there is: {', '.join(holders)}" if holders else "the object has no sockmap and no sockhash"
        raise UsageError(f"cannot {described(program, target)}: that is no map of sockets", hint=hint)
    attach_type = program.spec.attach_type or AttachType.SK_SKB_VERDICT
    try:
        with found.descriptor as fd:
            return create_link(program, fd, attach_type)
    except BpfError as error:
        if error.errno in UNSUPPORTED:
            reason = "this kernel lacks links of sockmaps (EINVAL)"
            raise FeatureError(
                f"cannot {described(program, target)}: {reason}", hint=f"Linux {link_type('sockmap')} has them"
            ) from error
        raise refused(error, program, target, feature=links_since("sockmap", "links of sockmaps")) from error
