"""KernelInspector: what the kernel makes of programs, behind the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..sys.available import require

if TYPE_CHECKING:
    from ...btf import Btf
    from ...listing.listing import Listing
    from ...runtime.inspected import ColumnRow, Image
    from ...spec import CollectionSpec
    from ...verifier import Heat, VerifierLog

__all__ = ["KernelInspector"]


class KernelInspector:
    """Implements `bpftui.core.runtime.inspected.Inspector`; what it takes is imported when it is asked."""

    def require(self) -> None:
        """Raise where bpf(2) as a whole cannot be used."""
        require()

    def image(self, spec: CollectionSpec, name: str) -> Image:
        """Return what the kernel made of a program; see `read_image`."""
        from .image import read_image

        return read_image(spec, name)

    def columns(
        self, listing: Listing, image: Image, *, translated: bool = True, native: bool = True
    ) -> list[ColumnRow]:
        """Return a listing beside its image; see `columns`."""
        from .columns import columns

        return columns(listing, image, translated=translated, native=native)

    def walk(self, spec: CollectionSpec, name: str) -> Heat:
        """Return how the verifier walks through a program; see `read_walk`."""
        from .walk import read_walk

        return read_walk(spec, name)

    def walk_log(self, spec: CollectionSpec, name: str, target: Btf | None) -> VerifierLog:
        """Return the verifier's log of all that it walks over; see `read_walk_log`."""
        from .walk import read_walk_log

        return read_walk_log(spec, name, target=target)
