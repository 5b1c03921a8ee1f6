"""How an index misbehaves on demand."""

from __future__ import annotations

__all__ = ["Fault", "Faults", "Place", "Rule"]

import enum
import threading
from dataclasses import dataclass, field
from typing import Literal

Place = Literal["page", "metadata", "file", "text"]

_EVERYWHERE: frozenset[Place] = frozenset({"page", "metadata", "file", "text"})


class Fault(enum.Enum):
    """One way to misbehave. A number is the HTTP status that is answered."""

    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    SERVER_ERROR = 500
    UNAVAILABLE = 503
    HANG = "the request is accepted and never answered"
    GARBAGE = "in place of a page or of metadata, HTML that is no index, as of a captive portal"
    EMPTY = "in place of a page or of metadata, an answer of nothing"
    LOOP = "a request is sent to its own address for ever"
    WRONG_HASH = "a page states hashes that its files do not have"
    TRUNCATED = "the connection ends half way through a file"

    @property
    def places(self) -> frozenset[Place]:
        """Where this fault can strike."""
        if self is Fault.WRONG_HASH:
            return frozenset({"page"})
        if self in (Fault.GARBAGE, Fault.EMPTY):
            return frozenset({"page", "metadata"})
        return frozenset({"file"}) if self is Fault.TRUNCATED else _EVERYWHERE


@dataclass(kw_only=True)
class Rule:
    """A fault in force; `left` counts the requests still to befall, None for all of them."""

    fault: Fault
    project: str | None
    places: frozenset[Place]
    left: int | None
    over: threading.Event = field(default_factory=threading.Event)

    def befalls(self, project: str | None, place: Place) -> bool:
        """Tell whether a request fares badly by this rule."""
        return self.project in (None, project) and place in self.places and self.left != 0


class Faults:
    """The rules in force, first come first served. Safe to use from several threads."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Put `rule` in force. Raises `ValueError` where its fault cannot strike."""
        if nowhere := rule.places - rule.fault.places:
            raise ValueError(f"{rule.fault.name} cannot strike a {', '.join(sorted(nowhere))}")
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """End all rules and let go of every request that hangs."""
        with self._lock:
            for rule in self._rules:
                rule.over.set()
            self._rules.clear()

    def strike(self, project: str | None, place: Place) -> Rule | None:
        """Return the rule that befalls this request, and count it."""
        with self._lock:
            for rule in self._rules:
                if rule.befalls(project, place):
                    rule.left = None if rule.left is None else rule.left - 1
                    return rule
        return None
