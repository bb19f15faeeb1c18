"""Numbers and types as people read them: SI prefixes, durations, sizes, rates. Pure functions, no locale."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING

from ...core.btf.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "age",
    "amount",
    "axis_labels",
    "axis_scale",
    "byte_size",
    "clock",
    "clock_time",
    "counted",
    "duration",
    "grouped",
    "rate",
    "si",
    "unqualified",
]

_SI_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
_SI_FRACTIONS = ("", "m", "µ", "n")
_IEC_PREFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def si(value: float, unit: str = "", *, digits: int = 3, fixed: bool = False) -> str:
    """Return *value* with an SI prefix and *digits* significant digits: `1.2 Mpps`, `950 pps`, `0`.

    Zeros at the end are left out, unless they are *fixed*, for what changes in place: `12.0 k`.

    A fraction below one gets a prefix only with a unit: `si(0.002, "s")` is `2 ms`, `si(0.002)` is `0.002`.
    NaN and infinities are `–`: there is no number to read.
    """
    if not math.isfinite(value):
        return "–"
    exponent = 0
    magnitude = abs(value)
    # Rounding can reach the next prefix: 999,999 with three digits is 1 M, not 1000 k.
    while exponent < len(_SI_PREFIXES) - 1 and float(f"{magnitude:.{digits}g}") >= 1000:
        magnitude /= 1000
        exponent += 1
    if unit and exponent == 0 and 0 < magnitude < 1:
        return _fraction(value, unit, digits)
    sign = "-" if value < 0 else ""
    tail = f"{_SI_PREFIXES[exponent]}{unit}"
    return f"{sign}{_significant(magnitude, digits, fixed=fixed and exponent > 0)} {tail}".rstrip()


def _fraction(value: float, unit: str, digits: int) -> str:
    magnitude, exponent = abs(value), 0
    while exponent < len(_SI_FRACTIONS) - 1 and float(f"{magnitude:.{digits}g}") < 1:
        magnitude *= 1000
        exponent += 1
    sign = "-" if value < 0 else ""
    return f"{sign}{_significant(magnitude, digits)} {_SI_FRACTIONS[exponent]}{unit}"


def _significant(value: float, digits: int, *, fixed: bool = False) -> str:
    """Return 0 ≤ *value* < 1000 with *digits* significant digits, without an exponent; zeros at the end as *fixed*."""
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(rounded)))
    text = f"{rounded:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text and not fixed else text


def duration(seconds: float) -> str:
    """Return a time span: `850 ns`, `12.3 µs`, `4.5 ms`, `1.2 s`, `2 min`, `2 min 05 s`, `1 h 02 min`."""
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 59.95:
        return si(seconds, "s") if seconds else "0 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"


def age(seconds: float) -> str:
    """Return how long ago something was, in its largest unit: `0 s`, `12 s`, `54 min`, `3 h`, `12 d`."""
    left = max(0, int(seconds))
    for most, size, unit in ((60, 1, "s"), (3600, 60, "min"), (172_800, 3600, "h")):
        if left < most:
            return f"{left // size} {unit}"
    return f"{left // 86_400:,} d"


def clock_time(when: float | None) -> str:
    """Return when something was by the user's clocks, from seconds since 1970: `11:58:03`; empty for None."""
    return "" if when is None else time.strftime("%H:%M:%S", time.localtime(when))


def clock(seconds: float) -> str:
    """Return a time as a stop-watch shows it: `0:07`, `12:31`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def byte_size(count: float, *, fixed: bool = False) -> str:
    """Return a number of bytes in IEC units: `512 B`, `1.5 KiB`, `4 MiB`; *fixed*, with three figures: `4.00 MiB`."""
    magnitude, exponent = float(abs(count)), 0
    while exponent < len(_IEC_PREFIXES) - 1 and magnitude >= 1023.5:
        magnitude /= 1024
        exponent += 1
    sign = "-" if count < 0 else ""
    text = f"{magnitude:.0f}" if magnitude >= 999.5 else _significant(magnitude, 3, fixed=fixed and exponent > 0)
    return f"{sign}{text} {_IEC_PREFIXES[exponent]}B"


def grouped(value: float) -> str:
    """Return a number in full with thousands separators: `1,234,567`, `-1,000`, `0.25`."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.6g}" if abs(value) < 1_000_000 else f"{value:,.1f}"
    return f"{value:,.0f}" if isinstance(value, float) else f"{value:,}"


def counted(number: int, noun: str) -> str:
    """Return `1 program`, `2 programs`, `3 processes`."""
    plural = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{plural}"


def rate(per_second: float) -> str:
    """Return a rate for a column: in full where it is short (`12.5`, `9,980`), else three figures in SI (`1.20 M`)."""
    if not math.isfinite(per_second):
        return "–"
    magnitude = abs(per_second)
    if magnitude >= 999_999.5:
        return si(per_second, fixed=True)
    if magnitude >= 99.95 or per_second == int(per_second):
        return f"{per_second:,.0f}"
    return f"{per_second:.1f}"


def amount(value: float, unit: Unit = Unit.NUMBER, *, per_second: bool = False) -> str:
    """Return a number of a unit, three figures of it: `1.40 M`, `241 MiB`, `12.3 µs`; a rate with `/s` behind it.

    NaN and infinities are `–`: there is no number to read.
    """
    if not math.isfinite(value):
        return "–"
    seconds = unit.seconds
    if seconds is not None:
        # A second of time each second is no duration: it stays `2 s/s`.
        text = (si(value * seconds, "s") if per_second else duration(value * seconds)) if value else "0 s"
    else:
        text = byte_size(value, fixed=True) if unit is Unit.BYTES else si(value, fixed=True)
    return f"{text}/s" if per_second else text


def axis_labels(ticks: Sequence[float], unit: Unit = Unit.NUMBER, *, per_second: bool = False) -> list[str]:
    """Return labels of evenly spaced ticks, all with the largest one's prefix: `0`, `0.5 M`, `1.0 M`."""
    top = max(map(abs, ticks), default=0.0)
    scale, prefix = next(
        ((scale, prefix) for scale, prefix in reversed(_prefixes(unit)) if top >= scale * (1 - 1e-9)),
        _prefixes(unit)[0],
    )
    scaled = [tick / scale for tick in ticks]
    step = abs(scaled[1] - scaled[0]) if len(scaled) > 1 else 1.0
    decimals = 0
    while decimals < 9 and not math.isclose(step * 10**decimals, round(step * 10**decimals)):
        decimals += 1
    tail = "/s" if per_second else ""
    return [f"{tick:.{decimals}f} {prefix}".rstrip() + tail if tick else "0" for tick in scaled]


def axis_scale(peak: float, unit: Unit) -> float:
    """Return of how many a round number on an axis up to *peak* is a multiple: bytes are counted in powers of 1024."""
    if unit is not Unit.BYTES:
        return 1.0
    return next((scale for scale, _ in reversed(_prefixes(unit)) if peak >= scale), 1.0)


def _prefixes(unit: Unit) -> list[tuple[float, str]]:
    """Return what numbers of a unit are divided by, and what stands behind them then; the smallest first."""
    if unit is Unit.BYTES:
        return [(1024.0**exponent, f"{prefix}B") for exponent, prefix in enumerate(_IEC_PREFIXES)]
    if (seconds := unit.seconds) is not None:
        return [(1e-3**exponent / seconds, f"{_SI_FRACTIONS[exponent]}s") for exponent in (3, 2, 1, 0)]
    return [(1000.0**exponent, prefix) for exponent, prefix in enumerate(_SI_PREFIXES)]


def unqualified(c_text: str) -> str:
    """Return a type of C without its qualifiers, where what is around it tells them: a section, a map."""
    return re.sub(r"\b(?:const|volatile) ", "", c_text)
