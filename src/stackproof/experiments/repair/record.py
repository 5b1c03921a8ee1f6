"""What a repair says: the form of `repair.json`."""

from __future__ import annotations

from typing import Literal

from stackproof.base.records import Record
from stackproof.reasons.reason import Reason

__all__ = ["RemedyTrial", "Removal", "Repair", "RepairedPin", "Tried"]


class RepairedPin(Record):
    """One pin of a repair; `mends` are the first checks that were seen to fail without it.

    `why` is the requirement that makes it necessary, or what failed, and `because` the same in
    English: files of before 2026-12 have that alone. `documented` is the
    document's version where the change departs from it, else None; `range` is what comes to the
    version: the row's own range, narrowed, or a bound that leaves out the release that broke it.
    `installed` says whether the last stage installs it.
    """

    name: str
    version: str
    mends: tuple[str, ...]
    because: str
    why: Reason | None = None
    documented: str | None
    range: str | None = None
    installed: bool = True  # older files do not say


class Removal(Record):
    """What was seen without one pin: `failed` holds the checks that failed then.

    Cheap checks are asked first; where one of them fails, no more are asked.
    """

    without: str
    failed: tuple[str, ...]


class RemedyTrial(Record):
    """What one of the document's remedies does to the broken row.

    `moved` says whether it changes any version. `breaks` counts checks that passed before. Where
    nothing moved, only the failing checks were asked, if any. `why` is the reason why it cannot be
    installed, and `message` the same in English.
    """

    name: str
    text: str
    installs: bool
    moved: bool
    mends: tuple[str, ...]
    breaks: tuple[str, ...]
    message: str
    why: Reason | None = None


class Tried(Record):
    """What was tried in vain for one check, and what it says where it was heard last."""

    check: str
    sources: tuple[str, ...]
    message: str


class Repair(Record):
    """Pins with which every check of a row passes: the form of `repair.json`.

    `failing` are the checks that fail without them, `unmended` those that still fail with them, so
    that what `pins` holds is then only the nearest thing to a repair; `tried` tells what was tried
    for each of them. `confirmed` says that the whole suite passed in a fresh environment, `minimal`
    that it was seen to fail without each pin alone, so that none can be left out; another set may
    have fewer. `builds` counts the environments that the answer rests on, `built` those made by
    this run; `toml` is what to add to the matrix. `build_constraints` are lines of a build
    constraint file, without which something cannot be built. `whys` are the `notes`, as records.
    """

    format: Literal[1] = 1
    matrix: str
    row: str
    as_of: str
    found: bool
    failing: tuple[str, ...]
    unmended: tuple[str, ...]
    tried: tuple[Tried, ...] = ()
    pins: tuple[RepairedPin, ...]
    confirmed: bool
    minimal: bool
    removals: tuple[Removal, ...]
    remedies: tuple[RemedyTrial, ...]
    builds: int
    built: int
    notes: tuple[str, ...]
    whys: tuple[Reason, ...] = ()  # older files have none
    toml: str
    build_constraints: tuple[str, ...] = ()  # older files have none
