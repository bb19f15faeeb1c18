"""Packets by their layers: taken apart, edited with lengths and checksums that follow, compared field by field."""

from __future__ import annotations

from .differences import Difference, differences
from .fields import Field, Form
from .layers import Layer, dissect
from .packet import Packet
from .protocols import ETHERNET, IPV4, IPV6, PAYLOAD, PROTOCOLS, Protocol
from .templates import TEMPLATES, template

__all__ = [
    "ETHERNET",
    "IPV4",
    "IPV6",
    "PAYLOAD",
    "PROTOCOLS",
    "TEMPLATES",
    "Difference",
    "Field",
    "Form",
    "Layer",
    "Packet",
    "Protocol",
    "differences",
    "dissect",
    "template",
]
