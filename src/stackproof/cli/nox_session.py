"""What every session of ours takes from nox: its end, an installer, an environment, a console."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import nox
from rich.console import Console
from rich.text import Text

from stackproof.base.text import plain
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.installers.installer import Installer
from stackproof.installers.known import DEFAULT, installer_of_backend
from stackproof.installers.settings import allowed_settings
from stackproof.run.interruptions import ended_by_signals, refused

__all__ = ["console", "ends_in_words", "environ", "environment", "installer", "open_project"]

P = ParamSpec("P")
#: What a session of nox calls, with itself first of all.
Door = Callable[Concatenate[nox.Session, P], None]


def ends_in_words(words: str = "exit 2, could not judge") -> Callable[[Door[P]], Door[P]]:
    """Have whatever stands in a session's way end it with `words` and a sentence, no traceback.

    That is each StackproofError, and each OSError: a full disk, a file that is not the user's to
    write. SIGTERM and SIGHUP end the session as Ctrl-C does, so that nothing temporary stays.
    """

    def decorate(door: Door[P]) -> Door[P]:
        @wraps(door)
        def call(session: nox.Session, /, *args: P.args, **kwargs: P.kwargs) -> None:
            try:
                with ended_by_signals():
                    door(session, *args, **kwargs)
            except StackproofError as error:
                session.error(plain(f"{words}: {error}"))
            except OSError as error:
                session.error(f"{words}: {refused(error)}; fix this and run again")

        return call

    return decorate


class _PlainConsole(Console):
    """A console on which nothing that others wrote acts on the terminal."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - rich's own
        """Render text made plain."""
        return super().render_str(plain(text), **options)


def console() -> Console:
    """Return the console to print on."""
    # nox hears every logger; that a connection was opened, or a line read, is no news to its user.
    for chatty in ("urllib3", "charset_normalizer", "markdown_it", "py_serializable"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal may not know the letters of a reason; that must not end a run that is judged.
        sys.stdout.reconfigure(errors="replace")
    # Who wants no colour wants no moving lines either: plain text, as into a file.
    without = "NO_COLOR" in os.environ
    # What a check is called, as in `import:phone: ImportError`, is no code of a small picture.
    return _PlainConsole(soft_wrap=True, emoji=False, force_terminal=False if without else None)


def environ(session: nox.Session) -> dict[str, str]:
    """Return the outer environment with nox's changes for the session, None meaning unset."""
    merged: dict[str, str | None] = {**os.environ, **session.env}
    return {name: value for name, value in merged.items() if value is not None}


def open_project(session: nox.Session, project: Project, by: Installer = DEFAULT) -> Project:
    """Return the project with the session's environment.

    `by` is the installer that will work in it. Of a user's settings of installers those are passed
    on that cannot choose other versions; the rest is told here, and noted by every run.
    Raises CannotJudgeError if a file of them cannot be read.
    """
    settings = allowed_settings(environ(session), by)
    for sentence in settings.left_out:
        session.warn(plain(sentence))
    return replace(project, environ=settings.environ, notes=settings.left_out)


def environment(session: nox.Session) -> Path:
    """Return the folder of the session's environment; raise StackproofError if it has none."""
    location = getattr(session.virtualenv, "location", None)
    if location is None:
        raise StackproofError(
            "a row is built in an environment of its own; run nox without --no-venv"
        )
    return Path(location)


def installer(session: nox.Session) -> Installer:
    """Return the installer that goes with the session's venv backend.

    Raises StackproofError for a backend that rows cannot be built with.
    """
    return installer_of_backend(session.virtualenv.venv_backend)
