"""What the user says of servers of their own, in the environment of the run."""

from __future__ import annotations

__all__ = ["blamed_on"]

from collections.abc import Iterator
from contextlib import contextmanager

from stackproof.run.servers.address import is_clear, redact, without_password
from stackproof.run.servers.info import ServerError


@contextmanager
def blamed_on(variable: str, url: str) -> Iterator[None]:
    """Have trouble in the block name the variable, and the address without its password.

    Raises ServerError at once where the address leaves it open what its password is.
    """
    if not is_clear(url):
        raise ServerError(
            f"{variable} holds no address of the form scheme://user:password@host:port/ "
            "(special characters of a password must be percent-encoded)"
        )
    try:
        yield
    except (ServerError, ValueError) as error:
        raise ServerError(redact(f"{variable}={without_password(url)}: {error}", url)) from error
