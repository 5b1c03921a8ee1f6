"""The history: what is added to it, what is read from it, and what two runs have different."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.histories import ENTRY, made_up
from support.index import Index
from support.kept_reports import KeptReports
from support.wheels import Release
from support.workbench import ROOT, Bench

from stackproof.base.locking import alone
from stackproof.evidence.folder import Evidence
from stackproof.evidence.history.changes import changes_between, last_green, latest_changes
from stackproof.evidence.history.entry import entry_of, verdict_of
from stackproof.evidence.history.file import (
    add_missing,
    add_recorded,
    append,
    read_history,
    recorded_runs,
)
from stackproof.evidence.history.prune import thin
from stackproof.evidence.records import ConstraintsUsed
from stackproof.evidence.reports import InReports
from stackproof.evidence.verdict import Verdict, judge
from stackproof.installers import choosing

# --- the file --------------------------------------------------------------------------------


def test_a_run_adds_one_line(bench: Bench) -> None:
    verdict, evidence = bench.verify(bench.plan())
    reports = bench.root / "reports"
    file = reports / InReports.HISTORY
    append(reports, evidence, verdict)
    append(reports, evidence, verdict)
    # A run counts once, however often it was written down.
    (entry,) = read_history(file)
    assert entry.identity == ("tiny", "plain", evidence.folder.name)
    assert entry.distributions == {"alpha": "1.0", "beta": "1.0", "gamma": "1.1"}
    assert entry.checks["smoke:sum"] == "ok"
    assert (entry.verdict, entry.green, entry.complete) == ("ok", True, True)
    assert entry.plan == evidence.plan.fingerprint
    assert entry.started == evidence.run.started
    # Evidence alone says the same, also where the verdict was written by another version.
    assert list(recorded_runs(reports)) == [entry]
    told = evidence.folder / "verdict.json"
    told.write_text('{"format": 1, "verdict": "ok"}', encoding="utf-8")
    assert list(recorded_runs(reports)) == [entry]
    # What is known already is not read again.
    assert list(recorded_runs(reports, {entry.identity})) == []
    assert add_recorded(reports) == 0
    file.unlink()
    assert add_recorded(reports) == 1
    assert read_history(file) == (entry,)
    (evidence.folder / "run.json").write_text("{", encoding="utf-8")
    assert list(recorded_runs(reports)) == []


def test_only_judged_runs_of_a_row_are_remembered(bench: Bench) -> None:
    verdict, evidence = bench.verify(bench.plan(python="3.9"))
    assert verdict.verdict == "unjudged"
    fresh = bench.root / "elsewhere"
    append(fresh, evidence, verdict)
    append(bench.root / "reports", evidence, verdict)
    probes = evidence.folder.parent / "probes"
    probes.mkdir()
    probe = Evidence(evidence.folder.rename(probes / evidence.folder.name))
    judged = verdict.model_copy(update={"verdict": "ok"})
    append(bench.root / "reports", probe, judged)
    assert not fresh.exists()
    assert read_history(bench.root / "reports" / InReports.HISTORY) == ()


@pytest.mark.fault("R8.17")
def test_a_history_that_cannot_be_kept_does_not_change_the_verdict(bench: Bench) -> None:
    file = bench.root / "reports" / InReports.HISTORY
    file.parent.mkdir()
    file.symlink_to(os.devnull)  # takes a line, and then says that it could not be kept
    verdict, evidence = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert verdict_of(evidence) == verdict
    assert "history" in bench.output.getvalue()
    file.unlink()
    assert add_recorded(bench.root / "reports") == 1
    assert [entry.verdict for entry in read_history(file)] == ["ok"]


def test_a_run_that_was_confirmed_is_read_as_that(tmp_path: Path) -> None:
    file = tmp_path / InReports.HISTORY
    first = made_up(1, checks={"smoke:sum": "new"})
    again = made_up(1, checks={"smoke:sum": "unsteady"}, verdict="unsteady", confirmed=True)
    assert add_missing(file, [first]) == 1
    assert add_missing(file, [again]) == 1
    assert read_history(file) == (again,)
    # Whichever of two files is put to the other.
    assert add_missing(file, [first]) == 0
    other = tmp_path / "other.jsonl"
    add_missing(other, [again])
    assert add_missing(other, [first]) == 0
    assert read_history(other) == (again,)


def test_a_history_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    file = tmp_path / "deep" / InReports.HISTORY
    assert read_history(file) == ()
    assert add_missing(file, [made_up(3), made_up(1)]) == 2
    assert add_missing(file, [made_up(1), made_up(2), made_up(2)]) == 1
    assert read_history(file) == (made_up(1), made_up(2), made_up(3))
    assert add_missing(file, [made_up(2)]) == 0
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["run"][:6] for line in lines] == ["202603", "202601", "202602"]


@pytest.mark.parametrize(
    "torn", ['{"format": 1, "matrix": "ti', '{"format": 2}', "\udcff\x00", "[]"]
)
def test_a_torn_line_costs_that_line_alone(tmp_path: Path, torn: str) -> None:
    file = tmp_path / InReports.HISTORY
    add_missing(file, [made_up(1)])
    with file.open("ab") as handle:
        handle.write(torn.encode(errors="surrogateescape"))
    assert read_history(file) == (made_up(1),)
    add_missing(file, [made_up(2)])
    assert read_history(file) == (made_up(1), made_up(2))
    assert file.read_bytes().count(b"\n") == 3


_WRITER = """
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from support.histories import ENTRY
from stackproof.evidence.history.file import add_missing
wide = {f"distribution-{number}": "1.0" for number in range(400)}
for number in range(60):
    run = f"{sys.argv[2]}-{number}"
    add_missing(Path(sys.argv[1]), [ENTRY.model_copy(update={"run": run, "distributions": wide})])
"""


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / InReports.HISTORY
    path = f"{ROOT / 'src'}:{ROOT / 'tests'}"
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(file), name], env={"PYTHONPATH": path})
        for name in ("one", "two")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert {entry.run for entry in read_history(file)} == {
        f"{name}-{number}" for name in ("one", "two") for number in range(60)
    }
    # A writer that saw half a line of the other's ended it: that leaves an empty line, no torn one.
    assert all(len(line) > 8000 for line in file.read_bytes().splitlines() if line)


def test_a_disk_that_fills_up_is_told_of_and_costs_one_line(tmp_path: Path) -> None:
    file = tmp_path / InReports.HISTORY
    add_missing(file, [made_up(1)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, hard))
    try:
        with pytest.raises(OSError, match="No space left"):
            add_missing(file, [made_up(2)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_history(file) == (made_up(1),)
    assert add_missing(file, [made_up(2)]) == 1
    assert read_history(file) == (made_up(1), made_up(2))


# --- what changed ----------------------------------------------------------------------------


def test_green_is_what_is_no_news() -> None:
    assert made_up(1, checks={"smoke:sum": "known", "smoke:b": "skipped"}).green
    assert not made_up(1, checks={"smoke:sum": "new"}).green
    assert not made_up(1, checks={"smoke:sum": "fixed"}).green


def test_conflicts_are_the_distributions_that_pip_check_names() -> None:
    checks = {
        "pip-check:*": "new",
        "pip-check:a": "new",
        "pip-check:b": "known",
        "pip-check:c": "fixed",
    }
    assert made_up(1, checks=checks).conflicts == 2


def test_the_last_green_run_is_of_the_same_row_and_of_the_same_time() -> None:
    today = made_up(6)
    history = (
        made_up(1),
        made_up(2),
        made_up(3, checks={"smoke:sum": "new"}),
        made_up(4, row="other"),
        made_up(5, as_of="2026-01-01T00:00:00Z"),
        today,
    )
    found = last_green(history, today)
    assert found is not None
    assert found.started == made_up(2).started
    dated = last_green(history, made_up(7, as_of="2026-02-01T00:00:00Z"))
    assert dated is not None
    assert dated.started == made_up(5).started
    assert last_green(history, made_up(1)) is None
    assert latest_changes(history, "tiny", "other") is None
    assert latest_changes(history, "tiny", "nowhere") is None


def test_everything_that_is_different_is_named() -> None:
    used = ConstraintsUsed(name="air", source="published", address="u", sha256="c" * 64)
    before = made_up(1, constraints=(used,))
    after = made_up(
        2,
        python="3.11.9",
        installer="pip",
        installer_version="pip 26.0",
        constraints=(used.model_copy(update={"sha256": "d" * 64}),),
        plan="e" * 64,
        suite="f" * 64,
        checks={"stage:one": "ok", "import:alpha": "new", "smoke:more": "ok"},
        distributions={"alpha": "0.9", "delta": "4.0"},
    )
    changes = changes_between(before, after)
    assert changes.any
    assert changes.checks == {
        "import:alpha": ("ok", "new"),
        "smoke:more": (None, "ok"),
        "smoke:sum": ("ok", None),
    }
    assert changes.moved == {
        "alpha": ("1.0", "0.9"),
        "delta": (None, "4.0"),
        "gamma": ("1.0", None),
    }
    assert changes.distributions.downgraded == {"alpha": ("1.0", "0.9")}
    assert changes.circumstances == {
        "interpreter": ("Python 3.11.7", "Python 3.11.9"),
        "installer": ("uv 0.8.4", "pip 26.0"),
        "constraint file air": ("c" * 12, "d" * 12),
        "plan of the row": ("a" * 12, "e" * 12),
        "suite": ("b" * 12, "f" * 12),
    }
    assert (changes.since, changes.run) == (before.run, after.run)
    assert not changes_between(before, before).any


def test_a_cut_off_that_moves_along_is_nothing_different(
    bench: Bench, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no release is ever all that is different, and nobody is named."""
    week = datetime.now(timezone.utc) - timedelta(days=7)
    index.add(Release("gamma", "1.2", uploaded=week - timedelta(days=1)))
    entries = []
    for days in (2, 0):
        cut_off = week - timedelta(days=days)
        monkeypatch.setattr(choosing, "full_hour", lambda _, at=cut_off: at)
        verdict, evidence = bench.verify(bench.plan('min-age = "7d"\n'))
        assert evidence.plan.as_of == cut_off.replace(microsecond=0)
        entries.append(entry_of(evidence, verdict))
    before, after = filter(None, entries)
    changes = changes_between(before, after)
    assert (changes.moved, changes.circumstances) == ({"gamma": ("1.1", "1.2")}, {})
    older = after.model_copy(update={"min_age": "14d"})
    assert changes_between(before, older).circumstances == {
        "index": ("what is 7d old on the day", "what is 14d old on the day")
    }


def test_what_a_failed_stage_kept_away_is_not_called_removed() -> None:
    failed = made_up(2, checks={"stage:one": "new"}, distributions={"alpha": "1.1"})
    changes = changes_between(ENTRY, failed)
    assert not changes.complete
    assert changes.moved == {"alpha": ("1.0", "1.1")}


# --- retention -------------------------------------------------------------------------------

_LOGS = {"stages", "suite.log", "report.md", "junit.xml", "pip-check.txt"}


def test_old_evidence_is_thinned_but_never_the_last_green(
    bench: Bench, kept_reports: KeptReports
) -> None:
    verdict, evidence = kept_reports.verify(bench, "tiny", bench.plan())
    home = evidence.folder.parent
    runs = [evidence.folder.rename(home / "20260101T030000.000000Z")]
    verdicts = [verdict, verdict, _with_news(verdict), _with_news(verdict), _with_news(verdict)]
    for number in range(2, 6):
        copy = home / f"20260{number}01T030000.000000Z"
        runs.append(shutil.copytree(runs[0], copy))
    for run, told in zip(runs, verdicts, strict=True):
        told.write(run / "verdict.json")
    Evidence(runs[-1]).publish()

    (pruned,) = thin(bench.root / "reports", keep=1)
    assert (pruned.home, pruned.runs, pruned.busy) == (home, 3, False)
    whole = [{path.name for path in run.iterdir()} >= _LOGS for run in runs]
    # The second is the last green one, the fifth the newest.
    assert whole == [False, True, False, False, True]
    assert not {path.name for path in runs[0].iterdir()} & _LOGS
    # What is left of a run can still be judged.
    assert judge(Evidence(runs[0])) == verdict
    (again,) = thin(bench.root / "reports", keep=1)
    assert (again.runs, again.freed) == (0, 0)


def test_the_last_green_of_todays_index_outlives_one_of_an_earlier_day(
    bench: Bench, kept_reports: KeptReports
) -> None:
    verdict, evidence = kept_reports.verify(bench, "tiny", bench.plan())
    home = evidence.folder.parent
    runs = [evidence.folder.rename(home / "20260101T030000.000000Z")]
    dated = verdict.model_copy(update={"as_of": "2026-01-01T00:00:00Z"})
    for month, told in ((2, dated), (3, _with_news(verdict))):
        runs.append(shutil.copytree(runs[0], home / f"20260{month}01T030000.000000Z"))
        told.write(runs[-1] / "verdict.json")
    Evidence(runs[-1]).publish()
    (pruned,) = thin(bench.root / "reports", keep=1)
    # `changes` compares a run of today's index with the first, never with the second.
    assert pruned.runs == 0


def _with_news(verdict: Verdict) -> Verdict:
    first, *rest = verdict.checks
    return verdict.model_copy(update={"checks": (first.model_copy(update={"state": "new"}), *rest)})


def test_a_row_under_way_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "tiny" / "plain"
    for number in (1, 2):
        run = home / f"2026010{number}T030000.000000Z"
        run.mkdir(parents=True)
        (run / "suite.log").write_text("log", encoding="utf-8")
    with alone(home):
        (busy,) = thin(tmp_path, keep=1)
    assert (busy.runs, busy.busy) == (0, True)
    (pruned,) = thin(tmp_path, keep=1)
    assert (pruned.runs, pruned.freed) == (1, 3)
    assert [path.name for path in sorted(home.glob("*/suite.log"))] == ["suite.log"]
