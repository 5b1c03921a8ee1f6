"""Retention: old evidence pruned to what history, locks and a later judgement need.

Logs and what can be made again go; the records stay, so that a pruned run can still be judged,
compared and locked. The newest runs of a row stay whole, and so do its last green ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.locking import alone
from stackproof.base.records import UNREADABLE
from stackproof.errors import CannotJudgeError
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.entry import verdict_of
from stackproof.evidence.reports import InRow, InRun
from stackproof.evidence.verdict import Verdict

__all__ = ["Pruned", "thin"]

#: What a pruned run can do without: logs, and reports that its records can be made into again.
_SPARE = (
    InRun.STAGE_LOGS,
    InRun.SERVER_LOGS,
    InRun.SUITE_LOG,
    InRun.PIP_CHECK_LOG,
    InRun.REPORT,
    InRun.JUNIT,
)


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What became of the evidence in one folder of runs: runs pruned, bytes freed.

    `busy` says that a run was under way there, so that nothing was touched.
    """

    home: Path
    runs: int
    freed: int
    busy: bool


def thin(reports: Path, keep: int) -> Iterator[Pruned]:
    """Prune the evidence of every row and trial in `reports` but the newest `keep` runs of each."""
    homes = (*reports.glob("*/*"), *reports.glob(f"*/*/{InRow.CONFIRMATIONS}"))
    for home in sorted(path for path in homes if path.is_dir() and _runs(path)):
        try:
            with alone(home):
                Evidence.clear(home)
                yield _thin(home, keep)
        except CannotJudgeError:
            yield Pruned(home=home, runs=0, freed=0, busy=True)


def _thin(home: Path, keep: int) -> Pruned:
    runs = _runs(home)
    whole = {*runs[:keep], (home / InRow.LATEST).resolve(), *_last_green(runs)}
    freed = [size for run in runs if run not in whole if (size := _strip(run))]
    return Pruned(home=home, runs=len(freed), freed=sum(freed), busy=False)


def _runs(home: Path) -> list[Path]:
    """Return the folders of the runs in `home`, the newest first."""
    found = (path for path in home.resolve().iterdir() if Evidence.has_name(path))
    return sorted((path for path in found if path.is_dir()), reverse=True)


def _last_green(runs: list[Path]) -> Iterable[Path]:
    """Return the newest green run of today's index, and the newest of an earlier day's."""
    found: dict[bool, Path] = {}
    for run in runs:
        verdict = _verdict(run)
        if verdict is not None and verdict.green:
            found.setdefault(verdict.as_of is None, run)
    return found.values()


def _verdict(run: Path) -> Verdict | None:
    try:
        return verdict_of(Evidence(run))
    except UNREADABLE:
        return None


def _strip(run: Path) -> int:
    """Remove what a run can do without; return how many bytes that were."""
    freed = 0
    for name in _SPARE:
        path = run / name
        if path.is_dir() and not path.is_symlink():
            freed += sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())
            shutil.rmtree(path)
        elif path.exists():
            freed += path.lstat().st_size
            path.unlink()
    return freed
