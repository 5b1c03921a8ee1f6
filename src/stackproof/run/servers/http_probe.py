"""Ask a server over HTTP."""

from __future__ import annotations

__all__ = ["get_json", "get_text"]

import json
from typing import Any
from urllib.parse import urlsplit

import requests

from stackproof.index.web import NO_ADDRESS
from stackproof.run.servers.info import ServerError

_LIMIT_SECONDS = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def get_text(url: str, auth: tuple[str, str] | None = None) -> str:
    """Return the body of a page; raise ServerError where there is none to be had.

    `auth` are user name and password.
    """
    parts = urlsplit(url)
    try:
        with requests.Session() as session:
            # A proxy of the user's is for the world outside.
            session.trust_env = parts.hostname not in _LOOPBACK
            reply = session.get(url, auth=auth, timeout=_LIMIT_SECONDS)
        reply.raise_for_status()
        return reply.content.decode()
    except requests.HTTPError as error:
        said = f"HTTP {error.response.status_code} {error.response.reason} for {parts.path}"
        raise ServerError(said) from error
    except NO_ADDRESS as error:
        raise ServerError("this is no http or https address") from error
    except (requests.RequestException, UnicodeDecodeError) as error:
        raise ServerError(str(_first_cause(error))) from error


def get_json(url: str, auth: tuple[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON value of a page; raise ServerError where there is none to be had."""
    try:
        return json.loads(get_text(url, auth))
    except ValueError as error:
        raise ServerError(f"answered {urlsplit(url).path} with something else than JSON") from error


def _first_cause(error: BaseException) -> BaseException:
    """Return what the libraries below met first; they wrap it and name their own objects."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
