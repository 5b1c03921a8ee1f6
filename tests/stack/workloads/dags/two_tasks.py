"""Two tasks, the second with the first one's value."""

# ruff: noqa: AIR311 - these are the names of Airflow 2
from __future__ import annotations

from datetime import datetime, timezone

from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2025, 1, 1, tzinfo=timezone.utc))
def two_tasks() -> None:
    """Double a number."""

    @task
    def make() -> int:
        return 20

    @task
    def double(number: int) -> int:
        return number * 2

    double(make())


two_tasks()
