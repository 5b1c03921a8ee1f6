"""One task, which a scheduler starts as soon as it sees this file."""

# ruff: noqa: AIR311 - these are the names of Airflow 2
from __future__ import annotations

from datetime import datetime, timezone

from airflow.decorators import dag, task


@dag(schedule="@once", start_date=datetime(2025, 1, 1, tzinfo=timezone.utc))
def once() -> None:
    """Return a number."""

    @task
    def answer() -> int:
        return 42

    answer()


once()
