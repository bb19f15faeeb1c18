"""Maps of struct_ops: tables of functions that are registered with a subsystem of the kernel."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..errors import AttachError, UsageError
from ..runtime import AttachTarget
from ..spec import AttachType, MapFlag
from .attach.linking import make_link
from .link import Attachment, Link
from .loading.create import create_struct_ops
from .map import Map
from .probe.since import links_since
from .sys import rights
from .sys.explain import explain
from .sys.syscall import BpfError, Descriptor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..maps import Shape
    from ..spec import MapSpec
    from .loading.struct_ops import StructOps
    from .program import Program

__all__ = ["StructOpsMap"]


class StructOpsMap(Map):
    """A struct_ops map: a table of functions that the kernel calls once it is registered.

    Args:
        spec: What it was made from.
        descriptor: Its file descriptor, which it owns from now on.
        shape: What was created.
        ops: Its value in the kernel's layout.
    """

    def __init__(self, spec: MapSpec, descriptor: Descriptor, shape: Shape, ops: StructOps) -> None:
        super().__init__(spec, descriptor, shape)
        self._ops = ops

    @classmethod
    def of_struct(cls, spec: MapSpec, ops: StructOps, btf_fd: Descriptor | None) -> StructOpsMap:
        """Create one in the kernel's layout; errors as for `Map.of_object`. It holds nothing until it is registered."""
        descriptor, shape = create_struct_ops(spec, ops, btf_fd)
        return cls(spec, descriptor, shape, ops)

    def register(self, programs: Mapping[str, Program], links: set[Link]) -> Link:
        """Fill in the programs and register the table with its subsystem, for as long as the link lives (Linux 6.4).

        Args:
            programs: The programs that its members name, by their names.
            links: Where the link is noted while it lives.

        Raises:
            UsageError: It is in a section without links, or a program of its is not there.
            AttachError, FeatureError, NoPermissionError: The kernel said no: the subsystem may want other members.
        """
        doing = f"register {self.name}"
        if not self.elements.shape.flags & MapFlag.LINK:
            # Without one it would outlive this process, however that ends.
            hint = 'declare it in SEC(".struct_ops.link")'
            raise UsageError(f"cannot {doing}: its section {self.spec.section} asks for no link", hint=hint)
        value = bytearray(self._ops.value)
        for offset, name in self._ops.pointers.items():
            if name not in programs:
                raise UsageError(f"cannot {doing}: its program {name} is not loaded")
            value[offset : offset + 8] = programs[name].fileno().to_bytes(8, sys.byteorder)
        try:
            self._own_elements.update(bytes(self.key_size), bytes(value))
            with self.descriptor as fd:
                link = make_link(fd, 0, AttachType.STRUCT_OPS)
        except BpfError as error:
            feature, needs = links_since("struct_ops", "links of struct_ops"), rights.NETWORKING
            raise explain(error, doing, needs=needs, raises=AttachError, feature=feature) from error
        target = AttachTarget(self.spec.value.c_text if self.spec.value is not None else "struct_ops")
        return Link(self.name, target, Attachment((Descriptor(link, f"link of {self.name}"),)), links)
