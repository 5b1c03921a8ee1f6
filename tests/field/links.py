"""Look at the links of public breaks, and of what is green: python -m field.links [NAME ...].

A name is that of a case in links.toml, or of a row of this repository's matrices, such as
mlops/verified, or "mlops/verified redis==6.3.0" for what that safe upgrade brings. Prints one table
of recall, and one of noise; asks the public index.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import tomlkit

from stackproof.base.records import Record
from stackproof.evidence.links import Finding, Links
from stackproof.report.tables import pipe_table

_ROOT = Path(__file__).parents[2]
#: Rows all of whose checks pass, workloads included, and upgrades of one whose trials were safe
#: (docs/results/frontier-mlops-verified.md).
_GREEN = (
    "mlops/verified",
    "rhoai-workbench/2025-1",
    *(
        f"mlops/verified {asked}"
        for asked in (
            "kafka-python==3.0.12",
            "psycopg2-binary==2.9.13",
            "pydantic==2.14.4",
            "uvicorn==0.54.0",
            "scikit-learn==1.9.1",
            "fastapi==0.125.0",
            "torch==2.14.1 torchvision==0.29.2 torchaudio==2.11.0",
            "grafana-client==5.1.4",
            "prometheus-client==0.26.0",
            "mlflow==3.1.4",
            "redis==6.3.0",
            "sqlalchemy==1.4.54",
        )
    ),
)


class _Case(Record):
    id: str
    python: str
    requirements: tuple[str, ...]
    culprits: tuple[str, ...]


def main(words: Sequence[str]) -> int:
    """Look at the cases and rows that are named, or all; return 0 if nothing is missed."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    cases = {
        item["id"]: _Case.model_validate(item) for item in tomlkit.parse(text).unwrap()["cases"]
    }
    parser = argparse.ArgumentParser(prog="nox -s links-truth --", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*cases, *_GREEN]))
    names = parser.parse_args(words).names or [*cases, *_GREEN]
    recall: list[list[str]] = []
    noise: list[list[str]] = []
    for name in names:
        (recall if name in cases else noise).append(
            _case(cases[name]) if name in cases else _row(name)
        )
    named = sum(row[-1] == "named" for row in recall)
    if recall:
        header = ["case", "suspects", "through", "on import", "seconds", "answer"]
        _say(pipe_table(header, recall))
        _say(f"{named} of {len(recall)} named")
    if noise:
        _say(
            pipe_table(
                ["row or safe upgrade", "distributions", "new", "old", "guarded", "seconds"], noise
            )
        )
    return 0 if named == len(recall) else 1


def _case(case: _Case) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="stackproof-links-truth-") as name:
        folder = Path(name)
        lines = "".join(f"{line}\n" for line in case.requirements)
        (folder / "requirements.txt").write_text(lines, encoding="utf-8")
        found, seconds = _look(folder, "requirements.txt", "--python", case.python)
    if found is None:
        return [case.id, "", "", "", f"{seconds:.0f}", "not looked at"]
    suspects = found.suspects
    through = sorted({finding.target.distribution for finding in suspects})
    hit = not set(case.culprits).isdisjoint(through)
    _tell(case.id, suspects)
    imports = sum(finding.runs == "import" for finding in suspects)
    answer = "named" if hit else "missed"
    return [
        *(case.id, str(len(suspects)), ", ".join(through), str(imports), f"{seconds:.0f}", answer)
    ]


def _row(name: str) -> list[str]:
    found, seconds = _look(_ROOT, *name.split())
    if found is None:
        return [name, "", "", "", "", "not looked at"]
    _tell(name, found.suspects)
    states = [finding.state for finding in found.findings]
    counts = [str(states.count(state)) for state in ("new", "old", "guarded")]
    return [name, str(len(found.checked)), *counts, f"{seconds:.0f}"]


def _look(folder: Path, *words: str) -> tuple[Links | None, float]:
    """Return what `links` writes in a folder, None if nothing, and how long it took."""
    begin = time.monotonic()
    command = [str(Path(sys.executable).with_name("stackproof")), "links", *words]
    ended = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    seconds = time.monotonic() - begin
    matrix = "requirements/*" if words[0].endswith(".txt") else words[0]
    files = list((folder / "reports").glob(f"{matrix}/links.json"))
    if ended.returncode or not files:
        _say(ended.stderr.decode(errors="replace") + ended.stdout.decode(errors="replace"))
        return None, seconds
    return Links.load_or_none(files[0]), seconds


def _tell(name: str, suspects: Sequence[Finding]) -> None:
    _say("\n".join([f"{name}:", *(f"    {finding.sentence}" for finding in suspects)]))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
