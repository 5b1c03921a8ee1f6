"""Sets that are published of a made-up stack: proved, named once, never changed, and usable."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.metadata import parse_email
from rich.console import Console
from support.index import Index
from support.sessions import call
from support.wheels import Release
from support.workbench import TINY, WORKLOAD, Bench

from stackproof import cli
from stackproof.base.progress import Progress
from stackproof.cli.links_beside import look_command
from stackproof.experiments.lock import lock
from stackproof.experiments.runner import Runner
from stackproof.report.files import conclude
from stackproof.report.publish.record import PublishedSet


def make_lock(bench: Bench, text: str = TINY) -> None:
    """Lock the row of a matrix, which is written where the sessions look."""
    bench.write("matrices/tiny.toml", text)
    progress = Progress(Console(file=StringIO()))
    runner = Runner(project=bench.project, progress=progress, conclude=conclude, look=look_command)
    lock(bench.planner(text=text), runner)


def publish(bench: Bench, *words: str) -> str:
    """Return the message that the session failed with, or nothing."""
    return call(cli.publish, bench.project, ("tiny/plain", *words), bench.environ)


def record(bench: Bench, name: str) -> PublishedSet:
    file = home(bench) / name / "published.json"
    return PublishedSet.load(file, "")


def home(bench: Bench) -> Path:
    return bench.root / "published" / "tiny" / "plain"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def would_install(bench: Bench, constraints: str, *asked: str) -> dict[str, str]:
    """Return what pip would install from a plain index, held to a published file."""
    python = bench.environment("pip") / "bin" / "python"
    options = ["--dry-run", "--quiet", "--report", "-", "-c", constraints]
    command = [str(python), "-m", "pip", "install", *options, *asked]
    done = subprocess.run(command, check=True, env=bench.environ, capture_output=True)
    items = json.loads(done.stdout)["install"]
    return {item["metadata"]["name"]: item["metadata"]["version"] for item in items}


def test_two_sets_are_published_compared_and_used(
    bench: Bench, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    index.add(Release("delta", "1.0", says=("License-Expression: MIT",)))
    make_lock(bench)
    assert publish(bench, "--as", "2025-03-01") == ""
    first = record(bench, "2025-03-01")
    assert (first.direct, first.indirect) == ({"alpha": "1.0", "beta": "1.0"}, {"gamma": "1.1"})
    assert first.changes is None
    before = contents(home(bench) / "2025-03-01")

    assert publish(bench, "--as", "again") == ""
    assert "2025-03-01 is PUBLISHED already" in capsys.readouterr().out
    assert not (home(bench) / "again").exists()

    index.add(Release("gamma", "1.2", requires=["delta"]))
    bench.write("tests/stack/workloads/test_sum.py", WORKLOAD.replace('"sum"', '"total"'))
    newer = TINY.replace('name = "alpha"\nversion = "1.0"', 'name = "alpha"\nversion = "2.0"')
    newer = newer.replace("smoke:sum", "smoke:total")
    make_lock(bench, newer)
    assert "2025-03-01 is published already" in publish(bench, "--as", "2025-03-01")
    assert publish(bench, "--as", "2025-03-08", "--wheel") == ""
    assert contents(home(bench) / "2025-03-01") == before

    changes = record(bench, "2025-03-08").changes
    assert changes is not None
    assert [(move.name, move.kind, move.direct) for move in changes.moves] == [
        ("alpha", "major", True),
        ("delta", "added", False),
        ("gamma", "minor", False),
    ]
    assert (changes.gained, changes.lost) == (("smoke:total",), ("smoke:sum",))
    assert contents(home(bench) / "latest") == contents(home(bench) / "2025-03-08")
    the_bill_says_what_is_there(home(bench) / "latest")
    the_wheel_requires_the_pins(home(bench) / "latest")
    with served(bench.root / "published") as address:
        for name, alpha, gamma in (("2025-03-01", "1.0", "1.1"), ("latest", "2.0", "1.2")):
            found = would_install(
                bench, f"{address}/tiny/plain/{name}/constraints.txt", "alpha", "beta"
            )
            more = {"delta": "1.0"} if name == "latest" else {}
            assert found == {"alpha": alpha, "beta": "1.0", "gamma": gamma, **more}

    (home(bench) / "2025-03-08" / "constraints.txt").write_text("alpha==3\n", encoding="utf-8")
    assert "constraints.txt is not what was published" in publish(bench, "--as", "third")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def the_bill_says_what_is_there(folder: Path) -> None:
    text = (folder / "sbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = {item["name"]: item for item in json.loads(text)["components"]}
    assert sorted(parts) == ["alpha", "beta", "delta", "gamma"]
    assert parts["delta"]["licenses"] == [{"expression": "MIT"}]
    assert all(item["hashes"] for item in parts.values())


def the_wheel_requires_the_pins(folder: Path) -> None:
    (wheel,) = folder.glob("tiny_plain-2025.3.8-*.whl")
    with ZipFile(BytesIO(wheel.read_bytes())) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        raw, _ = parse_email(archive.read(name))
    assert raw["requires_dist"] == ["alpha==2.0", "beta==1.0", "delta==1.0", "gamma==1.2"]


def test_what_is_not_proved_is_not_published(bench: Bench) -> None:
    bench.write("matrices/tiny.toml", TINY)
    assert "tiny/plain has no lock" in publish(bench)
    make_lock(bench)
    assert "cannot be the name of a set" in publish(bench, "--as", "latest")
    assert "cannot have 'soon' as its version" in publish(bench, "--as", "soon", "--wheel")

    run = bench.project.reports / "tiny" / "plain"
    requirements = run / "requirements.txt"
    text = requirements.read_text(encoding="utf-8")
    requirements.write_text(text.replace("alpha==1.0", "alpha==2.0"), encoding="utf-8")
    assert "requirements.txt is not the file that was locked" in publish(bench)
    requirements.write_text(text, encoding="utf-8")

    made = json.loads((run / "lock.json").read_text(encoding="utf-8"))
    freeze = bench.project.reports / made["proof"] / "freeze.txt"
    freeze.write_text("alpha==1.0\nbeta==1.0\n", encoding="utf-8")
    assert "is no longer what was locked" in publish(bench)
    assert not (bench.root / "published").exists()
