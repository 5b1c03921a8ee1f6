"""Reports that one test of a session made, for the others that only start from them."""

from __future__ import annotations

__all__ = ["KeptReports"]

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from stackproof.evidence.folder import Evidence
from stackproof.evidence.reports import InRow
from stackproof.evidence.verdict import Verdict, judge
from stackproof.matrix.plan import Plan
from support.workbench import Bench

_ORIGIN = "origin"


@dataclass(frozen=True)
class KeptReports:
    """Reports of real runs, below `store`, which every worker of a session shares.

    A run is found again only where plan, suite, index and constraint files are the same, so a test
    that changes one of them has its runs made anew.
    """

    store: Path

    def give(self, bench: Bench, name: str, make: Callable[[], object]) -> None:
        """Have in a bench the reports that `make` leaves there; the first one to ask makes them.

        To the others they read as if made there, from the bench's own index: nobody else knows
        the index or the folder where they were made.
        """
        kept = self.store / name
        self.store.mkdir(parents=True, exist_ok=True)
        with FileLock(self.store / f"{name}.lock"):
            if kept.exists():
                _adapt(shutil.copytree(kept, bench.project.reports, symlinks=True), bench)
                return
            make()
            aside = shutil.copytree(
                bench.project.reports, self.store / f"{name}.aside", symlinks=True
            )
            (aside / _ORIGIN).write_text("\n".join(_places(bench)), "utf-8")
            aside.rename(kept)

    def verify(self, bench: Bench, name: str, plan: Plan) -> tuple[Verdict, Evidence]:
        """Return a run of a plan whose reports are the first of a bench; see `give`."""
        self.give(bench, name, lambda: bench.verify(plan))
        evidence = Evidence((bench.project.home(plan) / InRow.LATEST).resolve())
        return judge(evidence), evidence


def _adapt(reports: Path, bench: Bench) -> None:
    origin = reports / _ORIGIN
    places = dict(zip(origin.read_text("utf-8").splitlines(), _places(bench), strict=True))
    origin.unlink()
    for file in reports.rglob("*"):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            for there, here in places.items():
                content = content.replace(there.encode(), here.encode())
            file.write_bytes(content)


def _places(bench: Bench) -> tuple[str, str]:
    return bench.index.url, str(bench.root)
