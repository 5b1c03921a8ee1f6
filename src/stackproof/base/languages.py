"""The languages that people are spoken to in, and the files that hold what is said in each."""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any, Literal, get_args

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["LANGUAGES", "Language", "read_texts"]

Language = Literal["en", "ko"]

LANGUAGES: tuple[Language, ...] = get_args(Language)


def read_texts(package: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the tables of a package's file of texts."""
    return tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
