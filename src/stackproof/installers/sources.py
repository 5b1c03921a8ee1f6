"""What variables say of where an installer takes packages from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from stackproof.base.text import without_credentials

__all__ = [
    "FURTHER",
    "extra_by_variables",
    "further_by_variables",
    "index_by_variables",
    "on_web",
    "with_login",
]

#: Options that let packages come from elsewhere too, or from elsewhere alone.
FURTHER = ("index", "extra-index-url", "find-links", "index-strategy")
#: An index may have a name before its address.
_NAMED = re.compile(r"^([\w.-]+)=(?=\w+://)")


def index_by_variables(environ: Mapping[str, str], *variables: str) -> str | None:
    """Return the address that the first of some variables has which is set, or None."""
    found = (environ[variable] for variable in variables if environ.get(variable))
    return next((_address(text, environ) for text in found), None)


def extra_by_variables(name: str, environ: Mapping[str, str]) -> list[str]:
    """Return the indexes beside the default one that variables of an installer name."""
    texts = [environ.get(f"{name.upper()}_{item}", "") for item in ("INDEX", "EXTRA_INDEX_URL")]
    return [_address(item, environ) for item in " ".join(texts).split()]


def with_login(url: str, name: str | None, environ: Mapping[str, str]) -> str:
    """Return an index's address with the user and password that variables have for its name.

    https://docs.astral.sh/uv/concepts/indexes/ ("Providing credentials directly").
    """
    prefix = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', (name or '').upper())}"
    user, password = (environ.get(f"{prefix}_{item}", "") for item in ("USERNAME", "PASSWORD"))
    scheme, sign, rest = url.partition("://")
    if not (name and sign and (user or password)) or "@" in rest.partition("/")[0]:
        return url
    return f"{scheme}{sign}{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def _address(text: str, environ: Mapping[str, str]) -> str:
    """Return the address of an index that may have its name before it."""
    named = _NAMED.match(text)
    return with_login(text[named.end() :], named[1], environ) if named else text


def further_by_variables(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what variables of an installer say of further sources, without credentials."""
    for option in FURTHER:
        variable = f"{name}_{option}".upper().replace("-", "_")
        if environ.get(variable):
            yield f"{variable} is {without_credentials(environ[variable])}"


def on_web(indexes: list[str]) -> list[str]:
    """Return those of some indexes that can be asked over the web."""
    return [url for url in indexes if url.startswith(("http://", "https://"))]
