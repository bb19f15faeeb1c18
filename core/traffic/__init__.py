"""Packets for a sandbox: generated ones or those of a capture, and what delivers them in time."""

from __future__ import annotations

from .capture import Capture, CapturedPacket, CaptureError, CaptureWriter
from .frames import DESTINATION_MAC, PROTOCOLS, SOURCE_MAC, Mix, make_frames
from .pacer import Pacer
from .request import CAPTURE_SUFFIXES, FASTEST_RATE, Chunk, Traffic, parse_traffic

__all__ = [
    "CAPTURE_SUFFIXES",
    "DESTINATION_MAC",
    "FASTEST_RATE",
    "PROTOCOLS",
    "SOURCE_MAC",
    "Capture",
    "CaptureError",
    "CaptureWriter",
    "CapturedPacket",
    "Chunk",
    "Mix",
    "Pacer",
    "Traffic",
    "make_frames",
    "parse_traffic",
]
