"""What programs allocate: objects, and what helpers keep for them, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..engine.memory import Region
    from .host import Host

__all__ = ["Heap"]

_MOST_BYTES: Final = 64 << 20
_MOST_BLOCKS: Final = 1 << 16


class Heap:
    """Blocks of memory by their address. What is freed gets an address that is used no more: its use is an error."""

    def __init__(self, host: Host) -> None:
        self._memory = host.memory
        self._blocks: dict[int, Region] = {}
        self._used = 0

    def allocate(self, name: str, data: int | bytes, *, writable: bool = True) -> int:
        """Return the address of so many zero bytes, or of a copy; 0 where there is no more memory, as in the kernel."""
        size = data if isinstance(data, int) else len(data)
        if self._used + size > _MOST_BYTES or len(self._blocks) >= _MOST_BLOCKS:
            return 0
        region = self._memory.map(name, data, writable=writable)
        self._blocks[region.base] = region
        self._used += size
        return region.base

    def free(self, address: int) -> bool:
        """Free the block at *address*; False where there is none."""
        region = self._blocks.pop(address, None)
        if region is None:
            return False
        self._used -= region.size
        self._memory.unmap(region)
        return True

    def block(self, address: int) -> Region | None:
        """Return the block that *address* lies in; None where there is none."""
        region = self._memory.find(address)
        return None if region is None else self._blocks.get(region.base)
