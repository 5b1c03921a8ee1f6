"""What a user asks for on the command line: one distribution at one version, or its newest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from stackproof.errors import StackproofError

__all__ = ["Request", "parse_request"]

#: A requirement is data. Options, addresses, paths, markers, extras and whatever a shell would read
#: have characters that this form has not.
_FORM = re.compile(r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)(==(?P<version>[\w.!+-]+))?")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A distribution by its normal name; `version` is None for the newest release."""

    name: str
    version: str | None

    def __str__(self) -> str:
        """Return the request as a user would type it."""
        return f"{self.name}=={self.version or 'latest'}"


def parse_request(text: str) -> Request:
    """Read `name==version`, `name==latest` or `name`; raise StackproofError for anything else."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise StackproofError(
            f"{text!r} is no upgrade to try; write name==version, name==latest or name "
            "(no options, addresses, paths, extras or markers)"
        )
    name, version = str(canonicalize_name(found["name"])), found["version"]
    if version in (None, "latest"):
        return Request(name=name, version=None)
    try:
        return Request(name=name, version=str(Version(version)))
    except InvalidVersion:
        raise StackproofError(
            f"{text!r}: {version!r} is not a version; write one such as {name}==2.6.0"
        ) from None
