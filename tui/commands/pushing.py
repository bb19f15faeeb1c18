"""`--otlp`: metrics to a collector of OpenTelemetry, by the HTTP exporter of its SDK, which is an extra.

Its exporter alone: numbers are the kernel's sums already. What the rest of the SDK would do with them is add them up
again, and keep 2,000 series of each instrument: the others would arrive as one, and nobody would be told.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

from ...core.errors import FeatureError, UsageError
from ...core.threads import start_thread
from ...core.visible import visible
from .common import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from opentelemetry.sdk.metrics.export import Metric, MetricExportResult, MetricsData
    from requests import Session

    from ...core.metrics import Family, Teller

__all__ = ["Endpoint", "Starts", "metrics_data", "parse_endpoint"]

_PATH: Final = "/v1/metrics"
"""Where a collector takes metrics, below its URL (the specification of OTLP/HTTP)."""
_UNITS: Final = {"bytes": "By", "seconds": "s", "": "1"}
"""Base units as UCUM writes them, which OpenTelemetry wants."""
_TOGETHER: Final = 5_000
"""Numbers in a request at most: collectors, and what stands before them, refuse large ones."""
_CAUSE: Final = re.compile(r"\[(?:Errno -?\d+|SSL: \w+)\] ([^\"'()]+)")
"""What of an error of the exporter's says why: the rest is about its own retries."""
_CERTIFICATES: Final = ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE")
_EXPORTER: Final = "opentelemetry.exporter."
"""Loggers of what sends begin with it."""
_LAST: Final = 2.0
"""Seconds that the last sending may take, when the command ends."""


class Endpoint(NamedTuple):
    """Where a collector takes metrics."""

    url: str

    @contextmanager
    def telling(self, teller: Teller, interval: float) -> Generator[str]:
        """Send them, and once more at the end; see `Destination`."""
        sender = _Sender(self.url, teller, interval)
        sender.start()
        try:
            yield f"metrics go to {self.url} every {interval:g} s"
        finally:
            sender.close()


def parse_endpoint(text: str) -> Endpoint:
    """Return where a URL leads: to the usual place below it, where it has no path.

    Raises:
        UsageError: It is none.
        FeatureError: OpenTelemetry's exporter is not there.
    """
    try:
        url = urlsplit(text)
        is_url = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        url, is_url = urlsplit(""), False
    if not is_url or not text.isprintable() or " " in text:
        raise UsageError(f"--otlp {text!r} is no URL of a collector", hint="http://localhost:4318")
    if "@" in url.netloc:
        raise UsageError(
            "--otlp takes no name and password in its URL: everybody sees the arguments of a command",
            hint="OTEL_EXPORTER_OTLP_HEADERS='authorization=Basic …'",
        )
    if not _is_installed():
        raise FeatureError(
            "--otlp takes OpenTelemetry's HTTP exporter, which is not installed",
            hint="pip install opentelemetry-exporter-otlp-proto-http: it is the extra export",
        )
    return Endpoint(text if url.path.strip("/") else f"{url.scheme}://{url.netloc}{_PATH}")


def _is_installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http.metric_exporter") is not None
    except ModuleNotFoundError:
        return False


class Starts:
    """Since when each series counts: from the beginning on, and where it went back, from the time before.

    Args:
        began: The beginning, in nanoseconds since 1970.
    """

    def __init__(self, began: int) -> None:
        self._began = began
        self._known: dict[tuple[str, tuple[str, ...]], tuple[float, int]] = {}
        self._seen: dict[tuple[str, tuple[str, ...]], tuple[float, int]] = {}
        self._before = began

    def of(self, family: str, labels: tuple[str, ...], number: float) -> int:
        """Return it for a number that is told now, in nanoseconds since 1970."""
        key = family, labels
        last, start = self._known.get(key, (0.0, self._began))
        if number < last:
            start = self._before
        self._seen[key] = number, start
        return start

    def turn(self, now: int) -> None:
        """Note that all numbers of a moment were told: those that were not are gone."""
        self._known, self._seen, self._before = self._seen, {}, now


class _Sender:
    """Sends what there is to tell, again and again, in a thread."""

    def __init__(self, url: str, teller: Teller, interval: float) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

        self._url, self._teller, self._interval = url, teller, interval
        session = _session() if any(os.environ.get(each) for each in _CERTIFICATES) else None
        self._log = _Complaints(self._complain)
        self._logger = logging.getLogger("opentelemetry")
        exporter = OTLPMetricExporter(endpoint=url, session=session, max_export_batch_size=_TOGETHER)
        self._export = cast("Callable[[MetricsData], MetricExportResult]", exporter.export)
        self._give_up = cast("Callable[[], object]", exporter.shutdown)
        self._starts = Starts(time.time_ns())
        self._ending = threading.Event()
        self._arrives = True
        self._thread = threading.Thread(target=self._run, name="bpftui-otlp", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._logger.addHandler(self._log)
        self._logger.propagate = False
        start_thread(self._thread)

    def close(self) -> None:
        """Send once more, and end; whoever does not take it is not waited for."""
        self._ending.set()
        self._thread.join(_LAST)
        self._give_up()
        self._thread.join(_LAST)
        self._logger.removeHandler(self._log)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ending.wait(max(due - time.monotonic(), 0)):
            self._send()
            due = max(due + self._interval, time.monotonic())
        if self._arrives:
            self._send()

    def _send(self) -> None:
        """Send all there is; where it does not arrive that is said once, and once more when it does again."""
        from opentelemetry.sdk.metrics.export import MetricExportResult

        try:
            done = self._export(metrics_data(self._teller, self._starts)) is MetricExportResult.SUCCESS
        except Exception as error:  # of the SDK or ours: the next time is another
            self._complain(f"{type(error).__name__}: {error}")
            return
        if not done:
            self._complain("the collector does not take them")
        elif not self._arrives:
            warn(f"{self._url}: metrics arrive again")
            self._arrives = True

    def _complain(self, reason: str) -> None:
        """Say why they do not arrive: at once, for the exporter tries again for a while before it gives up."""
        if self._arrives and not self._ending.is_set():
            cause = _CAUSE.search(reason)
            warn(f"{self._url}: metrics do not arrive: {visible(cause[1].strip().lower() if cause else reason)}")
        self._arrives = False


def _session() -> Session:
    """Return what sends, and takes the certificates that it is told of.

    By itself `requests` takes rather those that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE name.
    """
    from requests import Session

    class Told(Session):
        def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
            told = self.verify if verify is None else verify
            return super().merge_environment_settings(url, proxies, stream, told, cert)

    return Told()


class _Complaints(logging.Handler):
    """Hands on what the exporter says of what keeps it from sending; anything else is a warning, once."""

    def __init__(self, complain: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on a line."""
        reason = record.getMessage()
        if record.name.startswith(_EXPORTER):
            self._complain(reason)
        elif reason not in self._said:
            self._said.add(reason)
            warn(f"OpenTelemetry: {visible(reason)}")


def metrics_data(teller: Teller, starts: Starts) -> MetricsData:
    """Return all there is to tell as OpenTelemetry has it, under the names that Prometheus has for it."""
    from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    host = os.uname().nodename
    ours = {"service.name": "bpftui", "service.instance.id": f"{host}:{os.getpid()}", "host.name": host}
    resource = Resource(ours).merge(OTELResourceDetector().detect())  # OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME
    now = time.time_ns()
    metrics = [_metric(family, now, starts) for family in teller.tell()]
    starts.turn(now)
    scope = ScopeMetrics(InstrumentationScope("bpftui"), metrics, "")
    return MetricsData([ResourceMetrics(resource, [scope], "")])


def _metric(family: Family, now: int, starts: Starts) -> Metric:
    from opentelemetry.sdk.metrics.export import AggregationTemporality, Gauge, Metric, NumberDataPoint, Sum

    counts = family.kind == "counter"
    points = [
        NumberDataPoint(
            dict(zip(family.labels, labels, strict=True)),
            starts.of(family.name, labels, number) if counts else 0,
            now,
            number,
        )
        for labels, number in family.numbers
    ]
    data = Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True) if counts else Gauge(points)
    return Metric(family.name, family.help, _UNITS[family.unit], data)
