"""Values passed between tasks, a branch, and a task that succeeds on its second try."""

# ruff: noqa: AIR301, AIR311 - these are the names of Airflow 2
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.decorators import dag, task
from airflow.operators.python import get_current_context


@dag(schedule=None, start_date=datetime(2025, 1, 1, tzinfo=timezone.utc))
def branches() -> None:
    """Send an order by the way that its size asks for."""

    @task(multiple_outputs=True)
    def order() -> dict[str, Any]:
        return {"item": "tea", "count": 3}

    @task.branch
    def size(count: int) -> str:
        return "parcel" if count > 2 else "letter"

    @task
    def letter() -> str:
        return "letter"

    @task(retries=1, retry_delay=timedelta(0))
    def parcel(item: str) -> str:
        if get_current_context()["ti"].try_number == 1:
            raise ConnectionError("the depot does not answer")
        return f"parcel of {item}"

    made = order()
    size(made["count"]) >> [letter(), parcel(made["item"])]


branches()
