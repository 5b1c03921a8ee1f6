"""Poetry's words for versions and requirements, as its page on dependencies has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from stackproof.matrix.document.requirement import read_install
from stackproof.matrix.document.stack import Install, Note, passed_over
from stackproof.reasons.reason import reason

__all__ = ["poetry_admitted", "poetry_dependencies", "poetry_specifier"]

_ELSEWHERE = ("git", "path", "file", "url")


def poetry_specifier(text: str) -> str:
    """Return the specifier (PEP 440) of a constraint such as `^1.2`, `~1.2`, `1.*`, `*`, `1.2`.

    Raises ValueError for what is none, or two ranges with "or" between, which no specifier says.
    """
    if "|" in text:
        raise ValueError(f"{text!r} is two ranges, which no one specifier says")
    spaced = re.sub(r"([<>=!~^])\s+", r"\1", text.strip())
    parts = [part for part in re.split(r"\s*,\s*|\s+", spaced) if part and part != "*"]
    try:
        return str(SpecifierSet(",".join(map(_part, parts))))
    except (InvalidSpecifier, InvalidVersion):
        raise ValueError(f"{text!r} is not a range of versions") from None


def poetry_admitted(text: str) -> str:
    """Return the ranges of versions of Python that a constraint admits, with "or" between."""
    return " or ".join(poetry_specifier(part) for part in text.split("||"))


def _part(part: str) -> str:
    if part.startswith("^"):
        release = Version(part[1:]).release
        # What may change is all behind the first number that is not zero.
        place = next((n for n, number in enumerate(release) if number), len(release) - 1)
        return f">={part[1:]},<{_next(release, place)}"
    if re.match(r"~[^=]", part):
        release = Version(part[1:]).release
        return f">={part[1:]},<{_next(release, min(1, len(release) - 1))}"
    if re.match(r"=[^=]", part):
        return f"={part}"
    return part if part[0] in "<>=!~" else f"=={part}"


def _next(release: tuple[int, ...], place: int) -> str:
    return ".".join(map(str, (*release[:place], release[place] + 1)))


def poetry_dependencies(
    table: Mapping[str, Any], lines: Mapping[str, int | None], what: str
) -> Iterator[Install | Note]:
    """Yield what a table of dependencies asks for, and notes on what it does not get from an index.

    `what` names the table, `lines` has the line of each key.
    """
    for name, given in table.items():
        if name.lower() == "python":
            continue
        for item in given if isinstance(given, list) else [given]:
            wanted = item if isinstance(item, dict) else {"version": item}
            line = lines.get(name)
            if any(key in wanted for key in _ELSEWHERE):
                yield passed_over(name, reason("has-no-release", what=what), line)
            elif wanted.get("optional"):
                yield passed_over(name, reason("has-for-extras", what=what), line)
            else:
                if "source" in wanted:
                    shown = f"source = {wanted['source']}"
                    yield passed_over(shown, reason("index-of-one-pin"), line)
                try:
                    yield read_install(_requirement(name, wanted), line)
                except ValueError as error:
                    yield passed_over(name, str(error), line)


def _python_marker(item: Specifier) -> str:
    """Return the marker of one comparison: `python_version` has two numbers, and no patch."""
    patch = item.version.count(".") > 1 and not item.version.endswith(".*")
    name = "python_full_version" if patch else "python_version"
    return f"{name} {item.operator} '{item.version}'"


def _requirement(name: str, wanted: Mapping[str, Any]) -> str:
    extras = f"[{','.join(wanted['extras'])}]" if wanted.get("extras") else ""
    markers = [f"({wanted['markers']})"] if wanted.get("markers") else []
    if wanted.get("python"):
        admitted = SpecifierSet(poetry_specifier(str(wanted["python"])))
        markers += map(_python_marker, admitted)
    if wanted.get("platform"):
        markers.append(f"sys_platform == '{wanted['platform']}'")
    marker = f" ; {' and '.join(markers)}" if markers else ""
    return f"{name}{extras}{poetry_specifier(str(wanted.get('version', '*')))}{marker}"
