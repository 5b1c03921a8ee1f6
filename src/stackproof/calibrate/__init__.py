"""Calibration: each workload on the newest releases alone, on the documented, on the oldest."""

from stackproof.calibrate.calibrating import Calibrator, named
from stackproof.calibrate.choosing import Chooser, interpreters
from stackproof.calibrate.records import COLUMNS, Calibrated, Calibration
from stackproof.calibrate.tables import markdown_table
from stackproof.calibrate.terminal import print_calibration

__all__ = [
    "COLUMNS",
    "Calibrated",
    "Calibration",
    "Calibrator",
    "Chooser",
    "interpreters",
    "markdown_table",
    "named",
    "print_calibration",
]
