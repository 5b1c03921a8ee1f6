"""A folder with a requirements file, which is diagnosed as of one day."""

from __future__ import annotations

__all__ = ["AS_OF", "BAD_DAY", "Desk", "culprits"]

import json
from datetime import datetime, timezone
from typing import Any

from stackproof import cli
from support.index import Index
from support.matrices import PYTHON
from support.sessions import call
from support.workbench import Bench

AS_OF = "2025-06-01"
BAD_DAY = datetime(2025, 3, 2, 10, tzinfo=timezone.utc)


class Desk:
    """Diagnoses files as of a day, whose stacks are on `index`."""

    def __init__(self, bench: Bench, index: Index) -> None:
        self.bench, self.index = bench, index

    def diagnose(self, *lines: str, more: tuple[str, ...] = ()) -> tuple[str, dict[str, Any]]:
        """Return the message that the session ended with, and what was written."""
        self.bench.write("requirements.txt", "".join(f"{line}\n" for line in lines))
        words = ("requirements.txt", "--python", PYTHON, "--as-of", AS_OF, *more)
        ended = call(cli.diagnose, self.bench.project, words, self.bench.environ)
        file = self.bench.root / "reports/requirements/documented/diagnosis.json"
        assert not (self.bench.root / "matrices").exists()
        return ended, json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def script(self, text: str) -> tuple[str, str]:
        """Write a script; return the options that make it a workload."""
        self.bench.write("app.py", text)
        return "--workload", "app.py"


def culprits(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return kind and release of each cause."""
    named = [(item["kind"], item["culprit"] or {}) for item in found["causes"]]
    return [(kind, item.get("name", ""), item.get("version", "")) for kind, item in named]
