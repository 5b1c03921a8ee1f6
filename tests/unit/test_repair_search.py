"""The search of a repair's pins on recorded answers: what it finds, and what it asks for that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from types import MappingProxyType, SimpleNamespace
from typing import Any

from stackproof.evidence.verdict import Check
from stackproof.experiments.found import Found
from stackproof.experiments.repair.consistent import Joint
from stackproof.experiments.repair.search import PinSearch, Versions
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason

MOMENT = datetime(2025, 1, 1, tzinfo=timezone.utc)
#: What the row installs; the first two are its pins.
ROW = {"engine": "1.0", "vision": "1.0", "lamps": "1.0", "bells": "1.0"}
PINS = {"engine": "1.0", "vision": "1.0"}


@dataclass
class Record:
    """What fails with each set of installed versions; remembers what was asked."""

    fails: Callable[[Mapping[str, str]], Collection[str]]
    every: Sequence[str]
    asked: list[tuple[Versions, tuple[str, ...]]] = field(default_factory=list)

    def ask(
        self,
        plan: Callable[[Sequence[str]], Any],
        checks: Sequence[str],
        what: str,
        like: Found | None = None,  # noqa: ARG002 - what is recorded needs no build
    ) -> Found:
        """Return the answers to the checks, or to every one where none is named."""
        assert what.startswith("with ")
        planned = plan(checks)
        more = dict(item.split("==") for item in planned.extra)
        self.asked.append(({**planned.changed, **more}, tuple(checks)))
        # A range comes to the version that it ends at.
        changed = {name: at.rpartition("=")[2] for name, at in planned.changed.items()}
        freeze = {**ROW, **changed, **more}
        failed = self.fails(freeze)
        return Found(
            as_of=None,
            freeze=freeze,
            held={},
            built=(),
            refusal=None,
            complaints=frozenset(),
            overwritten=None,
            checks={name: _check(name, failed) for name in checks or self.every},
            whole=not checks,
            evidence=(),
        )

    def search(
        self,
        *sources: Versions,
        joint: Mapping[str, str] = PINS,
        changed: Mapping[str, Reason | None] | None = None,
        held: Mapping[str, str] | None = None,
    ) -> PinSearch:
        """Return a search on this record, with further versions to try for each check."""

        def at(
            _: datetime,
            only: Sequence[str] = (),  # noqa: ARG001 - what is recorded answers any question
            *,
            versions: Mapping[str, str] = MappingProxyType({}),
            extra: Sequence[str] = (),
        ) -> Any:  # noqa: ANN401 - a plan, as far as the search and this record read it
            last = SimpleNamespace(name="last")
            return SimpleNamespace(asked=PINS, stages=[last], changed=versions, extra=extra)

        planner: Any = SimpleNamespace(at=at)

        def of(_: str) -> Iterator[Versions]:
            yield from sources

        prober: Any = self
        like: Any = None
        known: Any = SimpleNamespace(of=of)
        return PinSearch(
            planner=planner,
            moment=MOMENT,
            prober=prober,
            sources=known,
            joint=Joint(near={}, newest={}, pins=joint, changed=changed or {}),
            held=held or {},
            like=like,
        )


def _check(name: str, failed: Collection[str]) -> Check:
    kind, _, subject = name.partition(":")
    return Check(
        id=name,
        kind=kind,
        subject=subject,
        outcome="failed" if name in failed else "passed",
        state="new" if name in failed else "ok",
        grade="real",
        message="",
        reason=None,
        seconds=0,
    )


def test_only_what_is_needed_stays_and_is_seen_to_be_needed() -> None:
    def fails(held: Mapping[str, str]) -> list[str]:
        return [] if held["lamps"] == "2.0" else ["smoke:light"]

    record = Record(fails, ["smoke:light", "smoke:ring"])
    search = record.search()
    versions, whole = search.search({"lamps": "2.0", "bells": "2.0"}, ["smoke:light"])
    assert (versions, whole.failed) == ({"lamps": "2.0"}, ())
    assert search.removals(versions, whole) == {"lamps": ("smoke:light",)}
    assert record.asked[-1] == ({"lamps": "2.0"}, ())


def test_what_a_repair_breaks_is_repaired_too() -> None:
    def fails(held: Mapping[str, str]) -> list[str]:
        broken = ["smoke:light"] if held["lamps"] != "2.0" else []
        return broken + (["smoke:ring"] if held["lamps"] == "2.0" != held["bells"] else [])

    record = Record(fails, ["smoke:light", "smoke:ring"])
    versions, whole = record.search({"bells": "2.0"}).search({"lamps": "2.0"}, ["smoke:light"])
    assert (versions, whole.failed) == ({"lamps": "2.0", "bells": "2.0"}, ())


def test_what_no_source_repairs_is_left_and_nothing_is_kept_for_it() -> None:
    record = Record(lambda _: ["smoke:light"], ["smoke:light", "smoke:ring"])
    versions, whole = record.search({"bells": "2.0"}).search({"lamps": "2.0"}, ["smoke:light"])
    assert (versions, whole.failed) == ({}, ("smoke:light",))


def test_a_documented_pin_that_was_changed_for_nothing_gets_its_version_back() -> None:
    def fails(held: Mapping[str, str]) -> list[str]:
        return [] if held["lamps"] == "2.0" else ["smoke:light"]

    record = Record(fails, ["smoke:light"])
    search = record.search(joint={**PINS, "vision": "2.0"}, changed={"vision": quoted("a clash")})
    versions, whole = search.search({"lamps": "2.0"}, ["smoke:light"])
    assert (versions, whole.failed, search.joint.changed) == ({"lamps": "2.0"}, (), {})
    assert search.removals(versions, whole) == {"lamps": ("smoke:light",)}


def test_a_pin_in_a_range_is_held_by_a_narrower_range_and_by_no_more_pins() -> None:
    def fails(held: Mapping[str, str]) -> list[str]:
        return [] if held["lamps"] == "0.9" else ["smoke:light"]

    record = Record(fails, ["smoke:light"])
    pins = {**PINS, "lamps": ">=0.5,<2"}
    search = record.search({"lamps": "0.4"}, {"lamps": "0.9"}, joint=pins, held={"lamps": "1.0"})
    versions, whole = search.search({}, ["smoke:light"])
    assert (versions, whole.failed) == ({"lamps": "0.9"}, ())
    assert search.narrowed(versions) == {"lamps": ">=0.5,<=0.9"}
    assert record.asked[-1] == ({"lamps": ">=0.5,<=0.9"}, ())
    # What lies outside of the range is not even tried.
    assert not [versions for versions, _ in record.asked if "0.4" in versions.values()]
