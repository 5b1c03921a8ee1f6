"""Everything a run leaves behind, where it lies below `reports/`, and how it is judged."""
