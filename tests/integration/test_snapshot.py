"""Snapshots: a release's constraint file, rebuilt from what the index had when it was uploaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import cast

import nox
import pytest
from packaging.version import Version
from support.index import Fault, Index, Offers
from support.sandbox import hermetic_environ
from support.wheels import Release
from support.workbench import PYTHON, TINY

from stackproof.cli import constraints
from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.index.client import IndexClient
from stackproof.index.constraints.published import find_constraints
from stackproof.matrix.plan import PlannedConstraints
from stackproof.metadata.snapshot import Subject, find_subject, snapshot_text

RELEASED = datetime(2025, 2, 10, 9, 44, 48, 730349, tzinfo=timezone.utc)
BEFORE = RELEASED - timedelta(days=1)
AFTER = RELEASED + timedelta(seconds=2)
FLOW = Release(
    "flow",
    "1.0",
    requires=["helper", "pip"],
    requires_python=">=3.8,<3.14",
    extras={"alpha": ["flow-alpha", "tool<3"], "beta": ["flow-beta", "late"]},
    uploaded=RELEASED,
)
INDEX = (
    FLOW,
    Release("flow", "0.9", uploaded=BEFORE),
    Release("flow", "2.0", uploaded=AFTER),
    Release("flow-alpha", "1.0", uploaded=BEFORE),
    # uv, left alone, takes helper 2.0 first and then the older flow-alpha.
    Release("flow-alpha", "1.1", requires=["helper<2"], uploaded=BEFORE),
    Release("flow-alpha", "1.2", uploaded=AFTER),
    Release("flow-beta", "3.0", requires=["deep"], uploaded=BEFORE),
    Release("deep", "0.1", uploaded=BEFORE),
    Release("helper", "1.0", uploaded=BEFORE),
    Release("helper", "2.0", uploaded=BEFORE),
    Release("late", "1.0", uploaded=BEFORE),
    Release("late", "1.1", uploaded=AFTER),
    Release("pip", "25.0", uploaded=BEFORE),
    Release("tool", "2.5", uploaded=BEFORE),
    Release("tool", "3.0", uploaded=BEFORE),
)
HELD = """\
# Constraints of flow 1.0 for Python {python} on x86_64-unknown-linux-gnu.
#
# A reconstruction by stackproof, not the file that was published with the release:
# what uv {uv} resolves for flow with its 2 extras from what the
# package index had before 2025-02-10T09:44:49Z, with flow-* held at the newest.
# Made by: nox -s constraints -- 1.0 --python {python}

deep==0.1
flow-alpha==1.1
flow-beta==3.0
helper==1.0
late==1.0
tool==2.5
"""


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(*INDEX) as served:
        yield served


@pytest.fixture
def client(tmp_path: Path) -> Iterator[IndexClient]:
    with IndexClient(tmp_path / "cache") as asking:
        yield asking


@pytest.fixture
def environ(tmp_path: Path, index: Index) -> dict[str, str]:
    quick = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2"}
    return hermetic_environ(tmp_path, index.url) | quick


@pytest.fixture
def find(index: Index, client: IndexClient) -> Callable[[], Subject]:
    """Return a function that asks the index for flow 1.0."""
    return lambda: find_subject("flow", Version("1.0"), index=index.url, client=client)


def text_of(subject: Subject, environ: dict[str, str], python: str = PYTHON) -> str:
    return snapshot_text(subject, python, environ, lambda: None)


def pins_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_a_snapshot_has_what_the_index_had_on_the_release(
    find: Callable[[], Subject], environ: dict[str, str]
) -> None:
    assert text_of(find(), environ) == HELD.format(python=PYTHON, uv=version("uv"))


def test_settings_of_the_user_do_not_lift_the_cut_off(
    find: Callable[[], Subject], environ: dict[str, str]
) -> None:
    environ["UV_EXCLUDE_NEWER"] = "2026-01-01T00:00:00Z"
    assert "late==1.0" in pins_of(text_of(find(), environ))


@pytest.mark.parametrize(
    ("later", "cut_off"),
    [
        (timedelta(minutes=5), datetime(2025, 2, 10, 9, 49, 49, tzinfo=timezone.utc)),
        (timedelta(days=30), datetime(2025, 2, 10, 9, 44, 49, tzinfo=timezone.utc)),
    ],
    ids=["of the same upload", "added for a newer Python"],
)
def test_the_cut_off_is_the_end_of_the_first_upload(
    find: Callable[[], Subject], index: Index, later: timedelta, cut_off: datetime
) -> None:
    index.add(Release("flow", "1.0", tags="cp313-cp313-win32", uploaded=RELEASED + later))
    assert find().cut_off == cut_off


def test_a_family_that_does_not_fit_at_its_newest_is_resolved_like_the_rest(
    find: Callable[[], Subject], index: Index, environ: dict[str, str]
) -> None:
    index.add(Release("flow-beta", "3.1", requires=["flow>=2"], uploaded=BEFORE))
    text = text_of(find(), environ)
    assert "had before 2025-02-10T09:44:49Z.\n" in text
    assert pins_of(text) == [
        *("deep==0.1", "flow-alpha==1.0", "flow-beta==3.0", "helper==2.0", "late==1.0", "tool==2.5")
    ]


def test_members_of_the_family_for_another_python_are_left_out(
    index: Index, client: IndexClient, environ: dict[str, str]
) -> None:
    index.add(
        Release(
            "flow",
            "1.5",
            requires=["flow-gone; python_version < '3.10'"],
            extras={"alpha": ["flow-alpha"], "gone": ["flow-gone; python_version < '3'"]},
            uploaded=RELEASED,
        )
    )
    subject = find_subject("flow", Version("1.5"), index=index.url, client=client)
    assert subject.family(PYTHON) == ["flow-alpha"]
    assert pins_of(text_of(subject, environ)) == ["flow-alpha==1.1", "helper==1.0"]


def test_a_release_without_extras_or_family_has_a_snapshot_too(
    index: Index, client: IndexClient, environ: dict[str, str]
) -> None:
    subject = find_subject("flow-beta", Version("3.0.0"), index=index.url, client=client)
    assert (subject.version, subject.requirement) == (Version("3.0"), "flow-beta==3.0")
    assert pins_of(text_of(subject, environ)) == ["deep==0.1"]


@pytest.mark.fault("A2")
@pytest.mark.parametrize("project", ["deep", "flow-alpha"])
def test_no_snapshot_rests_on_a_page_that_is_none(
    find: Callable[[], Subject], index: Index, environ: dict[str, str], project: str
) -> None:
    subject = find()
    index.fail(Fault.GARBAGE, project, place="page")
    with pytest.raises(CannotJudgeError, match=f"its page of {project} lists no file"):
        text_of(subject, environ)


def test_a_version_that_is_not_there_names_its_neighbours(
    index: Index, client: IndexClient
) -> None:
    index.add(Release("flow", "1.1rc1"))
    for wanted, nearest in {"1.0.1": "1.0 and 2.0", "7": "2.0", "0.1": "0.9"}.items():
        with pytest.raises(StackproofError) as caught:
            find_subject("flow", Version(wanted), index=index.url, client=client)
        assert str(caught.value) == (
            f"there is no release {wanted} of flow; the nearest are {nearest}"
        )


def test_a_distribution_that_is_not_there_is_named(index: Index, client: IndexClient) -> None:
    with pytest.raises(StackproofError, match=r"^the package index has no release of flaw$"):
        find_subject("flaw", Version("1.0"), index=index.url, client=client)


def test_an_index_that_does_not_answer_is_no_missing_release(
    find: Callable[[], Subject], index: Index
) -> None:
    index.stop()
    with pytest.raises(CannotJudgeError, match="cannot be reached"):
        find()


def test_upload_times_are_needed(client: IndexClient) -> None:
    with (
        Index(*INDEX, offers=Offers(upload_times=False)) as served,
        pytest.raises(CannotJudgeError, match="does not say when files of flow were uploaded"),
    ):
        find_subject("flow", Version("1.0"), index=served.url, client=client)


def test_metadata_is_needed(client: IndexClient) -> None:
    with (
        Index(Release("flow", "1.0", form="sdist")) as served,
        pytest.raises(CannotJudgeError, match=r"^the package index has no metadata of flow 1\.0$"),
    ):
        find_subject("flow", Version("1.0"), index=served.url, client=client)


def test_a_release_that_is_not_for_a_python_is_refused(find: Callable[[], Subject]) -> None:
    with pytest.raises(StackproofError) as caught:
        find().require_python("3.14")
    assert str(caught.value) == "flow 1.0 is not for Python 3.14: it requires >=3.8,<3.14"
    find().require_python("3.13")


def test_extras_that_do_not_fit_together_are_told_in_the_words_of_the_resolver(
    index: Index, client: IndexClient, environ: dict[str, str]
) -> None:
    extras = {"new": ["tool>=3"], "old": ["tool<3"]}
    index.add(Release("flow", "1.5", extras=extras, uploaded=RELEASED))
    subject = find_subject("flow", Version("1.5"), index=index.url, client=client)
    with pytest.raises(StackproofError) as caught:
        text_of(subject, environ)
    head, _, words = str(caught.value).partition("\n")
    assert not isinstance(caught.value, CannotJudgeError)
    assert head == (
        f"flow 1.5 with all of its extras cannot be resolved for Python {PYTHON} as of "
        "2025-02-10T09:44:49Z:"
    )
    assert "No solution found" in words
    assert "flow[old]==1.5" in words


def test_an_index_that_fails_during_the_resolution_is_no_refusal(
    find: Callable[[], Subject], index: Index, environ: dict[str, str]
) -> None:
    subject = find()
    index.fail(Fault.SERVER_ERROR, "deep")
    with pytest.raises(CannotJudgeError, match="did not answer every request"):
        text_of(subject, environ)


class Session:
    """What the door needs of a nox session: arguments, an environment, and a way to fail."""

    def __init__(self, environ: dict[str, str], *posargs: str) -> None:
        self.posargs = list(posargs)
        self.env: dict[str, str | None] = {**dict.fromkeys(os.environ), **environ}

    def error(self, message: str) -> None:
        """End the session."""
        raise SystemExit(message)


Run = Callable[..., None]
SOURCE = """
[constraints.lines]
url = "http://127.0.0.1:9/flow/constraints-{version}/constraints-{python}.txt"
pin = "flow"
"""


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """Write the only matrix of a project; it has one constraint source, and two Pythons."""
    text = TINY.replace(f'python = "{PYTHON}"', 'python = "3.11"').replace("alpha", "flow")
    row = '\n[rows.old]\nsummary = "An older Python."\nbase = "plain"\npython = "3.10"\n'
    file = tmp_path / "matrices" / "tiny.toml"
    file.parent.mkdir()
    file.write_text(text + SOURCE + row, encoding="utf-8")
    return file


@pytest.fixture
def run(tmp_path: Path, environ: dict[str, str], matrix: Path) -> Run:
    """Return a function that runs the session with arguments."""
    assert matrix.exists()

    def go(*posargs: str) -> None:
        constraints(cast("nox.Session", Session(environ, *posargs)), tmp_path)

    return go


def snapshots(root: Path) -> list[str]:
    folder = root / "matrices" / "constraints"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_session_writes_where_a_stage_looks_for_its_snapshot(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("1.0", "--python", "3.11")
    wanted = PlannedConstraints(
        name="lines",
        subject="flow",
        version="1.0",
        url="http://127.0.0.1:9/flow/constraints-1.0/constraints-3.11.txt",
    )
    found = find_constraints(wanted, snapshots=tmp_path / "matrices" / "constraints", environ={})
    assert found.used.source == "snapshot"
    assert found.content.decode() == HELD.format(python="3.11", uv=version("uv"))
    assert (
        "wrote matrices/constraints/constraints-1.0/constraints-3.11.txt" in capsys.readouterr().out
    )


def test_the_session_makes_a_snapshot_for_each_python_of_the_matrix(
    run: Run, tmp_path: Path
) -> None:
    run("1.0")
    assert snapshots(tmp_path) == [
        "constraints-1.0/constraints-3.10.txt",
        "constraints-1.0/constraints-3.11.txt",
    ]


@pytest.mark.parametrize(
    ("posargs", "message"),
    [
        (["1.1"], "there is no release 1.1 of flow; the nearest are 1.0 and 2.0"),
        (["1.0", "--python", "3.11", "--python", "3.14"], "flow 1.0 is not for Python 3.14"),
        (["one"], "argument VERSION: 'one' is not a version such as 2.10.5"),
        (["1.0", "--python", "3"], "argument --python: '3' is not a Python version such as 3.11"),
        (["1.0", "--matrix", "tine"], "there is no matrix 'tine'; did you mean 'tiny'?"),
        (["1.0", "--source", "x"], "there is no constraint source 'x'; there are lines"),
        ([], "the following arguments are required: VERSION"),
    ],
)
def test_the_session_says_what_is_wrong_and_writes_nothing(
    run: Run, tmp_path: Path, posargs: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*posargs)
    assert str(caught.value).startswith(f"exit 2: {message}")
    assert snapshots(tmp_path) == []


def test_a_failed_session_leaves_the_snapshot_before_it_alone(
    run: Run, tmp_path: Path, index: Index
) -> None:
    run("1.0", "--python", "3.11")
    index.fail(Fault.SERVER_ERROR, "deep")
    with pytest.raises(SystemExit, match="exit 2: the package index did not answer every request"):
        run("1.0", "--python", "3.11")
    (name,) = snapshots(tmp_path)
    text = (tmp_path / "matrices" / "constraints" / name).read_text(encoding="utf-8")
    assert text == HELD.format(python="3.11", uv=version("uv"))


def test_of_several_matrices_or_sources_one_is_named(
    run: Run, tmp_path: Path, matrix: Path
) -> None:
    with matrix.open("a", encoding="utf-8") as file:
        file.write(SOURCE.replace("lines", "others").replace('"flow"', '"beta"'))
    with pytest.raises(SystemExit) as source:
        run("1.0")
    (matrix.parent / "second.toml").write_text(matrix.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(SystemExit) as several:
        run("1.0", "--source", "lines")
    assert str(source.value) == (
        "exit 2: name a constraint source with --source; there are lines, others"
    )
    assert str(several.value) == "exit 2: name a matrix with --matrix; there are second, tiny"
    run("1.0", "--matrix", "second", "--source", "lines", "--python", "3.11")
    assert snapshots(tmp_path) == ["constraints-1.0/constraints-3.11.txt"]
