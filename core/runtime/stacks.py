"""Stack traces, as maps of type stack_trace hold them, and what tells the names of what called what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Call", "Frame", "NoSymbols", "Stack", "Symbols"]

_KERNEL: Final = 1 << 63
"""The half of all addresses that is the kernel's, on every machine of 64 bits that has BPF."""


class Call(NamedTuple):
    """A frame of a stack as a map has it: where the code of one function is going on."""

    address: int
    """In memory; with a build id, in the file."""
    build_id: bytes = b""
    """Of the file; empty where the address is one in memory."""

    @property
    def is_kernel(self) -> bool:
        """Whether the kernel's code is there, or a BPF program's."""
        return not self.build_id and self.address >= _KERNEL

    def memory_of(self, process: int) -> int:
        """Return in whose memory it is that the address counts: 0 for what is the same in all processes."""
        return 0 if self.build_id or self.is_kernel else process

    def __str__(self) -> str:
        return f"{self.build_id.hex()}+{self.address:#x}" if self.build_id else f"{self.address:#x}"


class Frame(NamedTuple):
    """A frame of a stack with what is known of it."""

    call: Call
    name: str = ""
    """The function; empty where it is not known."""
    offset: int = 0
    """Bytes from where the function begins; without its name, from where the file does."""
    where: str = ""
    """The kernel's module or the file that it is in, `bpf` for a BPF program; empty for the kernel itself, and where
    it is not known."""
    program: int = 0
    """The kernel's id of the BPF program that it is in; 0 for none."""
    problem: str = ""
    """Why it has no name, as a clause; empty where it has one."""

    def __str__(self) -> str:
        """Return it as bpftrace and bcc write it: `tcp_sendmsg+0x12`, `nf_hook+0x4 [nf_tables]`.

        Without a function `libc.so.6+0x2784a`, without a file the address or the build id.
        """
        if not self.name:
            return f"{self.where}+{self.offset:#x}" if self.where else str(self.call)
        inside = f"+{self.offset:#x}" if self.offset else ""
        return f"{self.name}{inside} [{self.where}]" if self.where else f"{self.name}{inside}"


class Stack(NamedTuple):
    """A stack trace: who called whom, the most recent first."""

    frames: tuple[Frame, ...]

    @property
    def problem(self) -> str:
        """Why some of them have no name, as clauses; empty where all have."""
        return "; ".join(dict.fromkeys(each.problem for each in self.frames if each.problem))


class Symbols(Protocol):
    """Knows the functions that addresses are in."""

    def stack(self, calls: Sequence[Call], process: int = 0) -> Stack:
        """Return a stack with its names. It can take a second, where files have to be read for them.

        Args:
            calls: The frames, the most recent first.
            process: The pid of whose stack it is; 0 where nobody knows.
        """
        ...


class NoSymbols:
    """Knows none: nothing that it is asked about has run here. Implements `Symbols`."""

    def stack(self, calls: Sequence[Call], process: int = 0) -> Stack:
        """Return a stack of addresses alone."""
        return Stack(tuple(map(Frame, calls)))
