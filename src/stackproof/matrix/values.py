"""What one value of a matrix may look like: the types of its model, for pydantic and editors alike.

A pattern is what an editor checks by the JSON Schema; where a message says more, a validator does.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import Annotated

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from stackproof.base.text import nearest
from stackproof.base.versions import overlap
from stackproof.matrix.platforms import PLATFORMS

__all__ = [
    "EVERYONE",
    "AgeText",
    "CheckText",
    "Day",
    "DistributionName",
    "Instant",
    "Label",
    "LimitText",
    "MarkerText",
    "Megabytes",
    "Module",
    "NeedText",
    "PlatformName",
    "Prereleases",
    "PythonVersion",
    "RangeText",
    "RequirementText",
    "Seconds",
    "Text",
    "Url",
    "VersionText",
]


def _distribution(value: str) -> str:
    try:
        canonical = canonicalize_name(value, validate=True)
    except InvalidName:
        raise ValueError(
            "not a distribution name; use letters, digits, '-', '_' and '.', "
            "beginning and ending with a letter or digit"
        ) from None
    if canonical != value:
        raise ValueError(f"write the name in its normal form, '{canonical}'")
    return value


def _version(value: str) -> str:
    if not re.fullmatch(_VERSION_PATTERN, value):
        raise ValueError("not a version; write one exact version such as '2.5.1'")
    return value


def _range(value: str) -> str:
    try:
        specifiers = SpecifierSet(value)
    except InvalidSpecifier:
        raise ValueError(
            "not a range of versions; write one such as '>=1.4,<2', or one version as 'version'"
        ) from None
    for item in specifiers:
        if item.operator == "===" or (item.operator == "==" and not item.version.endswith(".*")):
            raise ValueError(f"names one version; write version = '{item.version}' in its place")
    if not overlap(value, ""):
        raise ValueError("no version can be in it; write a range such as '>=1.4,<2'")
    return "".join(value.split())


def _marker(value: str) -> str:
    try:
        marker = Marker(value)
    except InvalidMarker:
        raise ValueError(
            "not an environment marker; write one such as \"python_version < '3.12'\""
        ) from None
    if re.search(r"\b(extra|extras|dependency_groups)\b", str(marker)):
        raise ValueError(
            "asks for an extra, which a pin is not required by; write a marker of the environment"
        )
    return value


def _requirement(value: str) -> str:
    try:
        requirement = Requirement(value)
    except InvalidRequirement:
        raise ValueError("not a requirement; write one such as 'contourpy<1.3'") from None
    if requirement.url is not None:
        raise ValueError("a requirement names a version, not an address; write 'name==version'")
    if not requirement.specifier:
        raise ValueError(f"says no version; write '{value}==<version>', or name a pin in 'pins'")
    return value


def _limit(value: str) -> str:
    if Requirement(_requirement(value)).extras:
        raise ValueError("a limit asks for nothing, and for no extra; write it without")
    return value


def _need(value: str) -> str:
    try:
        requirement = Requirement(value)
    except InvalidRequirement:
        raise ValueError("not a requirement; write one such as 'pytest>=8'") from None
    if requirement.url is not None:
        raise ValueError("a requirement names a version, not an address; write 'name==version'")
    return value


def _platform(value: str) -> str:
    if value not in PLATFORMS:
        raise ValueError(f"not a platform that uv has a name for; {nearest(value, PLATFORMS)}")
    return value


def _everyone(value: object) -> object:
    return (EVERYONE,) if value == EVERYONE else value


def _instant(value: object) -> object:
    """Refuse what is not a full UTC timestamp: a cut-off at "some day" means two things."""
    if isinstance(value, datetime) and value.utcoffset() == timezone.utc.utcoffset(None):
        return value
    raise ValueError("not a full UTC timestamp; write one such as 2025-04-01T00:00:00Z")


def _whole_day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("not a date; write one such as 2025-04-01, without quotes")


#: In place of names: every distribution.
EVERYONE = "all"

_NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
#: PEP 440 in lower case, as an editor can check it too.
_VERSION_PATTERN = (
    r"^v?([0-9]+!)?[0-9]+(\.[0-9]+)*"
    r"([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?[0-9]*)?"
    r"(-[0-9]+|[-_.]?(post|rev|r)[-_.]?[0-9]*)?"
    r"([-_.]?dev[-_.]?[0-9]*)?"
    r"(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$"
)
_RANGE_PATTERN = (
    r"^\s*(~=|!=|==|<=?|>=?)\s*[A-Za-z0-9][^,;@=<>~\s]*\s*"
    r"(,\s*(~=|!=|==|<=?|>=?)\s*[A-Za-z0-9][^,;@=<>~\s]*\s*)*$"
)
_REQUIREMENT_PATTERN = (
    r"^[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*\(?\s*(===?|~=|!=|<=?|>=?)\s*[A-Za-z0-9][^@]*$"
)
_CHECK_PATTERN = r"^[a-z]+(-[a-z]+)*:\S+$"

Text = Annotated[
    str,
    Field(json_schema_extra={"pattern": r"\S"}),
    StringConstraints(min_length=1, strip_whitespace=True),
]
Label = Annotated[str, StringConstraints(pattern=_NAME_PATTERN)]
DistributionName = Annotated[
    str, Field(json_schema_extra={"pattern": _NAME_PATTERN}), AfterValidator(_distribution)
]
VersionText = Annotated[
    str, Field(json_schema_extra={"pattern": _VERSION_PATTERN}), AfterValidator(_version)
]
RangeText = Annotated[
    str, Field(json_schema_extra={"pattern": _RANGE_PATTERN}), AfterValidator(_range)
]
MarkerText = Annotated[str, StringConstraints(min_length=1), AfterValidator(_marker)]
RequirementText = Annotated[
    str,
    Field(json_schema_extra={"pattern": _REQUIREMENT_PATTERN}),
    AfterValidator(_requirement),
]
LimitText = Annotated[
    str,
    Field(json_schema_extra={"pattern": _REQUIREMENT_PATTERN}),
    AfterValidator(_limit),
]
NeedText = Annotated[str, AfterValidator(_need)]
Module = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
PythonVersion = Annotated[str, StringConstraints(pattern=r"^3\.[0-9]+$")]
AgeText = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}[hdw]$")]
Seconds = Annotated[float, Field(gt=0)]
Megabytes = Annotated[int, Field(gt=0)]
CheckText = Annotated[str, StringConstraints(pattern=_CHECK_PATTERN)]
PlatformName = Annotated[
    str, Field(json_schema_extra={"enum": [*PLATFORMS]}), AfterValidator(_platform)
]
Prereleases = Annotated[
    tuple[DistributionName, ...],
    Field(strict=False),
    BeforeValidator(_everyone),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": EVERYONE},
                {"type": "array", "items": {"type": "string", "pattern": _NAME_PATTERN}},
            ]
        }
    ),
]
Url = Annotated[str, StringConstraints(pattern=r"^(https?|file)://\S+$")]
Day = Annotated[date, BeforeValidator(_whole_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
