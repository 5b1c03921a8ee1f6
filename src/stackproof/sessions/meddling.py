"""Settings of installers that would change what a stack is made of, without any evidence of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from stackproof.errors import StackproofError
from stackproof.index.pip_config import pip_settings
from stackproof.index.uv_config import uv_settings
from stackproof.plan import Installer

__all__ = ["refuse_meddling", "without_pip_files"]

#: Options of `uv pip` that choose other versions, or decide whether they are installed.
_UV = frozenset(
    [
        "build-constraint",
        "build-constraint-dependencies",
        "constraint",
        "constraint-dependencies",
        "dependency-metadata",
        "exclude",
        "exclude-dependencies",
        "exclude-newer",
        "exclude-newer-package",
        "fork-strategy",
        "no-binary",
        "no-binary-package",
        "no-build",
        "no-build-package",
        "no-deps",
        "only-binary",
        "override",
        "override-dependencies",
        "prefix",
        "prerelease",
        "prerelease-package",
        "python-platform",
        "python-version",
        "reinstall",
        "reinstall-package",
        "resolution",
        "target",
        "torch-backend",
        "upgrade",
        "upgrade-package",
    ]
)
#: The same of pip.
_PIP = frozenset(
    [
        "abi",
        "all-releases",
        "build-constraint",
        "constraint",
        "dry-run",
        "editable",
        "force-reinstall",
        "group",
        "ignore-installed",
        "ignore-requires-python",
        "implementation",
        "no-binary",
        "no-deps",
        "only-binary",
        "only-deps",
        "only-final",
        "platform",
        "pre",
        "prefer-binary",
        "prefix",
        "python",
        "python-version",
        "requirement",
        "requirements-from-script",
        "root",
        "target",
        "upgrade",
        "upgrade-strategy",
        "uploaded-prior-to",
        "user",
    ]
)
#: What a switch says that is off.
_OFF = ("", "0", "false", "no", "off")


def refuse_meddling(environ: Mapping[str, str], installer: Installer) -> None:
    """Raise StackproofError if a variable, or a file of uv's, makes installers choose otherwise.

    Variables of either installer count, files of uv's where it is the one in use.
    """
    found = sorted([*_variables(environ), *(_uv_files(environ) if installer == "uv" else ())])
    if found:
        raise StackproofError(
            f"{', '.join(found)} would change what the stack is made of, and no evidence would "
            "show it; unset it, and write into the matrix what the stack needs"
        )


def without_pip_files(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return variables in place of pip's files, without what makes pip choose otherwise.

    Those files are often not the user's to change. Also returns what of them was left out.
    """
    kept: dict[str, str] = {}
    left_out: list[str] = []
    for file, settings in pip_settings(environ):
        for name, value in settings.items():
            if name not in _PIP:
                kept.setdefault(_variable("PIP", name), value)
            elif value.lower() not in _OFF:
                left_out.append(f"{name} in {file}")
    return {**kept, **environ, "PIP_CONFIG_FILE": os.devnull}, left_out


def _variable(prefix: str, option: str) -> str:
    return f"{prefix}_{option.replace('-', '_').upper()}"


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    for prefix, options in (("UV", _UV), ("PIP", _PIP)):
        names = (_variable(prefix, option) for option in options)
        yield from (name for name in names if environ.get(name, "").lower() not in _OFF)


def _uv_files(environ: Mapping[str, str]) -> Iterator[str]:
    for file, settings in uv_settings(environ):
        yield from (f"{name} in {file}" for name in _UV & settings.keys() if settings[name])
