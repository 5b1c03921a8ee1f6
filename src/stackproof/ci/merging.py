"""Bring together what several jobs left behind: evidence, history, and how each of them ended."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.file import add_missing, add_recorded, read_history
from stackproof.evidence.reports import InReports, InRow

__all__ = ["merge_reports"]

#: Beside the runs: what is there once a row, once a task and once a checkout.
_FILES = (
    *(f"*/*/{name}.*" for name in ("diagnosis", "links", "timeline")),
    *("monthly/*.json", "monthly/*.log", "audit.*", "*/audit.*", "calibration.*"),
)


def merge_reports(reports: Path, folder: Path | None) -> None:
    """Add to `reports` what the jobs of a run handed on; what is there already stays.

    `folder` has a folder of the same kind for each job, or is one itself, as it is where a single
    job handed something on. Runs that are in no history are added to it too.
    """
    for source in _sources(folder):
        for run in _runs(source):
            _take_run(run, reports / run.relative_to(source))
        for pattern in _FILES:
            for file in source.glob(pattern):
                _take_file(file, reports / file.relative_to(source))
        add_missing(reports / InReports.HISTORY, read_history(source / InReports.HISTORY))
    add_recorded(reports)
    for home in {run.parent for run in _runs(reports)}:
        _point_at_newest(home)


def _sources(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        yield from sorted(path for path in folder.glob("*") if path.is_dir())


def _runs(source: Path) -> Iterator[Path]:
    beside = (InRow.CONFIRMATIONS, InRow.PROBES)
    found = [
        *source.glob("*/*/*"),
        *(run for name in beside for run in source.glob(f"*/*/{name}/*")),
    ]
    for path in sorted(found):
        if Evidence.has_name(path) and path.is_dir() and not path.is_symlink():
            yield path


def _take_run(run: Path, target: Path) -> None:
    if target.exists():
        return
    aside = target.with_name(f".{target.name}")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(run, aside, symlinks=True)
    aside.rename(target)


def _take_file(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.new")
    shutil.copy2(file, aside)
    aside.replace(target)


def _point_at_newest(home: Path) -> None:
    newest = next(Evidence.runs(home), None)
    if newest is not None and (home / InRow.LATEST).resolve() != newest.folder.resolve():
        newest.publish()
