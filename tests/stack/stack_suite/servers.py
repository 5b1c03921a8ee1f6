"""The servers a run has at hand, and the grade of evidence each can give."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAMES = ("postgres", "redis", "kafka", "prometheus", "grafana", "mysql", "gpu")
# From the strongest evidence to none.
GRADES = ("real", "emulated", "unavailable")

Server = dict[str, Any]


class ServersError(ValueError):
    """A servers file that this suite cannot go by."""


def load_servers(path: Path | None) -> dict[str, Server]:
    """Load a servers file; without one, no server is at hand.

    Raises ServersError where the file cannot be read, is no JSON, or gives an unknown grade.
    """
    if path is None:
        return {}
    try:
        servers: dict[str, Server] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ServersError(f"{path}: {error}") from error
    for name, server in servers.items():
        if server.get("grade") not in GRADES:
            raise ServersError(
                f"{path}: {name}: grade {server.get('grade')!r} is none of {', '.join(GRADES)}"
            )
    return servers


def unavailable_reason(servers: Mapping[str, Server], name: str) -> str | None:
    """Say why a server cannot be had, or None where it can."""
    server = servers.get(name)
    if server is None:
        return f"no {name} server was given to this run"
    if server["grade"] == "unavailable":
        return str(server.get("reason", f"the {name} server is unavailable"))
    return None


def weakest_grade(servers: Mapping[str, Server], names: Iterable[str]) -> str:
    """Return the grade of evidence that a workload on these servers can give."""
    grades = (servers.get(name, {"grade": "unavailable"})["grade"] for name in names)
    return max(grades, key=GRADES.index, default="real")
