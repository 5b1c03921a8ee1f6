"""What two machines must have in common for one to carry out the plans of the other."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stackproof.base.json_text import fingerprint
from stackproof.base.records import Record
from stackproof.base.text import without_credentials
from stackproof.installers.known import DEFAULT

__all__ = ["Workplace"]

_PACKAGE = Path(__file__).parents[2]
_CODE = (".py", ".toml")


class Workplace(Record):
    """A machine as far as a verdict may hang on it, and that cannot be sent along.

    `release` is this package's, with a digest of its code: of a checkout the version says little.
    `index` and `further` are where installers take packages from, without credentials.
    """

    release: str
    system: str
    index: str
    further: tuple[str, ...]

    @classmethod
    def here(cls, environ: Mapping[str, str]) -> Workplace:
        """Return this machine, with the settings of `environ`."""
        return cls(
            release=_release(),
            system=f"{platform.system()} {platform.machine()}",
            index=without_credentials(DEFAULT.default_index(environ)).rstrip("/"),
            further=tuple(DEFAULT.further_sources(environ)),
        )

    def unlike(self, other: Workplace) -> str | None:
        """Say in what another machine differs from this one; None if in nothing that counts."""
        if other.release != self.release:
            return f"it has stackproof {other.release}, and this is {self.release}"
        if other.system != self.system:
            return f"it is {other.system}, and this is {self.system}"
        if (other.index, other.further) != (self.index, self.further):
            theirs = ", ".join([other.index, *other.further])
            return (
                f"it installs from {theirs}, and this from {', '.join([self.index, *self.further])}"
            )
        return None


@cache
def _release() -> str:
    """Return the version of this package, and a digest of its code."""
    try:
        known = version("stackproof")
    except PackageNotFoundError:
        known = "of a checkout"
    # The suite is data, which lies elsewhere in a checkout, and is compared by itself.
    files = sorted(
        file
        for file in _PACKAGE.rglob("*")
        if file.suffix in _CODE and not file.is_relative_to(_PACKAGE / "suite")
    )
    texts = {str(file.relative_to(_PACKAGE)): file.read_text(encoding="utf-8") for file in files}
    return f"{known} ({fingerprint(texts)[:12]})"
