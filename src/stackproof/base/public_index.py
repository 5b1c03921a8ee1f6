"""The index that installers take packages from when told nothing."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

__all__ = ["is_public_index", "public_index"]

#: The host that it had before, which old requirements files still name.
_FORMER_HOST = "pypi.python.org"


@cache
def public_index() -> str:
    """Return its address, as the library that reads its pages has it."""
    # Loaded when the address is needed: where an index is configured, it is not.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415

    return PYPI_SIMPLE_ENDPOINT


def is_public_index(url: str) -> bool:
    """Tell whether an address is that of the public index, in any of the ways it is written."""
    now = urlsplit(public_index())
    hosts = "|".join(re.escape(host) for host in (now.netloc, _FORMER_HOST))
    return re.fullmatch(rf"https?://(?:{hosts}){re.escape(now.path)}?", url) is not None
