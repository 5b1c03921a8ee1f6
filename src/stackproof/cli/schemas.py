"""The JSON Schemas of what is read and written, generated from the models themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.ci.jobs import Jobs
from stackproof.evidence.confirmation import Confirmation
from stackproof.evidence.history.entry import HistoryEntry
from stackproof.evidence.links import Links
from stackproof.evidence.loaded import LoadedFile
from stackproof.evidence.records import BuiltFile, RunRecord, StageRecord
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.calibrate.record import Calibration
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.experiments.frontier.record import Frontier
from stackproof.experiments.lock import Lock
from stackproof.experiments.repair.record import Repair
from stackproof.experiments.timeline.record import Timeline
from stackproof.matrix.plan import Plan
from stackproof.matrix.schema import json_schema
from stackproof.metadata.audit.record import Audit
from stackproof.metadata.grid.record import Grid
from stackproof.report.publish.record import PublishedSet

__all__ = ["schemas", "write_schemas"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas by the name of what they describe (JSON Schema draft 2020-12)."""
    written = {
        "audit": Audit.model_json_schema(mode="serialization"),
        "calibration": Calibration.model_json_schema(mode="serialization"),
        "diagnosis": Diagnosis.model_json_schema(mode="serialization"),
        "history": HistoryEntry.model_json_schema(mode="serialization"),
        "built": BuiltFile.model_json_schema(mode="serialization"),
        "loaded": LoadedFile.model_json_schema(mode="serialization"),
        "confirmation": Confirmation.model_json_schema(mode="serialization"),
        "jobs": Jobs.model_json_schema(mode="serialization"),
        "frontier": Frontier.model_json_schema(mode="serialization"),
        "grid": Grid.model_json_schema(mode="serialization"),
        "links": Links.model_json_schema(mode="serialization"),
        "lock": Lock.model_json_schema(mode="serialization"),
        "published": PublishedSet.model_json_schema(mode="serialization"),
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
