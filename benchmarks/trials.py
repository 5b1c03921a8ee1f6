"""Trials of upgrades: one against a verify and the same by hand, and how the cost of many grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median

from benchmarks.by_hand import Stages, verify_by_hand
from benchmarks.measuring import Contender, Figures, Measurement, now
from benchmarks.stand import Stand, is_whole
from stackproof.base.times import timestamp
from stackproof.evidence.folder import Evidence
from stackproof.evidence.layout import Project
from stackproof.matrix.plan import Change

__all__ = ["frontier", "one", "timeline", "whole_runs"]

_GOAL = 1.1
#: Pins whose upgrades resolve, mostly at the first step: about one trial for each, one for all.
_PINS = (
    *("kafka-python", "psycopg2-binary", "uvicorn", "scikit-learn", "pydantic", "grafana-client"),
    *("prometheus-client", "sqlalchemy", "fastapi", "numpy", "torch", "redis", "mlflow", "pandas"),
)
#: How far the timeline looks back: so near that few wheels have to be downloaded.
_BACK = timedelta(days=40)


def one(stand: Stand, request: str = "kafka-python==2.0.3") -> list[Measurement]:
    """Measure the trial `request`, which must resolve, in a row that was just verified."""
    if stand.wants("pip"):
        stand.stage_arguments("pip")  # so that it is learnt before the clock runs
    stand.verify()
    project = Project.at(stand.root, stand.environ)
    home = project.trial_home(stand.matrix, stand.row, [Change.parse(request)])

    def trial() -> float:
        return stand.whole(home, "candidate", "--", request, "--row", stand.name)

    def by_hand() -> float:
        stages = _edited(stand.stage_arguments("pip"), request)
        return verify_by_hand(stand, "pip", stages, stand.environ, home=home)

    ours = Contender(name="candidate", figure=trial)
    others = [
        Contender(name="verify", figure=stand.verify),
        Contender(name="pip", figure=by_hand),
    ]
    return [stand.compare(f"trial of {request}, warm", ours, *others, goal=_GOAL)]


def _edited(stages: Stages, request: str) -> Stages:
    """Return the stages as a user would edit them."""
    name = request.partition("==")[0]
    return [
        [request if part.partition("==")[0] == name else part for part in stage] for stage in stages
    ]


def frontier(stand: Stand, pins: Sequence[str] = _PINS) -> list[Measurement]:
    """Measure how the cost of trials grows: one run over the pins, looked at after each trial.

    The row itself, which every trial is compared with, is the first of the runs.
    """
    at = now()
    with stand.checkout() as folder:
        chosen = [name for name in pins if name in {pin.name for pin in stand.plan.pins}]
        names = chosen[: max(stand.most - 1, 1)]
        begin = datetime.now(timezone.utc)
        stand.session("frontier", "--", *names, "--row", stand.name, root=folder)
        runs = whole_runs(folder)
        return _growth("frontier, runs of the whole suite", stand, runs, at=at, begin=begin)


def timeline(stand: Stand, check: str = "pip-check:*") -> list[Measurement]:
    """Measure how the cost of builds grows: one run with many samples, looked at after each."""
    at = now()
    with stand.checkout() as folder:
        until = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
        since = ["--since", timestamp(until - _BACK), "--until", timestamp(until)]
        samples = ["--samples", str(max(stand.most - 2, 0))]
        begin = datetime.now(timezone.utc)
        stand.session("timeline", "--", stand.name, *since, *samples, "--check", check, root=folder)
        return _growth("timeline, builds", stand, _builds(folder), at=at, begin=begin)


def _growth(
    name: str, stand: Stand, builds: Sequence[Evidence], *, at: str, begin: datetime
) -> list[Measurement]:
    """Compare the time until so many runs were done with as many times the median of one.

    Where there were fewer than asked for, that is said, and the last of them is looked at.
    """
    runs = [build.run for build in builds]
    ends = sorted((run.started - begin).total_seconds() + run.seconds for run in runs)
    cost = median(run.seconds for run in runs)
    if len(ends) < stand.counts[-1]:
        stand.say(f"{name}: there were {len(ends)}, not {stand.counts[-1]}")
    found = []
    for count in sorted({min(count, len(ends)) for count in stand.counts}):
        took = ends[count - 1]
        rate = f"{60 * count / took:.1f} a minute"
        ours = Figures(name=f"{count} done, {rate}", figures=(took,))
        theirs = Figures(name=f"{count} times the median of one", figures=(count * cost,))
        stand.say(f"{name}: {count} in {took:.2f} s, {rate}; one takes {cost:.2f} s")
        found.append(
            Measurement(
                name=f"{name}: {count}",
                row=stand.name,
                at=at,
                unit="s",
                goal=None,
                contenders=(ours, theirs),
            )
        )
    return found


def whole_runs(folder: Path) -> list[Evidence]:
    """Return the runs in a checkout that asked every check, and came to the end of it."""
    return [build for build in _builds(folder) if not build.plan.only and is_whole(build)]


def _builds(folder: Path) -> list[Evidence]:
    """Return the runs that built an environment; `latest` only points at one."""
    built = (file.parent for file in (folder / "reports").rglob("pip-check.json"))
    return [Evidence(path) for path in built if path.name != "latest"]
