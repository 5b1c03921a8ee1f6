"""The package index that installers use when a stage names none: where it is, and if it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit, urlunsplit

import requests
from pypi_simple import (
    PYPI_SIMPLE_ENDPOINT,
    NoSuchProjectError,
    PyPISimple,
    UnsupportedContentTypeError,
)

from stackproof.errors import CannotJudgeError
from stackproof.index import pip_config, uv_config
from stackproof.plan import Installer
from stackproof.text import without_passwords

__all__ = ["default_index", "further_sources", "require_index", "without_credentials"]

_VARIABLES: dict[Installer, tuple[str, ...]] = {
    "uv": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "pip": ("PIP_INDEX_URL",),
}
#: Options that let packages come from elsewhere too, or from elsewhere alone.
_FURTHER = ("index", "extra-index-url", "find-links", "index-strategy", "no-index")
_SECONDS = 15


def default_index(installer: Installer, environ: Mapping[str, str]) -> str:
    """Return the address that the installer takes packages from when told nothing.

    Environment variables count before configuration files. Raises CannotJudgeError for one that
    cannot be read.
    """
    for variable in _VARIABLES[installer]:
        if environ.get(variable):
            return environ[variable]
    configured = {"uv": uv_config, "pip": pip_config}[installer].configured_index(environ)
    return configured or PYPI_SIMPLE_ENDPOINT


def further_sources(installer: Installer, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what the installer is told of sources beside its default index, without credentials.

    What pip's files say is in the variables of a session already. Raises CannotJudgeError for a
    file of uv's that cannot be read.
    """
    for option in _FURTHER:
        variable = f"{installer}_{option}".upper().replace("-", "_")
        if environ.get(variable):
            yield f"{variable} is {without_passwords(environ[variable])}"
    for file, settings in uv_config.uv_settings(environ) if installer == "uv" else ():
        for option in _FURTHER:
            value = settings.get(option)
            if option == "index":  # the default one stands among them, and is named elsewhere
                value = [item["url"] for item in value or () if not item.get("default")]
            if value:
                yield f"{option} in {file} is {without_passwords(str(value))}"


def without_credentials(url: str) -> str:
    """Return an address without user name and password, fit to be written down."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def require_index(url: str, *, project: str, upload_times: bool) -> None:
    """Ask an index for one project, so that a dead index is not taken for a broken stack.

    A project that the index does not know is an answer. Raises CannotJudgeError if the index does
    not answer as one (PEP 503, PEP 691), or if `upload_times` (PEP 700) are needed and missing.
    """
    shown = without_credentials(url)
    try:
        with PyPISimple(endpoint=url) as client:
            page = client.get_project_page(project, timeout=_SECONDS)
    except NoSuchProjectError:
        return
    except requests.HTTPError as error:
        raise CannotJudgeError(
            f"the package index {shown} answered {error.response.status_code}; try again later, "
            "or name another index to the installer"
        ) from error
    except requests.RequestException as error:
        raise CannotJudgeError(
            f"the package index {shown} cannot be reached ({type(error).__name__}); check the "
            "network, or name another index to the installer"
        ) from error
    except UnsupportedContentTypeError as error:
        raise CannotJudgeError(f"{shown} does not answer as a package index") from error
    # A network that wants a login answers every address with a web page of its own.
    if page.repository_version is None and not any(item.version for item in page.packages):
        raise CannotJudgeError(
            f"{shown} does not answer as a package index (its page of {project} lists no file); "
            "check the address, and whether the network wants a login"
        )
    if upload_times and not all(package.upload_time for package in page.packages):
        raise CannotJudgeError(
            f"the package index {shown} does not say when files were uploaded, so no cut-off date "
            "can be kept; use an index with upload times (PEP 700), or build without a date"
        )
