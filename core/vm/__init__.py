"""The built-in machine: a machine for BPF that needs no kernel, no rights and no Linux.

    >>> Machine(bytes.fromhex("b7000000 2a000000 95000000 00000000")).run()
    42

`Machine` holds a program's code, `Processor` what several of them share, `AddressSpace` the memory that they see, and
`Stepper` is a run that stops between any two instructions.
"""

from __future__ import annotations

from .engine.errors import AccessError, InvalidCodeError, RunError, StepLimitError
from .engine.machine import Machine
from .engine.memory import AddressSpace, Region
from .engine.processor import Processor
from .engine.stepper import Frame, Stepper

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
