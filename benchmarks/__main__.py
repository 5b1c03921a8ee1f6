"""Run measurements by name and write their table: python -m benchmarks [NAME ...]."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import auditing, disk, overhead, trials, verifying
from benchmarks.measuring import Measurement
from benchmarks.stand import Stand
from benchmarks.table import page
from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.errors import StackproofError

__all__ = ["MEASUREMENTS", "main"]

#: By the name on the command line; they run in this order.
MEASUREMENTS: Mapping[str, Callable[[Stand], list[Measurement]]] = {
    "verify-cold": verifying.cold,
    "verify-warm": verifying.warm,
    "floor": overhead.floor,
    "own": overhead.own,
    "trial": trials.one,
    "audit": auditing.warm,
    "timeline": trials.timeline,
    "frontier": trials.frontier,
    "disk": disk.kept,
}


def main(arguments: list[str], root: Path, environ: Mapping[str, str]) -> int:
    """Measure what is named, or all; write `reports/bench.json` and `bench.md`; return 0.

    Returns 2 if something could not be measured; what else was measured is written all the same.
    """
    given = _options(arguments)
    matrix, _, row = given.row.partition("/")
    stand = Stand(
        root=root,
        matrix=matrix,
        row=row,
        environ=environ,
        say=lambda line: print(line, flush=True),  # noqa: T201
        rounds=given.rounds,
        against=frozenset(given.against),
        most=given.most,
    )
    code = 0
    for name in given.names or MEASUREMENTS:
        try:
            _keep(MEASUREMENTS[name](stand), root / "reports")
        except StackproofError as error:
            print(f"exit 2, {name} could not be measured: {error}", file=sys.stderr)  # noqa: T201
            code = 2
    return code


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench --", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--row", default="mlops/documented", metavar="MATRIX/ROW")
    parser.add_argument("--rounds", type=_count, default=3, metavar="NUMBER")
    parser.add_argument("--against", action="append", default=[], metavar="CONTENDER")
    parser.add_argument("--most", type=_count, default=20, metavar="NUMBER")
    given = parser.parse_args(arguments)
    for name in set(given.names) - MEASUREMENTS.keys():
        parser.error(f"there is no measurement {name!r}; there are {', '.join(MEASUREMENTS)}")
    return given


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


def _keep(found: list[Measurement], reports: Path) -> None:
    """Put what was found in place of earlier measurements of the same; write all of them."""
    file = reports / "bench.json"
    known = {(item.name, item.row): item for item in [*_measured(file), *found]}
    data = {"format": 1, "measurements": [item.to_data() for item in known.values()]}
    write_atomically(file, to_json(data))
    write_atomically(reports / "bench.md", page(list(known.values())))


def _measured(file: Path) -> list[Measurement]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return [Measurement.model_validate(item) for item in data["measurements"]]
    except (OSError, ValueError, KeyError):
        return []  # there is none, or it was left by another version of this


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd(), os.environ))
