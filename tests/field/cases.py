"""The form of `cases.toml`."""

from __future__ import annotations

from pathlib import Path

import tomlkit
from pydantic import Field

from stackproof.base.records import Record

__all__ = ["Case", "ExpectedCause", "KnownFix", "read_cases"]


class ExpectedCause(Record):
    """A cause that has to be named: one of `kinds`, and one of `culprits` if there are any."""

    kinds: tuple[str, ...]
    culprits: tuple[str, ...] = ()


class KnownFix(Record):
    """A fix that works; what each key means is said in `cases.toml`."""

    add: tuple[str, ...] = ()
    proved: dict[str, str] = Field(default={})
    build: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    change: dict[str, str] = Field(default={})
    python: str | None = None


class Case(Record):
    """A stack that broke, and what is right to say of it."""

    id: str
    source: str
    python: str
    requirements: tuple[str, ...]
    workload: str
    causes: tuple[ExpectedCause, ...]
    also: tuple[str, ...] = ()
    fixes: tuple[KnownFix, ...]

    @property
    def culprits(self) -> frozenset[str]:
        """Every release that may be named, such as `werkzeug 3.0.0`."""
        return frozenset(self.also).union(*(cause.culprits for cause in self.causes))


def read_cases() -> tuple[Case, ...]:
    """Return every case."""
    text = Path(__file__).with_name("cases.toml").read_text(encoding="utf-8")
    return tuple(map(Case.model_validate, tomlkit.parse(text).unwrap()["cases"]))
