"""What is known of releases: by the index that a pin is installed from, as that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest
from packaging.version import Version
from support.index import Fault, Index
from support.wheels import Release

from stackproof.errors import CannotJudgeError
from stackproof.index.catalogue import IndexCatalogue
from stackproof.index.choice import choose, eligible
from stackproof.index.client import IndexClient
from stackproof.index.history import Releases
from stackproof.index.request import parse_request
from stackproof.index.target import Target

NOWHERE = "http://127.0.0.1:1/simple/"


def versions(home: Path, index: str, own: Mapping[str, str | None]) -> list[str]:
    with IndexClient(home, seconds=(1, 1)) as client:
        releases = IndexCatalogue(client, index, own).releases("probe")
        return [str(release.version) for release in releases]


def test_a_pin_is_known_by_the_index_of_its_stage(tmp_path: Path) -> None:
    with Index(Release("probe", "1.0")) as index, Index(Release("probe", "2.0")) as own:
        assert versions(tmp_path, index.url, {"probe": own.url}) == ["2.0"]
        assert versions(tmp_path, index.url, {"lamp": own.url}) == ["1.0"]
        assert versions(tmp_path, index.url, {"probe": None}) == ["1.0"]


def test_the_default_index_serves_where_that_does_not_answer(tmp_path: Path) -> None:
    with Index(Release("probe", "1.0")) as index, Index(Release("probe", "2.0")) as own:
        assert versions(tmp_path, index.url, {"probe": NOWHERE}) == ["1.0"]
        # Nor is it known by what was cached, since a build would take it from the default one too.
        assert versions(tmp_path, index.url, {"probe": own.url}) == ["2.0"]
        own.stop()
        assert versions(tmp_path, index.url, {"probe": own.url}) == ["1.0"]
    with pytest.raises(CannotJudgeError, match="cannot be reached"):
        versions(tmp_path, NOWHERE, {"probe": NOWHERE})


@pytest.mark.fault("index")
def test_no_list_of_releases_is_one_of_another_time(tmp_path: Path) -> None:
    with Index(Release("probe", "1.0")) as index:
        assert versions(tmp_path, index.url, {}) == ["1.0"]
        index.fail(Fault.SERVER_ERROR, "probe")
        with IndexClient(tmp_path, seconds=(1, 1)) as client:
            for _ in range(2):
                with pytest.raises(CannotJudgeError, match="answered 500"):
                    IndexCatalogue(client, index.url, {}).releases("probe")
            releases = Releases(client=client, index=index.url, target=Target("3.11", "3.11.7"))
            with pytest.raises(CannotJudgeError, match="answered 500"):
                releases.every("probe", datetime.now(timezone.utc))


def test_a_version_is_there_by_its_local_one(tmp_path: Path) -> None:
    probe = Release("probe", "2.0+cpu", requires=["lamp>=2"])
    with Index() as index, Index(probe) as own, IndexClient(tmp_path) as client:
        catalogue = IndexCatalogue(client, index.url, {"probe": own.url})
        releases = catalogue.releases("probe")
        assert [str(release.version) for release in releases] == ["2.0+cpu", "2.0"]
        # It is one step up, not two.
        assert [str(release.version) for release in eligible(releases, None)] == ["2.0"]
        assert list(map(str, catalogue.requirements("probe", Version("2.0")))) == ["lamp>=2"]


def test_a_release_that_came_since_is_found(tmp_path: Path) -> None:
    with Index(Release("probe", "1.0")) as index, IndexClient(tmp_path) as client:
        catalogue = IndexCatalogue(client, index.url, {})
        for name in ("probe", "lamp"):
            catalogue.releases(name)
        index.add(Release("probe", "2.0"), Release("lamp", "1.0"))
        for text in ("probe==2.0", "lamp==1.0"):
            found = choose(parse_request(text), catalogue, (), None)
            assert str(found.version) == text[-3:]
