"""What a row is installed on: the interpreter, its wheel tags and its marker environment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from packaging.markers import default_environment
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from stackproof.index.releases import File, Release
from stackproof.matrix.markers import environment_of
from stackproof.matrix.platforms import Platform

__all__ = ["Target"]


_WITHOUT_PYMALLOC = (3, 8)


@dataclass(frozen=True)
class Target:
    """A CPython on a platform: `python` as the matrix has it, `full` to the patch.

    `platform` is None for this machine's own. `found` tells whether this machine has the
    interpreter.
    """

    python: str
    full: str
    found: bool = True
    platform: Platform | None = None

    @property
    def platform_name(self) -> str | None:
        """The name of a platform that is not this machine's own."""
        return self.platform.name if self.platform else None

    @cached_property
    def markers(self) -> dict[str, str]:
        """The environment in which markers of requirements are evaluated."""
        here = {key: str(value) for key, value in default_environment().items()}
        return here | environment_of(self.python, self.full, self.platform)

    @cached_property
    def tags(self) -> dict[Tag, int]:
        """The tags of the wheels that can be installed, each with its rank: the lowest is best."""
        version = tuple(int(part) for part in self.python.split("."))
        interpreter = "cp" + self.python.replace(".", "")
        # Without its ABI named, that of the Python which runs this would be taken: a debug build's.
        # Before 3.8 it had a letter for pymalloc, which everybody's Python had (PEP 3149).
        abis = [interpreter if version >= _WITHOUT_PYMALLOC else f"{interpreter}m"]
        there = self.platform.tags if self.platform else None
        every = [
            *cpython_tags(version, abis, there),
            *compatible_tags(version, interpreter, there),
        ]
        return {tag: rank for rank, tag in enumerate(dict.fromkeys(every))}

    def admits_python(self, requires_python: str | None) -> bool:
        """Tell whether a Requires-Python admits the interpreter; an invalid one says nothing."""
        try:
            return SpecifierSet(requires_python or "").contains(self.full, prereleases=True)
        except InvalidSpecifier:
            return True

    def fits(self, file: File) -> bool:
        """Tell whether a file can be installed, or built from, there."""
        return self.admits_python(file.requires_python) and (
            not file.is_wheel or self._rank(file) is not None
        )

    def best(self, release: Release) -> File | None:
        """Return the wheel that fits best, else the source distribution, else None."""
        fitting = [file for file in release.files if self.fits(file)]
        return min(fitting, key=self._place, default=None)

    def platforms_of(self, release: Release) -> list[str]:
        """Return the platform tags of a release's wheels for this Python, in order of name."""
        pythons = {(tag.interpreter, tag.abi) for tag in self.tags}
        return sorted(
            {
                tag.platform
                for file in release.files
                if file.is_wheel and self.admits_python(file.requires_python)
                for tag in _tags(file)
                if (tag.interpreter, tag.abi) in pythons
            }
        )

    def _place(self, file: File) -> int:
        rank = self._rank(file) if file.is_wheel else None
        return len(self.tags) if rank is None else rank

    def _rank(self, wheel: File) -> int | None:
        """Return the rank of a wheel's best tag, or None if it has none that fits."""
        return min((self.tags[tag] for tag in _tags(wheel) if tag in self.tags), default=None)


def _tags(wheel: File) -> frozenset[Tag]:
    """Return the tags of a wheel, none where its name is not one of a wheel."""
    try:
        return parse_wheel_filename(wheel.filename)[3]
    except InvalidWheelFilename:
        return frozenset()
