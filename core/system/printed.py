"""What all programs of the machine print, whoever loaded them."""

from __future__ import annotations

from ..kernel.printk import MachinePrintReader

__all__ = ["MachinePrintReader"]
