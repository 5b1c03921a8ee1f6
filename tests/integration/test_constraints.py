"""Constraint files: who is asked for one, in which order, and what an answer means."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.index import Fault, Index

from stackproof.errors import CannotJudgeError
from stackproof.index.constraints.published import MIRROR_VARIABLE, ConstraintFile, find_constraints
from stackproof.matrix.planned import PlannedConstraints

NAME = "constraints-2.10.5/constraints-3.11.txt"
CONTENT = b"alpha==1.0\nbeta==1.0\n"
OTHER = b"alpha==1.1\n"

Find = Callable[..., ConstraintFile]


@pytest.fixture
def published() -> Iterator[Index]:
    with Index() as served:
        yield served


@pytest.fixture
def find(published: Index, tmp_path: Path) -> Find:
    """Return a function that looks for the constraint file of one stage."""
    wanted = PlannedConstraints(
        name="airflow", subject="apache-airflow", version="2.10.5", url=published.put(NAME, CONTENT)
    )

    def look(mirror: str | Path | None = None) -> ConstraintFile:
        environ = {} if mirror is None else {MIRROR_VARIABLE: str(mirror)}
        return find_constraints(wanted, snapshots=tmp_path / "snapshots", environ=environ)

    return look


def lay(folder: Path, content: bytes = OTHER) -> Path:
    """Put a constraint file into a folder that is laid out as the published address is."""
    file = folder / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return folder


REMEDY = (
    "name a mirror in STACKPROOF_CONSTRAINTS_MIRROR, or put the file into matrices/constraints/"
)


def test_the_published_file_comes_first(find: Find, tmp_path: Path) -> None:
    lay(tmp_path / "snapshots")
    found = find(lay(tmp_path / "mirror"))
    assert found.content == CONTENT
    assert found.used.source == "published"
    assert found.used.address.endswith(f"/texts/{NAME}")
    assert found.used.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert found.used.passed_over == ()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.SERVER_ERROR, "answer 500 for {url}"),
        (Fault.UNAUTHORIZED, "answer 401 for {url}"),
        (Fault.FORBIDDEN, "answer 403 for {url}"),
    ],
)
def test_a_source_that_cannot_be_asked_is_passed_over(
    find: Find, published: Index, tmp_path: Path, fault: Fault, why: str
) -> None:
    url = find().used.address
    published.fail(fault)
    found = find(lay(tmp_path / "mirror"))
    assert (found.used.source, found.content) == ("mirror", OTHER)
    assert found.used.address == NAME
    assert found.used.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert found.used.passed_over == (f"published: {why.format(url=url)}",)


def test_a_mirror_may_be_a_url(find: Find, published: Index) -> None:
    published.stop()
    with Index() as mirror:
        address = mirror.put(NAME, OTHER)
        found = find(address.removesuffix(f"/{NAME}") + "/")
    assert (found.used.source, found.used.address) == ("mirror", address)
    assert found.content == OTHER
    assert found.used.passed_over == ("published: 127.0.0.1: ConnectionError",)


def test_a_mirror_may_be_a_file_url(find: Find, published: Index, tmp_path: Path) -> None:
    published.stop()
    found = find(lay(tmp_path / "mirror").as_uri())
    assert (found.used.source, found.used.address) == ("mirror", NAME)


def test_the_snapshot_comes_last(find: Find, published: Index, tmp_path: Path) -> None:
    published.stop()
    lay(tmp_path / "snapshots")
    with Index() as mirror:
        mirror.put(NAME, CONTENT)
        mirror.fail(Fault.SERVER_ERROR)
        base = mirror.put("x", b"").removesuffix("/x")
        found = find(base)
    assert (found.used.source, found.used.address) == ("snapshot", NAME)
    assert found.content == OTHER
    assert found.used.passed_over == (
        "published: 127.0.0.1: ConnectionError",
        f"mirror: answer 500 for {base}/{NAME}",
    )


def test_a_mirror_that_is_not_there_is_passed_over(
    find: Find, published: Index, tmp_path: Path
) -> None:
    published.stop()
    lay(tmp_path / "snapshots")
    found = find(tmp_path / "nowhere")
    assert found.used.source == "snapshot"
    assert found.used.passed_over[1] == "mirror: there is no folder nowhere"


def test_what_is_published_as_missing_is_looked_for_nowhere_else(
    find: Find, published: Index, tmp_path: Path
) -> None:
    url = find().used.address
    published.fail(Fault.NOT_FOUND)
    lay(tmp_path / "snapshots")
    with pytest.raises(CannotJudgeError) as caught:
        find(lay(tmp_path / "mirror"))
    assert str(caught.value) == (
        "there is no constraint file for apache-airflow 2.10.5 (published source: answer 404 for "
        f"{url}); check the version and the Python version"
    )


def test_what_a_mirror_lacks_is_not_in_the_snapshot_either(
    find: Find, published: Index, tmp_path: Path
) -> None:
    published.stop()
    lay(tmp_path / "snapshots")
    (tmp_path / "mirror").mkdir()
    with pytest.raises(CannotJudgeError) as caught:
        find(tmp_path / "mirror")
    assert str(caught.value) == (
        f"there is no constraint file for apache-airflow 2.10.5 (mirror source: {NAME} does not "
        "exist); check the version and the Python version"
    )


def test_where_no_source_can_be_asked_the_user_is_told_of_each(
    find: Find, published: Index, tmp_path: Path
) -> None:
    published.stop()
    (tmp_path / "snapshots").mkdir()
    with pytest.raises(CannotJudgeError) as caught:
        find()
    assert str(caught.value) == (
        "no constraint file for apache-airflow 2.10.5 could be had (published: 127.0.0.1: "
        f"ConnectionError; snapshot: {NAME} does not exist); {REMEDY}"
    )


def test_garbage_is_no_constraint_file(find: Find, published: Index, tmp_path: Path) -> None:
    url = published.put(NAME, b"<html>Please log in.</html>")
    lay(tmp_path / "snapshots")
    found = find()
    assert found.used.source == "snapshot"
    assert found.used.passed_over == (f"published: what {url} holds is no constraint file",)


@pytest.mark.parametrize("source", ["mirror", "snapshots"])
def test_garbage_in_a_folder_is_no_constraint_file(
    find: Find, published: Index, tmp_path: Path, source: str
) -> None:
    published.stop()
    lay(tmp_path / source, b"")
    with pytest.raises(CannotJudgeError, match="is no constraint file"):
        find(tmp_path / "mirror")


def test_passwords_are_not_shown(find: Find, published: Index) -> None:
    published.stop()
    with Index() as mirror:
        address = mirror.put(NAME, OTHER)
        secret = address.replace("://", "://me:hunter2@").removesuffix(f"/{NAME}")
        found = find(secret)
        mirror.fail(Fault.SERVER_ERROR)
        with pytest.raises(CannotJudgeError) as unreachable:
            find(secret)
        mirror.mend()
        mirror.fail(Fault.NOT_FOUND)
        with pytest.raises(CannotJudgeError) as missing:
            find(secret)
    assert found.used.address == address
    assert "hunter2" not in f"{found.used} {unreachable.value} {missing.value}"
    assert f"answer 500 for {address}" in str(unreachable.value)
