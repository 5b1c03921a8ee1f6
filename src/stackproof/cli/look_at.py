"""Look at the links of a plan's stack, for the sessions that tell of them."""

from __future__ import annotations

import math

from stackproof.base.progress import Progress
from stackproof.cli.wiring import Context
from stackproof.evidence.links import Links
from stackproof.matrix.plan import Plan
from stackproof.metadata.links.opening import open_look
from stackproof.metadata.links.resolving import own_indexes, resolved_stack

__all__ = ["look_at"]


def look_at(plan: Plan, context: Context, seconds: float = math.inf) -> Links:
    """Return the links of a plan's stack.

    Raises StackproofError where it cannot be resolved, or takes longer than so many `seconds`.
    """
    progress, doing = Progress(context.screen), [""]
    resolver = context.resolver

    def tick(what: str = "") -> None:
        doing[0] = what or doing[0]
        progress.tick()

    as_of = f" as of {plan.as_of:%Y-%m-%d}" if plan.as_of else ""
    with progress.part(f"{plan.label}{as_of}: links", lambda: doing[0]):
        further = own_indexes(plan, resolver)
        look = open_look(resolver, further=further, tick=tick, seconds=seconds)
        tick("resolving")
        stack = resolved_stack(
            plan,
            resolver,
            look.unpacker,
            environ=context.project.environ,
            snapshots=context.project.snapshots,
        )
        return look.at(stack)
