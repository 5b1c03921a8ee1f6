"""What a run knows of a server: whether there is one, what it is, and how to reach it."""

from __future__ import annotations

__all__ = ["Grade", "Origin", "ServerError", "ServerInfo", "ServerName"]

from dataclasses import dataclass, field, fields
from typing import Literal

from stackproof.matrix.model import ServerName
from stackproof.run.servers.address import redact, without_password

Grade = Literal["real", "emulated", "unavailable"]
Origin = Literal["started", "user"]


class ServerError(Exception):
    """A server cannot be had; the message is the reason, fit to be read by anyone."""


@dataclass(frozen=True, kw_only=True)
class ServerInfo:
    """One server of a run.

    `url` holds the credentials that a client needs, so only `public` is fit for evidence. Whatever
    a client makes on the server has a name that starts with `prefix`. `scrape_dir` is the folder
    in which Prometheus looks for JSON files of targets.
    """

    name: ServerName
    grade: Grade
    origin: Origin | None = None
    product: str | None = None
    url: str | None = field(default=None, repr=False)
    prefix: str | None = None
    scrape_dir: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, str]:
        """Return what is known, as a client needs it: with the credentials."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}

    def redact(self, text: str) -> str:
        """Return the text with this server's password masked."""
        return redact(text, self.url) if self.url else text

    def public(self) -> dict[str, str]:
        """Return the same without a password, fit for logs and evidence."""
        known = self.to_json()
        return known | {"url": without_password(self.url)} if self.url else known
