"""Ask a server over HTTP."""

from __future__ import annotations

__all__ = ["get_json", "get_text"]

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from stackproof.run.servers.info import ServerError

_LIMIT_SECONDS = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SCHEMES = frozenset({"http", "https"})


def get_text(url: str, headers: Mapping[str, str] | None = None) -> str:
    """Return the body of a page; raise ServerError where there is none to be had."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ServerError("this is no http or https address")
    # A proxy of the user's is for the world outside.
    proxies: dict[str, str] | None = {} if parts.hostname in _LOOPBACK else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 - see above
    try:
        with opener.open(request, timeout=_LIMIT_SECONDS) as reply:
            text: str = reply.read().decode()
            return text
    except urllib.error.HTTPError as error:
        error.close()  # it is the reply as well
        raise ServerError(f"HTTP {error.code} {error.reason} for {parts.path}") from error
    except urllib.error.URLError as error:
        raise ServerError(str(error.reason)) from error
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        raise ServerError(str(error) or type(error).__name__) from error


def get_json(url: str, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON value of a page; raise ServerError where there is none to be had."""
    try:
        return json.loads(get_text(url, headers))
    except ValueError as error:
        raise ServerError(f"answered {urlsplit(url).path} with something else than JSON") from error
