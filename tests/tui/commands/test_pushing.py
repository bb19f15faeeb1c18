"""`--otlp`: what arrives at a collector that is not ours, and what is said where nothing arrives."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from bpftui import bpf
from bpftui.core import kernel
from bpftui.core.errors import ExitCode, UsageError
from bpftui.core.metrics import Family, Teller
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands import pushing
from bpftui.tui.commands.pushing import Endpoint, Starts, metrics_data, parse_endpoint
from tests.tui.commands.command_line import COMMAND, ROOT, user_environment
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from opentelemetry.sdk.metrics.export import MetricExportResult

pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    reason="OpenTelemetry's exporter (the extra export) is not installed",
)
WATCH = ["watch", "bpf/traffic.o", "--runtime", "vm", "--attach", "count_traffic=sandbox", "--otlp"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Tap:
    """oteltap, a collector of OpenTelemetry that is not ours, as a process that writes what arrives."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.metrics: list[dict[str, Any]] = []
        command = [sys.executable, "-u", "-m", "oteltap", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        assert "Listening" in self._process.stdout.readline()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self.metrics.append(json.loads(line))

    def close(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)
        self._reading.join(PATIENCE)

    def points(self, name: str) -> list[dict[str, Any]]:
        """Return all numbers of a metric that arrived."""
        found: list[dict[str, Any]] = []
        for each in [*self.metrics]:
            if each["name"] == name:
                found += each.get("sum", each.get("gauge", {}))["dataPoints"]
        return found


@pytest.fixture
def tap() -> Iterator[Tap]:
    if find_spec("oteltap") is None:
        pytest.skip("oteltap is not installed")
    found = Tap()
    try:
        yield found
    finally:
        found.close()


@contextmanager
def sending(url: str, families: list[Family]) -> Generator[None]:
    with Teller(lambda: families, version="1", failed=pytest.fail) as teller, Endpoint(url).telling(teller, 0.2):
        yield


def test_all_ten_thousand_series_arrive(tap: Tap) -> None:
    # An instrument of the SDK would keep 2,000 of them, and tell nobody.
    numbers = [((str(each),), float(each)) for each in range(10_000)]
    with sending(f"{tap.url}/v1/metrics", [Family("bpf_x_total", "counter", "X.", ("key",), numbers)]):
        pass  # what there is at the end is sent, however soon that is
    assert wait_for(lambda: len(tap.points("bpf_x_total")) >= 10_000)
    told = {each["attributes"][0]["value"]["stringValue"]: each.get("asDouble") for each in tap.points("bpf_x_total")}
    assert told == {str(each): float(each) for each in range(10_000)}


def test_watch_sends_what_prometheus_would_be_told(tap: Tap) -> None:
    command = [*COMMAND, *WATCH, tap.url, "--interval", "0.2"]
    with subprocess.Popen(command, cwd=ROOT, env=user_environment(), stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == f"bpftui: metrics go to {tap.url}/v1/metrics every 0.2 s\n"
        assert wait_for(lambda: len(tap.points("bpf_variable_total_packets_total")) >= 3)
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == ExitCode.INTERRUPTED
        assert running.stderr.read() == ""
    told = {each["name"]: each for each in tap.metrics}
    packets = told["bpf_map_traffic_packets_total"]
    assert packets["sum"]["isMonotonic"] is True
    assert packets["sum"]["aggregationTemporality"] == 2  # cumulative
    assert {each["key"] for each in packets["sum"]["dataPoints"][0]["attributes"]} == {"family", "protocol"}
    assert told["bpf_map_traffic_bytes_total"]["unit"] == "By"
    assert told["bpf_program_run_seconds_total"]["unit"] == "s"
    counts = [
        float(each["asInt"] if "asInt" in each else each["asDouble"])
        for each in tap.points("bpf_variable_total_packets_total")
    ]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_nobody_there_is_said_once_and_that_it_arrives_again(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    said: list[str] = []

    def heard(what: str) -> bool:
        said.append(capsys.readouterr().err)
        return what in "".join(said)

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None: ...

    with sending(f"http://127.0.0.1:{port}/v1/metrics", []):
        assert wait_for(lambda: heard("connection refused"))
        with HTTPServer(("127.0.0.1", port), Taking) as server:
            answering = threading.Thread(target=server.serve_forever)
            answering.start()
            assert wait_for(lambda: heard("again"))
            server.shutdown()
            answering.join()
    url = f"bpftui: warning: http://127.0.0.1:{port}/v1/metrics: metrics"
    assert "".join(said).splitlines() == [f"{url} do not arrive: connection refused", f"{url} arrive again"]


def test_a_mistake_is_said_and_the_next_time_is_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times: list[int] = []

    def data(teller: Teller, starts: Starts) -> Any:
        times.append(len(times))
        if times[-1] == 0:
            raise KeyError("a mistake")
        logging.getLogger("opentelemetry.sdk.resources").warning("an attribute is odd")
        return metrics_data(teller, starts)

    class Exporter:
        def __init__(self, **options: object) -> None: ...

        def export(self, data: object) -> MetricExportResult:
            from opentelemetry.sdk.metrics.export import MetricExportResult

            return MetricExportResult.SUCCESS

        def shutdown(self) -> None: ...

    monkeypatch.setattr(pushing, "metrics_data", data)
    monkeypatch.setattr("opentelemetry.exporter.otlp.proto.http.metric_exporter.OTLPMetricExporter", Exporter)
    with sending("http://127.0.0.1:1/v1/metrics", []):
        assert wait_for(lambda: len(times) >= 4)
    prefix = "bpftui: warning: "
    # What is no failure to send is said once, and is not taken for one.
    assert capsys.readouterr().err.splitlines() == [
        f"{prefix}http://127.0.0.1:1/v1/metrics: metrics do not arrive: KeyError: 'a mistake'",
        f"{prefix}OpenTelemetry: an attribute is odd",
        f"{prefix}http://127.0.0.1:1/v1/metrics: metrics arrive again",
    ]


def test_headers_are_those_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "edge")
    seen: list[tuple[str | None, bytes]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None: ...

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        answering = threading.Thread(target=server.serve_forever)
        answering.start()
        with sending(f"http://127.0.0.1:{server.server_port}/v1/metrics", []):
            assert wait_for(lambda: bool(seen))
        server.shutdown()
        answering.join()
    assert seen[0][0] == "Bearer secret"
    assert b"edge" in seen[0][1]
    assert b"bpftui_scrape_seconds" in seen[0][1]


def test_certificates_are_those_of_the_sdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """TLS: a certificate that nobody knows is refused, one that `OTEL_EXPORTER_OTLP_CERTIFICATE` names is not."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    openssl = shutil.which("openssl") or pytest.skip("no openssl is installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "1"]
    words += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, *words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    came: list[ExportMetricsServiceRequest] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(("127.0.0.1", 0), Taking) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        answering = threading.Thread(target=server.serve_forever)
        answering.start()
        url = f"https://127.0.0.1:{server.server_port}/v1/metrics"
        said: list[str] = []

        def refused() -> bool:
            said.append(capsys.readouterr().err)
            return "do not arrive" in "".join(said)

        with sending(url, []):
            assert wait_for(refused)
        assert came == []
        reason = "certificate verify failed: self-signed certificate"
        assert "".join(said) == f"bpftui: warning: {url}: metrics do not arrive: {reason}\n"
        for each in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(each, "/nonexistent/others.pem")  # they are not in the way
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(certificate))
        with sending(url, [Family("bpf_x_total", "counter", "X.", (), [((), 5.0)])]):
            assert wait_for(lambda: bool(came))
        assert os.environ["CURL_CA_BUNDLE"] == "/nonexistent/others.pem"  # what is started from here has it
        server.shutdown()
        answering.join()
    told = [each.name for each in came[0].resource_metrics[0].scope_metrics[0].metrics]
    assert told[0] == "bpf_x_total"


@pytest.mark.kernel
@pytest.mark.parametrize("dropping", [False, True])
def test_top_sends_what_programs_and_maps_of_the_machine_cost(tap: Tap, dropping: bool) -> None:
    with kernel.load(CollectionSpec.from_file(bpf.path("count_packets"))) as collection:
        program = next(iter(collection.programs.values()))
        command = [*COMMAND, "top", "--otlp", tap.url, "--interval", "0.2", "--only", program.name]
        with subprocess.Popen(
            [*command, *["--drop"] * dropping], cwd=ROOT, env=user_environment(), stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stderr is not None
            assert f"metrics go to {tap.url}/v1/metrics" in running.stderr.readline()

            def runs() -> list[int]:
                return [
                    int(float(each.get("asInt", each.get("asDouble", 0))))
                    for each in tap.points("bpf_program_runs_total")
                    if {"key": "id", "value": {"stringValue": str(program.id)}} in each["attributes"]
                ]

            assert wait_for(lambda: len(runs()) >= 2)
            program.run(bytes(64), repeat=1000)
            assert wait_for(lambda: runs()[-1] - runs()[0] >= 1000)
            running.send_signal(signal.SIGINT)
            assert running.wait(PATIENCE) == ExitCode.INTERRUPTED
    names = {each["name"] for each in tap.metrics}
    assert {"bpf_program_run_seconds_total", "bpf_program_memory_bytes", "bpf_map_memory_bytes"} <= names


def test_a_counter_that_went_back_counts_from_the_time_before() -> None:
    since = Starts(100)
    families = [Family("bpf_x_total", "counter", "X.", ("key",), [(("a",), 5.0), (("b",), 1.0)])]
    times: list[list[int]] = []
    before = 0
    with Teller(lambda: families, version="1", failed=pytest.fail) as teller:
        for counted in (5.0, 7.0, 2.0, 3.0):
            families[0].numbers[0] = ("a",), counted
            metric = metrics_data(teller, since).resource_metrics[0].scope_metrics[0].metrics[0]
            times.append([point.start_time_unix_nano for point in metric.data.data_points])
            last = metric.data.data_points[0].time_unix_nano
            if counted == 7.0:
                before = last
    assert times == [[100, 100], [100, 100], [before, 100], [before, 100]]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://localhost:4318", "http://localhost:4318/v1/metrics"),
        ("https://collector.example.com/", "https://collector.example.com/v1/metrics"),
        ("http://[::1]:4318/otlp/v1/metrics", "http://[::1]:4318/otlp/v1/metrics"),
    ],
)
def test_where_a_url_leads(text: str, url: str) -> None:
    assert parse_endpoint(text) == Endpoint(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:4318",
        "grpc://x:4317",
        "http://",
        "http://[::1",
        "http://x:99999",
        "http://x:0",
        "http://x/\x1b[31m",
    ],
)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"--otlp {text!r} is no URL of a collector")):
        parse_endpoint(text)


def test_a_password_is_not_for_everybody_to_see() -> None:
    with pytest.raises(UsageError, match="takes no name and password") as raised:
        parse_endpoint("http://name:secret@x:4318")
    assert "secret" not in raised.value.message
