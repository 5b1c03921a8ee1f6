"""Cells judged so far, kept as they come, so that an interrupted grid goes on where it stopped."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from stackproof.base.records import write_atomically
from stackproof.metadata.grid.record import Cell, Versions

__all__ = ["Journal"]

_DAY = 24 * 3600


class Journal:
    """A file of cells of one question, which `question` names.

    Where no cut-off fixes the index (`lasting`), cells count for a day. What is unknown is never
    taken up again: it may be known by now.
    """

    def __init__(self, file: Path, question: str, *, lasting: bool) -> None:
        self._file = file
        self._question = question
        self._age = None if lasting else _DAY
        self._lock = Lock()

    def read(self) -> dict[Versions, Cell]:
        """Return the cells of this question; lines that cannot be read are passed over."""
        cells = [
            entry.cell
            for line in self._lines()
            if (entry := _Entry.parse(line)) is not None
            and entry.question == self._question
            and self._is_fresh(entry.time)
        ]
        return {cell.versions: cell for cell in cells if cell.state != "unknown"}

    def keep(self, cell: Cell) -> None:
        """Add a cell."""
        line = {"question": self._question, "time": time.time(), "cell": cell.to_data()}
        with self._lock:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Forget the cells of this question, whose grid is complete; others may be interrupted."""
        entries = ((line, _Entry.parse(line)) for line in self._lines())
        others = [line for line, entry in entries if entry and entry.question != self._question]
        if others:
            write_atomically(self._file, "".join(f"{line}\n" for line in others))
        else:
            self._file.unlink(missing_ok=True)

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _is_fresh(self, moment: float) -> bool:
        return self._age is None or time.time() - moment < self._age


@dataclass(frozen=True)
class _Entry:
    question: str
    time: float
    cell: Cell

    @classmethod
    def parse(cls, line: str) -> _Entry | None:
        """Read a line; the last one of a killed run may be cut off."""
        try:
            data = json.loads(line)
            return cls(data["question"], data["time"], Cell.model_validate(data["cell"]))
        except (ValueError, KeyError, TypeError, ValidationError):
            return None
