"""What sessions leave in a reports folder beside runs: an audit, trials, searches."""

from __future__ import annotations

__all__ = [
    "FRONTIER",
    "GRID",
    "HOSTILE",
    "REPAIR",
    "audit",
    "everything",
    "finding",
    "pair",
    "trial",
]

import json

from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.evidence.reports import InReports
from support.records import DIAGNOSIS, pin_answer
from support.sites import Shop, entry

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[31mred\x1b[0m \x00 {{ 7*7 }}"

FRONTIER = {
    "row": "tiny/plain",
    "as_of": "2025-04-01T00:00:00Z",
    "complete": False,
    "pins": [
        {
            "name": "alpha",
            "pinned": "1.0",
            "newest": "3.0",
            "newest_resolvable": "2.5",
            "newest_passing": "2.0",
            "companions": {"beta": "2.0"},
            "gained_days": 30,
            "blocked": {"version": "3.0", "because": "beta 1.0 requires alpha<3"},
        }
    ],
    "joint": {"versions": {"alpha": "2.0"}, "left_out": [{"name": "beta", "because": "fails"}]},
}

GRID = {
    "axes": [
        {"name": "alpha", "versions": ["1.0", "2.0"]},
        {"name": "beta", "versions": ["1.0", "2.0"]},
    ],
    "python": "3.11",
    "as_of": None,
    "row": None,
    "held": ["gamma==1.0"],
    "builds": False,
    "started": "2025-04-01T00:00:00Z",
    "seconds": 1.0,
    "notes": [],
    "sampling": {"unresolved": 0, "checked": 0, "disagreed": []},
    "cells": [
        {"versions": ["1.0", "1.0"], "state": "compatible", "reason": "", "how": "metadata"},
        {
            "versions": ["1.0", "2.0"],
            "state": "conflict",
            "reason": "beta 2.0 requires alpha>=2",
            "how": "resolution",
        },
        {"versions": ["2.0", "1.0"], "state": "unknown", "reason": "time limit", "how": "metadata"},
    ],
    "against": "others",
    "compared": 3,
    "differences": [
        {
            "versions": ["1.0", "2.0"],
            "published": "compatible",
            "found": "conflict",
            "reason": "beta 2.0 requires alpha>=2",
        }
    ],
}

REPAIR = {
    "matrix": "tiny",
    "row": "plain",
    "as_of": "2025-04-01T00:00:00Z",
    "found": True,
    "failing": ["import:beta"],
    "unmended": [],
    "pins": [
        {
            "name": "gamma",
            "version": "1.0",
            "mends": ["import:beta"],
            "because": "beta needs it",
            "documented": None,
        }
    ],
    "confirmed": True,
    "minimal": True,
    "removals": [],
    "remedies": [
        {
            "name": "pin-gamma",
            "text": "pin gamma",
            "installs": True,
            "moved": True,
            "mends": [],
            "breaks": ["import:alpha"],
            "message": "",
        }
    ],
    "builds": 7,
    "built": 7,
    "notes": [],
    "toml": "[[rows.mended.stages]]",
}


def audit(shop: Shop, version: str = "1.0", state: str = "proved", **changes: object) -> None:
    """Leave what an audit found of the row `plain`, whose one claim is in `state`."""
    found: dict[str, object] = {
        "started": "2025-04-01T10:00:00Z",
        "seconds": 0.5,
        "index": {"url": "https://index.example/simple", "cached_since": None},
        "notes": [],
        "trouble": [],
        "findings": [finding("error", "beta is gone"), finding("note", "beta is old")],
        "pins": [pin_answer(name, version) for name in ("beta", "alpha")],
        "joint": [],
        "platforms": [],
        "claims": [
            {
                "matrix": "tiny",
                "row": "plain",
                "pin": "beta",
                "text": "Python 3.11 supported",
                "check": "python:beta",
                "state": state,
                "because": "beta requires Python >=3.9",
            }
        ],
        "pairs": {
            "tiny/plain": {
                "alpha": {"alpha": pair("itself"), "beta": pair("conflict", "beta needs alpha 2")},
                "beta": {"alpha": pair("conflict", "beta needs alpha 2"), "beta": pair("itself")},
            }
        },
        **changes,
    }
    (shop.reports / "audit.json").write_text(to_json(found), encoding="utf-8")


def pair(state: str, reason: str = "") -> dict[str, str]:
    """Return a cell of the grid of pairs."""
    return {"state": state, "reason": reason}


def finding(level: str, message: str) -> dict[str, object]:
    """Return a finding."""
    return {
        "rule": "exists",
        "level": level,
        "matrix": "tiny",
        "row": "plain",
        "pin": "beta",
        "file": "matrices/tiny.toml",
        "line": 10,
        "message": message,
    }


def trial(shop: Shop, name: str, **changes: object) -> None:
    """Leave the verdict of a trial."""
    evidence, verdict = shop.run()
    home = shop.reports / "candidates" / name
    home.mkdir(parents=True)
    folder = evidence.folder.rename(home / evidence.folder.name)
    data = {
        **verdict.to_data(),
        "base_row": "tiny/plain",
        "requested": [name],
        "resolvable": True,
        "reason": None,
        "baseline": None,
        "comparison": {
            "regressions": [],
            "fixed": [],
            "still_failing": [],
            "still_passing": ["import:alpha"],
            "not_comparable": [],
            "lost": [],
        },
        "moved": {"gamma": ["1.0", "1.1"]},
        "pins_moved": [],
        "companions": [],
        **changes,
    }
    (folder / "verdict.json").write_text(to_json(data), encoding="utf-8")


def everything(shop: Shop, said: str = HOSTILE) -> Shop:
    """Leave something of every session, in which all that anybody `said` is hostile."""
    failed = {"import:beta": ("failed", said), "smoke:sum": ("skipped", said)}
    line = entry(shop, row="other").to_data()
    (shop.reports / InReports.HISTORY).write_text(json.dumps(line) + "\n", encoding="utf-8")
    trial(shop, "beta==3.0", resolvable=False, reason=said)
    shop.run(failed, moved={"alpha": ("1.0", said)}, trouble=said)
    shop.run(row="other")
    audit(shop, findings=[finding("error", said)], trouble=[said])
    cell = {"versions": ["1.0", said], "state": "conflict", "reason": said, "how": "metadata"}
    pin = {"name": "gamma", "version": said, "mends": [said], "because": said, "documented": said}
    turn = {
        "good": "2025-03-02T00:00:00Z",
        "bad": "2025-03-09T00:00:00Z",
        "since": None,
        "culprits": [{"name": said, "before": None, "after": "1", "uploaded": None}],
        "confirmed": False,
        "reason": said,
    }
    check = {"id": said, "state": "broke", "breaks": [turn], "fixes": [], "asked": []}
    timeline = {
        "matrix": "tiny",
        "row": "plain",
        "since": "2025-03-01T00:00:00Z",
        "until": "2025-04-01T00:00:00Z",
        "buildable_since": None,
        "builds": 3,
        "built": 3,
        "checks": [check],
        "notes": [said],
    }
    blamed = {"name": said, "version": said, "uploaded": None}
    cause = {"kind": "release", "checks": [said], "confirmed": False, "culprit": blamed}
    diagnosis = {
        **DIAGNOSIS.to_data(),
        "causes": [{**cause, "sentence": said}],
        "mend": {"requirements": [said], "versions": {said: said}, "removed": [said]},
        "instead": [{"pin": said, "version": said, "confirmed": False}],
        "notes": [said],
    }
    for path, data in (
        ("tiny/plain/frontier.json", FRONTIER),
        ("grid.json", {**GRID, "cells": [cell]}),
        ("tiny/plain/repair.json", {**REPAIR, "pins": [pin], "toml": said}),
        ("tiny/plain/timeline.json", timeline),
        ("tiny/plain/diagnosis.json", diagnosis),
        ("tiny/file/diagnosis.json", {**diagnosis, "trouble": said, "row": said}),
    ):
        write_atomically(shop.reports / path, to_json(data))
    return shop
