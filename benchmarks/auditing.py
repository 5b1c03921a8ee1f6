"""`audit` of a row, warm, against one resolution of the same pins by uv and by pip."""

from __future__ import annotations

from collections.abc import Callable

from uv import find_uv_bin

from benchmarks.measuring import Contender, Measurement, measure, timed
from benchmarks.stand import Stand

__all__ = ["warm"]

_GOAL = 2.0
_JUDGED = (0, 1)


def warm(stand: Stand, say: Callable[[str], None]) -> list[Measurement]:
    """Measure with pages and metadata cached; that pins conflict is an answer like another."""
    plan = stand.plan
    pins = [f"{pin.name}=={pin.version}" for pin in plan.pins]
    ours = stand.nox("-s", "audit", "--", f"{stand.matrix}/{stand.row}")

    def audit() -> float:
        return timed([ours], env=stand.environ, cwd=stand.root, allowed=_JUDGED)

    def compile_with_uv() -> float:
        with stand.scratch() as folder:
            (folder / "pins.in").write_text("\n".join(pins), encoding="utf-8")
            options = ["--quiet", "--python-version", plan.python, "-o", folder / "out.txt"]
            command = [find_uv_bin(), "pip", "compile", *options, folder / "pins.in"]
            return timed([command], env=stand.environ, cwd=folder, allowed=_JUDGED)

    def dry_run_with_pip() -> float:
        with stand.scratch() as folder:
            venv = folder / "venv"
            timed([[f"python{plan.python}", "-m", "venv", venv]], env=stand.environ, cwd=folder)
            options = ["--quiet", "--dry-run", "--report", folder / "report.json"]
            command = [venv / "bin" / "python", "-m", "pip", "install", *options, *pins]
            return timed([command], env=stand.environ, cwd=folder, allowed=_JUDGED)

    audit()
    contenders = [
        Contender(name="audit", figure=audit),
        Contender(name="uv pip compile", figure=compile_with_uv),
        Contender(name="pip install --dry-run", figure=dry_run_with_pip),
    ]
    name = f"audit of {len(pins)} pins, warm"
    return [measure(name, contenders, rounds=stand.rounds, goal=_GOAL, say=say)]
