"""The catalogue of every fixed text of the reports, in each language that they are written in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from stackproof.base.languages import LANGUAGES, Language, read_texts

__all__ = ["LANGUAGES", "Language", "Texts", "catalogue", "texts"]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of one language by key; call it with a key and what its placeholders stand for."""

    language: Language
    by_key: dict[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text with its placeholders filled in; raise KeyError for an unknown key."""
        return self.by_key[key].format(**values)


@cache
def texts(language: Language = "en") -> Texts:
    """Return the texts of a language."""
    found = {key: text[language] for key, text in catalogue().items()}
    return Texts(language=language, by_key=found)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every text by `<table>.<key>` and language."""
    return {
        f"{table}.{key}": text
        for table, members in read_texts("stackproof.report", "texts.toml").items()
        for key, text in members.items()
    }
