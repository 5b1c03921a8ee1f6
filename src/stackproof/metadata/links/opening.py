"""Put a look at links together: an index, a resolver, what unpacks and what checks."""

from __future__ import annotations

import math
from collections.abc import Callable

from stackproof.installers.resolver import Resolver
from stackproof.metadata.links.birth import Births
from stackproof.metadata.links.looking import Look
from stackproof.metadata.links.unpacking import Unpacker

__all__ = ["open_look"]


def open_look(
    resolver: Resolver,
    *,
    further: tuple[str, ...] = (),
    tick: Callable[[str], None] = lambda _: None,
    seconds: float = math.inf,
) -> Look:
    """Return what looks at stacks with a resolver's settings, and `further` indexes beside its own.

    It takes so many `seconds` for one at most.
    Raises CannotJudgeError if the checker cannot be had.
    """
    unpacker = Unpacker(
        client=resolver.client, index=resolver.index, environ=resolver.environ, further=further
    )
    return Look(
        unpacker=unpacker,
        births=lambda target: Births(
            client=resolver.client,
            index=resolver.index,
            resolver=resolver,
            unpacker=unpacker,
            target=target,
        ),
        memory=resolver.client.memory,
        checker=unpacker.checker(),
        tick=tick,
        seconds=seconds,
    )
