"""A small stack whose frontier takes a build or two a pin, and what that comes to."""

from __future__ import annotations

__all__ = ["AS_OF", "FRONTIER", "HANGING", "builds", "engines", "overlapping", "table"]

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from stackproof.evidence.folder import Evidence
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix
from support.checkout import Checkout
from support.kept_reports import KeptReports
from support.matrices import matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench

AS_OF = "2025-06-01T00:00:00Z"

_MATRIX = matrix(
    "Engines",
    '[groups]\nfamily = ["engine", "vision"]\n',
    pin("engine", area="1", role="moves"),
    pin("vision", area="1", role="sees"),
    pin("lamp", area="2", role="shines"),
    stage("moving", "engine", "vision", step="One."),
    stage("shining", "lamp", step="Two."),
    row="verified",
    summary="Works.",
)


def _released(day: int) -> datetime:
    return datetime(2025, 5, day, tzinfo=timezone.utc)


_SEIZED = {"engine/__init__.py": "raise ImportError('the engine has seized')\n"}
_HANGING = "import time\ntime.sleep(600)\n"
_RELEASES = (
    Release("engine", "1.0"),
    Release("engine", "2.5", uploaded=_released(10)),
    Release("engine", "3.0", modules=_SEIZED, uploaded=_released(12)),
    Release("vision", "1.0", requires=["engine==1.0"]),
    # With the newest engine that it admits it fails.
    Release("vision", "2.0", requires=["engine>=2"], uploaded=_released(13)),
    Release("lamp", "1.0"),
    Release("lamp", "1.1", uploaded=_released(1)),
)
#: Of two pins, the checks of which do not come to an end.
HANGING = (
    Release("lamp", "2.0", modules={"lamp/__init__.py": _HANGING}, uploaded=_released(4)),
    Release("vision", "3.0", modules={"vision/__init__.py": _HANGING}, uploaded=_released(14)),
)

#: What each pin comes to: the newest that passes, what moves along, and what stands in the way.
FRONTIER = {
    "engine": ("2.5", {"vision": "2.0"}, "3.0"),
    "vision": ("2.0", {"engine": "2.5"}, None),
    "lamp": ("1.1", {}, None),
}


def engines(bench: Bench, kept: KeptReports) -> Checkout:
    """Return a checkout with the stack, whose row was built today."""
    bench.index.add(*_RELEASES)
    made = Checkout(bench)
    made.write_matrix(_MATRIX, name="engines")
    (bench.root / "matrices" / "tiny.toml").unlink()
    row = load_matrix(bench.root / "matrices" / "engines.toml")
    at = datetime.strptime(AS_OF, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    plan = make_plan(row, name="engines", row="verified", as_of=at)
    kept.give(bench, "small-engines", lambda: bench.verify(plan))
    return made


def table(checkout: Checkout) -> dict[str, tuple[str, dict[str, str], str | None]]:
    """Return the finished frontier of the row, as `FRONTIER` has it, once all go together."""
    file = checkout.bench.root / "reports" / "engines" / "verified" / "frontier.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert found["joint"] == {
        "versions": {"engine": "2.5", "lamp": "1.1", "vision": "2.0"},
        "left_out": [],
        "unjudged": None,
        "unjudged_why": None,
    }
    return {
        pin["name"]: (
            pin["newest_passing"],
            pin["companions"],
            pin["blocked"] and pin["blocked"]["version"],
        )
        for pin in found["pins"]
    }


def builds(checkout: Checkout) -> list[Path]:
    """Return the folders that have the runs of trials and of probes."""
    reports = checkout.bench.root / "reports"
    return [*(reports / "candidates").iterdir(), reports / "engines" / "verified" / "probes"]


def overlapping(homes: Iterable[Path]) -> int:
    """Return how many of the runs in folders at most were under way at a time."""
    runs = [evidence.run for home in homes for evidence in Evidence.runs(home)]
    spans = [(run.started, run.started + timedelta(seconds=run.seconds)) for run in runs]
    return max(sum(begin <= moment < end for begin, end in spans) for moment, _ in spans)
