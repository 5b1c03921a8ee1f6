"""A record of each analysis, made up, with something of everything that its form can hold."""

from __future__ import annotations

__all__ = [
    "AUDIT",
    "CALIBRATION",
    "DIAGNOSIS",
    "FRONTIER",
    "LINKS",
    "PUBLISHED",
    "REPAIR",
    "TIMELINE",
    "grid",
    "pin_answer",
    "trial",
]

from datetime import datetime, timezone

from stackproof.evidence.links import Links
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.calibrate.record import Calibration
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.experiments.frontier.record import Frontier
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.timeline.record import Timeline
from stackproof.metadata.audit.record import Audit
from stackproof.metadata.grid.record import Axis, Cell, Demand, Difference, Grid, Proof, Sampling
from stackproof.report.publish.record import PublishedSet, moves_between

_DAYS = tuple(f"2025-03-0{day}T00:00:00Z" for day in range(1, 8))
_NOW = datetime(2025, 4, 1, 10, tzinfo=timezone.utc)

LINKS = Links.model_validate_json(
    """
    {
      "matrix": "tiny", "row": "plain", "python": "3.11", "as_of": null, "seconds": 1.25,
      "checker": "checker 1", "read": {"alpha": "1.0", "beta": "2.0"},
      "checked": [{"name": "alpha", "version": "1.0", "seconds": 0.5, "files": 2}],
      "findings": [
        {
          "file": "alpha/a.py", "line": 3, "distribution": "alpha", "version": "1.0",
          "target": {"distribution": "beta", "version": "2.0", "name": "beta.gone"},
          "kind": "name", "sentence": "alpha 1.0 uses gone of beta (alpha/a.py:3) | <b>",
          "state": "new", "runs": "call", "pins": ["alpha", "gamma"],
          "baseline": {"version": "1.0", "as_of": "2025-03-01T00:00:00Z"}
        },
        {
          "file": "alpha/a.py", "line": 4, "distribution": "alpha", "version": "1.0",
          "target": {"distribution": "beta", "version": "2.0", "name": "beta.never"},
          "kind": "name", "sentence": "alpha 1.0 uses never of beta (alpha/a.py:4)",
          "state": "old", "runs": "import", "pins": ["alpha"]
        },
        {
          "file": "alpha/a.py", "line": 5, "distribution": "alpha", "version": "1.0",
          "target": {"distribution": "beta", "version": "2.0", "name": "beta.tried"},
          "kind": "name", "sentence": "alpha 1.0 uses tried of beta (alpha/a.py:5)",
          "state": "guarded", "runs": "import", "pins": ["alpha"]
        }
      ],
      "notes": ["not read, for want of a wheel: gamma 1.0"]
    }
    """
)
PUBLISHED = PublishedSet.model_validate(
    {
        "matrix": "tiny",
        "row": "plain",
        "name": "2025-03-08",
        "published": _NOW,
        "python": "3.11",
        "as_of": "2025-03-08T00:00:00Z",
        "index": "https://index.example/simple",
        "run": "tiny/plain/20250308T100000.000000Z",
        "proof": "tiny/plain/lock-proofs/20250308T110000.000000Z",
        "direct": {"alpha": "2.0", "beta": "1.0"},
        "indirect": {"delta": "0.9", "gamma": "1.1"},
        "changes": {
            "since": "2025-03-01",
            "python": "3.10",
            "moves": moves_between(
                {"alpha": "1.0", "beta": "1.0", "delta": "1.0", "omega": "3"},
                {"alpha": "2.0", "beta": "1.0", "delta": "0.9", "gamma": "1.1"},
                {"alpha", "beta"},
            ),
            "gained": ["smoke:product"],
            "lost": ["smoke:sum"],
        },
        "files": {"constraints.txt": "0" * 64},
    }
)
FRONTIER = Frontier.model_validate_json(
    """
    {
      "row": "tiny/plain", "as_of": "2025-04-01T00:00:00Z", "complete": true,
      "pins": [
        {
          "name": "beta", "pinned": "1.0", "newest": "1.0", "newest_resolvable": "1.0",
          "newest_passing": "1.0", "companions": {}, "gained_days": 0, "blocked": null
        },
        {
          "name": "alpha", "pinned": "1.0", "newest": "3.0", "newest_resolvable": "2.5",
          "newest_passing": "2.0", "companions": {"beta": "2.0"}, "gained_days": 30,
          "blocked": {"version": "3.0", "because": "beta 1.0 requires alpha<3 | none"},
          "unjudged": [{"version": "2.5", "because": "no socket for it"}]
        }
      ],
      "joint": {
        "versions": {"alpha": "2.0"},
        "left_out": [{"name": "beta", "because": "import:beta fails"}]
      }
    }
    """
)


def _break(*names: str, confirmed: bool) -> dict[str, object]:
    culprits = [{"name": name, "before": "1", "after": "2", "uploaded": _DAYS[2]} for name in names]
    return {
        "good": _DAYS[1],
        "bad": _DAYS[3],
        "since": _DAYS[2] if confirmed else None,
        "culprits": culprits,
        "confirmed": confirmed,
        "reason": f"{names[0]} 2 has no shine",
    }


def _asked(*answers: str) -> list[dict[str, object]]:
    said: dict[str, tuple[bool | None, str]] = {
        "yes": (True, ""),
        "no": (False, "too old to shine"),
        "none": (None, "stage one cannot be installed"),
    }
    return [
        {"as_of": day, "passed": said[answer][0], "why": said[answer][1]}
        for day, answer in zip(_DAYS, answers, strict=False)
    ]


TIMELINE = Timeline.model_validate(
    {
        "matrix": "tiny",
        "row": "plain",
        "since": _DAYS[0],
        "until": _DAYS[6],
        "born": _DAYS[1],
        "buildable_since": _DAYS[1],
        "builds": 9,
        "built": 4,
        "checks": [
            {
                "id": "smoke:light",
                "state": "broke",
                "breaks": [_break("lamps", confirmed=True)],
                "fixes": [],
                "asked": _asked("yes", "yes", "no"),
            },
            {
                "id": "smoke:sound",
                "state": "changed-often",
                "breaks": [_break("bells", "horns", confirmed=False)],
                "fixes": [_break("bells", confirmed=True) | {"good": _DAYS[5], "bad": _DAYS[4]}],
                "asked": _asked("yes", "yes", "no", "yes"),
            },
            *(
                {"id": f"import:{name}", "state": name, "breaks": [], "fixes": [], "asked": asked}
                for name, asked in (
                    ("never-worked", _asked("no", "no", "none")),
                    ("always-worked", _asked("yes", "yes")),
                    ("undecided", _asked("none", "none")),
                )
            ),
        ],
        "notes": ["smoke:luck answers differently in one environment"],
    }
)

REPAIR = Repair.model_validate(
    {
        "matrix": "tiny",
        "row": "plain",
        "as_of": "2025-04-01T00:00:00Z",
        "found": False,
        "failing": ["import:beta", "version:alpha", "smoke:sum"],
        "unmended": ["smoke:sum"],
        "tried": [
            {
                "check": "smoke:sum",
                "sources": ["requirements", "releases of the day"],
                "message": "the sum is wrong",
            }
        ],
        "pins": [
            {
                "name": "gamma",
                "version": "1.0",
                "mends": ["import:beta"],
                "because": "beta 1.0 requires gamma<2 | none",
                "documented": None,
            },
            {
                "name": "alpha",
                "version": "1.0",
                "mends": ["version:alpha"],
                "because": "1.1 was never released; 1.0 is the nearest to it",
                "documented": "1.1",
            },
        ],
        "confirmed": False,
        "minimal": False,
        "removals": [{"without": "gamma", "failed": ["import:beta"]}],
        "remedies": [
            {
                "name": "pin-gamma",
                "text": "pip install gamma==0.9",
                "installs": True,
                "moved": True,
                "mends": ["version:alpha"],
                "breaks": ["import:alpha"],
                "message": "",
            },
            {
                "name": "again",
                "text": "pip install beta",
                "installs": True,
                "moved": False,
                "mends": [],
                "breaks": [],
                "message": "",
            },
            {
                "name": "new",
                "text": "pip install beta==9",
                "installs": False,
                "moved": False,
                "mends": [],
                "breaks": [],
                "message": "there is no beta 9",
            },
        ],
        "builds": 12,
        "built": 7,
        "notes": ["only the newest of three conflicts was looked at"],
        "toml": '[[rows.plain-repaired.stages]]\nname = "repaired"\n',
    }
)

DIAGNOSIS = Diagnosis.model_validate(
    {
        "matrix": "tiny",
        "row": "plain",
        "python": "3.11",
        "as_of": "2025-04-01T12:00:00Z",
        "verdict": "broken",
        "born": _DAYS[0],
        "builds": 9,
        "built": 4,
        "seconds": 21.4,
        "causes": [
            {
                "kind": "release",
                "checks": ["import:beta"],
                "culprit": {"name": "gamma", "version": "2.0", "uploaded": _DAYS[4]},
                "since": _DAYS[4],
                "confirmed": True,
                "sentence": "gamma 2.0 replaces 1.4; import:beta: ImportError: no gamma | none",
            },
            {
                "kind": "build",
                "checks": ["import:alpha"],
                "culprit": {"name": "tool", "version": "3.0", "uploaded": None},
                "since": _DAYS[2],
                "until": _DAYS[3],
                "confirmed": True,
                "sentence": "tool 3.0 replaces 2.9",
            },
            {
                "kind": "unknown",
                "checks": ["smoke:sum"],
                "confirmed": False,
                "sentence": "no release was seen to break it",
            },
        ],
        "mend": {
            "found": True,
            "requirements": ["gamma<2"],
            "versions": {"gamma": "1.4"},
            "build_constraints": ["tool<3"],
            "removed": ["delta"],
            "confirmed": True,
            "minimal": True,
        },
        "instead": [{"pin": "beta", "version": "1.1", "confirmed": True}],
        "notes": ["gamma 1.4 is a yanked release: look for another soon"],
        "trouble": None,
        "toml": '[rows.plain-diagnosed]\nbase = "plain"\n\n[[rows.plain-diagnosed.additions]]\n',
        "patch": "--- a/matrices/tiny.toml\n+++ b/matrices/tiny.toml\n@@ -1 +1 @@\n-a\n+b\n",
    }
)


def _calibrated(workload: str, column: str, outcome: str, message: str = "") -> dict[str, object]:
    return {
        "workload": workload,
        "column": column,
        "python": "3.11.7" if outcome in ("passed", "failed") else None,
        "versions": {"alpha": "1.0"} if outcome in ("passed", "failed") else {},
        "outcome": outcome,
        "message": message,
        "seconds": 1.25,
        "evidence": None,
    }


CALIBRATION = Calibration.model_validate(
    {
        "started": _NOW,
        "seconds": 12.5,
        "row": "tiny/plain",
        "results": [
            _calibrated("sum", "newest", "passed"),
            _calibrated("sum", "oldest", "failed", "assert 1 | 2"),
            _calibrated("light", "newest", "not judged", "the index does not answer"),
            _calibrated("light", "oldest", "not asked", "the row has no lamps"),
        ],
    }
)


def grid() -> Grid:
    """Return a grid of two by three versions, part of it installed, compared with another one."""
    clash = (
        Demand(by="host 2.2", on="x", range="<2"),
        Demand(by="guest 2", on="x", range=">=2", through="helper"),
    )
    proof = Proof(outcome="failed", message="import:guest: no module", evidence="probes/1")
    unproved = Proof(outcome="unjudged", message="the disk is full", evidence="probes/2")

    def cell(one: str, other: str, state: str, reason: str, **more: object) -> Cell:
        data = {"versions": (one, other), "state": state, "reason": reason, "how": "resolution"}
        return Cell.model_validate(data | more)

    return Grid(
        axes=(Axis(name="host", versions=("2.2", "2.10")), Axis(name="guest", versions=("1", "2"))),
        python="3.10",
        as_of=datetime(2025, 8, 1, tzinfo=timezone.utc),
        row="tiny/plain",
        held=("gamma==1.0",),
        builds=True,
        started=_NOW,
        seconds=1.5,
        notes=("guest 3 was yanked",),
        sampling=Sampling(unresolved=4, checked=3, disagreed=(("2.2", "1"),)),
        cells=(
            cell("2.2", "1", "compatible", "both resolve", proof=proof),
            cell("2.2", "2", "conflict", "host 2.2 requires x<2 | <b>", demands=clash),
            cell("2.10", "1", "unknown", "out of time"),
            cell("2.10", "2", "compatible", "both resolve", proof=unproved),
        ),
        against="published.md",
        compared=3,
        differences=(
            Difference(
                versions=("2.2", "2"),
                published="compatible",
                found="conflict",
                reason="host 2.2 requires x<2",
            ),
        ),
    )


def trial(verdict: Verdict) -> TrialVerdict:
    """Return the verdict of a trial that breaks what worked, in a row judged so."""
    failed = [check.id for check in verdict.checks if check.outcome == "failed"]
    return TrialVerdict.model_validate(
        {
            **verdict.model_dump(),
            "base_row": "tiny/plain",
            "requested": ("alpha==2.0", "beta==2.0"),
            "resolvable": True,
            "reason": None,
            "baseline": "tiny/plain/1",
            "comparison": {
                "regressions": failed[1:],
                "fixed": ["smoke:sum"],
                "still_failing": failed[:1],
                "still_passing": ["import:alpha"],
                "not_comparable": ["smoke:light"],
                "lost": ["smoke:light"],
            },
            "moved": {"gamma": ("1.0", "1.1"), "delta": (None, "1.0"), "alpha": ("1.0", None)},
            "pins_moved": ("alpha",),
            "companions": ("beta==2.0",),
            "unmet": {"alpha": "1.0"},
            "guilty": ("alpha", "beta"),
            "conflict": "gamma 1.1 requires alpha<2 and alpha 2.0 is asked for",
        }
    )


def _finding(level: str, rule: str, message: str, **more: object) -> dict[str, object]:
    where = {"matrix": "tiny", "row": "plain", "pin": "beta", "file": "matrices/tiny.toml"}
    return {**where, "line": 10, "level": level, "rule": rule, "message": message, **more}


def pin_answer(name: str, version: str = "1.0", **more: object) -> dict[str, object]:
    """Return what an audit knows of a pin."""
    return {
        "matrix": "tiny",
        "row": "plain",
        "pin": name,
        "version": version,
        "exists": "wheel",
        "nearest": [],
        "requires_python": None,
        "classifiers": [],
        "python": "declared",
        "constraints": [],
        "freshness": None,
        **more,
    }


def platform_answer(name: str = "aarch64-apple-darwin", **more: object) -> dict[str, object]:
    """Return what an audit knows of a row on a platform."""
    return {
        "matrix": "tiny",
        "row": "plain",
        "platform": name,
        "pins": {"alpha": "wheel", "beta": "source"},
        "together": "resolved",
        "stages": "resolved",
        "reason": "",
        "built": ["beta 2.0"],
        "differs": {"gamma": ["1.0", None]},
        **more,
    }


def _claim(state: str, pin: str | None, because: str) -> dict[str, object]:
    about = {"matrix": "tiny", "row": "plain", "text": "Python 3.11 | all", "check": "python:beta"}
    return {**about, "pin": pin, "state": state, "because": because}


AUDIT = Audit.model_validate(
    {
        "started": _NOW,
        "seconds": 0.5,
        "index": {"url": "https://index.example/simple", "cached_since": None},
        "notes": ["metadata of beta was read from its wheel"],
        "trouble": ["the index did not answer for delta"],
        "findings": [
            _finding(
                "error",
                "pairwise",
                "alpha 1.0 requires beta<2 | none",
                pin="alpha",
                why={
                    "name": "requires",
                    "fields": {"by": "alpha 1.0", "requirement": "beta<2 | none"},
                },
            ),
            _finding("error", "exists", "beta 2.0 was yanked"),
            _finding("error", "exists", "beta 2.0 was yanked", row="other"),
            _finding("error", "joint", "beta would move", known="they wait for it"),
            _finding("warning", "expiry", "the reason is a year old", row=None, pin=None),
            _finding("note", "freshness", "beta is old"),
        ],
        "pins": [
            pin_answer(
                "alpha",
                constraints=[{"source": "flow", "state": "differs", "says": "1.1"}],
                freshness={
                    "released": "2024-01-01",
                    "newest": "3.0",
                    "newest_released": "2025-01-01",
                    "releases": 7,
                    "months": 12.0,
                    "majors": 2,
                },
            ),
            pin_answer("beta", exists="no version", nearest=["1.9", "2.1"], python="unknown"),
        ],
        "joint": [
            {
                "matrix": "tiny",
                "row": "plain",
                "together": "refused",
                "stages": "resolved",
                "reason": "alpha 1.0 requires beta<2",
                "left_out": ["delta"],
                "moves": [
                    {
                        "stage": "two",
                        "name": "gamma",
                        "before": "1.0",
                        "after": "1.1",
                        "because": "beta requires gamma>1",
                    }
                ],
                "broken": [],
                "differs": {},
            }
        ],
        "platforms": [
            platform_answer(),
            platform_answer(
                "x86_64-pc-windows-msvc",
                pins={"alpha": "wheel", "beta": "no file"},
                together="refused",
                stages="refused",
                reason="beta 2.0 has no file for Python 3.11; it has wheels for any | linux_x86_64",
                built=[],
                differs={},
            ),
        ],
        "claims": [
            _claim("proved", "beta", "beta requires Python >=3.9"),
            _claim("refuted", "alpha", "alpha requires Python <3.11"),
            _claim("not provable", None, "metadata says nothing"),
        ],
        "pairs": {
            "tiny/plain": {
                one: {
                    other: {
                        "state": "itself" if one == other else "conflict",
                        "reason": "" if one == other else "alpha 1.0 requires beta<2",
                    }
                    for other in ("alpha", "beta")
                }
                for one in ("alpha", "beta")
            }
        },
    }
)
