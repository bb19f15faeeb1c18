"""The built-in runtime: a machine for BPF that needs no kernel, no rights and no Linux.

    >>> Machine(bytes.fromhex("b7000000 2a000000 95000000 00000000")).run()
    42

`Machine` holds a program's code, `Processor` what several of them share, `AddressSpace` the memory that they see, and
`Stepper` is a run that stops between any two instructions.
"""

from __future__ import annotations

from .errors import AccessError, InvalidCodeError, RunError, StepLimitError
from .machine import Machine
from .memory import AddressSpace, Region
from .processor import Processor
from .stepper import Frame, Stepper

__all__ = [
    "AccessError",
    "AddressSpace",
    "Frame",
    "InvalidCodeError",
    "Machine",
    "Processor",
    "Region",
    "RunError",
    "StepLimitError",
    "Stepper",
]
