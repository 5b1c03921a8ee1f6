"""What an audit makes of indexes: good ones, slow ones, broken ones, and none at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from http import HTTPStatus
from pathlib import Path

import pytest
from support.audit_bench import Desk, matrix_text, messages
from support.faults import Place
from support.index import Fault, Index, Offers
from support.pages import JSON
from support.serving import Answer, Server
from support.wheels import Release

from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.metadata.audit.auditing import audit

ALPHA = Release("alpha", "1.0", requires=["beta>=1"])
BETA = Release("beta", "1.0")
MATRIX = matrix_text("alpha==1.0", "beta==1.0")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Index(ALPHA, BETA) as index:
        yield Desk(root=tmp_path, index=index)


def _client(desk: Desk) -> IndexClient:
    return _client_of(desk.place.cache)


def _client_of(cache: Path) -> IndexClient:
    return IndexClient(cache, seconds=(1, 1), stand_ins=True)


def test_metadata_comes_from_metadata_files_and_no_wheel_is_fetched(desk: Desk) -> None:
    found = desk.audit(MATRIX)
    assert found.pairs["tiny/plain"]["alpha"]["beta"].reason == (
        "alpha 1.0 requires beta>=1, which admits 1.0"
    )
    assert "files/alpha-1.0-py3-none-any.whl.metadata" in desk.index.requests
    assert [path for path in desk.index.requests if path.endswith(".whl")] == []


def test_a_second_audit_validates_pages_and_fetches_no_metadata(desk: Desk) -> None:
    desk.audit(MATRIX)
    desk.index.forget()
    found = desk.audit(MATRIX)
    assert found.index.cached_since is None
    assert dict(desk.index.requests) == {
        "simple/alpha/": 1,
        "simple/beta/": 1,
    }


def test_what_several_rows_want_at_once_is_asked_for_once(desk: Desk) -> None:
    with _client(desk) as client, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.project(desk.index.url, "alpha"), range(16)))
        (project,) = {id(item): item for item in found}.values()
        assert project is not None
        (file,) = project.files
        list(pool.map(lambda _: client.metadata(desk.index.url, file), range(16)))
    assert set(desk.index.requests.values()) == {1}
    assert len(desk.index.requests) == 2


def test_a_page_that_changed_is_read_anew(desk: Desk) -> None:
    text = matrix_text("alpha==2.0", "beta==1.0")
    before = desk.audit(text)
    assert "alpha 2.0 was never released" in messages(before, "exists")[0]
    desk.index.add(Release("alpha", "2.0"))
    with _client(desk) as client:
        project = client.project(desk.index.url, "alpha")
    assert project is not None
    assert [str(version) for version in project.releases()] == ["1.0", "2.0"]


def test_offline_the_cache_answers_and_says_since_when(desk: Desk) -> None:
    online = desk.audit(MATRIX)
    desk.index.stop()
    offline = desk.audit(MATRIX)
    assert offline.exit_code == 0
    assert offline.index.cached_since is not None
    assert online.started <= offline.index.cached_since <= offline.started
    assert offline.findings == online.findings
    assert offline.pairs == online.pairs
    assert offline.joint == online.joint


@pytest.mark.fault("index")
def test_an_index_that_fails_later_is_replaced_by_the_cache(desk: Desk) -> None:
    desk.audit(MATRIX)
    desk.index.fail(Fault.SERVER_ERROR)
    found = desk.audit(MATRIX)
    assert found.index.cached_since is not None
    assert found.exit_code == 0


@pytest.mark.fault("index")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.SERVER_ERROR, "answered 500; try again later, or name another index"),
        (Fault.FORBIDDEN, "refuses the user and password, or asks for some (403)"),
        (Fault.NOT_FOUND, "knows none of alpha, beta; check its address"),
        (Fault.GARBAGE, "does not answer as a package index (its page of"),
    ],
)
def test_an_index_that_is_none_ends_the_audit(desk: Desk, fault: Fault, said: str) -> None:
    desk.index.fail(fault, place="page")
    with pytest.raises(CannotJudgeError) as caught:
        desk.audit(MATRIX)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.fault("index")
def test_an_index_whose_pages_are_all_empty_ends_the_audit(desk: Desk) -> None:
    page = b'{"meta": {"api-version": "1.1"}, "name": "x", "versions": [], "files": []}'
    answer = Answer(status=HTTPStatus.OK, content=page, headers={"Content-Type": JSON})
    server = Server(lambda *_: answer)
    server.start()
    environ = {**desk.place.project.environ, "UV_DEFAULT_INDEX": server.origin}
    place = replace(desk.place, project=replace(desk.place.project, environ=environ))
    with pytest.raises(CannotJudgeError, match="knows none of alpha, beta; check its address"):
        audit([(desk.write(MATRIX), "plain")], place)
    server.close()


@pytest.mark.fault("R8.19")
@pytest.mark.parametrize("path", ["simple/", "%7Euser/simple/", "a b/simple/"])
def test_a_stale_page_is_told_of_however_its_address_is_spelt(tmp_path: Path, path: str) -> None:
    page = b"""{"meta": {"api-version": "1.1"}, "name": "alpha", "versions": [], "files": []}"""
    headers = {
        "Content-Type": JSON,
        "Cache-Control": "max-age=0, stale-if-error=86400",
        "ETag": "one",
    }
    server = Server(lambda *_: Answer(status=HTTPStatus.OK, content=page, headers=headers))
    server.start()
    index = f"{server.origin}/{path}"
    with _client_of(tmp_path) as client:
        assert client.project(index, "alpha") is not None
        assert not client.down(index)
    server.stop()
    with _client_of(tmp_path) as client:
        assert client.project(index, "alpha") is not None
        assert client.down(index)
        assert client.stale is not None
        with pytest.raises(CannotJudgeError, match="cannot be reached"):
            client.require(index, "alpha")
    server.close()


@pytest.mark.parametrize("address", ["nonsense", "file:///srv/simple", "http://127.0.0.1:99999/x"])
def test_an_index_without_an_address_ends_the_audit(desk: Desk, address: str) -> None:
    for _ in range(2):
        with _client(desk) as client, pytest.raises(CannotJudgeError) as caught:
            client.project(address, "alpha")
        assert str(caught.value).startswith(
            f"the package index {address} has no address that can be asked over the web ("
        )


@pytest.mark.fault("index")
def test_an_index_that_is_not_there_ends_the_audit(desk: Desk) -> None:
    desk.index.stop()
    with pytest.raises(CannotJudgeError, match=r"cannot be reached \(ConnectionError\)"):
        desk.audit(MATRIX)


@pytest.mark.fault("index")
@pytest.mark.parametrize("place", ["page", "metadata"])
def test_an_index_that_answers_nothing_ends_the_audit_in_time(desk: Desk, place: Place) -> None:
    desk.index.fail(Fault.HANG, place=place)
    begin = time.monotonic()
    with pytest.raises(CannotJudgeError, match="does not answer in time; try again"):
        desk.audit(MATRIX)
    assert time.monotonic() - begin < 10


@pytest.mark.fault("index")
def test_metadata_that_is_not_what_the_index_promised_is_refused(
    desk: Desk,
) -> None:
    with _client(desk) as client:
        project = client.project(desk.index.url, "alpha")
        assert project is not None
        (file,) = project.files
        belied = type(file)(**{**vars(file), "metadata_sha256": "0" * 64})
        with pytest.raises(CannotJudgeError, match=r"is not what the index .* says it is"):
            client.metadata(desk.index.url, belied)


def test_without_metadata_files_a_pin_is_unknown_and_never_fetched_whole(tmp_path: Path) -> None:
    with Index(ALPHA, BETA, offers=Offers(metadata_files=False)) as index:
        desk = Desk(root=tmp_path, index=index)
        with _client(desk) as client:
            project = client.project(index.url, "alpha")
            assert project is not None
            assert client.metadata(index.url, project.files[0]) is None
        found = desk.audit(MATRIX)
    assert [pin.python for pin in found.pins] == ["unknown", "unknown"]
    assert found.pairs["tiny/plain"]["alpha"]["beta"].state == "unknown"


@pytest.mark.fault("index")
@pytest.mark.parametrize("offers", [Offers(metadata_files=False), Offers()])
def test_a_web_page_is_not_taken_for_metadata(tmp_path: Path, offers: Offers) -> None:
    """As from a server that answers every address, so that nothing would be required."""
    page = b"<!DOCTYPE html><title>Welcome</title><p>Metadata-Version: none"
    with Index(ALPHA, BETA, offers=offers) as index, _client_of(tmp_path) as client:
        project = client.project(index.url, "alpha")
        assert project is not None
        (file,) = project.files
        address = index.put("alpha.whl.metadata", page).removesuffix(".metadata")
        unannounced = replace(file, url=address, has_metadata=None, metadata_sha256=None)
        assert client.metadata(index.url, unannounced) is None
        announced = replace(unannounced, url=f"{address}#x", has_metadata=True)
        with _client_of(tmp_path) as another, pytest.raises(CannotJudgeError, match="is none; try"):
            another.metadata(index.url, announced)


def test_a_cut_off_needs_upload_times(tmp_path: Path) -> None:
    with Index(ALPHA, BETA, offers=Offers(upload_times=False)) as index:
        desk = Desk(root=tmp_path, index=index)
        text = matrix_text("alpha==1.0", "beta==1.0", row="as-of = 2025-01-01T00:00:00Z")
        found = desk.audit(text)
    assert found.exit_code == 2
    assert found.pairs == {}
    (trouble,) = found.trouble
    assert trouble.startswith("tiny/plain: the package index http://127.0.0.1:")
    assert "does not say when files of alpha were uploaded, so the row's cut-off date" in trouble


def test_a_release_after_the_cut_off_is_not_there_yet(tmp_path: Path) -> None:
    late = Release("alpha", "2.0", uploaded=datetime(2025, 6, 1, tzinfo=timezone.utc))
    with Index(ALPHA, BETA, late) as index:
        desk = Desk(root=tmp_path, index=index)
        text = matrix_text("alpha==2.0", "beta==1.0", row="as-of = 2025-01-01T00:00:00Z")
        assert messages(desk.audit(text), "exists") == [
            (
                "error 10: alpha 2.0 was uploaded on 2025-06-01, after the row's cut-off "
                "2025-01-01T00:00:00Z; the nearest that can be installed: 1.0"
            )
        ]


def test_a_release_younger_than_a_fresh_page_is_found(desk: Desk) -> None:
    """As on the public index, whose pages count as fresh for ten minutes."""
    with _client(desk) as client:
        assert client.project(desk.index.url, "alpha") is not None
        desk.index.add(Release("alpha", "2.0"))
        old = client.project(desk.index.url, "alpha")
        new = client.project(desk.index.url, "alpha", refresh=True)
    assert old is not None
    assert new is not None
    assert old.find("2.0") is None
    assert new.find("2.0") is not None
