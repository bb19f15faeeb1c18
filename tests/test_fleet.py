"""What docs/fleet/ has: rules that Prometheus takes, a dashboard of numbers that are told, units that need no more."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.metrics.families import known_names
from tests.nobody import as_nobody, nobody_with

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FLEET = ROOT / "docs/fleet"
ALERTS, DASHBOARD = FLEET / "alerts.yml", FLEET / "dashboard.json"
UNITS = sorted(FLEET.glob("*.service"))
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
OF_PROMETHEUS = {"up", "scrape_duration_seconds"}
OF_US = {"bpftui_build_info", "bpftui_scrape_failures_total", "bpftui_scrape_seconds"}


def promtool(*words: str) -> str:
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expressions(node: Any) -> Iterator[str]:
    """Iterate over all that a dashboard asks Prometheus for, as Prometheus would be asked."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "expr":
                yield re.sub(r"\$\w+", "x", value.replace("$__rate_interval", "1m"))
            yield from expressions(value)
    elif isinstance(node, list):
        for each in node:
            yield from expressions(each)


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:up(?=\{)|(?:bpf|bpftui|scrape)_\w+)\b", re.sub(r"by \([^)]*\)", "", text)))


@needs_promtool
def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    assert "SUCCESS: 7 rules found" in promtool("check", "rules", str(ALERTS))
    full = {"job": "bpftui-top", "instance": "a", "id": "7", "map": "sessions", "type": "hash"}
    series = {
        'up{job="bpftui-watch",instance="a"}': "1 0x30",
        f"bpf_map_entries{labels(full)}": "95+0x30",
        f"bpf_map_max_entries{labels(full)}": "100+0x30",
        f"bpf_map_entries{labels(full | {'map': 'recent', 'type': 'lru_hash'})}": "100+0x30",
        f"bpf_map_max_entries{labels(full | {'map': 'recent', 'type': 'lru_hash'})}": "100+0x30",
        'bpf_stream_lost_records_total{instance="a",map="events"}': "0+60x30",
        'bpf_program_missed_runs_total{instance="a",program="count"}': "0+0x30",
        'bpf_program_run_seconds_total{instance="a",id="3",program="count"}': "0+45x30",
    }
    alerts = {
        "BpftuiDown": "a: bpftui-watch does not answer",
        "BpfMapNearlyFull": "a: map sessions is 95% full",
        "BpfRecordsLost": "a: events loses 1 records a second",
        "BpfProgramExpensive": "a: count takes 75% of a CPU",
        "BpfRunsMissed": None,
        "BpfMetricsCut": None,
        "BpfMetricsFail": None,
    }
    told = {each["alert"]: each["annotations"] for each in rules()}
    assert told.keys() == alerts.keys()
    queries = [f'ALERTS{{alertname="{name}",alertstate="firing"}}' for name in alerts]
    test = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"count({query})",
                        "eval_time": "25m",
                        "exp_samples": [{"labels": "{}", "value": 1}] if sentence else [],
                    }
                    for query, sentence in zip(queries, alerts.values(), strict=True)
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))  # YAML has all of JSON
    promtool("test", "rules", str(tmp_path / "test.yml"))


def labels(found: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in found.items()) + "}"


def rules() -> list[dict[str, Any]]:
    """Return the rules, read as far as this file writes YAML: names and sentences a line each."""
    found: list[dict[str, Any]] = []
    for line in ALERTS.read_text().splitlines():
        if (name := re.fullmatch(r"\s+- alert: (\w+)", line)) is not None:
            found.append({"alert": name[1], "annotations": {}})
        elif (said := re.fullmatch(r'\s+(summary|description): "?(.*?)"?', line)) is not None:
            found[-1]["annotations"][said[1]] = said[2]
    return found


@needs_promtool
def test_prometheus_understands_what_the_dashboard_asks(tmp_path: Path) -> None:
    asked = [*expressions(json.loads(DASHBOARD.read_text()))]
    assert len(asked) > 15
    group = {"name": "x", "rules": [{"record": f"x{n}", "expr": each} for n, each in enumerate(asked)]}
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [group]}))
    assert f"SUCCESS: {len(asked)} rules found" in promtool("check", "rules", str(tmp_path / "rules.yml"))


def test_what_is_asked_is_told() -> None:
    asked = names_in(" ".join(expressions(json.loads(DASHBOARD.read_text()))))
    of_alerts = names_in(re.sub(r"(?m)^.*(?:#|summary|description|alert).*$", "", ALERTS.read_text()))
    assert {"bpf_program_runs_total", "up"} <= asked
    assert {"bpf_map_entries", "up"} <= of_alerts
    assert asked | of_alerts <= known_names() | OF_PROMETHEUS | OF_US


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name.replace("@", "@lo")
    copy.write_text(unit.read_text().replace("/usr/bin/bpftui", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=40", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:]


@pytest.mark.kernel
@as_nobody
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_its_rights_are_enough(unit: Path) -> None:
    text = unit.read_text()
    kept = re.search(r"(?m)^AmbientCapabilities=(.*)$", text)
    command = re.search(r"(?m)^ExecStart=/usr/bin/bpftui (.*)$", text)
    assert kept is not None
    assert command is not None
    capabilities = kept[1].replace("CAP_", "").lower().replace(" ", ",")
    bounds = f"--bounding-set=-all,+{capabilities.replace(',', ',+')}"
    words = command[1].replace("${OBJECT}", "bpf/traffic.o").replace("${PROGRAM}", "count_traffic")
    words = words.replace("%i", "veth1").replace("${LISTEN}", "127.0.0.1:0")
    # In a network namespace of its own, which has that interface and nothing else.
    script = 'ip link add veth0 type veth peer name veth1 && ip link set lo up && exec "$@"'
    done = subprocess.run(
        [
            "unshare",
            "--net",
            "sh",
            "-c",
            script,
            "sh",
            *nobody_with(capabilities),
            bounds,
            "--no-new-privs",
            sys.executable,
            "-m",
            "bpftui.tui",
            *words.split(),
            "--duration",
            "1",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr.splitlines()
    uncounted = "runs are not counted: cannot switch on the programs' statistics: this process lacks CAP_SYS_ADMIN"
    assert done.returncode == 0, said
    assert re.fullmatch(r"bpftui: metrics are at http://127\.0\.0\.1:\d+/metrics", said[-1])
    assert [line for line in said[:-1] if uncounted not in line] == []
    assert (len(said) == 2) == unit.name.startswith("bpftui-watch")
