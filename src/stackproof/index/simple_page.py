"""Read the page of a project: the simple API of an index, as JSON or HTML (PEP 503, PEP 691)."""

from __future__ import annotations

import requests
from pypi_simple import (
    DistributionPackage,
    ProjectPage,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)

from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.index.releases import File, Project

__all__ = ["parse"]


def parse(response: requests.Response, name: str, index: str) -> Project:
    """Return what a page says of the project `name`.

    Raises CannotJudgeError, naming the index, for what is no page of one.
    """
    shown = without_credentials(index)
    try:
        page = ProjectPage.from_response(response, name)
    except (
        UnsupportedContentTypeError,
        UnsupportedRepoVersionError,
        ValueError,
        KeyError,
    ) as error:
        raise CannotJudgeError(
            f"{shown} does not answer as a package index (its page of {name} is none); check its "
            "address, and whether the network wants a login"
        ) from error
    files = [file for file in map(_file, page.packages) if file is not None]
    # A network that wants a login answers every address with a web page of its own.
    if not files and page.repository_version is None:
        raise CannotJudgeError(
            f"{shown} does not answer as a package index (its page of {name} lists no file); "
            "check its address, and whether the network wants a login"
        )
    return Project(name, tuple(files))


def _file(package: DistributionPackage) -> File | None:
    """Return the file that a page lists, or None for what is neither wheel nor sdist."""
    if package.version is None or package.package_type not in ("wheel", "sdist"):
        return None
    yanked = (package.yanked_reason or "") if package.is_yanked else None
    uploaded = package.upload_time
    return File(
        filename=package.filename,
        version=package.version,
        url=package.url,
        requires_python=package.requires_python,
        yanked=yanked,
        uploaded=uploaded.isoformat() if uploaded else None,
        has_metadata=package.has_metadata,
        sha256=package.digests.get("sha256"),
        metadata_sha256=(package.metadata_digests or {}).get("sha256"),
    )
