"""Run measurements by name and write their table: python -m benchmarks [NAME ...]."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import auditing, disk, overhead, trials, verifying
from benchmarks.measuring import Measurement
from benchmarks.stand import Stand
from benchmarks.table import page
from stackproof.errors import StackproofError
from stackproof.records import to_json, write_atomically

__all__ = ["MEASUREMENTS", "main"]

_Measure = Callable[[Stand, Callable[[str], None]], list[Measurement]]

MEASUREMENTS: Mapping[str, _Measure] = {
    "verify-cold": verifying.cold,
    "verify-warm": verifying.warm,
    "floor": overhead.floor,
    "own": overhead.own,
    "trial": trials.one,
    "audit": auditing.warm,
    "disk": disk.kept,
}


def main(arguments: list[str], root: Path, environ: Mapping[str, str]) -> int:
    """Measure what is named, or all; write `reports/bench.json` and `bench.md`; return 0.

    Returns 2 if something could not be measured.
    """
    parser = argparse.ArgumentParser(prog="nox -s bench --")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--row", default="mlops/documented", metavar="MATRIX/ROW")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    for name in set(given.names) - MEASUREMENTS.keys():
        parser.error(f"there is no measurement {name!r}; there are {', '.join(MEASUREMENTS)}")
    matrix, _, row = given.row.partition("/")
    stand = Stand(root=root, matrix=matrix, row=row, environ=environ, rounds=given.rounds)
    found: list[Measurement] = []
    try:
        for name in given.names or MEASUREMENTS:
            found += MEASUREMENTS[name](stand, lambda line: print(line, flush=True))  # noqa: T201
    except StackproofError as error:
        print(f"exit 2, could not measure: {error}", file=sys.stderr)  # noqa: T201
        return 2
    finally:
        _write(found, root / "reports", given.row)
    return 0


def _write(found: list[Measurement], reports: Path, row: str) -> None:
    data = {"format": 1, "row": row, "measurements": [item.to_data() for item in found]}
    write_atomically(reports / "bench.json", to_json(data))
    write_atomically(reports / "bench.md", page(found, row))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd(), os.environ))
