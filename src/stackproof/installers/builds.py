"""The builds from source of one installer call, as its log is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackproof.evidence.records import Built
from stackproof.installers.failed_builds import failed_build

__all__ = ["Build", "builds_of"]


@dataclass
class Build:
    """What is known of a build; times are seconds of some clock."""

    requires: dict[str, str] = field(default_factory=dict)
    began: float | None = None
    seconds: float = 0.0
    done: bool = False

    def begin(self, now: float) -> None:
        """Note that it goes on from now."""
        self.began = now if self.began is None else self.began

    def end(self, now: float) -> None:
        """Note that it rests, or is done, from now."""
        self.seconds += now - (now if self.began is None else self.began)
        self.began = None


def builds_of(
    builds: Mapping[tuple[str, str], Build], words: str, end: float, log: str
) -> tuple[Built, ...]:
    """Return the builds that came to an end; one that another's failure cut short tells nothing."""
    failure = failed_build(words)
    found: list[Built] = []
    for (name, version), build in builds.items():
        failed = failure is not None and failure.names(name, version) and not build.done
        if failed or build.done:
            if build.began is not None:
                build.end(end)
            found.append(
                Built(
                    name=name,
                    version=version,
                    requires=dict(sorted(build.requires.items())),
                    seconds=round(max(build.seconds, 0.0), 3),
                    log=log,
                    failed=failed,
                )
            )
    return tuple(sorted(found, key=lambda item: (item.name, item.version)))
