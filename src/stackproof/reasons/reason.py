"""The record of a reason: its name and its fields, in whatever language it will be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pydantic import Field

from stackproof.base.records import Record

__all__ = ["Reason", "Value", "reason"]

#: What a field holds: names, versions and requirements as they are, a number, or other reasons.
Value: TypeAlias = "str | int | Reason | tuple[str | Reason, ...]"


class Reason(Record):
    """Why something is so; `name` is that of its sentence, whose placeholders are the `fields`.

    `also` is what is said after it, of the same.
    """

    name: str
    fields: dict[str, Value] = Field(default_factory=dict)
    also: tuple[Reason, ...] = ()

    def __hash__(self) -> int:
        """Return the hash of what equal reasons have in common: a mapping has none of its own."""
        return hash((self.name, *self.fields))

    def then(self, *more: Reason | None) -> Reason:
        """Return it with more that is said after it; None adds nothing."""
        return self.model_copy(update={"also": (*self.also, *filter(None, more))})

    def with_texts(self, change: Callable[[str], str]) -> Reason:
        """Return it with each text that it holds changed."""

        def changed(value: Value) -> Value:
            if isinstance(value, Reason):
                return value.with_texts(change)
            if isinstance(value, tuple):
                return tuple(
                    change(item) if isinstance(item, str) else item.with_texts(change)
                    for item in value
                )
            return change(value) if isinstance(value, str) else value

        return Reason(
            name=self.name,
            fields={key: changed(value) for key, value in self.fields.items()},
            also=tuple(item.with_texts(change) for item in self.also),
        )


def reason(name: str, /, **fields: Value) -> Reason:
    """Return the reason of a name.

    A test holds each call to `sentences.toml`: that there is such a sentence, with these fields.
    """
    return Reason(name=name, fields=fields)
