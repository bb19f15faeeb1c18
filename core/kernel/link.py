"""Link: a program's attachment, which lives as long as its file descriptor."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Self

from .objects import KernelObject, object_info
from .syscall import Attr, BpfError, Command

if TYPE_CHECKING:
    from types import TracebackType

    from ..runtime import AttachTarget
    from .syscall import Descriptor

__all__ = ["Link"]


class Link(KernelObject):
    """A bpf_link. It ends with `detach`, with its context, with its collection, or with the process.

    Args:
        program: The program's name.
        target: What it is attached to.
        descriptor: The link's file descriptor, which it owns from now on.
        registry: Where it is noted while it lives.
    """

    def __init__(self, program: str, target: AttachTarget, descriptor: Descriptor, registry: set[Link]) -> None:
        super().__init__(descriptor)
        self.program = program
        self.target = target
        self._registry = registry
        registry.add(self)

    def __repr__(self) -> str:
        return f"<Link {self.program} on {self.target.name}>"

    @property
    def id(self) -> int:
        """The kernel's id."""
        return int(struct.unpack_from("=I", object_info(self.descriptor, 16), 4)[0])

    @property
    def attached(self) -> bool:
        """Whether `detach` has not been called yet."""
        return not self.descriptor.closed

    def detach(self) -> None:
        """Detach; a second call does nothing. One that was pinned ends as well, and its name stays: see `unpin`."""
        self._registry.discard(self)
        if self.descriptor.closed:
            return
        try:
            # Closing is enough, unless a child process has inherited the descriptor or the link is pinned.
            with self.descriptor as fd:
                Attr(4).u32(0, fd).call(Command.LINK_DETACH)
        except BpfError:
            pass  # older than Linux 5.9, or a type of link that only ends with its last descriptor
        self.descriptor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()
