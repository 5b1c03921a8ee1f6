"""A frontier in several jobs of a CI engine: the list of them, in the form in which nox lists."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stackproof.base.json_text import to_json

__all__ = ["MOST_JOBS", "tell_jobs"]

#: GitHub starts no more jobs of one matrix.
MOST_JOBS = 256


def tell_jobs(
    names: Sequence[str], *, row: str, as_of: str, python: str, environ: Mapping[str, str]
) -> None:
    """Print one job a pin, or a few pins where there are more than jobs, as `nox --json -l` does.

    `arguments` are what stands behind `--` of each, and `id` what its evidence may be called. The
    CI engine is told too, if it names a file for that.
    """
    size = -(-len(names) // MOST_JOBS)
    parts = [",".join(names[begin : begin + size]) for begin in range(0, len(names), size)]
    jobs = [
        {
            "id": f"{number:03}",
            "session": f"frontier({part})",
            "name": "frontier",
            "description": f"How far {part} can be taken.",
            "python": python,
            "tags": [],
            "call_spec": {"only": part},
            "arguments": ["--only", part, "--row", row, "--as-of", as_of],
        }
        for number, part in enumerate(parts, start=1)
    ]
    sys.stdout.write(to_json(jobs))
    output = environ.get("GITHUB_OUTPUT")
    if output:
        fan = [{"id": job["id"], "only": part} for job, part in zip(jobs, parts, strict=True)]
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"jobs={json.dumps(fan)}\nrow={row}\nas-of={as_of}\npython={python}\n")
