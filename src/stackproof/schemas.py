"""The JSON Schemas of what is read and written, generated from the models themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stackproof.audit.findings import Audit
from stackproof.calibrate import Calibration
from stackproof.candidate.verdict import TrialVerdict
from stackproof.environment import StageRecord
from stackproof.evidence import RunRecord
from stackproof.frontier.record import Frontier
from stackproof.grid.forms import Grid
from stackproof.history import HistoryEntry
from stackproof.index.built import BuiltFile
from stackproof.lock import Lock
from stackproof.matrix import json_schema
from stackproof.monthly import Jobs
from stackproof.plan import Plan
from stackproof.records import to_json, write_atomically
from stackproof.repair.records import Repair
from stackproof.timeline.records import Timeline
from stackproof.verdict import Verdict

__all__ = ["schemas", "write_schemas"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas by the name of what they describe (JSON Schema draft 2020-12)."""
    written = {
        "audit": Audit.model_json_schema(mode="serialization"),
        "calibration": Calibration.model_json_schema(mode="serialization"),
        "history": HistoryEntry.model_json_schema(mode="serialization"),
        "built": BuiltFile.model_json_schema(mode="serialization"),
        "jobs": Jobs.model_json_schema(mode="serialization"),
        "frontier": Frontier.model_json_schema(mode="serialization"),
        "grid": Grid.model_json_schema(mode="serialization"),
        "lock": Lock.model_json_schema(mode="serialization"),
        "repair": Repair.model_json_schema(mode="serialization"),
        "timeline": Timeline.model_json_schema(mode="serialization"),
        "plan": Plan.model_json_schema(mode="serialization"),
        "run": RunRecord.model_json_schema(mode="serialization"),
        "trial": TrialVerdict.model_json_schema(mode="serialization"),
        "stages": TypeAdapter(tuple[StageRecord, ...]).json_schema(mode="serialization"),
        "verdict": Verdict.model_json_schema(mode="serialization"),
    }
    return {
        "matrix": json_schema(),
        **{name: {"$schema": _DRAFT, **schema} for name, schema in written.items()},
    }


def write_schemas(folder: Path) -> None:
    """Write every schema to `<folder>/<name>.schema.json`."""
    for name, schema in schemas().items():
        write_atomically(folder / f"{name}.schema.json", to_json(schema))
