"""What every session of ours takes from nox: an installer, an environment, a console."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import nox
from rich.console import Console

from stackproof.errors import StackproofError
from stackproof.plan import Installer

__all__ = ["console", "environ", "environment", "installer"]

#: Settings of uv and pip that change which versions are chosen, or whether they are installed.
_MEDDLING = frozenset(
    [
        "UV_BUILD_CONSTRAINT",
        "UV_CONSTRAINT",
        "UV_EXCLUDE",
        "UV_EXCLUDE_NEWER",
        "UV_EXCLUDE_NEWER_PACKAGE",
        "UV_FORK_STRATEGY",
        "UV_NO_BINARY",
        "UV_NO_BINARY_PACKAGE",
        "UV_NO_BUILD",
        "UV_NO_BUILD_PACKAGE",
        "UV_OVERRIDE",
        "UV_PRERELEASE",
        "UV_REINSTALL",
        "UV_RESOLUTION",
        "UV_TORCH_BACKEND",
        "UV_UPGRADE",
        "PIP_BUILD_CONSTRAINT",
        "PIP_CONSTRAINT",
        "PIP_DRY_RUN",
        "PIP_FORCE_REINSTALL",
        "PIP_IGNORE_INSTALLED",
        "PIP_IGNORE_REQUIRES_PYTHON",
        "PIP_NO_BINARY",
        "PIP_NO_DEPS",
        "PIP_ONLY_BINARY",
        "PIP_PRE",
        "PIP_PREFIX",
        "PIP_REQUIREMENT",
        "PIP_TARGET",
        "PIP_UPGRADE",
        "PIP_UPGRADE_STRATEGY",
        "PIP_UPLOADED_PRIOR_TO",
        "PIP_USER",
    ]
)


def console() -> Console:
    """Return the console to print on."""
    # nox hears every logger; that a connection was opened is no news to its user.
    for chatty in ("urllib3", "charset_normalizer"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    # Who wants no colour wants no moving lines either: plain text, as into a file.
    plain = "NO_COLOR" in os.environ or None
    return Console(soft_wrap=True, force_terminal=False if plain else None)


def environ(session: nox.Session) -> dict[str, str]:
    """Return the outer environment with nox's changes for the session, None meaning unset.

    Raises StackproofError if a variable in it makes an installer choose other versions.
    """
    merged: dict[str, str | None] = {**os.environ, **session.env}
    found = {name: value for name, value in merged.items() if value is not None}
    meddling = sorted(_MEDDLING & found.keys())
    if meddling:
        raise StackproofError(
            f"{', '.join(meddling)} would change what the stack is made of, and no evidence would "
            "show it; unset it, and write into the matrix what the stack needs"
        )
    return found


def environment(session: nox.Session) -> Path:
    """Return the folder of the session's environment; raise StackproofError if it has none."""
    location = getattr(session.virtualenv, "location", None)
    if location is None:
        raise StackproofError(
            "a row is built in an environment of its own; run nox without --no-venv"
        )
    return Path(location)


def installer(session: nox.Session) -> Installer:
    """Return the installer that goes with the session's venv backend; uv where there is none.

    Raises StackproofError for a backend that rows cannot be built with.
    """
    backend = session.virtualenv.venv_backend
    if backend in ("uv", "none"):
        return "uv"
    if backend in ("virtualenv", "venv"):
        return "pip"
    raise StackproofError(
        f"the venv backend {backend!r} is not one that rows can be built with; "
        "use uv, virtualenv or venv"
    )
