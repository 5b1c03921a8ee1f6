"""What goes to another machine and comes back."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from support.matrices import matrix, pin, stage
from support.workbench import toml

from stackproof.errors import CannotJudgeError
from stackproof.evidence.layout import Project
from stackproof.experiments.machines import parcels
from stackproof.experiments.machines.parcels import Order, laid_out, pack, sent_files, taken_in
from stackproof.experiments.machines.workplace import Workplace
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan

NAME = "20250601T000000.999999Z"

COMMANDS = """
[[commands]]
name = "tests"
run = ["pytest"]
cwd = "app"
editable = "app[all]"
"""


def write(file: Path, text: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with a suite, own workloads, and an application with an environment."""
    root = tmp_path / "here"
    write(root / "tests" / "stack" / "conftest.py", "# the suite\n")
    write(root / "matrices" / "workloads" / "test_own.py", "# our own\n")
    write(root / "app" / "test_app.py", "# the application\n")
    write(root / "app" / "data" / "table.csv", "1,2\n")
    write(root / "app" / ".venv" / "pyvenv.cfg")
    write(root / "app" / "env" / "pyvenv.cfg")
    return replace(Project.at(root, {}), suite=root / "tests" / "stack")


def plan(more: str = COMMANDS) -> Plan:
    text = matrix("Tiny", pin("alpha"), stage("one", "alpha", step="One.")) + more
    return make_plan(parse_matrix(toml(text), file="tiny.toml"), name="tiny", row="plain")


def ordered(project: Project, plan: Plan) -> Order:
    return Order(
        ticket="1",
        plan=plan,
        suite=project.suite_of(plan),
        workloads=1,
        stage_limit=7,
        suite_limit=8,
        suite_workers=2,
    )


def test_a_worker_has_the_very_checks_of_whoever_asks(project: Project, tmp_path: Path) -> None:
    files, there = sent_files(project, plan()), tmp_path / "there"
    own = Project.at(there, {"HOME": "its own"})
    found = laid_out(ordered(project, plan()), files, there, own)
    assert found.suite_of(plan()) == project.suite_of(plan())
    assert (found.stage_limit, found.suite_limit, found.suite_workers) == (7, 8, 2)
    assert found.environ == {"HOME": "its own"}
    assert (found.root / "app" / "data" / "table.csv").exists()
    assert sorted(path.name for path in (found.root / "app").iterdir()) == ["data", "test_app.py"]
    # Another workload is another suite.
    write(project.workloads[0] / "test_own.py", "# changed\n")
    assert found.suite_of(plan()) != project.suite_of(plan())


def test_a_repository_that_is_too_large_is_not_sent_along(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_MOST_SENT", 10)
    with pytest.raises(CannotJudgeError, match=r"tiny/plain needs .* without --on"):
        sent_files(project, plan())


def test_evidence_comes_back_whole_and_takes_no_other_run_s_place(tmp_path: Path) -> None:
    write(tmp_path / "run" / "stages" / "one.log", "done\n")
    file, home = tmp_path / "evidence.zip", tmp_path / "home"
    pack(tmp_path / "run", file)
    found = [taken_in(file, home, NAME).folder.name for _ in range(2)]
    assert found == [NAME, "20250601T000000.000000Z"]
    assert (home / NAME / "stages" / "one.log").read_text(encoding="utf-8") == "done\n"
    assert sorted(path.name for path in home.iterdir()) == sorted(found)


@pytest.mark.parametrize("name", ["../elsewhere", "latest", ""])
def test_evidence_is_called_as_a_run_is(tmp_path: Path, name: str) -> None:
    write(tmp_path / "run" / "plan.json")
    pack(tmp_path / "run", tmp_path / "evidence.zip")
    with pytest.raises(CannotJudgeError, match="which is no run"):
        taken_in(tmp_path / "evidence.zip", tmp_path / "home", name)
    assert not (tmp_path / "home").exists()


def test_what_comes_stays_within_its_folder_and_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, home = tmp_path / "evidence.zip", tmp_path / "home"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../escaped", "x" * 100)
    taken_in(file, home, NAME)
    assert (home / NAME / "escaped").exists()
    assert not list(tmp_path.parent.glob("escaped"))
    monkeypatch.setattr(parcels, "MOST_OF_EVIDENCE", 99)
    with pytest.raises(CannotJudgeError, match="the evidence of a worker takes"):
        taken_in(file, home, NAME)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(CannotJudgeError, match="came damaged"):
        taken_in(file, home, NAME)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"release": "0.1"}, "it has stackproof 0.1, and this is"),
        ({"system": "Darwin arm64"}, "it is Darwin arm64, and this is"),
        ({"index": "https://other"}, "it installs from https://other, and this from"),
    ],
)
def test_a_machine_is_asked_for_what_a_verdict_hangs_on(change: dict[str, str], words: str) -> None:
    here = Workplace.here({"UV_DEFAULT_INDEX": "https://index.test/simple/"})
    assert here.unlike(here) is None
    said = here.unlike(here.model_copy(update=change))
    assert said is not None
    assert words in said


def test_no_password_of_an_index_is_told() -> None:
    here = Workplace.here({"UV_DEFAULT_INDEX": "https://me:secret@index.test/simple"})
    assert "secret" not in here.model_dump_json()
