"""What the verifier knows of a register or a stack slot: `scalar(smin=0,smax=64)`, `map_value(map=counts,off=8)`.

Printed by `print_reg_state()` in the kernel's log.c. Understood are the formats of Linux 4.14 (`inv(id=0)`), of 5.10
(`invP10`, `umax_value=255`), of 5.16 and later (`R1_w=scalar()`), and of 6.8 and later (hexadecimal numbers, `map=`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["Value", "parse_value"]

_FIELD: Final = re.compile(
    r"(?P<names>[a-z_]\w*(?:=[a-z_]\w*)*)=(?P<value>\([^()]*\)|[^,()=]+)(?:,|$)|(?P<flag>[a-z_]+)(?:,|$)"
)
_VALUE: Final = re.compile(
    r"(?P<slots>[?r m0dif]*?)(?P<precise>P?)"
    r"(?P<kind>[a-z_][\w:.]*?(?:\[\d+\])?)?(?P<late>P?)(?P<number>[-+]?(?:0x[0-9a-f]+|\d+))?(?:\((?P<fields>.*)\))?"
)
_VAR_OFF: Final = re.compile(r"\((?P<value>0x[0-9a-f]+); (?P<mask>0x[0-9a-f]+)\)")
"""A tristate number: the bits that are known, and where a bit is not known."""
_BYTES: Final = re.compile(r"[?rm0dif]{8}")
_OLD_NAMES: Final = {
    **{f"{name}_value": name for name in ("smin", "smax", "umin", "umax")},
    **{f"{sign}32_{edge}_value": f"{sign}{edge}32" for sign in "su" for edge in ("min", "max")},
    "min_value": "smin",
    "max_value": "smax",
}
"""What Linux before 5.18 or so calls the bounds."""

_LIMITS: Final = {
    "smin": -(1 << 63),
    "smax": (1 << 63) - 1,
    "umin": 0,
    "umax": (1 << 64) - 1,
    "smin32": -(1 << 31),
    "smax32": (1 << 31) - 1,
    "umin32": 0,
    "umax32": (1 << 32) - 1,
}
_WORDS: Final = {
    "ctx": "the context",
    "fp": "a stack pointer",
    "pkt": "a packet pointer",
    "pkt_meta": "a pointer to packet metadata",
    "pkt_end": "the packet's end",
    "map_ptr": "a map",
    "map_key": "a pointer to a map's key",
    "map_value": "a pointer to a map's value",
    "mem": "a pointer to memory",
    "buf": "a pointer to a buffer",
    "func": "a function",
    "arena": "a pointer into an arena",
    "sock": "a socket",
    "sock_common": "a socket",
    "tcp_sock": "a TCP socket",
    "xdp_sock": "an XDP socket",
    "flow_keys": "the flow keys",
    "tp_buffer": "a tracepoint's buffer",
    "dynptr_ptr": "a dynptr",
    "insn": "an address in the code",
}
_PREFIXES: Final = ("rdonly_", "ringbuf_", "user_", "percpu_", "alloc_", "rcu_", "untrusted_", "trusted_", "mem_")


class Value(NamedTuple):
    """What the verifier knows of a register or a stack slot."""

    text: str
    """As the kernel prints it."""
    kind: str
    """The type without its attributes: `scalar`, `pkt`, `map_value`, `ptr_task_struct`, `fp`, `dynptr_ringbuf`, …;
    `bytes` for a stack slot of which only the kind of each byte is known."""
    attributes: frozenset[str] = frozenset()
    """Of `or_null`, `rdonly`, `ringbuf`, `user`, `percpu`, `rcu`, `untrusted`, `trusted`."""
    number: int | None = None
    """A scalar's value where there is only one; a stack pointer's offset from the frame's top."""
    fields: tuple[tuple[str, str], ...] = ()
    """What stands in parentheses, in its order, names as today's kernels have them."""
    precise: bool = False
    """Whether the verifier needs its exact value (`P`)."""
    slots: str = ""
    """Of a stack slot, byte by byte: `?` unset, `m` anything, `0` zero, `r` part of a spilled register."""

    @property
    def may_be_null(self) -> bool:
        """Whether it has to be compared with NULL first."""
        return "or_null" in self.attributes

    @property
    def is_pointer(self) -> bool:
        """Whether it is an address of any kind."""
        return self.kind not in ("scalar", "bytes", "?")

    def get(self, name: str) -> str | None:
        """Return a field as text; None where it is not printed."""
        return next((value for key, value in self.fields if key == name), None)

    def integer(self, name: str, default: int = 0, *, base: int = 0) -> int:
        """Return a field as a number; *default* where it is not printed, or is none of 64 bits."""
        number = _integer(self.get(name) or "", base)
        return default if number is None else number

    @property
    def id(self) -> int:
        """What ties it to other registers with the same value; 0 for none."""
        return _integer((self.get("id") or "").partition("+")[0].partition("-")[0], 10) or 0

    @property
    def map(self) -> str | None:
        """The map's name, where it is printed (Linux 6.8)."""
        return self.get("map")

    def bound(self, name: str) -> int:
        """Return a bound (`smin`, `smax`, `umin`, `umax`, …), or the type's limit where none is known."""
        if self.kind == "scalar" and self.number is not None:
            return self.number & ((1 << 64) - 1) if name.startswith("u") else self.number
        value = self.integer(name, _LIMITS[name])
        # Since Linux 6.8 large numbers are printed as unsigned hexadecimals, negative ones too.
        top = 1 << (32 if name.endswith("32") else 64)
        return value - top if name[0] == "s" and value >= top >> 1 else value

    @property
    def unbounded(self) -> bool:
        """Whether nothing is known of its upper bound."""
        return self.number is None and self.bound("umax") >= (1 << 32) - 1

    def admits(self, number: int) -> bool:
        """Whether the number that it knows may be this one: a scalar's value, of a pointer what varies behind its
        offset.

        Args:
            number: 64 bits, unsigned.
        """
        if self.number is not None:
            return self.kind != "scalar" or number == self.number & _LIMITS["umax"]
        if self.is_pointer and not any(name in _LIMITS or name == "var_off" for name, _ in self.fields):
            return number == self.integer("imm", base=16)
        low = number & _LIMITS["umax32"]
        told = {"u": number, "s": _signed(number, 64), "u32": low, "s32": _signed(low, 32)}
        for sort, value in told.items():
            letter, bits = sort[0], sort[1:]
            if not self.bound(f"{letter}min{bits}") <= value <= self.bound(f"{letter}max{bits}"):
                return False
        known = _VAR_OFF.fullmatch(self.get("var_off") or "")
        return known is None or number & ~int(known["mask"], 0) == int(known["value"], 0)

    def describe(self) -> str:
        """Return it in words: `a packet pointer of which 14 bytes are checked`."""
        if self.kind == "scalar":
            return self._scalar()
        if self.kind == "bytes":
            return "not set" if set(self.slots) == {"?"} else f"bytes {self.slots}"
        words = _WORDS.get(self.kind)
        if words is None and self.kind.startswith("ptr_"):
            words = f"a pointer to struct {self.kind[4:]}"
        if words is None:
            return self.text
        if self.map is not None:
            words = {"map_value": "a pointer to a value of map ", "map_ptr": "the map ", "map_key": "a key of map "}[
                self.kind
            ] + self.map
        if self.kind == "fp" and self.number:
            words += f", {-self.number} bytes below the frame's top"
        words += self._more()
        return words

    def _scalar(self) -> str:
        if self.number is not None:
            return f"the number {self.number}"
        low, high = self.bound("umin"), self.bound("umax")
        if high == _LIMITS["umax"]:
            low, high = self.bound("smin"), self.bound("smax")
            if (low, high) == (_LIMITS["smin"], _LIMITS["smax"]):
                return "any number"
            return f"a number from {_number(low)} to {_number(high)}"
        return f"a number from {_number(low)} to {_number(high)}"

    def _more(self) -> str:
        parts: list[str] = []
        if "untrusted" in self.attributes:
            parts.append("untrusted")
        if self.integer("off"):
            parts.append(f"at offset {self.integer('off')}")
        if self.kind in ("pkt", "pkt_meta"):
            parts.append(f"{self.integer('r')} bytes checked")
        if self.get("vs") is not None and self.kind == "map_value":
            parts.append(f"{self.integer('vs')} bytes")
        if self.get("sz") is not None:
            parts.append(f"{self.integer('sz')} bytes")
        if self.get("umax") is not None or self.get("smax") is not None:
            parts.append(f"plus {_number(max(0, self.bound('smin')))} to {_number(self.bound('umax'))}")
        words = f" ({', '.join(parts)})" if parts else ""
        return words + (", or NULL" if self.may_be_null else "")


def _integer(text: str, base: int) -> int | None:
    """Return the number that a text is; None where it is none of 64 bits: a log is pasted from anywhere."""
    try:
        number = int(text, base)
    except ValueError:
        return None
    return number if -(1 << 63) <= number < 1 << 64 else None


def _signed(value: int, bits: int) -> int:
    return (value ^ 1 << bits - 1) - (1 << bits - 1)


def _number(value: int) -> str:
    """Return a number as a reader likes it: powers of two by their name."""
    for bits in (31, 32, 63, 64):
        if value == (1 << bits) - 1:
            return f"2^{bits}-1"
        if value == -(1 << bits):
            return f"-2^{bits}"
    return str(value)


@lru_cache(4096)
def parse_value(text: str) -> Value:
    """Return what a value's text says; a value of an unknown format has its text as its kind."""
    if _BYTES.fullmatch(text) and text != "00000000":
        return Value(text, "bytes", slots=text)
    if text == "00000000":
        return Value(text, "scalar", number=0, slots=text)
    found = _VALUE.fullmatch(text)
    if found is None:
        return Value(text, text)
    kind = found["kind"] or "scalar"
    number = _integer(found["number"] or "", 16 if "x" in (found["number"] or "") else 10)
    if number is None and found["number"] is not None:
        return Value(text, text)
    if number is not None and number >= 1 << 63:
        number -= 1 << 64
    kind, attributes = _split(kind, number is not None)
    fields = _fields(found["fields"] or "")
    precise = bool(found["precise"] or found["late"])
    if kind == "fp" and number is None and found["fields"] is None:
        number = 0
    if kind == "scalar" and number is None:
        number = _integer(dict(fields).get("imm", ""), 16)  # 5.10: inv(id=0,imm=5), hexadecimal
    return Value(text, kind, attributes, number, fields, precise, found["slots"])


def _split(kind: str, constant: bool) -> tuple[str, frozenset[str]]:
    """Return a type's name without its attributes, and these."""
    attributes: set[str] = set()
    if kind in ("inv", "imm", "unknown_value", "rw") or (kind == "scalar" and constant):
        return "scalar", frozenset()
    kind = re.sub(r"\[\d+\]$", "", kind)
    stripped = True
    while stripped:
        stripped = False
        for prefix in _PREFIXES[:-1]:
            if kind.startswith(prefix):
                kind, stripped = kind[len(prefix) :], True
                attributes.add(prefix.rstrip("_"))
    if kind.endswith("_or_null"):
        kind = kind.removesuffix("_or_null")
        attributes.add("or_null")
    elif kind.startswith("ptr_or_null_"):
        kind = "ptr_" + kind.removeprefix("ptr_or_null_")
        attributes.add("or_null")
    return kind, frozenset(attributes)


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    fields: list[tuple[str, str]] = []
    for found in _FIELD.finditer(text):
        if found["flag"]:
            fields.append((found["flag"], ""))
            continue
        # `smin=smin32=0` says two things at once (Linux 6.3).
        fields += [(_OLD_NAMES.get(name, name), found["value"]) for name in found["names"].split("=")]
    return tuple(fields)
