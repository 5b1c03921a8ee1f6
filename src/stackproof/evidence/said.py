"""Whether a failure says the words that an expected one is known by."""

from __future__ import annotations

__all__ = ["says"]


def says(text: str, words: str) -> bool:
    """Tell whether a text has words, however either of them quotes names.

    uv puts them between backticks where pip and an audit put nothing, of the very same complaint.
    """
    return words.replace("`", "") in text.replace("`", "")
