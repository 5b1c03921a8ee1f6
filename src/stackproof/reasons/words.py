"""Put a reason into words, in any of the languages that its sentence stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from stackproof.base.languages import Language, read_texts
from stackproof.base.text import count
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, Value

__all__ = ["each_said", "in_words", "said", "sayable", "sentences"]

#: What makes one list of a few items, by the word of a placeholder: `{names:and}`.
_JOINED = ("and", "or", "with", "clauses", "lines", "listed")


@cache
def sentences() -> dict[str, dict[str, dict[str, str]]]:
    """Return the sentences by name and language, and the words of lists, each in its table."""
    return read_texts("stackproof.reasons", "sentences.toml")


def in_words(why: Reason, language: Language = "en") -> str:
    """Return the sentence of a reason, with all that is said after it.

    Raises LookupError for a reason of another version, which is not known or has other fields.
    """
    shown = {key: _Shown(value, language) for key, value in why.fields.items()}
    sentence = sentences()["sentence"][why.name][language].format(**shown)
    return "; ".join([sentence, *(in_words(item, language) for item in why.also)])


def said(why: Reason | None, words: str, language: Language) -> str:
    """Return a reason in a language; `words` are its English, as it was written down.

    Older files have these alone, and what a later version wrote may have no sentence here.
    """
    if why is None or language == "en":
        return words
    try:
        return in_words(why, language)
    except LookupError:
        return words


def sayable(why: Reason | None, words: str) -> Reason:
    """Return a reason that was read, or its English as a quotation where it has no sentence here.

    What is to be a part of another reason, or of a sentence in English, has to have one.
    """
    if why is None:
        return quoted(words)
    try:
        in_words(why)
    except LookupError:
        return quoted(words)
    return why


def each_said(whys: Sequence[Reason], words: Sequence[str], language: Language) -> list[str]:
    """Return several reasons in a language; `words` are the same in English, as written down."""
    if len(whys) != len(words):
        return list(words)
    return [said(*both, language) for both in zip(whys, words, strict=True)]


@dataclass(frozen=True)
class _Shown:
    """A field as its placeholder asks for it.

    Of a list that is `{names}` with commas, `{names:and}` with a word, `{names:series}` with a word
    before the last, and `{names:first3}` no more than so many. A number is `{number}`, or
    `{number:release}` with the English noun that it counts.
    """

    value: Value
    language: Language

    def __format__(self, form: str) -> str:
        if isinstance(self.value, tuple):
            return self._listed([_text(item, self.language) for item in self.value], form)
        if isinstance(self.value, int) and form:
            return count(self.value, form)
        return _text(self.value, self.language)

    def __repr__(self) -> str:
        return repr(_text(self.value, self.language))

    def _listed(self, items: Sequence[str], form: str) -> str:
        words = {name: text[self.language] for name, text in sentences()["list"].items()}
        if form in _JOINED:
            return words[form].join(items)
        if form == "series":
            return words["and"].join(filter(None, [", ".join(items[:-1]), items[-1]]))
        most = int(form.removeprefix("first")) if form else len(items)
        more = len(items) - most
        first = ", ".join(items[:most])
        return words["more"].format(first=first, number=more) if more > 0 else first


def _text(value: Value, language: Language) -> str:
    return in_words(value, language) if isinstance(value, Reason) else str(value)
