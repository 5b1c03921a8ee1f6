"""Say in facts why a move turned a check: what came when, and what it does not agree with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import Requirement

from stackproof.base.versions import admits, satisfies
from stackproof.evidence.records import Freeze
from stackproof.experiments.culprit import Culprit
from stackproof.index.history import Releases

__all__ = ["Facts"]


class Facts:
    """What indexes know of the distributions of a row; `pins` maps its pins to their versions."""

    def __init__(self, releases: Releases, pins: Mapping[str, str]) -> None:
        self._releases = releases
        self._pins = pins

    def sentence(self, culprits: Sequence[Culprit], before: Freeze, after: Freeze) -> str:
        """Say of each culprit when it came, and what it did to the one build to give the other."""
        return "; and ".join(self._sentence(item, before, after) for item in culprits)

    def _sentence(self, culprit: Culprit, before: Freeze, after: Freeze) -> str:
        name, version = culprit.name, culprit.after
        if version is None:
            return f"{name} {culprit.before} is no longer there"
        again = culprit.before == version
        shown = f"another file of {name} {version}" if again else f"{name} {version}"
        shown += f" ({culprit.role})" if culprit.role else ""
        shown += f", uploaded {culprit.uploaded}," if culprit.uploaded else ""
        clashes = self.clashes(name, version, after) if after.get(name) == version else []
        clashes = clashes or list(self._pulled(name, version, before, after))
        replaced = f"replaces {culprit.before}" if culprit.before else "was not there before"
        replaced = "replaces what was there" if again else replaced
        return f"{shown} {'; '.join(clashes) or replaced}"

    def _pulled(self, name: str, version: str, before: Freeze, after: Freeze) -> Iterator[str]:
        """Yield what a release brings along that does not agree with others."""
        for required, requirement in self._releases.requires(name, version):
            old, new = before.get(required), after.get(required)
            if new is not None and old != new and (old is None or not admits(requirement, old)):
                move = (
                    f"moves {required} from {old} to {new}" if old else f"brings {required} {new}"
                )
                clashes = self.clashes(required, new, after)
                told = f"requires {_shown(requirement)} and so {move}"
                yield f"{told}, which {' and '.join(clashes)}" if clashes else told

    def moved(self, name: str, version: str, freeze: Freeze) -> list[str]:
        """Return what a release cannot leave as it is: what is there is not what it requires."""
        return [
            required
            for required, requirement in self._releases.requires(name, version)
            if (have := freeze.get(required)) is not None and not admits(requirement, have)
        ]

    def clashes(self, name: str, version: str, freeze: Freeze) -> list[str]:
        """Return what a release requires and does not get, or else who requires another."""
        own = list(self._own(name, version, freeze))
        return own or list(self._others(name, version, freeze))

    def _own(self, name: str, version: str, freeze: Freeze) -> Iterator[str]:
        """Yield what a release requires and does not get."""
        for required, requirement in self._releases.requires(name, version):
            have = freeze.get(required)
            if have is None:
                yield f"requires {_shown(requirement)}, which is not there"
            elif not admits(requirement, have):
                pinned = required in self._pins and satisfies(have, self._pins[required])
                holder = "the row pins" if pinned else "the row has"
                yield f"requires {_shown(requirement)}; {holder} {required} {have}"

    def _others(self, name: str, version: str, freeze: Freeze) -> Iterator[str]:
        """Yield who requires another version of a release."""
        self._releases.fetch_metadata(freeze)
        for other, installed in freeze.items():
            for required, requirement in self._releases.requires(other, installed):
                if required == name and not admits(requirement, version):
                    yield f"is not what {other} {installed} requires ({_shown(requirement)})"


def _shown(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"
