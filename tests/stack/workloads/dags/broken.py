"""A DAG file that Airflow cannot import (it reads only files that hold these two names)."""

raise LookupError("no such shop")
