"""`bpftui demo`: a sandbox with traffic in it, and a program that counts the packets, live."""

from __future__ import annotations

import locale
import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ... import bpf
from ...core.errors import ExitCode, UsageError
from ...core.spec import CollectionSpec
from ..terminal.output import write_line
from .common import add_settings, configured, hire_guardian, print_json, recorded
from .explore import explore
from .parser import Parser
from .sample_json import sample_json
from .sampling import each_sample
from .watch import add_timing, check_timing

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ...core.live import Session
    from ...core.traffic import Traffic

__all__ = ["make_parser", "run"]

_DURATION: Final = 10.0
"""Seconds, where there is no terminal and nothing else was asked for."""
_RATE: Final = 5000.0
"""Packets per second, where nothing else was asked for."""
_BAR: Final = 30
"""Characters of the bar at the highest rate so far."""
_PROGRAM: Final = "count_packets"
_MAP: Final = "pkt_count"


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "demo",
        "Count packets live: makes a network namespace with a veth pair and traffic in it, attaches count_packets "
        "there, and shows the counter climb. Nothing outside of that namespace is touched, and nothing stays.",
        examples=(
            ("demo", "in a terminal: the explorer"),
            ("demo --json --duration 3", "a line a second, three of them"),
        ),
    )
    add_timing(parser)
    parser.add_argument("--rate", metavar="PPS", type=float, help="packets per second (default: 5000)")
    parser.add_argument(
        "--traffic",
        metavar="WHAT",
        help="what flows: weights of protocols (tcp=3,udp=1,icmp=0,arp=0,ipv4=1,ipv6=1), size=60-1514, seed=N; or a "
        "capture: FILE.pcap,speed=10,loop (speed=max: as fast as it goes)",
    )
    parser.add_argument("--plain", action="store_true", help="lines of text also where there is a terminal")
    add_settings(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command: in a terminal the explorer, elsewhere a line a second."""
    options = make_parser().parse(arguments, drops=True)
    hire_guardian()
    check_timing(options)
    traffic = _traffic(options)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if in_terminal and not (options.plain or options.json or options.duration is not None):
        # The richer program for the richer screen: protocols, sources and events beside the plain count.
        spec = configured(CollectionSpec.from_file(bpf.path("traffic")), options)
        return explore(
            spec, runtime=options.runtime, attach=["count_traffic=sandbox"], traffic=traffic, gave_up=options.gave_up
        )
    return _print_lines(options, traffic)


def _traffic(options: argparse.Namespace) -> Traffic:
    """Return what is to flow in the sandbox."""
    from ...core.traffic import Traffic, parse_traffic

    if options.rate is not None and not 1 <= options.rate <= 1_000_000:
        raise UsageError(f"--rate {options.rate:g} is not between 1 and 1,000,000 packets a second")
    text = options.traffic or ""
    target, traffic = parse_traffic(text)
    if traffic is None and text:
        target, traffic = parse_traffic(f"sandbox,{text}")
    if target not in ("", "sandbox"):
        raise UsageError(
            f"--traffic {text!r}: {target.removeprefix('sandbox,')!r} is no part of traffic",
            hint="see bpftui demo --help",
        )
    traffic = traffic or Traffic()
    if options.rate is not None:
        return replace(traffic, rate=options.rate)
    return replace(traffic, rate=_RATE) if traffic.rate is None and traffic.capture is None else traffic


def _print_lines(options: argparse.Namespace, traffic: Traffic) -> int:
    from ...core.choice import choose_runtime
    from ...core.live import Session

    spec = configured(CollectionSpec.from_file(bpf.path("count_packets")), options)
    duration = _DURATION if options.duration is None else options.duration
    with Session(spec, choose_runtime(options.runtime), traffic=traffic) as session:
        session.load()
        with session.runtime.statistics() as uncounted:  # from the first run on
            session.attach(_PROGRAM, "sandbox")
            with recorded(session, [(_PROGRAM, "sandbox")]):
                _print_samples(session, options, duration, uncounted)
    return ExitCode.OK


def _print_samples(session: Session, options: argparse.Namespace, duration: float, uncounted: str) -> None:
    from ...core.analysis.counting import Counting
    from ...core.live import RateTracker, counters

    collection = session.collection
    assert collection is not None
    (counter,) = counters(collection.maps[_MAP], collection.spec.derived(Counting))
    sampler = session.sampler(maps=[_MAP], interval=options.interval, statistics=nullcontext(uncounted))
    tracker = RateTracker()
    highest = 0.0
    for sample in each_sample(sampler, duration, until=lambda: session.finished):
        if options.json:
            print_json(sample_json(collection, sample), indent=None)
            continue
        count = sum(counter.total(entry) for entry in sample.maps[_MAP].entries)
        rate = tracker.update(sample.time, count)
        if rate is None:
            if remark := session.runtime.remark:
                write_line(remark, flush=True)
            place = "a sandbox" if session.runtime.remark else "a sandbox, an own network namespace"
            write_line(f"{_PROGRAM} counts packets in {place}; ctrl+c ends it", flush=True)
            continue
        highest = max(highest, rate)
        bar = _bar(rate, highest)
        write_line(f"{sample.time:6.1f} s  {_MAP} {count:>12,}  {rate:>10,.0f} packets/s  {bar}", flush=True)


def _bar(value: float, highest: float) -> str:
    """Return a bar of *value* against *highest*."""
    filled = round(_BAR * value / highest) if highest else 0
    utf8 = (sys.stdout.encoding or locale.getpreferredencoding()).lower().replace("-", "") == "utf8"
    return ("█" if utf8 else "#") * filled
