"""No workload passes when what it checks is broken: break it, and see it fail for that reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from breaks import Break
from breaks_of_frameworks import FRAMEWORKS
from breaks_of_stores import STORES
from fake_grafana import FakeGrafana
from workshop import Outcome, Workload, Workshop, declared

from stackproof.matrix import load_matrix
from stackproof.plan import make_plan
from stackproof.servers import ServerName, running

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

MATRIX = Path(__file__).parents[2] / "matrices" / "mlops.toml"
PLAN = make_plan(load_matrix(MATRIX), name="mlops", row="verified")
# No pins of the row, but packages that its workloads need.
MODULES = {pin.name: pin.imports[0] for pin in PLAN.pins} | {"websockets": "websockets"}
WORKLOADS = declared()
ON_SERVERS = {name: one for name, one in WORKLOADS.items() if one.servers}
# Nothing listens there.
NOWHERE = {
    "postgres": {"grade": "real", "url": "postgresql://u@127.0.0.1:9/x", "prefix": "x"},
    "redis": {"grade": "real", "url": "redis://127.0.0.1:9/0", "prefix": "x"},
    "kafka": {"grade": "real", "url": "127.0.0.1:9", "prefix": "x"},
    "prometheus": {"grade": "real", "url": "http://127.0.0.1:9", "scrape_dir": ".", "prefix": "x"},
    "grafana": {"grade": "real", "url": "http://u:p@127.0.0.1:9/", "prefix": "x"},
}
WRONG = STORES + FRAMEWORKS
EMPTY = [
    Break(workload.name, MODULES[name], None, MODULES[name])
    for workload in WORKLOADS.values()
    for name in workload.needs
]

Servers = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A workload to be run with its servers up or stopped, and with a module broken."""

    workload: Workload
    broken: Break | None = None
    stopped: bool = False


def _with_break(one: Break) -> Trial:
    return Trial(workload=WORKLOADS[one.workload], broken=one)


SOUND = [Trial(workload=one) for one in WORKLOADS.values()]
STOPPED = [Trial(workload=one, stopped=True) for one in ON_SERVERS.values()]
