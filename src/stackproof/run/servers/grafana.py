"""Grafana: the user's own, by address; no package index carries the server."""

from __future__ import annotations

__all__ = ["VARIABLE", "provide"]

from urllib.parse import unquote, urlsplit

from stackproof.base.text import without_credentials
from stackproof.run.servers.address import with_path
from stackproof.run.servers.http_probe import get_json
from stackproof.run.servers.info import ServerError, ServerInfo
from stackproof.run.servers.starting import Run
from stackproof.run.servers.users import blamed_on

VARIABLE = "STACKPROOF_GRAFANA_URL"


def provide(run: Run) -> ServerInfo:
    """Return the user's server, with the user and password that stand in its address.

    Raises ServerError with the reason where there is none to be had.
    """
    url = run.environ.get(VARIABLE)
    if not url:
        raise ServerError(
            f"no Grafana server can be had from a package index; name one in {VARIABLE} "
            "(http://user:password@host:port/)"
        )
    with blamed_on(VARIABLE, url):
        return _info(run, url)


def _info(run: Run, url: str) -> ServerInfo:
    # A client joins its paths to the address, so the address ends with a slash.
    url = with_path(url, urlsplit(url).path.rstrip("/") + "/")
    parts, bare = urlsplit(url), without_credentials(url)
    health = get_json(f"{bare}api/health")
    get_json(f"{bare}api/org", (unquote(parts.username or ""), unquote(parts.password or "")))
    return ServerInfo(
        name="grafana",
        grade="real",
        origin="user",
        product=f"Grafana {health['version']}",
        url=url,
        prefix=run.prefix,
    )
