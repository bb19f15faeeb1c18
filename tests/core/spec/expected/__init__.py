"""What the compiled objects hold, written out in full.

Each fact was checked against the C source, llvm-readelf, llvm-objdump -dr and `bpftool btf dump`; the order is that of
the file: maps as their DATASEC lists them, then data sections by section index, all else by offset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    attaching,
    code,
    definitions,
    functions,
    maps_and_data,
    others,
    refused,
    sections,
    shipped,
    variants,
    versions,
    watched,
)

if TYPE_CHECKING:
    from .parts import Facts

__all__ = ["EXPECTED"]

EXPECTED: dict[str, Facts] = (
    shipped.SPECS
    | attaching.SPECS
    | maps_and_data.SPECS
    | sections.SPECS
    | code.SPECS
    | functions.SPECS
    | refused.SPECS
    | definitions.SPECS
    | others.SPECS
    | variants.SPECS
    | versions.SPECS
    | watched.SPECS
)
