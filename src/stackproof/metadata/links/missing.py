"""Whether what a checker misses is there in a set of files: an own look at the target's source."""

from __future__ import annotations

from stackproof.metadata.links.checker import Seen
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.sources import Answer, Function, binds, functions

__all__ = ["answer", "owner", "target_name"]


def owner(library: Library, seen: Seen) -> str | None:
    """Return the distribution that ought to have what is missed, None where nobody can be named."""
    module = library.split(seen.target)[0] if seen.kind in ("parameter", "arity") else seen.target
    return library.owner(module) if module else None


def target_name(seen: Seen) -> str:
    """Return what is missed, as a sentence names it."""
    return f"{seen.target}.{seen.name}" if seen.kind == "name" else seen.target


def answer(library: Library, seen: Seen) -> Answer:
    """Tell whether a library has what a checker missed in another one, or in this.

    A function that is called with too few or too many arguments has what is missed if the call
    is one that it takes.
    """
    if seen.kind == "module":
        return _module(library, seen.target)
    if seen.kind == "name":
        # Where the module itself is gone, the name is too; but nobody said so of this one.
        return binds(library, seen.target, seen.name) if library.has(seen.target) else "unknown"
    found = functions(library, seen.target)
    answers = {_takes(function, seen) for function in found}
    if not answers:
        return "unknown"
    # Of several definitions, which one counts is decided at run time.
    return answers.pop() if len(answers) == 1 else "unknown"


def _module(library: Library, module: str) -> Answer:
    if library.has(module):
        return "there"
    package = module.rpartition(".")[0]
    while package and not library.has(package):
        package = package.rpartition(".")[0]
    # A package may make modules, or find them elsewhere; else it has only what its folder has.
    if package and library.source(package):
        return binds(library, package, "__path__")
    return "gone"


def _takes(function: Function, seen: Seen) -> Answer:
    if seen.kind == "parameter":
        return "there" if function.takes(seen.name) else "gone"
    if seen.name:
        return "gone" if function.needs(seen.name) else "there"
    return "there" if function.takes_many(seen.given) else "gone"
