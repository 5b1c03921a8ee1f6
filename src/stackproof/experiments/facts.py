"""Say in facts why a move turned a check: what came when, and what it does not agree with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import Requirement

from stackproof.base.versions import admits, satisfies
from stackproof.evidence.records import Freeze
from stackproof.experiments.culprit import Culprit
from stackproof.index.history import Releases
from stackproof.reasons.reason import Reason, reason

__all__ = ["Facts"]


class Facts:
    """What indexes know of the distributions of a row; `pins` maps its pins to their versions."""

    def __init__(self, releases: Releases, pins: Mapping[str, str]) -> None:
        self._releases = releases
        self._pins = pins

    def why(self, culprits: Sequence[Culprit], before: Freeze, after: Freeze) -> Reason:
        """Say of each culprit when it came, and what it did to the one build to give the other."""
        first, *rest = (self._why(item, before, after) for item in culprits)
        return reason("each-of", whys=(first, *rest)) if rest else first

    def _why(self, culprit: Culprit, before: Freeze, after: Freeze) -> Reason:
        name, version = culprit.name, culprit.after
        if version is None:
            return reason("gone", release=f"{name} {culprit.before}")
        again = culprit.before == version
        shown: str | Reason = f"{name} {version}"
        shown = reason("another-file", release=shown) if again else shown
        if culprit.builds:
            shown = reason("build-dependency", release=shown, names=culprit.builds)
        clashes = self.clashes(name, version, after) if after.get(name) == version else []
        did = clashes or list(self._pulled(name, version, before, after))
        if not did and again:
            did = [reason("replaces-file")]
        elif not did:
            absent = reason("was-not-there")
            did = [reason("replaces", before=culprit.before) if culprit.before else absent]
        said = did[0].then(*did[1:])
        if culprit.uploaded:
            return reason("uploaded-and", release=shown, when=culprit.uploaded, did=said)
        return reason("does", release=shown, did=said)

    def _pulled(self, name: str, version: str, before: Freeze, after: Freeze) -> Iterator[Reason]:
        """Yield what a release moves, and what it brings that does not agree with others.

        What comes beside all others and agrees with them need have nothing to do with a failure.
        """
        for required, requirement in self._releases.requires(name, version):
            old, new = before.get(required), after.get(required)
            if new is not None and old != new and (old is None or not admits(requirement, old)):
                asked = _shown(requirement)
                told = (
                    reason("moves", requirement=asked, name=required, before=old, after=new)
                    if old
                    else reason("brings", requirement=asked, release=f"{required} {new}")
                )
                clashes = self.clashes(required, new, after)
                if clashes or old:
                    yield reason("which", told=told, clashes=tuple(clashes)) if clashes else told

    def moved(self, name: str, version: str, freeze: Freeze) -> list[str]:
        """Return what a release cannot leave as it is: what is there is not what it requires."""
        return [
            required
            for required, requirement in self._releases.requires(name, version)
            if (have := freeze.get(required)) is not None and not admits(requirement, have)
        ]

    def clashes(self, name: str, version: str, freeze: Freeze) -> list[Reason]:
        """Return what a release requires and does not get, or else who requires another."""
        own = list(self._own(name, version, freeze))
        return own or list(self._others(name, version, freeze))

    def _own(self, name: str, version: str, freeze: Freeze) -> Iterator[Reason]:
        """Yield what a release requires and does not get."""
        for required, requirement in self._releases.requires(name, version):
            have, asked = freeze.get(required), _shown(requirement)
            if have is None:
                yield reason("needs-absent", requirement=asked)
            elif not admits(requirement, have):
                pinned = required in self._pins and satisfies(have, self._pins[required])
                yield reason(
                    "needs-not-pinned" if pinned else "needs-other",
                    requirement=asked,
                    has=f"{required} {have}",
                )

    def _others(self, name: str, version: str, freeze: Freeze) -> Iterator[Reason]:
        """Yield who requires another version of a release."""
        self._releases.fetch_metadata(freeze)
        for other, installed in freeze.items():
            for required, requirement in self._releases.requires(other, installed):
                if required == name and not admits(requirement, version):
                    asked = _shown(requirement)
                    yield reason("not-required", by=f"{other} {installed}", requirement=asked)


def _shown(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"
