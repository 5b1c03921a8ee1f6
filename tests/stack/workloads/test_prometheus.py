"""prometheus-client: what a program counts is what its exposition and a Prometheus server say."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry
    from stack_suite.servers import Server


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the value of each sample of an exposition, by its name and labels."""
    from prometheus_client.parser import text_string_to_metric_families

    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**values: str) -> frozenset[tuple[str, str]]:
    """Return labels as `samples` has them."""
    return frozenset(values.items())


def serve(registry: CollectorRegistry) -> tuple[str, Callable[[], None]]:
    """Serve the registry on loopback; return its address, and a function that ends it."""
    from prometheus_client import start_http_server

    server, thread = start_http_server(0, "127.0.0.1", registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return f"127.0.0.1:{server.server_port}", stop


def fetch(url: str) -> str:
    """Return the body of a page on loopback."""
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - loopback
        body: bytes = reply.read()
        return body.decode()


@pytest.mark.workload(
    "prometheus-exposition",
    needs=("prometheus-client",),
    seconds=1,
    timeout=60,
    oldest={"prometheus-client": "0.20.0"},
)
def test_exposition() -> None:
    """Count, gauge and time; parse the same values out of what is served over HTTP."""
    import prometheus_client as client

    registry = client.CollectorRegistry()
    requests = client.Counter("requests", "All \\ of\nthem.", ["path"], registry=registry)
    requests.labels('/a"b\\c\n').inc()
    requests.labels('/a"b\\c\n').inc(2.5)
    requests.labels("/다").inc(0)
    with pytest.raises(ValueError, match="non-negative"):
        requests.labels("/다").inc(-1)
    queue = client.Gauge("queue_length", "Waiting.", registry=registry)
    queue.set(7)
    queue.dec(9)
    nothing = client.Gauge("nothing", "Not a number.", registry=registry)
    nothing.set_function(lambda: math.nan)
    took = client.Histogram("took_seconds", "Time.", buckets=(0.1, 1), registry=registry)
    for seconds in (0.05, 0.1, 0.5, 30):
        took.observe(seconds)
    size = client.Summary("size_bytes", "Size.", registry=registry)
    size.observe(100)
    size.observe(11)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        client.Gauge("queue_length", "Again.", registry=registry)

    address, stop = serve(registry)
    text = fetch(f"http://{address}/metrics")
    stop()
    assert "# TYPE requests_total counter\n" in text
    assert "# HELP requests_total All \\\\ of\\nthem.\n" in text
    found = samples(text)
    nan = found.pop(("nothing", labels()))
    assert math.isnan(nan)
    created = {key for key in found if key[0].endswith("_created")}
    assert all(abs(found[key] - time.time()) < 60 for key in created)
    assert {key: value for key, value in found.items() if key not in created} == {
        ("requests_total", labels(path='/a"b\\c\n')): 3.5,
        ("requests_total", labels(path="/다")): 0,
        ("queue_length", labels()): -2,
        ("took_seconds_bucket", labels(le="0.1")): 2,
        ("took_seconds_bucket", labels(le="1.0")): 3,
        ("took_seconds_bucket", labels(le="+Inf")): 4,
        ("took_seconds_count", labels()): 4,
        ("took_seconds_sum", labels()): 30.65,
        ("size_bytes_count", labels()): 2,
        ("size_bytes_sum", labels()): 111,
    }
    # What the client writes the client can read; Prometheus's own reader, if there is one, has to.
    if promtool := shutil.which("promtool"):
        check = [promtool, "check", "metrics"]
        said = subprocess.run(check, input=text, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr


@pytest.mark.workload(
    "prometheus-multiprocess",
    needs=("prometheus-client",),
    seconds=1,
    timeout=60,
    oldest={"prometheus-client": "0.20.0"},
)
def test_multiprocess(run: Callable[..., str]) -> None:
    """Count in two processes that end, and collect the sum of both in a third."""
    worker = dedent(
        """
        import sys
        from prometheus_client import Counter, Gauge, Histogram

        share = int(sys.argv[1])
        jobs = Counter("jobs", "Done.", ["kind"])
        jobs.labels("slow").inc(share)
        Gauge("load", "Highest.", multiprocess_mode="max").set(share / 4)
        took = Histogram("took", "Time.", buckets=(1, 10))
        took.observe(share)
        """
    )
    folder = Path("shares").absolute()
    folder.mkdir()
    env = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    for share in ("2", "40"):
        run(sys.executable, "-c", worker, share, env=env)
    collector = dedent(
        """
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        print(generate_latest(registry).decode())
        """
    )
    assert samples(run(sys.executable, "-c", collector, env=env)) == {
        ("jobs_total", labels(kind="slow")): 42,
        ("load", labels()): 10,
        ("took_bucket", labels(le="1.0")): 0,
        ("took_bucket", labels(le="10.0")): 1,
        ("took_bucket", labels(le="+Inf")): 2,
        ("took_count", labels()): 2,
        ("took_sum", labels()): 42,
    }


@pytest.mark.workload(
    "prometheus-scrape",
    needs=("prometheus-client",),
    servers=("prometheus",),
    seconds=2,
    timeout=60,
    oldest={"prometheus-client": "0.20.0"},
)
def test_scrape(server: Callable[[str], Server], unique: Callable[[str], str]) -> None:
    """Let a Prometheus server scrape counter, gauge and histogram, and query them back."""
    import prometheus_client as client

    entry, job = server("prometheus"), unique("scrape")
    registry = client.CollectorRegistry()
    sold = client.Counter("sold", "Sold.", ["fruit"], registry=registry)
    sold.labels("사과").inc(3)
    sold.labels("pear").inc(4)
    client.Gauge("temperature_celsius", "Now.", registry=registry).set(-2.5)
    took = client.Histogram("took_seconds", "Time.", buckets=(1, 2, 4), registry=registry)
    for seconds in (0.5, 1.5, 1.5, 3):
        took.observe(seconds)

    def query(expression: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and value of each series of this workload."""
        selected = expression.replace("{", f'{{job="{job}",')
        found = json.loads(
            fetch(f"{entry['url']}/api/v1/query?{urllib.parse.urlencode({'query': selected})}")
        )
        assert found["status"] == "success", found
        return [(each["metric"], float(each["value"][1])) for each in found["data"]["result"]]

    def wait_for(expression: str, value: float) -> None:
        deadline = time.monotonic() + 30
        while [found for _, found in query(expression)] != [value]:
            assert time.monotonic() < deadline, f"{expression}: {query(expression)}, not {value}"
            time.sleep(0.1)

    address, stop = serve(registry)
    targets = Path(entry["scrape_dir"]) / f"{job}.json"
    targets.write_text(json.dumps([{"targets": [address], "labels": {"job": job}}]))
    try:
        wait_for("up{}", 1)
        wait_for("sum(sold_total{})", 7)
        [(of_apple, value)] = query('sold_total{fruit="사과"}')
        assert (of_apple["instance"], value) == (address, 3)
        assert [value for _, value in query("temperature_celsius{}")] == [-2.5]
        median = query("histogram_quantile(0.5, took_seconds_bucket{})")
        assert [value for _, value in median] == [1.5]
        sold.labels("pear").inc(6)
        wait_for("sum(sold_total{})", 13)
    finally:
        targets.unlink()
        stop()
