"""What lies where below `reports/` and `published/`: the one place that knows names of theirs.

reports/<matrix>/<row>/<UTC time>/ holds a run, reports/candidates/<trial>/<UTC time>/ one of a
trial; published/<matrix>/<row>/<name>/ holds a set. `docs/reports.md` and `docs/publish.md` tell
what is in each file.
"""

from __future__ import annotations

from typing import Final

__all__ = ["InMatrix", "InPublished", "InReports", "InRow", "InRun", "InSet"]


class InReports:
    """The names directly below `reports/`."""

    AUDIT: Final = "audit.json"
    AUDIT_PAGE: Final = "audit.md"
    AUDITED: Final = "audited"
    CALIBRATION: Final = "calibration.json"
    COMMENT: Final = "comment.md"
    GRID: Final = "grid.json"
    GRID_PAGE: Final = "grid.md"
    GRID_TABLE: Final = "grid.html"
    HISTORY: Final = "history.jsonl"
    INDEX: Final = "index.html"
    ISSUES: Final = "issues.json"
    JOBS: Final = "monthly/jobs.json"
    FIXES_PAGE: Final = "fixes.md"
    JUNIT: Final = "junit.xml"
    MONTHLY: Final = "monthly"
    NEWS: Final = "news.json"
    NEWS_PAGE: Final = "news.md"
    STORIES: Final = "monthly/stories.json"
    SUMMARY: Final = "summary.md"
    TRIALS: Final = "candidates"


class InMatrix:
    """The names in the folder of a matrix, beside those of its rows."""

    AUDIT: Final = "audit.json"
    AUDIT_PAGE: Final = "audit.md"


class InRow:
    """The names in the folder of a row or a trial, beside its runs."""

    BADGE: Final = "badge.json"
    CONFIRMATIONS: Final = "confirmations"
    DIAGNOSIS: Final = "diagnosis.json"
    DIAGNOSIS_PAGE: Final = "diagnosis.md"
    DIAGNOSIS_WORKLOADS: Final = "workloads"
    DOCUMENT: Final = "document.md"
    FRONTIER: Final = "frontier.json"
    FRONTIER_UNFINISHED: Final = "frontier-unfinished.json"
    LATEST: Final = "latest"
    LINKS: Final = "links.json"
    LINKS_PAGE: Final = "links.md"
    LOCK: Final = "lock.json"
    LOCK_PROOFS: Final = "lock-proofs"
    PROBES: Final = "probes"
    REPAIR: Final = "repair.json"
    REPAIR_PAGE: Final = "repair.md"
    TIMELINE: Final = "timeline.json"
    TIMELINE_PAGE: Final = "timeline.md"


class InRun:
    """The names in the folder of one run."""

    ACCELERATORS: Final = "accelerators.json"
    BUILT: Final = "built.json"
    CHECKS: Final = "checks.jsonl"
    COMMANDS: Final = "commands.json"
    COMMAND_LOGS: Final = "commands"
    CONFIRMATION: Final = "confirmation.json"
    FREEZE: Final = "freeze.txt"
    JUNIT: Final = "junit.xml"
    LEFT_OUT: Final = "left-out.json"
    LINKS: Final = "links.json"
    LOADED: Final = "loaded.json"
    LOCK: Final = "lock.json"
    OVERWRITTEN: Final = "overwritten.json"
    PIP_CHECK: Final = "pip-check.json"
    PIP_CHECK_LOG: Final = "pip-check.txt"
    PLAN: Final = "plan.json"
    RECORD: Final = "run.json"
    REPORT: Final = "report.md"
    SERVERS: Final = "servers.json"
    SERVER_LOGS: Final = "servers"
    STAGES: Final = "stages.json"
    STAGE_LOGS: Final = "stages"
    SUITE_LOG: Final = "suite.log"
    TOOLS: Final = "test-tools.txt"
    VERDICT: Final = "verdict.json"


class InPublished:
    """The names in the folder of a row's published sets, beside those of the sets."""

    INDEX: Final = "index.html"
    LATEST: Final = "latest"


class InSet:
    """The names in the folder of one published set."""

    CHANGELOG: Final = "CHANGELOG.md"
    CONSTRAINTS: Final = "constraints.txt"
    PYLOCK: Final = "pylock.toml"
    RECORD: Final = "published.json"
    REPORT: Final = "report.md"
    REQUIREMENTS: Final = "requirements.txt"
    SBOM: Final = "sbom.cdx.json"
    VERDICT: Final = "verdict.json"
