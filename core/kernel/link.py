"""Link: a program's attachment, which lives as long as its file descriptors."""

from __future__ import annotations

import contextlib
import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

from ..errors import AttachError, UsageError
from ..uapi import LinkType
from ..visible import visible
from .sys import rights
from .sys.explain import explain
from .sys.layouts import BpfLinkInfo, IterCreate, LinkDetach, LinkUpdate
from .sys.object import KernelObject, object_info
from .sys.syscall import BpfError, Command

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from ..runtime import AttachTarget
    from .sys.syscall import Descriptor

__all__ = ["Attachment", "Lease", "Link"]

_REPLACE: Final = 4
"""BPF_F_REPLACE."""
_TARGETS: Final[dict[int, str]] = {
    LinkType.CGROUP: "cgroup_id",
    LinkType.NETNS: "netns_ino",
    LinkType.XDP: "xdp_ifindex",
    LinkType.TCX: "tcx_ifindex",
    LinkType.NETKIT: "netkit_ifindex",
    LinkType.SOCKMAP: "sockmap_map_id",
}
"""The target in `struct bpf_link_info`, by the link's type."""


class Lease(Protocol):
    """What an attachment has for as long as it lasts: entries of maps."""

    def close(self) -> None:
        """Give it back; a second call does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """What holds a program where it is attached: at least one descriptor."""

    links: tuple[Descriptor, ...] = ()
    """bpf_links: one, or one for each CPU."""
    held: tuple[Descriptor, ...] = ()
    """What has to stay open besides, or holds the program itself: perf events, a socket."""
    leases: tuple[Lease, ...] = ()
    """What it has beside descriptors, to be given back."""

    def close(self) -> None:
        """Let go of it."""
        for each in (*self.links, *self.held, *self.leases):
            each.close()


class Link(KernelObject):
    """A program's attachment. It ends with `detach`, with its context, with its collection, or with the process.

    Args:
        program: The program's name.
        target: What it is attached to.
        attachment: What holds it there, which the link owns from now on.
        registry: Where it is noted while it lives.
    """

    def __init__(self, program: str, target: AttachTarget, attachment: Attachment, registry: set[Link]) -> None:
        super().__init__((*attachment.links, *attachment.held)[0])
        self.program = program
        self.target = target
        self.attachment = attachment
        self._registry = registry
        registry.add(self)

    def __repr__(self) -> str:
        return f"<Link {visible(self.program)} on {visible(self.target.name)}>"

    @property
    def id(self) -> int:
        """The kernel's id of the (first) bpf_link; 0 where the program is held by something else."""
        if not self.attachment.links:
            return 0
        return object_info(self.descriptor, BpfLinkInfo()).id

    @property
    def attached(self) -> bool:
        """Whether `detach` has not been called yet."""
        return not self.descriptor.closed

    @property
    def gone(self) -> bool:
        """Whether what it was attached to is gone: the interface, the control group, the namespace was deleted.

        The kernel keeps the link and sets its target to 0 (`*_link_fill_link_info`). Links of other kinds, and what has
        none, do not tell: False.
        """
        if not self.attached or not self.attachment.links:
            return False
        info = object_info(self.descriptor, BpfLinkInfo())
        target = _TARGETS.get(info.type)
        return target is not None and not getattr(info, target)

    @property
    def fixed(self) -> str:
        """Why no other program can be put in its program's place, as a clause; empty where one can."""
        if len(self.attachment.links) != 1:
            return "it is no single bpf_link"
        number = object_info(self.descriptor, BpfLinkInfo()).type
        kind = next((each for each in LinkType if each == number), LinkType.UNSPEC)
        return "" if kind.is_updatable else f"the kernel updates no links of its type ({kind.label})"

    def move(self, registry: set[Link]) -> None:
        """Note it elsewhere from now on: it belongs to another collection."""
        self._registry.discard(self)
        self._registry = registry
        registry.add(self)

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Give it a name in a bpffs, which keeps the program attached when this process ends.

        Raises:
            UsageError: It is no single bpf_link, or *path* is taken, or not in a bpffs.
            NoPermissionError: This process may not.
        """
        if len(self.attachment.links) != 1:
            raise UsageError(f"cannot pin the link of {self.program}: it is no single bpf_link")
        super().pin(path)

    def update(self, program: KernelObject, *, name: str = "", instead_of: KernelObject | None = None) -> None:
        """Put another program where this one is, in one step: nothing passes unseen (BPF_LINK_UPDATE, Linux 5.7).

        Args:
            program: The new one, of the same type. It may be closed afterwards: the link holds it.
            name: What the link calls it from then on; its own name where it has one.
            instead_of: The program that has to be there now (BPF_F_REPLACE), else nothing happens.

        Raises:
            UsageError: It is no single bpf_link, or another program than *instead_of* is there.
            AttachError: The kernel refused: the program does not fit there.
            FeatureError: Links of this type cannot be updated: those of interfaces, control groups, network namespaces
                and iterators can.
        """
        if len(self.attachment.links) != 1:
            raise UsageError(f"cannot update the link of {self.program}: it is no single bpf_link")
        doing = f"put another program in the place of {self.program} on {self.target.name}"
        with contextlib.ExitStack() as borrowed:
            link, new = borrowed.enter_context(self.descriptor), borrowed.enter_context(program.descriptor)
            attr = LinkUpdate(link_fd=link, new_prog_fd=new)
            if instead_of is not None:
                attr.flags, attr.old_prog_fd = _REPLACE, borrowed.enter_context(instead_of.descriptor)
            try:
                attr.call(Command.LINK_UPDATE)
            except BpfError as error:
                if error.errno == errno.EPERM and instead_of is not None and not rights.missing(rights.NETWORKING):
                    raise UsageError(f"cannot {doing}: another program than the one expected is there") from error
                feature = "updates of links of this type"
                raise explain(error, doing, raises=AttachError, feature=feature) from error
        self.program = name or str(getattr(program, "name", self.program))

    def output(self) -> bytes:
        """Walk once, and return what the program of an iterator wrote meanwhile (BPF_ITER_CREATE, Linux 5.8).

        Raises:
            UsageError: It is no iterator's link.
        """
        try:
            with self.descriptor as link:
                fd = IterCreate(link_fd=link).call(Command.ITER_CREATE)
        except BpfError as error:
            raise UsageError(f"cannot read from the link of {self.program}: it is no iterator") from error
        with open(fd, "rb", buffering=0) as walk:
            return b"".join(iter(lambda: walk.read(1 << 16), b""))

    def detach(self) -> None:
        """Detach; a second call does nothing. One that was pinned ends as well, and its name stays: see `unpin`."""
        self._registry.discard(self)
        if self.descriptor.closed:
            return
        for descriptor in self.attachment.links:
            try:
                # Closing is enough, unless a child process has inherited the descriptor or the link is pinned.
                with descriptor as fd:
                    LinkDetach(link_fd=fd).call(Command.LINK_DETACH)
            except BpfError:
                pass  # older than Linux 5.9, or a type of link that only ends with its last descriptor
        self.attachment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()
