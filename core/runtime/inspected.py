"""What a runtime makes of a program, as it is told: translated instructions, native code, what is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ..btf import Btf
    from ..listing.listing import Listing, Row
    from ..spec import CollectionSpec
    from ..verifier import Heat, VerifierLog

__all__ = ["ColumnRow", "Image", "Inspector", "NativeFunction", "NativeRun"]


class NativeRun(NamedTuple):
    """Native code that one instruction became."""

    slot: int | None
    """The instruction, in the linked code; None for a function's prologue."""
    address: int
    """Where it lies in the kernel."""
    code: bytes


class NativeFunction(NamedTuple):
    """The native code of one function."""

    slot: int
    """The first slot of the function, in the linked code."""
    address: int
    runs: tuple[NativeRun, ...]
    """In the order of their addresses; they cover all of the code."""


class Image(NamedTuple):
    """What the kernel made of one program."""

    translated: bytes
    """The instructions after verification, in this machine's byte order. Maps are named by their ids."""
    origins: tuple[int, ...]
    """For each translated slot: the slot of the linked code that it came from."""
    removed: tuple[int, ...]
    """The slots of the instructions that are not there any more; second halves are not listed."""
    decided: tuple[int, ...]
    """The slots of conditional jumps that are unconditional now."""
    native: tuple[NativeFunction, ...]
    """Empty where there is no JIT, or this process may not see its code."""


class ColumnRow(NamedTuple):
    """One row; of an instruction that became several, the first has the instruction and the others are blank there."""

    row: Row | None
    """The listing's row: a function, a C line or an instruction."""
    translated: tuple[int, str] | None = None
    """A translated instruction with its slot."""
    native: tuple[int, str] | None = None
    """A native instruction with its address."""
    is_removed: bool = False
    """Whether the verifier removed the instruction."""


class Inspector(Protocol):
    """Tells what a runtime makes of programs: they are loaded for it, as the variables are set, and closed again."""

    def require(self) -> None:
        """Do nothing where this process may ask.

        Raises:
            NoPermissionError, FeatureError: It may not.
        """
        ...

    def image(self, spec: CollectionSpec, name: str) -> Image:
        """Return what becomes of the program *name*.

        Raises:
            FeatureError: The object lacks what it takes to follow instructions.
            LoadError, NoPermissionError: As for a load.
        """
        ...

    def columns(
        self, listing: Listing, image: Image, *, translated: bool = True, native: bool = True
    ) -> list[ColumnRow]:
        """Return the rows of a listing, each instruction with what it became.

        Args:
            listing: Of the program that the image is of.
            image: What became of it.
            translated: Whether to give the translated instructions.
            native: Whether to disassemble the native code.
        """
        ...

    def walk(self, spec: CollectionSpec, name: str) -> Heat:
        """Return where the verifier's work on the program *name* goes, which it may refuse.

        Raises:
            LoadError, NoPermissionError, FeatureError: It was refused before the verifier walked through it.
        """
        ...

    def walk_log(self, spec: CollectionSpec, name: str, target: Btf | None) -> VerifierLog:
        """Return the verifier's log of all that it walks over; errors as for `walk`.

        Args:
            spec: The object.
            name: The program.
            target: The types that it is adapted to (CO-RE); None for those of the running kernel.
        """
        ...
