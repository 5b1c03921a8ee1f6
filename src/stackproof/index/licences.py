"""The licences that a release states of itself, in its metadata."""

from __future__ import annotations

from collections.abc import Iterable

from license_expression import (  # type: ignore[import-untyped]
    LicenseExpression,
    LicenseWithExceptionSymbol,
    Licensing,
    get_spdx_licensing,
)
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from stackproof.index.core_metadata import CoreMetadata

__all__ = ["Allowed", "licences_of", "spdx"]

_CLASSIFIER = "License :: "
#: A classifier that names no licence, and what older tools wrote where none was given.
_NOTHING = ("OSI Approved", "UNKNOWN")
#: A name is not longer; what is, is the text of a licence.
_LONGEST = 100


def spdx(text: str) -> str | None:
    """Return an SPDX licence expression in its normal form, None for what is none."""
    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return None


def licences_of(metadata: CoreMetadata) -> tuple[str, ...]:
    """Return one SPDX expression, or else the names of licences; nothing where none is stated.

    The expression of PEP 639 counts first, then the older field where it is an expression too, then
    classifiers, by their last part; else the first line of the older field.
    """
    for text in (metadata.licence_expression, metadata.licence):
        if text and (found := spdx(text)):
            return (found,)
    classified = [item for item in metadata.classifiers if item.startswith(_CLASSIFIER)]
    named = [item.rpartition(" :: ")[2] for item in classified]
    first = (metadata.licence or "").strip().partition("\n")[0].strip()
    said = [item for item in named if item not in _NOTHING] or [first]
    return tuple(text for text in said if text and text not in _NOTHING and len(text) <= _LONGEST)


class Allowed:
    """The licences that somebody allows, each an SPDX identifier, or the name of a classifier."""

    def __init__(self, licences: Iterable[str]) -> None:
        self._licensing: Licensing = get_spdx_licensing()
        self._keys = {self._key(text) for text in licences}

    def admits(self, licences: Iterable[str]) -> bool:
        """Tell whether what a release states is allowed: of several names, each one must be."""
        return all(map(self._admits_one, licences))

    def _admits_one(self, text: str) -> bool:
        if self._key(text) in self._keys:
            return True
        return spdx(text) is not None and self._holds(self._licensing.parse(text))

    def _holds(self, expression: LicenseExpression) -> bool:
        """Tell whether what is allowed meets an expression; an exception only allows more."""
        if isinstance(expression, self._licensing.OR):
            return any(map(self._holds, expression.args))
        if isinstance(expression, self._licensing.AND):
            return all(map(self._holds, expression.args))
        if isinstance(expression, LicenseWithExceptionSymbol):
            return self._key(str(expression)) in self._keys or self._holds(
                expression.license_symbol
            )
        return str(expression.key).casefold() in self._keys

    def _key(self, text: str) -> str:
        """Return what a licence is known by, however it is spelt."""
        said = str(self._licensing.parse(text)) if spdx(text) else text
        return said.casefold()
