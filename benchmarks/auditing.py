"""`audit` of few and of many pins, warm, against one resolution of the same by uv and by pip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from uv import find_uv_bin

from benchmarks.by_hand import new_environment
from benchmarks.measuring import Contender, Measurement, timed
from benchmarks.stand import Stand

__all__ = ["warm"]

_GOAL = 2.0
_MANY = 200
#: That pins conflict is an answer like another.
_JUDGED = (0, 1)
_MATRIX = 'format = 1\ntitle = "Many"\ndocument = "many.md"\npython = "{python}"\n'
_PIN = """
[[pins]]
name = "{name}"
version = "{version}"
imports = ["none"]
area = "many"
role = "one of many"
"""
_ROW = """
[[stages]]
name = "all"
step = "Install all."
pins = {names}

[rows.all]
summary = "All at once."
"""


def warm(stand: Stand) -> list[Measurement]:
    """Measure with pages and metadata cached: the row's pins, then what they bring along."""
    few = {pin.name: pin.version for pin in stand.plan.pins}
    frozen = stand.run_by("uv").freeze.items()
    many = dict([(name, version.partition("+")[0]) for name, version in frozen][:_MANY])
    with stand.checkout() as folder:
        (folder / "matrices").unlink()
        (folder / "matrices").mkdir()
        (folder / "matrices" / "many.toml").write_text(_matrix(many, stand), encoding="utf-8")
        return [
            _measure(stand, few, partial(stand.session, "audit", "--", stand.name)),
            _measure(stand, many, partial(stand.session, "audit", "--", "many/all", root=folder)),
        ]


def _matrix(pins: Mapping[str, str], stand: Stand) -> str:
    head = _MATRIX.format(python=stand.plan.python)
    body = (_PIN.format(name=name, version=version) for name, version in pins.items())
    return head + "".join(body) + _ROW.format(names=list(pins))


def _measure(stand: Stand, pins: Mapping[str, str], audit: Callable[[], float]) -> Measurement:
    lines = [f"{name}=={version}" for name, version in pins.items()]
    with stand.scratch() as folder:
        file = folder / "pins.in"
        file.write_text("\n".join(lines), encoding="utf-8")
        venv = folder / "venv"
        new_environment(stand, venv, stand.environ)
        options = ["--quiet", "--python-version", stand.plan.python, "-o", folder / "out.txt"]
        by_uv = [find_uv_bin(), "pip", "compile", *options, file]
        report = ["--quiet", "--dry-run", "--report", folder / "report.json"]
        by_pip = [venv / "bin" / "python", "-m", "pip", "install", *report, "-r", file]
        resolve = partial(_resolve, stand, folder)
        ours = Contender(name="audit", figure=audit)
        theirs = [
            Contender(name="uv pip compile", figure=partial(resolve, by_uv)),
            Contender(name="pip install --dry-run", figure=partial(resolve, by_pip)),
        ]
        for contender in [ours, *(other for other in theirs if stand.wants(other.name))]:
            contender.figure()  # so that all caches are warm
        return stand.compare(f"audit of {len(pins)} pins, warm", ours, *theirs, goal=_GOAL)


def _resolve(stand: Stand, folder: Path, command: list[object]) -> float:
    return timed([command], env=stand.environ, cwd=folder, allowed=_JUDGED)
