"""Which of a user's settings reach an installer: those that say where and how, never what.

An allow-list: where packages come from, credentials, certificates, proxies, caches, time limits,
links and interpreters. Whatever else a variable or a file says could choose other versions, and no
evidence would show it; it is not passed on, and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackproof.errors import CannotJudgeError
from stackproof.installers.installer import Allowed, Installer
from stackproof.installers.known import DEFAULT, INSTALLERS

__all__ = ["Settings", "allowed_settings", "without_python_settings"]


@dataclass(frozen=True)
class Settings:
    """Variables for installers, which then read no file of the user's; what was left out of them.

    `left_out` says so in a sentence each.
    """

    environ: dict[str, str]
    left_out: tuple[str, ...]


def allowed_settings(environ: Mapping[str, str], by: Installer = DEFAULT) -> Settings:
    """Return what of a user's variables and files is passed on to installers.

    `by` is the one that installs: its files have to be readable, and what they lose is said.
    Raises CannotJudgeError for a file of its that cannot be read.
    """
    passed: dict[str, str] = {}
    left_out: list[str] = []
    for variable, value in sorted(environ.items()):
        allowed, option = _option(variable)
        if allowed is None or allowed.passes(option):
            passed[variable] = value
        elif not allowed.is_silent(option, value):
            left_out.append(variable)
    taken: dict[str, str] = {}
    no_files: dict[str, str] = {}
    for installer in INSTALLERS.values():
        variables, lost = _of_files(installer, environ, by)
        taken |= variables
        no_files |= installer.no_files
        left_out += lost if installer is by else ()
    return Settings(
        environ={**taken, **passed, **no_files},
        left_out=tuple(
            f"{setting} is not passed on to installers: it could change what the stack is made of"
            for setting in left_out
        ),
    )


def without_python_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the settings of Python and pytest.

    They are of whoever runs this, and would change what is measured: `PYTHONOPTIMIZE` takes the
    asserts out of a whole stack, `PYTEST_PLUGINS` loads what patches reports.
    """
    return {
        name: value for name, value in environ.items() if not name.startswith(("PYTHON", "PYTEST_"))
    }


def _of_files(
    installer: Installer, environ: Mapping[str, str], by: Installer
) -> tuple[dict[str, str], list[str]]:
    """Return what an installer's files say; those of one that does not install may be broken."""
    try:
        return installer.settings(environ)
    except CannotJudgeError:
        if installer is by:
            raise
        return {}, []


def _option(variable: str) -> tuple[Allowed | None, str]:
    """Return who decides on a variable, None for no installer's, and the option that it sets."""
    prefix, _, rest = variable.partition("_")
    installer = INSTALLERS.get(prefix.lower()) if prefix.isupper() and rest else None
    return (installer.allowed if installer else None), rest.lower().replace("_", "-")
