"""Variable: a global variable of a loaded collection, read and written in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from ..visible import visible

if TYPE_CHECKING:
    from ..btf import Decoded, Value
    from ..spec import VariableSpec
    from .typed import TypedMap

__all__ = ["Variable"]


class Variable:
    """A window onto a data section of a loaded collection.

    Where the section is mapped into memory, reading and writing touch just the variable. Elsewhere (before Linux 5.5)
    the whole section is read and written, so that what programs change meanwhile may get lost.
    """

    def __init__(self, spec: VariableSpec, section: TypedMap) -> None:
        self.spec = spec
        self._section = section

    def __repr__(self) -> str:
        return f"<Variable {visible(self.name)}>"

    @property
    def name(self) -> str:
        """The variable's name."""
        return self.spec.name

    @property
    def read_only(self) -> bool:
        """Whether it can no longer be set: a constant, whose section was frozen when it was loaded."""
        return self.spec.constant or self._section.frozen

    def raw(self) -> bytes:
        """Return its bytes at this moment."""
        return self._section.read_at(self.spec.offset, self.spec.size)

    def get(self) -> Decoded:
        """Return its value: typed where BTF has the type, else bytes."""
        return self.raw() if self.spec.type is None else self.spec.type.decode(self.raw())

    def set(self, value: Value) -> None:
        """Set it.

        Raises:
            ValueRangeError: The value does not fit; the message gives the allowed range.
            TypeMismatchError: The value has the wrong shape.
            UsageError: It is a constant.
        """
        self._check_writable()
        # What a dict leaves out stays as it is now, not as it was in the file.
        raw = self.spec.encode(value, current=self.raw() if isinstance(value, dict) else None)
        self._section.write_at(self.spec.offset, raw)

    def set_text(self, text: str, path: str = "") -> None:
        """Set it, or the member at *path* (`.limits[2].rate`), from text as a user types it; errors as for `set`."""
        self._check_writable()
        raw = self.spec.encode_text(text, path, current=self.raw())
        if self.spec.type is None:
            self._section.write_at(self.spec.offset, raw)
            return
        # Only the member: programs may be counting up its neighbours.
        member, offset = self.spec.type.member(path, name=self.name)
        self._section.write_at(self.spec.offset + offset, raw[offset : offset + member.size])

    def _check_writable(self) -> None:
        if self.read_only:
            raise UsageError(
                f"variable {self.name} is a constant of {self.spec.section}, which was frozen when it was loaded",
                hint="set it before loading",
            )
