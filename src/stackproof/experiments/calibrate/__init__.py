"""Calibration: each workload on the newest releases alone, on the documented, on the oldest."""
