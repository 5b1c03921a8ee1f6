"""The release to blame for a change of verdict, and how that was confirmed."""

from __future__ import annotations

from stackproof.base.records import Record

__all__ = ["Culprit"]


class Culprit(Record):
    """A distribution whose release turned a check; versions are None for "was not there".

    They are what stages installed, also where a later stage replaced it. `uploaded` is when the
    first file of its new release was, or None where the index does not tell. Where both versions
    are the same, another file of it came then, which is installed since. `builds` names what was
    built with it, if it turned the check as a build dependency; else it is empty. `below` is the
    version that a bound has to name to leave it out, where that is not `after`: other releases,
    that were not asked since nothing wants them, lie between.
    """

    name: str
    before: str | None
    after: str | None
    uploaded: str | None
    builds: tuple[str, ...] = ()  # older files have none
    below: str | None = None  # nor this
