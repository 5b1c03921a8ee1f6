"""The releases worth trying against an advisory: the nearest of each minor that it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.version import Version

from stackproof.errors import StackproofError
from stackproof.index.advisories.record import Advisory
from stackproof.index.choice import Catalogue, eligible
from stackproof.index.request import Request

__all__ = ["fixes"]


def fixes(
    wanted: str,
    pins: Mapping[str, str],
    known: Mapping[str, Sequence[Advisory]],
    catalogue: Catalogue,
) -> list[Request]:
    """Return what to try of the pin that an advisory affects, the nearest first.

    `wanted` is any id of the advisory, `pins` maps names to exact versions, `known` are the
    advisories of each. Raises StackproofError if it affects no pin, or if no release is free of it.
    """
    for name, version in pins.items():
        for advisory in known.get(name, ()):
            if wanted in advisory.names and advisory.affects(Version(version)):
                return _free(name, Version(version), advisory, catalogue)
    raise StackproofError(
        f"{wanted} affects no exact pin of the row, by the advisories that its matrix names; what "
        "comes along with a pin is held to another version by an addition to the row"
    )


def _free(name: str, above: Version, advisory: Advisory, catalogue: Catalogue) -> list[Request]:
    nearest: dict[tuple[int, int, int], Request] = {}
    for release in reversed(eligible(catalogue.releases(name), None)):
        version = release.version
        if version > above and not advisory.affects(version):
            minor = (version.epoch, version.major, version.minor)
            nearest.setdefault(minor, Request(name=name, version=str(version)))
    if not nearest:
        raise StackproofError(f"no newer release of {name} is free of {advisory.id}")
    return list(nearest.values())
