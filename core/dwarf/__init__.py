"""DWARF, for objects that have no BTF: types, functions and source lines, as far as they help to read the object.

    from bpftui.core.dwarf import Dwarf
    from bpftui.core.elf import Elf, read_object_file

    dwarf = Dwarf(Elf(read_object_file("old.o"), file="old.o"))
    print(dwarf.types)          # a Btf made of the types, or None
    print(dwarf.lines(3)[:5])   # the lines of section 3

Read here rather than with pyelftools, which takes 90 ms to be imported and 40 µs an entry, does not know where BPF's
code lies (all sections begin at address 0), and can be led by a damaged line table to count to 2^60. The tests compare
the two. Versions 2 to 5 of DWARF, 32-bit and 64-bit, compressed or not; type units of version 4 are left out.
"""

from __future__ import annotations

from .dwarf import Dwarf, FoldedVariable, FunctionPlace
from .line import LineRow

__all__ = ["Dwarf", "FoldedVariable", "FunctionPlace", "LineRow"]
