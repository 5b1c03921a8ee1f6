"""What every table of a matrix file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Table"]


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class Table(BaseModel):
    """A TOML table: no unknown keys, no silent conversions, never changed once read."""

    model_config = ConfigDict(
        alias_generator=_kebab,
        extra="forbid",
        frozen=True,
        strict=True,
        arbitrary_types_allowed=False,
        defer_build=True,
    )
