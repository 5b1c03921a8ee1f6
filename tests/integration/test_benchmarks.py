"""The measurements, on a stack that takes seconds: that they measure, not what."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from support.checkout import Checkout
from support.index import Index
from support.matrices import PYTHON
from support.wheels import Release
from support.workbench import RELEASES, ROOT, TINY, Bench

sys.path.insert(0, str(ROOT))

from benchmarks import auditing, disk, overhead, trials, verifying
from benchmarks.__main__ import main
from benchmarks.by_hand import verify_by_hand
from benchmarks.measuring import Contender, Figures, Measurement, measure, timed
from benchmarks.stand import Stand
from benchmarks.table import page
from stackproof.errors import StackproofError


@pytest.fixture(scope="module")
def stand(
    tmp_path_factory: pytest.TempPathFactory,
    suite_tools: tuple[Path, ...],
    pip_environment: Callable[[], Path],
) -> Iterator[Stand]:
    """Share one checkout among the tests: each thing that is measured takes seconds."""
    said: list[str] = []
    with Index(*RELEASES, Release("alpha", "1.1")) as index:
        for folder in suite_tools:
            index.add_wheels(folder)
        root = tmp_path_factory.mktemp("bench")
        bench = Bench(root=root, index=index, pip_environment=pip_environment)
        Checkout(bench)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environ = bench.environ | {"PATH": path, "NOX_SCRIPT_MODE": "none"}
        yield Stand(
            root=root, matrix="tiny", row="plain", environ=environ, say=said.append, rounds=1
        )


@contextmanager
def _elsewhere(
    stand: Stand, tools: tuple[Path, ...], *releases: Release, text: str = TINY
) -> Iterator[Stand]:
    """Yield a stand for a matrix of its own, whose index has the releases and the suite's tools."""
    file = stand.root / "matrices" / "other.toml"
    file.write_text(text, encoding="utf-8")
    with Index(*releases) as index:
        for folder in tools:
            index.add_wheels(folder)
        urls = {"UV_DEFAULT_INDEX": index.url, "PIP_INDEX_URL": index.url}
        try:
            yield replace(stand, matrix="other", environ={**stand.environ, **urls}, _learnt={})
        finally:
            file.unlink()


def _figures(found: Measurement) -> dict[str, float]:
    return {item.name: item.median for item in found.contenders}


def test_contenders_take_turns() -> None:
    clock = count(1)
    order: list[str] = []

    def run(name: str) -> float:
        order.append(name)
        return float(next(clock))

    contenders = [Contender(name=name, figure=partial(run, name)) for name in "AB"]
    found = measure("letters", contenders, row="tiny/plain", rounds=3, goal=0.9)
    assert order == ["A", "B", "A", "B", "A", "B"]
    assert [item.figures for item in found.contenders] == [(1, 3, 5), (2, 4, 6)]
    assert found.ratio(found.contenders[1]) == 3 / 4
    assert found.met is True
    assert found.model_copy(update={"goal": 0.5}).met is False


def test_a_command_that_fails_is_no_figure(tmp_path: Path) -> None:
    fail = [sys.executable, "-c", "import sys; print('why'); sys.exit(3)"]
    with pytest.raises(StackproofError, match="ended with 3\nwhy"):
        timed([fail], env={}, cwd=tmp_path)
    assert timed([fail], env={}, cwd=tmp_path, allowed=(3,)) > 0
    assert timed([fail], env={}, cwd=tmp_path, allowed=(3,), unless="why") > 0
    with pytest.raises(StackproofError, match="ended with 3"):
        timed([fail], env={}, cwd=tmp_path, allowed=(3,), unless="the reason")


def test_the_table_says_what_was_measured_where() -> None:
    ours, theirs = Figures(name="us", figures=(2, 1, 3)), Figures(name="them", figures=(4, 5, 4))
    found = Measurement(
        name="speed",
        row="tiny/plain",
        at="2026-01-02 03:04",
        unit="s",
        goal=0.4,
        contenders=(ours, theirs),
    )
    text = page([found])
    first = (
        "| speed (`tiny/plain`, 2026-01-02 03:04) | us | 2.00 s | 2.00 s, 1.00 s, 3.00 s |  |  |"
    )
    assert first in text
    assert "|  | them | 4.00 s | 4.00 s, 5.00 s, 4.00 s | 0.50 | 0.4 missed |" in text
    assert f"{os.cpu_count()} cores" in text
    assert "uv " in text


@pytest.mark.parametrize(("goal", "words"), [(0.5, "0.5 met"), (0.4, "0.4 missed")])
def test_one_round_settles_no_goal(goal: float, words: str) -> None:
    ours, theirs = Figures(name="us", figures=(2,)), Figures(name="them", figures=(4,))
    found = Measurement(
        name="speed",
        row="tiny/plain",
        at="2026-01-02 03:04",
        unit="s",
        goal=goal,
        contenders=(ours, theirs),
    )
    assert f"|  | them | 4.00 s | 4.00 s | 0.50 | {words} in one round |" in page([found])


def test_verify_is_measured_against_what_users_would_do(stand: Stand) -> None:
    (found,) = verifying.warm(stand)
    figures = _figures(found)
    assert list(figures) == ["verify", "pip", "pip with fast-deps", "tox", "tox-uv", "nox"]
    assert all(figure > 1 for figure in figures.values())


def test_cold_caches_are_new_and_removed(stand: Stand) -> None:
    (found,) = verifying.cold(replace(stand, against=frozenset({"pip"})))
    assert list(_figures(found)) == ["verify", "pip"]
    with stand.cold() as env:
        folder = Path(env["UV_CACHE_DIR"]).parent
        assert folder.is_dir()
        assert not Path(env["UV_CACHE_DIR"]).exists()
    assert not folder.exists()


def test_what_could_not_judge_is_no_figure(stand: Stand) -> None:
    offline = {**stand.environ, "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple/"}
    with pytest.raises(StackproofError, match="aborted: exit 2"):
        stand.verify(env=offline)


@pytest.mark.parametrize("measurement", [verifying.warm, overhead.own, overhead.floor])
def test_a_verify_without_its_suite_is_no_figure(
    stand: Stand,
    suite_tools: tuple[Path, ...],
    measurement: Callable[[Stand], list[Measurement]],
) -> None:
    refused = Release("beta", "1.0", requires=["gamma>=7"])
    with _elsewhere(stand, suite_tools, *RELEASES[:2], *RELEASES[3:], refused) as other:
        alone = replace(other, against=frozenset({"nothing"}))
        with pytest.raises(StackproofError, match=r"(?s)its end \(stage:two: .*gamma>=7"):
            measurement(alone)


def test_a_trial_that_is_refused_is_no_figure(stand: Stand, suite_tools: tuple[Path, ...]) -> None:
    refused = Release("alpha", "1.1", requires=["gamma>=7"])
    with _elsewhere(stand, suite_tools, *RELEASES, refused) as other:
        alone = replace(other, against=frozenset({"nothing"}))
        with pytest.raises(StackproofError, match=r"(?s)its end \(stage:one: .*gamma>=7"):
            trials.one(alone, request="alpha==1.1")


def test_a_suite_by_hand_that_answers_less_is_no_figure(stand: Stand) -> None:
    stand.verify()
    stages = stand.stage_arguments("pip")
    log = (stand.home / "latest" / "checks.jsonl").resolve()
    whole = log.read_text(encoding="utf-8")
    log.write_text(whole + whole.replace("smoke:sum", "smoke:product"), encoding="utf-8")
    with pytest.raises(StackproofError, match=r"otherwise than ours \(smoke:product\)"):
        verify_by_hand(stand, "pip", stages, stand.environ)
    log.write_text(whole, encoding="utf-8")


def test_only_a_failure_that_the_matrix_records_may_pass_by_hand(
    stand: Stand, suite_tools: tuple[Path, ...]
) -> None:
    failing = ("import:*", "import:alpha", "smoke:sum")
    known = "".join(
        f'[[rows.plain.known-failures]]\ncheck = "{check}"\nreason = "r"\ndate = 2025-01-02\n'
        for check in failing
    )
    broken = Release("alpha", "1.0", modules={"alpha/__init__.py": "raise ImportError\n"})
    stages = [["alpha==1.0"], ["beta==1.0"]]
    releases = [broken, *RELEASES[1:]]
    with _elsewhere(stand, suite_tools, *releases) as other:
        other.verify()
        with pytest.raises(StackproofError, match=rf"\({re.escape(', '.join(failing))}\)"):
            verify_by_hand(other, "pip", stages, stand.environ)
    with _elsewhere(stand, suite_tools, *releases, text=TINY + known) as other:
        other.verify()
        assert verify_by_hand(other, "pip", stages, stand.environ) > 0


def test_the_suite_by_hand_keeps_byte_code_whatever_the_machine_says(
    stand: Stand, suite_tools: tuple[Path, ...]
) -> None:
    source = "import sys\n__version__ = '1.0'\nassert not sys.dont_write_bytecode\n"
    alpha = Release("alpha", "1.0", modules={"alpha/__init__.py": source})
    with _elsewhere(stand, suite_tools, alpha, *RELEASES[1:]) as other:
        environ = {**other.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        other.verify(env=environ)
        assert verify_by_hand(other, "pip", [["alpha==1.0"], ["beta==1.0"]], environ) > 0


def test_a_suite_by_hand_on_less_than_the_stack_is_no_figure(stand: Stand) -> None:
    stand.verify()
    first, _ = stand.stage_arguments("pip")
    with pytest.raises(StackproofError, match=r"\(import:\*, import:alpha, import:beta \.\.\.\)"):
        verify_by_hand(stand, "pip", [], stand.environ)
    with pytest.raises(StackproofError, match=r"\(import:\*, import:beta, version:beta\)"):
        verify_by_hand(stand, "pip", [first], stand.environ)


def test_overhead_is_measured_against_the_least_and_a_second(stand: Stand) -> None:
    (floor,) = overhead.floor(stand)
    figures = _figures(floor)
    assert 0 < figures["its stages and slowest check"] < figures["verify"]
    (own,) = overhead.own(stand)
    assert 0 < _figures(own)["verify less installers and suite"] < figures["verify"]


def test_audits_are_measured_against_one_resolution(stand: Stand) -> None:
    few, many = auditing.warm(stand)
    assert few.name == "audit of 2 pins, warm"
    assert list(_figures(few)) == ["audit", "uv pip compile", "pip install --dry-run"]
    assert few.goal == 2.0
    assert many.name == "audit of 3 pins, warm"


def test_a_trial_is_measured_against_a_verify(stand: Stand) -> None:
    (found,) = trials.one(stand, request="alpha==1.1")
    assert list(_figures(found)) == ["candidate", "verify", "pip"]
    (verdict,) = (stand.root / "reports" / "candidates").glob("tiny-*/latest/verdict.json")
    assert json.loads(verdict.read_text(encoding="utf-8"))["requested"] == ["alpha==1.1"]


def test_the_cost_of_trials_and_builds_is_seen_to_grow(stand: Stand) -> None:
    said: list[str] = []
    found = trials.frontier(replace(stand, say=said.append), pins=["alpha", "none"])
    assert [item.name for item in found] == [
        "frontier, runs of the whole suite: 1",
        "frontier, runs of the whole suite: 2",
    ]
    assert said[0] == "frontier, runs of the whole suite: there were 2, not 20"
    found = trials.timeline(replace(stand, most=5))
    assert [item.name for item in found] == ["timeline, builds: 1", "timeline, builds: 5"]
    one, five = (item.contenders[0].median for item in found)
    assert 0 < one < five


def test_a_trial_that_asks_one_check_is_no_run_of_the_whole_suite(
    stand: Stand, suite_tools: tuple[Path, ...]
) -> None:
    # The workload fails with 3.0.1, so 2.0 is asked that one alone before it is tried as a whole.
    with Index(*RELEASES, Release("alpha", "3.0.1")) as index:
        for folder in suite_tools:
            index.add_wheels(folder)
        environ = {**stand.environ, "UV_DEFAULT_INDEX": index.url}
        said: list[str] = []
        other = replace(stand, environ=environ, say=said.append)
        trials.frontier(other, pins=["alpha"])
    assert said[0] == "frontier, runs of the whole suite: there were 3, not 20"


def test_a_run_whose_suite_was_stopped_is_no_run_of_the_whole_suite(bench: Bench) -> None:
    bench.suite_limit = 0.1
    _, stopped = bench.verify(bench.plan())
    assert stopped.pip_check is not None
    bench.suite_limit = 60
    _, whole = bench.verify(bench.plan())
    assert trials.whole_runs(bench.root) == [whole]


def test_disk_counts_what_is_linked_once(stand: Stand) -> None:
    found = disk.kept(replace(stand, most=2))
    assert [item.name for item in found] == [
        "disk of 1 environments",
        "disk of 2 environments",
        "disk by count",
    ]
    one, two = (_figures(item)["pip"] for item in found[:2])
    assert 1.9 < two / one < 2.1


def test_disk_is_measured_where_a_stage_has_its_own_index(stand: Stand) -> None:
    with Index(Release("alpha", "1.0+cpu")) as near:
        text = TINY.replace('pins = ["alpha"]', 'pins = ["alpha"]\nindex = "near"')
        table = f'[indexes.near]\nurl = "{near.url}"\nupload-times = true\n'
        (stand.root / "matrices" / "near.toml").write_text(text + table, encoding="utf-8")
        found = disk.kept(replace(stand, matrix="near", most=1, _learnt={}))
    (stand.root / "matrices" / "near.toml").unlink()
    assert [item.name for item in found] == ["disk of 1 environments", "disk by count"]
    assert found[0].contenders[0].median > 0


def test_what_is_linked_twice_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 100_000)
    before = disk.used(tmp_path)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert disk.used(tmp_path) == before
    assert before >= 100_000


def test_measurements_are_named_and_written(
    stand: Stand, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = stand.root / "reports"
    arguments = ["own", "--row", "tiny/plain", "--rounds", "1"]
    assert main(arguments, stand.root, stand.environ) == 0
    assert _written(reports) == ["own overhead"]
    assert f"Python {PYTHON}" in (reports / "bench.md").read_text(encoding="utf-8")
    assert "own overhead, round 1: verify less installers and suite" in capsys.readouterr().out
    assert main(["floor", *arguments], stand.root, stand.environ) == 0
    assert _written(reports) == ["own overhead", "verify by its floor"]
    assert main(["own", "--row", "tinny/plain"], stand.root, stand.environ) == 2
    assert _written(reports) == ["own overhead", "verify by its floor"]
    assert "there is no matrix 'tinny'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["speed"], ["own", "--rounds", "0"], ["own", "--most", "x"]])
def test_a_wrong_command_line_is_refused(stand: Stand, arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments, stand.root, stand.environ)


def _written(reports: Path) -> list[str]:
    data = json.loads((reports / "bench.json").read_text(encoding="utf-8"))
    return [item["name"] for item in data["measurements"]]
