"""Plans carried out away from nox: probes that ask a few checks, and runs found again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from rich.console import Console
from support.workbench import TINY, Bench, toml

from stackproof.base.progress import Progress
from stackproof.cli.links_beside import look_command
from stackproof.experiments.runner import Runner
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import Change
from stackproof.report.files import conclude


@pytest.fixture
def runner(bench: Bench) -> Runner:
    progress = Progress(Console(file=bench.output, width=120))
    return Runner(project=bench.project, progress=progress, conclude=conclude, look=look_command)


def probe(*only: str) -> Plan:
    return make_plan(
        parse_matrix(toml(TINY), file="tiny.toml"), name="tiny", row="plain", only=only
    )


def test_a_probe_answers_what_it_is_asked_and_nothing_else(runner: Runner) -> None:
    home = runner.project.reports / "probes"
    verdict, evidence = runner.run(probe("smoke:sum", "import:beta", "pip-check:alpha"), home)
    assert {check.id: check.outcome for check in verdict.checks} == {
        "smoke:sum": "passed",
        "import:beta": "passed",
        "pip-check:alpha": "passed",
    }
    assert (verdict.verdict, verdict.claims) == ("ok", ())
    assert evidence.folder.parent == home
    assert not (runner.project.reports / "tiny").exists()


def test_a_probe_without_checks_of_the_suite_installs_no_test_tools(
    runner: Runner,
) -> None:
    verdict, evidence = runner.run(probe("stage:two", "pip-check:*"))
    assert {check.id: check.outcome for check in verdict.checks} == {
        "stage:two": "passed",
        "pip-check:*": "passed",
    }
    assert verdict.verdict == "ok"
    assert not (evidence.folder / "checks.jsonl").exists()
    assert not (evidence.folder / "stages" / "test-tools.log").exists()


def test_a_scratch_environment_is_empty_whatever_the_user_has_set(bench: Bench) -> None:
    seeds = {"UV_VENV_SEED": "1", "VIRTUALENV_SYSTEM_SITE_PACKAGES": "1"}
    bench.environ |= seeds
    progress = Progress(Console(file=bench.output, width=120))
    runner = Runner(project=bench.project, progress=progress, conclude=conclude, look=look_command)
    verdict, evidence = runner.run(probe("stage:two"))
    assert (verdict.trouble, verdict.verdict) == (None, "ok")
    assert set(evidence.freeze) == {"alpha", "beta", "gamma"}


def test_a_probe_whose_check_is_nowhere_is_not_judged(runner: Runner) -> None:
    verdict, _ = runner.run(probe("smoke:summ"))
    assert verdict.verdict == "unjudged"
    assert verdict.trouble is not None
    # Nor is it found again, as if it were an answer.
    assert runner.recall(probe("smoke:summ")) is None


def test_a_run_is_found_again_by_its_plan(runner: Runner) -> None:
    plan = probe("stage:two")
    assert runner.recall(plan) is None
    _, evidence = runner.run(plan)
    found = runner.recall(plan)
    assert found is not None
    assert found.folder == evidence.folder
    assert runner.recall(probe("stage:one")) is None
    assert runner.recall(plan, not_before=_from_now(days=-1)) == found
    assert runner.recall(plan, not_before=_from_now(days=1)) is None


def test_a_run_from_other_sources_is_not_found_again(runner: Runner, bench: Bench) -> None:
    plan = probe("stage:one")
    _, evidence = runner.run(plan)
    used = dict(bench.environ)
    for other in (
        {"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple"},
        {"UV_FIND_LINKS": "wheels"},
    ):
        bench.environ.update(other)
        assert runner.recall(plan) is None, other
        bench.environ.clear()
        bench.environ.update(used)
    # The same one counts, in another spelling and under another login too.
    index = used["UV_DEFAULT_INDEX"].replace("://", "://me:secret@").rstrip("/")
    bench.environ["UV_DEFAULT_INDEX"] = index
    assert runner.recall(plan) == evidence


def test_a_run_with_further_sources_is_found_again_with_the_very_same(
    runner: Runner, bench: Bench
) -> None:
    plan = probe("stage:one")
    bench.environ["UV_EXTRA_INDEX_URL"] = bench.index.url
    _, evidence = runner.run(plan)
    assert evidence.run.further == (f"UV_EXTRA_INDEX_URL is {bench.index.url}",)
    assert runner.recall(plan) == evidence
    del bench.environ["UV_EXTRA_INDEX_URL"]
    assert runner.recall(plan) is None


def test_nothing_is_left_of_the_environment(runner: Runner, bench: Bench) -> None:
    plan = probe("stage:one")
    runner.run(plan)
    scratch = Path(bench.environ["XDG_CACHE_HOME"]) / "stackproof" / "scratch"
    assert scratch.is_dir()
    assert list(scratch.glob(f"{plan.fingerprint[:16]}*")) == []


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_a_killed_run_left_of_its_environment_is_in_nobodys_way(
    runner: Runner, bench: Bench, installer: str
) -> None:
    # A plan that no other test of this file has: those run at the same time, and share the cache.
    plan = probe("stage:one", "stage:two").model_copy(update={"installer": installer})
    scratch = Path(bench.environ["XDG_CACHE_HOME"]) / "stackproof" / "scratch"
    left = scratch / f"{plan.fingerprint[:16]}-0" / "lib" / "cut.tmp"
    left.parent.mkdir(parents=True)
    left.touch()
    verdict, _ = runner.run(plan)
    assert verdict.verdict == "ok"
    assert not left.exists()


def _from_now(*, days: int) -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=days)


def test_trials_of_many_upgrades_have_homes_that_a_file_system_takes(
    runner: Runner,
) -> None:
    many = [Change(f"distribution-{number}", "1.0") for number in range(40)]
    home = runner.project.trial_home("tiny", "plain", many)
    other = runner.project.trial_home("tiny", "plain", [*many, Change("one-more", "1.0")])
    home.mkdir(parents=True)
    assert home != other
    assert home.name.startswith("tiny-plain-distribution-0-1.0+distribution-1-1.0+")
