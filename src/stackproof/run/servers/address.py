"""Addresses that may hold a password, which nobody but the server's client may see."""

from __future__ import annotations

__all__ = ["is_clear", "password_of", "redact", "with_path", "without_password"]

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

_MASK = "***"
_PASSWORD_KEY = "password"  # noqa: S105 - the name of a query parameter
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^][:,]*)(:[0-9]+)?"
_HOSTS = re.compile(f"{_HOST}(,{_HOST})*")


def is_clear(url: str) -> bool:
    """Tell whether it is beyond doubt which part of an address is the password.

    It is not where a password holds a character that ends it, such as "/", or no host follows it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2]
    rest = parts.path + parts.query + parts.fragment
    return bool(parts.scheme and _HOSTS.fullmatch(hosts)) and "@" not in rest


def password_of(url: str) -> str | None:
    """Return the password that stands before the host or in the query, decoded; None for none."""
    parts = urlsplit(url)
    if parts.password:
        return unquote(parts.password)
    return dict(parse_qsl(parts.query)).get(_PASSWORD_KEY)


def without_password(url: str) -> str:
    """Return the address without its password; the user's name stays."""
    parts = urlsplit(url)
    userinfo, at, hosts = parts.netloc.rpartition("@")
    user = userinfo.partition(":")[0]
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != _PASSWORD_KEY]
    return _join(
        parts._replace(netloc=f"{user}{at}{hosts}" if user else hosts, query=urlencode(query))
    )


def with_path(url: str, path: str) -> str:
    """Return the address with another path, all else kept."""
    return _join(urlsplit(url)._replace(path=path))


def redact(text: str, url: str) -> str:
    """Return the text with every form of the address's password masked."""
    secrets = {urlsplit(url).password, password_of(url)} - {None, ""}
    for secret in sorted(map(str, secrets), key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def _join(parts: SplitResult) -> str:
    """Return the address as it was split; `geturl` would drop the slashes before no host."""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{query}"
