"""Metrics as text: literally, and beside what prometheus-client writes and reads."""

from __future__ import annotations

import math
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bpftui.core.metrics import OPEN_METRICS, TEXT, Family, exposition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

FAMILIES = [
    Family(
        "bpf_map_x_bytes_total", "counter", 'Of "x\\y".', ("a", "b"), [(("1", 'q"\\n'), 5), (("2", "größe"), 2**63)]
    ),
    Family("bpf_x_seconds", "gauge", "X.", (), [((), 0.25)]),
    Family(
        "bpf_odd", "gauge", "Odd.", ("k",), [((str(each),), each) for each in (math.inf, -math.inf, math.nan, 1e-9)]
    ),
    Family("bpf_program_info", "info", "What a program is.", ("id",), [(("7",), 1)]),
    Family("bpf_nothing", "gauge", "Nothing.", ("k",), []),
]


def test_the_older_form() -> None:
    assert exposition(FAMILIES, TEXT).decode() == (
        '# HELP bpf_map_x_bytes_total Of "x\\\\y".\n'
        "# TYPE bpf_map_x_bytes_total counter\n"
        'bpf_map_x_bytes_total{a="1",b="q\\"\\\\n"} 5\n'
        'bpf_map_x_bytes_total{a="2",b="größe"} 9223372036854775808\n'
        "# HELP bpf_x_seconds X.\n# TYPE bpf_x_seconds gauge\nbpf_x_seconds 0.25\n"
        "# HELP bpf_odd Odd.\n# TYPE bpf_odd gauge\n"
        'bpf_odd{k="inf"} +Inf\nbpf_odd{k="-inf"} -Inf\nbpf_odd{k="nan"} NaN\nbpf_odd{k="1e-09"} 1e-09\n'
        '# HELP bpf_program_info What a program is.\n# TYPE bpf_program_info gauge\nbpf_program_info{id="7"} 1\n'
    )


def test_open_metrics() -> None:
    assert exposition(FAMILIES[:2] + FAMILIES[3:], OPEN_METRICS).decode() == (
        '# HELP bpf_map_x_bytes Of \\"x\\\\y\\".\n'
        "# TYPE bpf_map_x_bytes counter\n"
        "# UNIT bpf_map_x_bytes bytes\n"
        'bpf_map_x_bytes_total{a="1",b="q\\"\\\\n"} 5\n'
        'bpf_map_x_bytes_total{a="2",b="größe"} 9223372036854775808\n'
        "# HELP bpf_x_seconds X.\n# TYPE bpf_x_seconds gauge\n# UNIT bpf_x_seconds seconds\nbpf_x_seconds 0.25\n"
        '# HELP bpf_program What a program is.\n# TYPE bpf_program info\nbpf_program_info{id="7"} 1\n'
        "# EOF\n"
    )


class Collector:
    """The same families, for prometheus-client."""

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        for each in FAMILIES:
            if each.kind == "info":
                info = InfoMetricFamily(each.name.removesuffix("_info"), each.help)
                for labels, _ in each.numbers:
                    info.add_metric([], dict(zip(each.labels, labels, strict=True)))
                yield info
                continue
            made = CounterMetricFamily if each.kind == "counter" else GaugeMetricFamily
            found = made(each.name.removesuffix("_total"), each.help, labels=each.labels, unit=each.unit)
            for labels, number in each.numbers:
                found.add_metric(labels, number)
            yield found


@pytest.mark.parametrize("form", [TEXT, OPEN_METRICS])
def test_prometheus_client_reads_the_same_as_of_what_it_writes(form: str) -> None:
    library = pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")
    from prometheus_client.openmetrics import exposition as open_metrics
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open_metrics
    from prometheus_client.parser import text_string_to_metric_families as read_text

    registry = library.CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    is_open = form == OPEN_METRICS
    theirs = open_metrics.generate_latest(registry) if is_open else library.generate_latest(registry)
    read = read_open_metrics if is_open else read_text

    def facts(text: bytes) -> list[object]:
        return [
            (
                each.name,
                each.type,
                each.unit,
                each.documentation,
                [(s.name, s.labels, repr(float(s.value))) for s in each.samples],
            )
            for each in read(text.decode())
            if each.samples
        ]

    assert facts(exposition(FAMILIES, form)) == facts(theirs)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_has_no_complaint() -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(FAMILIES, TEXT), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
