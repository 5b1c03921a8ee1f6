"""pip, as an `Installer`: its commands, and its words of versions 26.0 and 26.3."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from stackproof.base.public_index import public_index
from stackproof.base.times import timestamp
from stackproof.errors import StackproofError
from stackproof.evidence.records import Built, FailureKind
from stackproof.installers.installer import CacheLayout, Installer
from stackproof.installers.pip import config
from stackproof.installers.pip.builds import built_by_pip
from stackproof.installers.sources import (
    extra_by_variables,
    further_by_variables,
    index_by_variables,
    on_web,
)
from stackproof.matrix.checks import ALL

__all__ = ["PIP", "PIP_ALONE", "Pip", "check_from_outside"]

#: What has a pip that checks an environment from outside; newer ones leave old Pythons behind.
PIP_ALONE = ("pip>=23.1",)


class Pip:
    """See `Installer`; what its files say is in the variables of a session already."""

    name = "pip"
    index_option = "--index-url"
    cut_off_option = "--uploaded-prior-to"
    forget = "pip cache remove"
    backends: tuple[str, ...] = ("virtualenv", "venv")
    brings: frozenset[str] = frozenset({"pip"})
    names_yanks = False
    # https://pip.pypa.io/en/stable/topics/caching/
    cache = CacheLayout(
        variable="PIP_CACHE_DIR",
        off="PIP_NO_CACHE_DIR",
        built=("wheels",),
        wheels=("wheels/*/*/*/*/*.whl",),
    )
    allowed = config.ALLOWED
    telling: Mapping[str, str] = MappingProxyType({})
    no_files: Mapping[str, str] = MappingProxyType({"PIP_CONFIG_FILE": os.devnull})
    failures: Mapping[FailureKind, tuple[str, ...]] = MappingProxyType(
        {
            "upload-times": ("does not provide upload-time metadata",),
            "index": (
                r"Could not fetch URL \S+: (?!404 )",
                r"error: connection-(?:failed|timeout)",
                "error: incomplete-download",
                "Max retries exceeded with url",
                r"HTTP error \d+ while getting",
                "is not a trusted or secure host and is being ignored",
            ),
            "refused": (
                "ResolutionImpossible",
                "No matching distribution found for",
                "failed-wheel-build-for-install",
                "metadata-generation-failed",
                "subprocess-exited-with-error",
            ),
        }
    )
    complaint = re.compile(
        r"^([A-Za-z0-9][\w.-]*) \S+ (?:has requirement|requires|is not supported) "
        r"|^(?:WARNING: )?Error parsing dependencies of ([A-Za-z0-9][\w.-]*): "
    )

    def install(self, python: Path, arguments: Sequence[str], debug_log: Path) -> list[str]:
        """See `Installer`; only in its log it says which pages of an index it could not have."""
        quiet = ["--no-input", "--disable-pip-version-check", "--log", str(debug_log)]
        return [str(python), "-m", "pip", "install", *quiet, *arguments]

    def choosing(
        self, as_of: datetime | None, exempt: Sequence[str], prereleases: Sequence[str]
    ) -> list[str]:
        """See `Installer`."""
        if exempt:
            raise StackproofError(
                f"pip knows no cut-off that leaves {', '.join(exempt)} out; build the row with uv"
            )
        found = [] if as_of is None else [self.cut_off_option, timestamp(as_of)]
        every = (":all:",) if ALL in prereleases else prereleases
        return [*found, *(f"--all-releases={name}" for name in every)]

    def check(self, python: Path) -> list[str]:
        """See `Installer`."""
        return [str(python), "-m", "pip", "check"]

    def version(self, python: Path) -> list[str]:
        """See `Installer`."""
        return [str(python), "-m", "pip", "--version"]

    def environment(self, folder: Path, python: str) -> list[str]:
        """See `Installer`; uv brings no setuptools along either."""
        options = ["--no-setuptools", "--python", python]
        return [sys.executable, "-m", "virtualenv", *options, str(folder)]

    def users_cache(self, environ: Mapping[str, str]) -> Path | None:
        """See `Installer`."""
        if environ.get("PIP_CACHE_DIR"):
            return Path.cwd() / Path(environ["PIP_CACHE_DIR"]).expanduser()
        own = environ.get("XDG_CACHE_HOME")
        return Path(own or Path(environ.get("HOME", "~")).expanduser() / ".cache") / "pip"

    def default_index(self, environ: Mapping[str, str]) -> str:
        """See `Installer`."""
        named = index_by_variables(environ, "PIP_INDEX_URL")
        return named or config.configured_index(environ) or public_index()

    def extra_indexes(self, environ: Mapping[str, str]) -> list[str]:
        """See `Installer`."""
        return on_web(extra_by_variables(self.name, environ))

    def further_sources(self, environ: Mapping[str, str]) -> Iterator[str]:
        """See `Installer`."""
        return further_by_variables(self.name, environ)

    def settings(self, environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """See `Installer`."""
        return config.allowed_in_files(environ)

    def parted(self, said: str) -> tuple[str, str]:
        """See `Installer`; its debug log is a file of its own."""
        return said, ""

    def built(self, said: str, told: str, cache: Path | None, log: str) -> tuple[Built, ...]:  # noqa: ARG002 - its log tells all
        """See `Installer`."""
        return built_by_pip(said, told, log)

    def with_public_lifetimes(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """See `Installer`; it asks for every page, and takes a build by the address of its file."""
        return environ

    def anew(
        self,
        environ: Mapping[str, str],
        projects: Sequence[str],  # noqa: ARG002 - it keeps no page
    ) -> tuple[Mapping[str, str], list[str]]:
        """See `Installer`; it asks for pages anew by itself."""
        return environ, []


PIP: Installer = Pip()


def check_from_outside(python: Path, folder: Path) -> list[str]:
    """Return the command by which a pip in a folder of its own checks an interpreter's environment.

    As `pip --python` does, it is run there without being found there by anybody else
    (https://pip.pypa.io/en/stable/topics/python-option/).
    """
    return [str(python), "-I", "-B", str(folder / "pip" / "__pip-runner__.py"), "check"]
