"""The order of programs at one hook: what is there, and where among it another one comes (bpf_mprog, Linux 6.6).

Programs at an interface (tcx, netkit) and, since Linux 6.16, at a control group run in an order. A new one is the last
unless it is said to come before or after one that is there, which is named by the kernel's id of the program or of its
link. Each change at a hook raises its revision by one: who says which one is expected attaches to nothing else.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final, NamedTuple

from ...errors import AttachError, BpftuiError, FeatureError, UnknownNameError, UsageError
from ...uapi import LinkType
from ..sys.layouts import BpfProgInfo
from ..sys.object import kernel_name, link_info, object_info, open_id, walk_ids
from ..sys.survey import Attached
from .linking import described

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...runtime import AttachTarget
    from ...spec import AttachType
    from ..program import Program
    from ..sys.syscall import BpfError

__all__ = ["Order", "explain_order", "link_at", "order_of", "program_name"]

_BEFORE, _AFTER, _ID, _LINK = 1 << 3, 1 << 4, 1 << 5, 1 << 13
"""BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK."""
_MOST: Final = 64
"""BPF_MPROG_MAX: programs at a hook. Control groups hold as many."""


class Order(NamedTuple):
    """What BPF_LINK_CREATE is told of it."""

    flags: int = 0
    relative_id: int = 0
    revision: int = 0

    def fields(self) -> dict[str, int]:
        """Return the fields that an `OrderedLink` has besides."""
        return {"relative_id": self.relative_id, "expected_revision": self.revision}


def program_name(number: int) -> str:
    """Return what the kernel calls a program, at most 15 characters; empty where that is not to be had."""
    try:
        descriptor = open_id("program", number)
    except BpftuiError:
        return ""
    try:
        return object_info(descriptor, BpfProgInfo()).name
    finally:
        descriptor.close()


def link_at(group: int, attach_type: AttachType, program: int) -> int:
    """Return the link that holds a program at a control group; 0 where it is held by no link.

    Args:
        group: The control group's id, which is the inode of its directory.
        attach_type: The hook.
        program: The program's id.

    Raises:
        NoPermissionError: It takes CAP_SYS_ADMIN to look.
    """
    for number in walk_ids("link"):
        try:
            info = link_info(number)
        except UnknownNameError:
            continue  # gone meanwhile
        where = info.cgroup_id, info.cgroup_attach_type, info.prog_id
        if info.type == LinkType.CGROUP and where == (group, attach_type, program):
            return number
    return 0


def order_of(
    program: Program,
    target: AttachTarget,
    look: Callable[[], Attached | None],
    find_link: Callable[[int], int] | None = None,
) -> Order:
    """Return what the options of a target mean: `first`, `last`, `before=WHICH`, `after=WHICH`, `revision=N`.

    Args:
        program: What is to be attached.
        target: Where.
        look: Asks what is there.
        find_link: Returns the link that holds a program there, by the program's id, where the kernel takes no other
            name for it; 0 for none.

    Raises:
        UsageError, UnknownNameError: What is named is not there, or is there more than once.
        AttachError: There is another revision.
        FeatureError: The kernel knows no order there.
    """
    given = {key: value for key, _, value in (option.partition("=") for option in target.options)}
    flags = _BEFORE if given.keys() & {"first", "before"} else _AFTER if given.keys() & {"last", "after"} else 0
    which = given.get("before") or given.get("after") or ""
    revision = int(given.get("revision", "0"))
    if not which and not revision:
        return Order(flags)
    found = look() or Attached((), (), 0, (), 0)
    if revision and not found.revision:
        raise FeatureError(f"cannot {described(program, target)}: this kernel counts no revisions there (Linux 6.16)")
    if revision and revision != found.revision:
        raise AttachError(
            f"cannot {described(program, target)}: what is there is of revision {found.revision}, and not {revision}"
        )
    if not which:
        return Order(flags, 0, revision)
    kind, colon, name = which.rpartition(":")
    if kind == "link" and name.isdecimal():
        if any(found.link_ids):
            _require(program, target, which, int(name) in found.link_ids, found)
        return Order(flags | _ID | _LINK, int(name), revision)
    if name.isdecimal() and kind in ("", "id"):
        number = int(name)
        _require(program, target, which, number in found.program_ids, found)
    else:
        number = _by_name(program, target, name if colon and kind == "name" else which, found)
    link = 0 if find_link is None else find_link(number)
    return Order(flags | _ID | _LINK, link, revision) if link else Order(flags | _ID, number, revision)


def _by_name(program: Program, target: AttachTarget, name: str, found: Attached) -> int:
    """Return the id of the program that has a name, as far as the kernel keeps it."""
    matching = [each for each in found.program_ids if program_name(each) == kernel_name(name)]
    _require(program, target, name, bool(matching), found)
    if len(matching) > 1:
        listed = ", ".join(f"id:{number}" for number in matching)
        raise UsageError(
            f"cannot {described(program, target)}: {len(matching)} programs there are called {name}",
            hint=f"name one by its id: {listed}",
        )
    return matching[0]


def _require(program: Program, target: AttachTarget, which: str, is_there: bool, found: Attached) -> None:
    if is_there:
        return
    listed = [f"{program_name(each)} id:{each}".strip() for each in found.program_ids]
    raise UsageError(
        f"cannot {described(program, target)}: {which}, which it is to come before or after, is not there",
        hint=f"there is: {', '.join(listed)}" if listed else "there is no program at all",
    )


def explain_order(error: BpfError, program: Program, target: AttachTarget, order: Order) -> BpftuiError | None:
    """Return the error for a link that was not made for where it was to come; None where that is not the reason."""
    doing = f"cannot {described(program, target)}"
    match error.errno:
        case errno.ESTALE:
            return AttachError(
                f"{doing}: what is there has changed meanwhile (ESTALE)", hint="look again, and try again"
            )
        case errno.ENOENT if order.relative_id:
            return AttachError(f"{doing}: what it is to come before or after is not there any more (ENOENT)")
        case errno.ERANGE:
            return AttachError(f"{doing}: there are {_MOST} programs already, and no more than that (ERANGE)")
        case errno.EEXIST:
            return AttachError(f"{doing}: it is attached there already (EEXIST)")
        case _:
            return None
