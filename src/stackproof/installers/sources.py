"""What variables say of where an installer takes packages from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stackproof.base.text import without_credentials

__all__ = [
    "FURTHER",
    "PUBLIC_INDEX",
    "extra_by_variables",
    "further_by_variables",
    "index_by_variables",
    "on_web",
]

#: The index that installers take packages from when told nothing.
PUBLIC_INDEX = "https://pypi.org/simple/"

#: Options that let packages come from elsewhere too, or from elsewhere alone.
FURTHER = ("index", "extra-index-url", "find-links", "index-strategy")
#: An index may have a name before its address.
_NAMED = re.compile(r"^[\w.-]+=")


def index_by_variables(environ: Mapping[str, str], *variables: str) -> str | None:
    """Return the address that the first of some variables has which is set, or None."""
    found = (environ[variable] for variable in variables if environ.get(variable))
    return next((_NAMED.sub("", text) for text in found), None)


def extra_by_variables(name: str, environ: Mapping[str, str]) -> list[str]:
    """Return the indexes beside the default one that variables of an installer name."""
    texts = [environ.get(f"{name.upper()}_{item}", "") for item in ("INDEX", "EXTRA_INDEX_URL")]
    return [_NAMED.sub("", item) for item in " ".join(texts).split()]


def further_by_variables(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what variables of an installer say of further sources, without credentials."""
    for option in FURTHER:
        variable = f"{name}_{option}".upper().replace("-", "_")
        if environ.get(variable):
            yield f"{variable} is {without_credentials(environ[variable])}"


def on_web(indexes: list[str]) -> list[str]:
    """Return those of some indexes that can be asked over the web."""
    return [url for url in indexes if url.startswith(("http://", "https://"))]
