"""Workloads that a repository has of its own, and those that a distribution brings."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console
from support.index import Index
from support.wheels import Release
from support.workbench import ROOT, TINY, Bench, states

from stackproof.base.progress import Progress
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.plan import Plan
from stackproof.report.files import conclude
from stackproof.run.verify import verify

OWN = """\
import pytest

from .letters import first


@pytest.mark.workload("own-{name}", needs=("{needs}",), seconds=0.1, timeout=20)
def test_letters(run):
    import sys

    assert run(sys.executable, "-c", "import {needs}; print({needs}.__version__)") == "{says}\\n"
    assert first() == "a"
"""

HELPER = 'def first() -> str:\n    return "a"\n'


def shipped(bench: Bench, plan: Plan) -> Verdict:
    """Carry a plan out with the suite as it is shipped, its workloads and fixtures too."""
    project = replace(bench.project, suite=ROOT / "tests" / "stack")
    progress = Progress(Console(file=bench.output, width=120))
    return verify(plan, bench.environment(), project, progress, conclude=conclude)[0]


def test_a_folder_beside_the_matrix_holds_workloads(bench: Bench) -> None:
    # Of the name of a shipped file, which it must not stand in for.
    text = OWN.format(name="alpha", needs="alpha", says="1.0")
    bench.write("matrices/workloads/test_redis.py", text)
    bench.write("matrices/workloads/letters.py", HELPER)
    plan = bench.plan(text=TINY.replace(', "smoke:sum"', ', "smoke:own-alpha"'))
    verdict = shipped(bench, plan)
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert states(verdict)["smoke:own-alpha"] == "ok"
    before = bench.project.suite_fingerprint
    bench.write("matrices/workloads/letters.py", HELPER.replace("a", "b"))
    assert bench.project.suite_fingerprint != before


def test_a_distribution_brings_workloads(bench: Bench, index: Index) -> None:
    entry = "[stackproof.workloads]\nchecks = delta.checks\n"
    modules = {
        "delta/__init__.py": "__version__ = '1.0'\n",
        "delta/checks/__init__.py": "raise RuntimeError('nobody imports this')\n",
        "delta/checks/test_delta.py": OWN.format(name="delta", needs="delta", says="2.0"),
        "delta/checks/letters.py": HELPER,
        "delta-1.0.dist-info/entry_points.txt": entry,
    }
    index.add(Release("delta", "1.0", modules=modules))
    text = TINY.replace('"alpha"', '"delta"').replace(', "smoke:sum"', ', "smoke:own-delta"')
    verdict = shipped(bench, bench.plan(text=text))
    assert (verdict.verdict, states(verdict)["smoke:own-delta"]) == ("broken", "new")


def test_a_server_is_started_for_a_workload_that_a_distribution_brings(
    bench: Bench, index: Index
) -> None:
    workload = OWN.format(name="delta", needs="delta", says="1.0")
    index.add(
        Release(
            "delta",
            "1.0",
            modules={
                "delta/__init__.py": "__version__ = '1.0'\n",
                "delta/checks/test_delta.py": workload.replace(
                    "seconds=", 'servers=("redis",), seconds='
                )
                .replace("(run)", "(run, server)")
                .replace("import sys\n", 'import sys\n    server("redis")\n'),
                "delta/checks/letters.py": HELPER,
                "delta-1.0.dist-info/entry_points.txt": (
                    "[stackproof.workloads]\nchecks = delta.checks\n"
                ),
            },
        )
    )
    text = TINY.replace('"alpha"', '"delta"').replace(', "smoke:sum"', ', "smoke:own-delta"')
    nowhere = {"STACKPROOF_REDIS_URL": "redis://127.0.0.1:9/0"}
    bench.environ |= nowhere
    verdict = shipped(bench, bench.plan(text=text))
    assert verdict.verdict == "unjudged"
    assert "STACKPROOF_REDIS_URL=redis://127.0.0.1:9/0: " in str(verdict.trouble)
