"""`watch --prometheus`: what a collector gets, and what is said where it does not go."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import urllib.request

import pytest

from bpftui.core.errors import ExitCode, UsageError
from bpftui.tui.commands.exporting import Ticks
from bpftui.tui.commands.scraping import Address, parse_address
from tests.tui.commands.command_line import COMMAND, ROOT, bpftui, user_environment
from tests.waiting import PATIENCE, wait_for

WATCH = ["watch", "bpf/traffic.o", "--runtime", "vm", "--attach", "count_traffic=sandbox", "--prometheus"]


def packets(text: str) -> float:
    """Return how many packets a scrape tells of."""
    found = re.search(r"^bpf_variable_total_packets_total (\S+)$", text, re.M)
    assert found is not None
    return float(found[1])


def read(url: str, accept: str = "*/*") -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": accept}), timeout=PATIENCE) as answer:
        return answer.read().decode()


def test_a_collector_reads_what_there_is() -> None:
    command = [*COMMAND, *WATCH, "127.0.0.1:0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=user_environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        found = re.fullmatch(r"bpftui: metrics are at (http://127\.0\.0\.1:\d+/metrics)\n", running.stderr.readline())
        assert found is not None
        url = found[1]
        first = read(url)
        assert wait_for(lambda: packets(read(url)) > packets(first))
        second = read(url)
        assert read(found[1], "application/openmetrics-text").endswith("\n# EOF\n")
        port = found[1].rpartition(":")[2].partition("/")[0]
        refused = bpftui(*WATCH, f":{port}").refused(ExitCode.USAGE)
        assert f"metrics cannot be had at 127.0.0.1:{port}: address already in use" in refused
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == ExitCode.INTERRUPTED
        assert running.stdout.read() == ""
    assert '# TYPE bpf_map_traffic_packets_total counter\nbpf_map_traffic_packets_total{family="' in second
    if shutil.which("promtool"):
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=second, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "address", "url", "is_open"),
    [
        ("9435", ("127.0.0.1", 9435), "http://127.0.0.1:9435/metrics", False),
        (":9435", ("127.0.0.1", 9435), "http://127.0.0.1:9435/metrics", False),
        ("[::1]:80", ("::1", 80), "http://[::1]:80/metrics", False),
        ("0.0.0.0:1", ("0.0.0.0", 1), "http://0.0.0.0:1/metrics", True),
        ("localhost.example.com:1", ("localhost.example.com", 1), "http://localhost.example.com:1/metrics", True),
        ("[::1234]:1", ("::1234", 1), "http://[::1234]:1/metrics", True),
        ("localhost:65535", ("localhost", 65535), "http://localhost:65535/metrics", False),
    ],
)
def test_addresses(text: str, address: tuple[str, int], url: str, is_open: bool) -> None:
    found = parse_address(text)
    assert (found, found.url, found.is_open) == (Address(*address), url, is_open)


@pytest.mark.parametrize("text", ["", "x", "::1:80", "a:b:1", "host:-1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="is not of the form ADDR:PORT"):
        parse_address(text)


def test_a_port_that_is_beyond_the_last_one() -> None:
    assert parse_address("65535").port == 65535
    with pytest.raises(UsageError, match="--listen 'host:65536': the last port is 65535"):
        parse_address("host:65536", option="--listen")


def test_an_address_that_is_not_here_is_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        message = bpftui(*WATCH, "192.0.2.77:9435").refused(ExitCode.USAGE)
    assert message.startswith("metrics cannot be had at 192.0.2.77:9435: cannot assign requested address")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([":0", "--json"], "--prometheus prints nothing and keeps nothing: it is not given with --json"),
        ([":0", "--record", "x"], "--prometheus prints nothing and keeps nothing: it is not given with --record"),
        (
            [":0", "--otlp", "http://localhost"],
            "--prometheus prints nothing and keeps nothing: it is not given with --otlp",
        ),
    ],
)
def test_what_prints_nothing_is_given_alone(given: list[str], sentence: str) -> None:
    assert bpftui(*WATCH, *given).refused(ExitCode.USAGE).startswith(sentence)


def test_moments_end() -> None:
    assert len([*Ticks(10.0).samples(0.0, until=lambda: False)]) == 1
    assert len([*Ticks(0.0).samples(None, until=iter([False, False, True]).__next__)]) == 3
    ticks = Ticks(0.0)
    ticks.stop()
    assert [*ticks.samples(None, until=lambda: False)] == []
