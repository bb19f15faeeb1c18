"""Objects that programs allocate (Linux 6.2 to 6.4), and pointers to them in maps.

What an object is, the program's own types say: a type's id is an argument. An object lives until its last reference is
dropped; using it afterwards is a bad access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..engine.errors import RunError
from ..world.heap import Heap
from .declaration import ADDRESS, U32, U64, function

if TYPE_CHECKING:
    from ..world.host import Host

__all__ = ["Objects"]

_LARGEST: Final = 1 << 15
"""Bytes of a per-CPU object at most (BPF_GLOBAL_PERCPU_MA_MAX_SIZE is less)."""

_POINTER: Final = 8
"""Bytes of a pointer in a map's value; what else is special there has another size."""


class Objects:
    """The references of the objects that there are."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._heap = host.part(Heap)
        self._references: dict[int, int] = {}
        """By address, how many there are beside the first."""
        self._per_cpu: dict[int, list[int]] = {}
        """By the address of the first CPU's, those of all CPUs."""
        host.releases.append(self._release)

    def _release(self, place: int, size: int) -> None:
        """Drop the object that a field points to."""
        if size == _POINTER and self._heap.block(pointer := self._host.integer(place, size)):
            self.drop(pointer)

    def new(self, type_id: int) -> int:
        """Return the address of a new object, all zeros; 0 where there is no memory for it."""
        name, size = self._type(type_id)
        return self._heap.allocate(f"object {name}", size)

    def new_per_cpu(self, type_id: int) -> int:
        """Return what stands for a new object of each CPU; 0 where there is no memory for them."""
        name, size = self._type(type_id)
        if size > _LARGEST:
            return 0
        copies = [self._heap.allocate(f"object {name}, CPU {cpu}", size) for cpu in range(self._host.settings.cpus)]
        if not all(copies):
            for copy in copies:
                self._heap.free(copy)
            return 0
        self._per_cpu[copies[0]] = copies
        return copies[0]

    def _type(self, type_id: int) -> tuple[str, int]:
        btf = self._host.btf
        if btf is None or not 0 < type_id < len(btf):
            raise RunError(f"an object of type {type_id}, which the program's types do not have")
        return btf.type_name(type_id), btf.size(type_id)

    def of_cpu(self, address: int, cpu: int) -> int | None:
        """Return the address of a CPU's copy of a per-CPU object; 0 where there is no such CPU, None for no object."""
        copies = self._per_cpu.get(address)
        if copies is None:
            return None
        return copies[cpu] if cpu < len(copies) else 0

    def acquire(self, address: int) -> int:
        """Count one more reference; return the address."""
        base = self._base(address)
        self._references[base] = self._references.get(base, 0) + 1
        return address

    def drop(self, address: int) -> None:
        """Drop a reference, and with the last one the object, wherever in it *address* is; nothing for NULL."""
        if not address:
            return
        base = self._base(address)
        for copy in self._per_cpu.pop(base, [base]):
            if self._references.get(copy, 0):
                self._references[copy] -= 1
            else:
                self._references.pop(copy, None)
                self._heap.free(copy)

    def check(self, address: int) -> None:
        """Raise RunError unless *address* lies in an object."""
        self._base(address)

    def _base(self, address: int) -> int:
        block = self._heap.block(address)
        if block is None:
            raise RunError(f"{address:#x} is the address of no object")
        return block.base


@function(U64, ADDRESS)
def bpf_obj_new_impl(host: Host, type_id: int, _meta: int) -> int:
    return host.part(Objects).new(type_id)


@function(U64, ADDRESS)
def bpf_percpu_obj_new_impl(host: Host, type_id: int, _meta: int) -> int:
    return host.part(Objects).new_per_cpu(type_id)


@function(ADDRESS, ADDRESS, also=("bpf_percpu_obj_drop_impl",))
def bpf_obj_drop_impl(host: Host, address: int, _meta: int) -> int:
    host.part(Objects).drop(address)
    return 0


@function(ADDRESS, ADDRESS)
def bpf_refcount_acquire_impl(host: Host, address: int, _meta: int) -> int:
    return host.part(Objects).acquire(address)


@function(ADDRESS, ADDRESS)
def bpf_kptr_xchg(host: Host, place: int, pointer: int) -> int:
    before = host.integer(place, 8)
    host.put_integer(place, pointer, 8)
    return before


@function(ADDRESS, U32)
def bpf_per_cpu_ptr(host: Host, address: int, cpu: int) -> int:
    found = host.part(Objects).of_cpu(address, cpu)
    # What is no per-CPU object is a variable of the kernel, of which there is one copy.
    return found if found is not None else address if cpu < host.settings.cpus else 0


@function(ADDRESS)
def bpf_this_cpu_ptr(host: Host, address: int) -> int:
    return bpf_per_cpu_ptr(host, address, host.cpu)


@function(ADDRESS, U32)
def bpf_rdonly_cast(_host: Host, address: int, _type_id: int) -> int:
    return address
