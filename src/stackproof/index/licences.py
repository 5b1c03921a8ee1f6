"""The licences that a release states of itself, in its metadata."""

from __future__ import annotations

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from stackproof.index.core_metadata import CoreMetadata

__all__ = ["licences_of", "spdx"]

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
