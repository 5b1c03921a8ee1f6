"""What every session of ours takes from nox: an installer, an environment, a console."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper
from pathlib import Path

import nox
from rich.console import Console

from stackproof.errors import StackproofError
from stackproof.plan import Installer
from stackproof.sessions.meddling import refuse_meddling, without_pip_files

__all__ = ["console", "environ", "environment", "installer"]


def console() -> Console:
    """Return the console to print on."""
    # nox hears every logger; that a connection was opened, or a line read, is no news to its user.
    for chatty in ("urllib3", "charset_normalizer", "markdown_it"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal may not know the letters of a reason; that must not end a run that is judged.
        sys.stdout.reconfigure(errors="replace")
    # Who wants no colour wants no moving lines either: plain text, as into a file.
    plain = "NO_COLOR" in os.environ or None
    return Console(soft_wrap=True, force_terminal=False if plain else None)


def environ(session: nox.Session, by: Installer = "uv") -> dict[str, str]:
    """Return the outer environment with nox's changes for the session, None meaning unset.

    `by` is the installer that will work in it.

    Raises StackproofError if a setting in it makes an installer choose other versions.
    """
    merged: dict[str, str | None] = {**os.environ, **session.env}
    found = {name: value for name, value in merged.items() if value is not None}
    refuse_meddling(found, by)
    if by == "pip":
        found, left_out = without_pip_files(found)
        for setting in left_out:
            session.warn(f"{setting} is left out: it would change what the stack is made of")
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
