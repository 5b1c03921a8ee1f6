"""The installers that we know. To add one takes a folder beside this file, and its line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.installers.installer import Installer
from stackproof.installers.pip.installer import PIP
from stackproof.installers.uv.installer import UV

__all__ = [
    "BY_HASH",
    "DEFAULT",
    "INSTALLERS",
    "installer_named",
    "installer_of_backend",
]

#: Every installer by its name.
INSTALLERS: Mapping[str, Installer] = MappingProxyType({item.name: item for item in (UV, PIP)})

#: What installs where nothing else is said, and resolves whatever installs.
DEFAULT: Installer = UV

#: What takes, of several indexes, the file with the hash that a lock names; uv takes the first that
#: has a version.
BY_HASH: Installer = PIP


def installer_named(name: str) -> Installer:
    """Return an installer; raise CannotJudgeError for one that another version may know."""
    if name not in INSTALLERS:
        raise CannotJudgeError(f"no installer {name!r} is known; there are {', '.join(INSTALLERS)}")
    return INSTALLERS[name]


def installer_of_backend(backend: str) -> Installer:
    """Return the installer that goes with a venv backend of nox.

    Raises StackproofError for a backend that rows cannot be built with.
    """
    for installer in INSTALLERS.values():
        if backend in installer.backends:
            return installer
    raise StackproofError(
        f"the venv backend {backend!r} is not one that rows can be built with; "
        "use uv, virtualenv or venv"
    )
